//! The servers' tables in words.

use std::borrow::Cow;

use super::facts::name;
use super::title::{self, Open};
use super::{Explanation, UNRANKED, server_notes};
use crate::statistics::Interval;
use crate::summary::{Estimate, Obstacle, ServerRow, ServerTable, Standing};
use crate::table::{Column, Marks, Table};
use crate::units::{count, figure, give_or_take, if_known, latency, mebibytes, per_request, percent, times};

/// What the columns mean.
pub(super) const EXPLANATION: Explanation = Explanation {
    text: "Servers: a row is one model with its options, and its figures are medians over the rounds whose verdict is valid; \
where none is, over those where the load generator was the limit. A disturbed round is measured again, and the last attempt \
counts. What is empty was not measured.",
    columns: Cow::Borrowed(&[
        "rank: by CPU per request, since on few cores the rate is soon the load generator's ceiling. Rows that share a rank, \
marked =, can't be told from the first of them. A row with – is not ranked, and a note below its table says why; (again) is a \
row measured twice, to see how far it is from itself.",
        "Two rows differ if both of this holds: the difference within the rounds is so steady that chance alone would show one \
anywhere in the table with a probability below 5% (a moderated t test on log ratios, Holm's correction for all pairs), and it is \
greater than what the same server, measured twice, differed from itself by.",
        "CPU/req: the processor time (user and system) of the server's whole process tree; where no round counts, the verdict \
stands in its place.",
        "± reaches to the farther end of the interval, rounded up; interval has both ends. It is the range of the rounds, which \
a note gives the certainty of; from six rounds on it is the percentile bootstrap's, of 95%. One round has none.",
        "× first: the CPU per request by the first row's, taken within each round.",
        "× floor: the CPU per request by that of two threads that only receive and send.",
        "rate: whole and right replies a second; ≥ marks a lower bound.",
        "of ceiling: the rate by the most that the load generator came to on one processor: when it was tried before the run, or in the \
run itself where that is more.",
        "p50, p99, p99.9: so many percent of the replies were whole at most that long after their request left, in an open loop \
after it should have left by the schedule. One that fewer than ten replies lie above is not given.",
        "p99, uncorrected: from when the request did leave.",
        "p99, lag: how late the load generator itself was.",
        "p99, beside: that of the connections beside, which ask for something else.",
        "memory: the peak of the proportional set size (PSS), which counts shared pages once.",
        "processes, threads: peaks, too.",
        "switches: context switches per request, of either kind.",
        "involuntary: the share of those where the kernel took the processor away; the others are waits.",
        "calls, epoll_ctl: system calls per request, counted apart from the measuring.",
        "errors: summed over all rounds.",
        "rounds: those that count, of all.",
    ]),
};

/// One column and what stands in it.
struct Field {
    column: Column,
    text: fn(&ServerRow) -> String,
    /// Whether it is there even if it is empty for all rows.
    always: bool,
}

fn fields() -> Vec<Field> {
    let always = |column, text| Field { column, text, always: true };
    let known = |column, text| Field { column, text, always: false };
    vec![
        always(Column::rank(0), rank),
        always(Column::words("model", 0), label),
        always(Column::numbers("CPU/req", "µs", 0), cpu),
        always(Column::numbers("interval", "µs", 9), |row| interval(row.cpu_us)),
        known(Column::numbers("× first", "", 6), |row| {
            row.ratio
                .map(|ratio| with_reach(times(ratio.value), ratio.value, ratio.interval))
                .unwrap_or_default()
        }),
        known(Column::numbers("interval", "×", 12), |row| {
            row.ratio.and_then(|ratio| known_range(ratio.interval, times)).unwrap_or_default()
        }),
        known(Column::numbers("× floor", "", 7), |row| if_known(row.floor_share, times)),
        always(Column::numbers("rate", "req/s", 0), rate),
        always(Column::numbers("interval", "req/s", 10), rate_interval),
        known(Column::numbers("of ceiling", "", 13), |row| if_known(row.ceiling_share, percent)),
        always(Column::numbers("p50", "", 1), |row| if_known(row.latency_us.map(|us| us.p50), latency)),
        always(Column::numbers("p99", "", 2), |row| if_known(row.latency_us.and_then(|us| us.p99), latency)),
        known(Column::numbers("p99.9", "", 5), |row| {
            if_known(row.latency_us.and_then(|us| us.p999), latency)
        }),
        known(Column::numbers("p99", "uncorrected", 4), |row| {
            if_known(row.uncorrected_latency_us.and_then(|us| us.p99), latency)
        }),
        known(Column::numbers("p99", "lag", 8), |row| if_known(row.lag_us.and_then(|us| us.p99), latency)),
        known(Column::numbers("p99", "beside", 3), |row| {
            if_known(row.beside_latency_us.and_then(|us| us.p99), latency)
        }),
        always(Column::numbers("memory", "MiB", 4), |row| if_known(row.pss_peak_bytes, mebibytes)),
        always(Column::numbers("processes", "peak", 8), |row| if_known(row.processes_peak, count)),
        always(Column::numbers("threads", "peak", 6), |row| if_known(row.threads_peak, count)),
        always(Column::numbers("switches", "per req", 7), |row| {
            if_known(row.switches_per_request, per_request)
        }),
        known(Column::numbers("involuntary", "of switches", 14), |row| {
            if_known(row.involuntary_share, percent)
        }),
        known(Column::numbers("calls", "per req", 7), |row| if_known(row.calls_per_request, per_request)),
        known(Column::numbers("epoll_ctl", "per req", 12), |row| {
            if_known(row.epoll_ctls_per_request, per_request)
        }),
        always(Column::numbers("errors", "", 3), |row| count(row.errors.total() as f64)),
        always(Column::numbers("rounds", "", 11), |row| format!("{}/{}", row.rounds.counted, row.rounds.all)),
    ]
}

