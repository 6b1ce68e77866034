//! The servers' tables in words.

use super::facts::name;
use super::{Section, UNRANKED, notes};
use crate::chart::Chart;
use crate::record::Verdict;
use crate::statistics::Spread;
use crate::summary::{Obstacle, ServerRow, ServerTable, Setting, Standing};
use crate::table::{Column, Table};
use crate::units::{count, figure, latency, mebibytes, per_request, plural};

/// What the columns mean.
pub(super) const EXPLANATION: &str = "Servers: a row is one model with its options, and its figures are \
medians over the rounds whose verdict is valid; where none is, over those where the load generator was the \
limit. Rows are ranked by CPU per request, the processor time (user and system) of the server's whole \
process tree, since on few cores the rate is soon the load generator's ceiling. Rows that share \
a rank, marked =, are about the same as the first of them: the ranges of their rounds overlap its range. A row with – is not ranked, and a note below its table says why; where no \
round counts, the verdict stands in the figure's place. The rate is whole and right replies a second; ≥ \
marks a lower bound. p50, p99 and p99.9 are latencies: so many percent of the replies were whole at most \
that long after their request left. Memory is the peak of the proportional set size (PSS), which counts \
shared pages once; processes and threads are peaks too. Switches are context switches per request, voluntary \
and involuntary. Errors are summed over all rounds. What is empty was not measured.";

fn columns() -> Vec<Column> {
    vec![
        Column::numbers("rank", "", 0),
        Column::words("model", 0),
        Column::numbers("CPU/req", "µs", 0),
        Column::numbers("min..max", "µs", 9),
        Column::numbers("rate", "req/s", 0),
        Column::numbers("min..max", "req/s", 10),
        Column::numbers("p50", "", 1),
        Column::numbers("p99", "", 2),
        Column::numbers("p99.9", "", 5),
        Column::numbers("memory", "MiB", 4),
        Column::numbers("processes", "peak", 8),
        Column::numbers("threads", "peak", 6),
        Column::numbers("switches", "per req", 7),
        Column::numbers("errors", "", 3),
        Column::numbers("rounds", "", 11),
    ]
}

/// One setting: its table and its chart.
pub(super) fn section(table: &ServerTable) -> Section {
    let rows = table.rows.iter().map(row).collect();
    let connections = table.setting.connections;
    let mut notes: Vec<String> = table.rows.iter().filter_map(|row| note(row, connections)).collect();
    notes.extend(single_rounds(&table.rows));
    let title = title(&table.setting);
    let chart = Chart::of(&format!("CPU time per request in µs: {title}"), &table.rows);
    Section { table: Table { title, columns: columns(), rows, notes }, chart }
}

fn title(setting: &Setting) -> String {
    let connections = match (setting.keep_alive, setting.connections) {
        (true, number) => format!("{}, kept open", plural(number, "connection")),
        (false, number) => format!("{} at once, a new one for each request", plural(number, "connection")),
    };
    let rate = setting.rate.map_or(String::new(), |rate| format!(", {} requests/s offered", figure(rate)));
    let asked = format!("{} {}", setting.workload, setting.request);
    format!("{} over {}: {connections}{rate}", asked.trim_end(), setting.transport)
}

fn row(row: &ServerRow) -> Vec<String> {
    let percentile = |value: Option<f64>| value.map(latency).unwrap_or_default();
    let text = |value: Option<f64>, format: fn(f64) -> String| value.map(format).unwrap_or_default();
    let bound = if row.client_bound { "≥ " } else { "" };
    vec![
        rank(row.standing),
        row.model.clone(),
        match row.standing {
            Standing::Unranked(Obstacle::Void(verdict)) => name(verdict).to_owned(),
            _ => text(row.cpu_us.map(|spread| spread.median), figure),
        },
        range(row.cpu_us),
        row.rate.map(|rate| format!("{bound}{}", figure(rate.median))).unwrap_or_default(),
        row.rate.map(|rate| format!("{bound}{}", range(Some(rate)))).unwrap_or_default(),
        percentile(row.latency_us.map(|latency| latency.p50)),
        percentile(row.latency_us.and_then(|latency| latency.p99)),
        percentile(row.latency_us.and_then(|latency| latency.p999)),
        text(row.pss_peak_bytes, mebibytes),
        text(row.processes_peak, count),
        text(row.threads_peak, count),
        text(row.switches_per_request, per_request),
        count(row.errors.total() as f64),
        format!("{}/{}", row.rounds.counted, row.rounds.all),
    ]
}

fn rank(standing: Standing) -> String {
    match standing {
        Standing::Ranked(rank) => format!("{}{}", rank.place, if rank.shared { "=" } else { "" }),
        Standing::Unranked(_) => UNRANKED.to_owned(),
    }
}

fn range(spread: Option<Spread>) -> String {
    spread.map(|spread| format!("{}..{}", figure(spread.min), figure(spread.max))).unwrap_or_default()
}

fn note(row: &ServerRow, connections: usize) -> Option<String> {
    let mut parts = Vec::new();
    let mut expected = if row.client_bound { Verdict::ClientBound } else { Verdict::Valid };
    match row.standing {
        Standing::Unranked(Obstacle::Starved { served }) => {
            parts.push(format!("not ranked, as connections starved: {served} of {connections} were served"));
        }
        Standing::Unranked(Obstacle::NoCpuTime) => {
            parts.push("not ranked, as the server's CPU time was not measured".to_owned());
        }
        Standing::Unranked(Obstacle::Void(verdict)) => {
            parts.push(name(verdict).to_owned());
            expected = verdict;
        }
        Standing::Unranked(Obstacle::ClientBound | Obstacle::SingleRound) | Standing::Ranked(_) => {}
    }
    if row.client_bound {
        parts.push(
            "not ranked, as the load generator was the limit: the rate is a lower bound, CPU per request stands"
                .to_owned(),
        );
    }
    parts.extend(notes::rounds_left_out(row.rounds));
    parts.extend(notes::reasons(&row.remarks, row.rounds, expected));
    parts.extend(notes::errors(&row.errors));
    notes::sentence(&row.model, &parts)
}

/// One sentence for all rows that have no rank because they have but one round.
fn single_rounds(rows: &[ServerRow]) -> Option<String> {
    let single = |row: &&ServerRow| row.standing == Standing::Unranked(Obstacle::SingleRound);
    let models: Vec<&str> = rows.iter().filter(single).map(|row| row.model.as_str()).collect();
    (!models.is_empty()).then(|| {
        format!(
            "Not ranked, as one round says nothing of the spread; measure more with --rounds: {}.",
            models.join(", ")
        )
    })
}
