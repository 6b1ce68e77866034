//! Torture in words: what each server went through, and what its good clients lost.

use crate::record::{Endured, TortureRow};
use crate::table::{Column, Table};

/// What the tables say.
pub(super) const EXPLANATION: &str = "Torture: while each fault goes on a good client asks all the time and checks every reply to \
the byte. Lost are its requests that got no whole and right reply within the limit of their row, and one of them fails the fault; \
away are newcomers whom a server with nothing left for one more turned away. When a fault is over, the server must serve, hold no more \
than before, and sleep. The limit is longer where each client has a worker of its own: there the good one waits until the time of \
those in front of it is over.";

/// Of several servers a table with a row for each; then of each server one with a row for each fault.
pub fn tables(rows: &[TortureRow]) -> Vec<Table> {
    let servers = by_server(rows);
    let overview = (servers.len() > 1).then(|| overview(&servers));
    overview.into_iter().chain(servers.iter().map(|rows| table(rows))).collect()
}

/// The rows of each server, in their order.
fn by_server(rows: &[TortureRow]) -> Vec<&[TortureRow]> {
    rows.chunk_by(|one, other| one.server == other.server).collect()
}

fn count(rows: &[TortureRow], outcome: Endured) -> usize {
    rows.iter().filter(|row| row.outcome == outcome).count()
}

fn overview(servers: &[&[TortureRow]]) -> Table {
    let sum = |rows: &[TortureRow], of: fn(&TortureRow) -> u64| rows.iter().map(of).sum::<u64>().to_string();
    let row = |rows: &&[TortureRow]| {
        vec![
            rows[0].server.clone(),
            count(rows, Endured::Passed).to_string(),
            count(rows, Endured::Failed).to_string(),
            count(rows, Endured::NotApplicable).to_string(),
            sum(rows, |row| row.good.answered),
            sum(rows, |row| row.good.missed()),
            sum(rows, |row| row.good.turned_away),
            milliseconds(rows.iter().map(|row| row.good.slowest_ms).fold(0.0, f64::max)),
            mebibytes(rows.iter().filter_map(|row| row.pss_peak_bytes).max()),
        ]
    };
    let all: usize = servers.iter().map(|rows| count(rows, Endured::Failed)).sum();
    Table {
        title: format!("{} servers under faults: {all} faults failed", servers.len()),
        columns: vec![
            Column::words("server", 0),
            Column::numbers("passed", "", 0),
            Column::numbers("failed", "", 0),
            Column::numbers("not for it", "", 2),
            Column::numbers("answered", "", 3),
            Column::numbers("lost", "", 0),
            Column::numbers("away", "", 4),
            Column::numbers("slowest", "ms", 1),
            Column::numbers("peak", "MiB", 1),
        ],
        rows: servers.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

fn table(rows: &[TortureRow]) -> Table {
    let passed = count(rows, Endured::Passed);
    let failed = count(rows, Endured::Failed);
    let others = count(rows, Endured::NotApplicable);
    Table {
        title: format!(
            "{} under faults: {passed} passed, {failed} failed, {others} not for it",
            rows[0].server
        ),
        columns: vec![
            Column::words("fault", 0),
            Column::words("outcome", 0),
            Column::numbers("connections", "", 3),
            Column::numbers("resets", "", 6),
            Column::numbers("sent", "MB", 7),
            Column::numbers("answered", "", 1),
            Column::numbers("lost", "", 0),
            Column::numbers("away", "", 2),
            Column::numbers("slowest", "ms", 1),
            Column::numbers("limit", "ms", 4),
            Column::numbers("peak", "MiB", 2),
            Column::numbers("growth", "MiB", 5),
        ],
        rows: rows.iter().map(row).collect(),
        notes: notes(rows),
    }
}

fn row(row: &TortureRow) -> Vec<String> {
    let outcome = match row.outcome {
        Endured::Passed => "passed",
        Endured::Failed => "FAILED",
        Endured::NotApplicable => "not for it",
    };
    let mut texts = vec![row.fault.clone(), outcome.to_owned()];
    if row.outcome == Endured::NotApplicable {
        texts.resize(12, String::new());
        return texts;
    }
    let (done, good) = (&row.done, &row.good);
    texts.extend([
        done.connections.to_string(),
        done.resets.to_string(),
        format!("{:.2}", done.sent_bytes as f64 / 1e6),
        good.answered.to_string(),
        good.missed().to_string(),
        good.turned_away.to_string(),
        milliseconds(good.slowest_ms),
        milliseconds(good.limit_ms),
        mebibytes(row.pss_peak_bytes),
        row.growth_bytes.map(|bytes| format!("{:.1}", bytes as f64 / f64::from(1 << 20))).unwrap_or_default(),
    ]);
    texts
}

/// The failures, and why others do not concern the server, each reason once.
fn notes(rows: &[TortureRow]) -> Vec<String> {
    let failed = rows.iter().filter(|row| row.outcome == Endured::Failed);
    let reason = |row: &TortureRow| row.reason.clone().unwrap_or_default();
    let mut notes: Vec<String> =
        failed.map(|row| format!("{} failed: {}.", row.fault, reason(row))).collect();
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for row in rows.iter().filter(|row| row.outcome == Endured::NotApplicable) {
        let why = reason(row);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, faults)) => faults.push(&row.fault),
            None => reasons.push((why, vec![&row.fault])),
        }
    }
    notes.extend(
        reasons.into_iter().map(|(why, faults)| format!("Not for it, {why}: {}.", faults.join(", "))),
    );
    notes
}

fn milliseconds(milliseconds: f64) -> String {
    format!("{milliseconds:.0}")
}

fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map(|bytes| format!("{:.1}", bytes as f64 / f64::from(1 << 20))).unwrap_or_default()
}