/// One setting.
pub(super) fn table(table: &ServerTable) -> Table {
    let title = title::of(&table.setting, Open::Nothing);
    let shown = |field: &Field| field.always || table.rows.iter().any(|row| !(field.text)(row).is_empty());
    let fields: Vec<Field> = fields().into_iter().filter(shown).collect();
    let rows = table.rows.iter().map(|row| fields.iter().map(|field| (field.text)(row)).collect()).collect();
    let column = |field: Field| match &*field.column.title {
        "CPU/req" => {
            field.column.with(Marks::bars(table.rows.iter().map(|row| row.cpu_us.map(|us| us.median))))
        }
        "rounds" if table.rows.iter().any(|row| row.cpu_us_by_round.len() > 1) => {
            let rounds = |row: &ServerRow| row.cpu_us_by_round.iter().copied().map(Some).collect();
            field.column.with(Marks::sparks("CPU/req", table.rows.iter().map(rounds)))
        }
        _ => field.column,
    };
    let columns = fields.into_iter().map(column).collect();
    let notes = server_notes::of(table);
    Table { title, columns, rows, notes }
}

/// The model's name, and whether it is there for the second time.
pub(super) fn label(row: &ServerRow) -> String {
    if row.again { format!("{} (again)", row.model) } else { row.model.clone() }
}

fn cpu(row: &ServerRow) -> String {
    match row.standing {
        Standing::Unranked(Obstacle::Void(verdict)) => name(verdict).to_owned(),
        _ => row.cpu_us.map(estimate).unwrap_or_default(),
    }
}

/// `6.92 ±1%`: a figure, and how far its interval reaches.
fn estimate(of: Estimate) -> String {
    with_reach(figure(of.median), of.median, of.interval)
}

/// A figure's text, and how far its interval reaches.
pub(crate) fn with_reach(text: String, value: f64, interval: Interval) -> String {
    match interval.reach(value).filter(|_| !interval.holds_zero()) {
        Some(share) => format!("{text} {}", give_or_take(share)),
        None => or_zero(text, Some(interval)),
    }
}

/// A figure's text, and whether it can't be told from nought, unless it is nought.
pub(crate) fn or_zero(text: String, interval: Option<Interval>) -> String {
    let may_be = text != "0" && interval.is_some_and(|interval| interval.holds_zero());
    if may_be { format!("{text} (may be 0)") } else { text }
}

fn rate(row: &ServerRow) -> String {
    row.rate.map(|rate| format!("{}{}", bound(row), estimate(rate))).unwrap_or_default()
}

fn rate_interval(row: &ServerRow) -> String {
    let range = row.rate.and_then(|rate| known_range(rate.interval, figure));
    range.map(|range| format!("{}{range}", bound(row))).unwrap_or_default()
}

/// What marks a lower bound.
fn bound(row: &ServerRow) -> &'static str {
    if row.client_bound { "≥ " } else { "" }
}

fn rank(row: &ServerRow) -> String {
    place(row.standing)
}

/// A place in the table, or what stands for none.
pub(super) fn place(standing: Standing) -> String {
    match standing {
        Standing::Ranked(rank) => format!("{}{}", rank.place, if rank.shared { "=" } else { "" }),
        Standing::Unranked(_) => UNRANKED.to_owned(),
    }
}

fn interval(estimate: Option<Estimate>) -> String {
    estimate.and_then(|estimate| known_range(estimate.interval, figure)).unwrap_or_default()
}

/// The range of more than one value; one value has none.
pub(super) fn known_range(interval: Interval, format: fn(f64) -> String) -> Option<String> {
    interval.is_known().then(|| range(interval, format))
}

/// `1.02..1.05`.
pub(crate) fn range(interval: Interval, format: fn(f64) -> String) -> String {
    format!("{}..{}", format(interval.low), format(interval.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_nought_has_no_share_of_itself() {
        let of = |low, high| Interval { low, high, coverage: 0.95 };
        assert_eq!(with_reach("0.83 KiB".into(), 0.83, of(-2.4, 4.06)), "0.83 KiB (may be 0)");
        assert_eq!(with_reach("4.00 KiB".into(), 4.0, of(3.0, 5.0)), "4.00 KiB ±25%");
        assert_eq!(with_reach("-4.00 KiB".into(), -4.0, of(-5.0, -3.0)), "-4.00 KiB ±25%");
        assert_eq!(with_reach("0 KiB".into(), 0.0, of(0.0, 0.0)), "0 KiB");
        assert_eq!(or_zero("0".into(), Some(of(-0.2, 0.2))), "0");
    }

    #[test]
    fn every_column_is_explained() {
        for field in fields() {
            let (title, unit) = (&*field.column.title, field.column.unit);
            let named = |text: &&&str| {
                let names = text.split_once(": ").map_or(**text, |(names, _)| names);
                names.contains(title) && (title != "p99" || unit.is_empty() || names.contains(unit))
            };
            let known = EXPLANATION.columns.iter().any(|text| named(&text));
            assert!(known || ["model", "interval"].contains(&title), "{title} {unit}");
        }
    }
}
