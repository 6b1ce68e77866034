//! Servers under faults.

use reports::document::Document;
use reports::record::{Endured, GoodClient, Inflicted, Run, TortureRow};

use crate::expected::{Expected, Row, Text};
use crate::forms;
use crate::record;

const SERVERS: [&str; 2] = ["epoll", "prefork:workers=4"];
const MIB: f64 = (1 << 20) as f64;

/// A fault that went well, one that failed, and one that is not for it; the second server's figures are larger.
fn rows(server: &str, factor: u64) -> Vec<TortureRow> {
    let row = |fault: &str, outcome, reason: Option<&str>, times: u64| TortureRow {
        server: server.into(),
        fault: fault.into(),
        outcome,
        reason: reason.map(Into::into),
        seconds: 3.5,
        done: Inflicted {
            connections: 17 * times,
            resets: 11 * times,
            sent_bytes: 290_000 * times,
            ..Inflicted::default()
        },
        good: GoodClient {
            answered: 1_203 * times,
            slowest_ms: 41.0 * times as f64,
            limit_ms: 2_000.0,
            ..GoodClient::default()
        },
        pss_peak_bytes: Some(7_340_032 * times),
        growth_bytes: Some(-629_146),
        ..TortureRow::default()
    };
    let mut failed = row("resets-in-reply", Endured::Failed, Some("the server ended"), 3 * factor);
    (failed.good.wrong, failed.good.cut, failed.good.lost, failed.good.turned_away) = (1, 2, 4, 23);
    vec![
        row("slow-headers", Endured::Passed, None, factor),
        failed,
        row("kill-workers", Endured::NotApplicable, Some("there are no workers to kill"), 5),
    ]
}

fn run() -> Run {
    let torture = rows(SERVERS[0], 1).into_iter().chain(rows(SERVERS[1], 2)).collect();
    Run { torture, ..record::run(Vec::new()) }
}

fn missed(row: &TortureRow) -> u64 {
    row.good.wrong + row.good.cut + row.good.lost
}

fn fault(row: &TortureRow) -> Row {
    let of = Row::of("fault", &row.fault);
    let figures = [
        ("connections", row.done.connections as f64),
        ("resets", row.done.resets as f64),
        ("sent (MB)", row.done.sent_bytes as f64 / 1e6),
        ("answered", row.good.answered as f64),
        ("slowest (ms)", row.good.slowest_ms),
        ("limit (ms)", row.good.limit_ms),
        ("peak (MiB)", row.pss_peak_bytes.unwrap() as f64 / MIB),
    ];
    if row.outcome == Endured::NotApplicable {
        let without = figures.iter().fold(of, |of, (heading, _)| of.with(*heading, Text::Nothing));
        return without
            .word("outcome", "not for it")
            .with("lost", Text::Nothing)
            .with("away", Text::Nothing)
            .with("growth (MiB)", Text::Nothing);
    }
    let with = figures.iter().fold(of, |of, (heading, value)| of.figure(*heading, *value));
    with.word("outcome", if row.outcome == Endured::Passed { "passed" } else { "FAILED" })
        .word("lost", missed(row))
        .word("away", row.good.turned_away)
        .word("growth (MiB)", "-0.6")
}

fn server(rows: &[&TortureRow]) -> Row {
    let slowest = rows.iter().map(|row| row.good.slowest_ms).fold(0.0, f64::max);
    let peak = rows.iter().filter_map(|row| row.pss_peak_bytes).max().unwrap();
    Row::of("server", &rows[0].server)
        .word("passed", 1)
        .word("failed", 1)
        .word("not for it", 1)
        .figure("answered", rows.iter().map(|row| row.good.answered as f64).sum())
        .word("lost", rows.iter().map(|row| missed(row)).sum::<u64>())
        .word("away", rows.iter().map(|row| row.good.turned_away).sum::<u64>())
        .figure("slowest (ms)", slowest)
        .figure("peak (MiB)", peak as f64 / MIB)
}

#[test]
fn what_each_server_went_through_is_the_records() {
    let run = run();
    let of = |server: &str| run.torture.iter().filter(|row| row.server == server).collect::<Vec<_>>();
    let overview = SERVERS.iter().map(|name| server(&of(name))).collect();
    let mut tables = vec![Expected::new("2 servers under faults: 2 faults failed", overview)];
    for name in SERVERS {
        let title = format!("{name} under faults: 1 passed, 1 failed, 1 not for it");
        tables.push(Expected::new(title, of(name).into_iter().map(fault).collect()));
    }
    tables.iter().for_each(Expected::has_no_alike_figures);
    let document = Document::of(&run);
    forms::all_say(&document, &tables);
    for form in forms::of(&document) {
        for note in
            ["resets-in-reply failed: the server ended.", "there are no workers to kill: kill-workers."]
        {
            assert!(form.text.contains(note), "{}: {note}", form.name);
        }
    }
}

#[test]
fn a_server_alone_has_no_table_for_all() {
    let run = Run { torture: rows(SERVERS[0], 1), ..record::run(Vec::new()) };
    let document = Document::of(&run);
    assert_eq!(document.tables.len(), 1);
    assert!(document.explanations.iter().any(|explanation| explanation.text.starts_with("Torture:")));
}

#[test]
fn torture_alone_is_no_run_without_cells_and_one_that_was_cut_short_says_so() {
    let run = Run { torture: rows(SERVERS[0], 1), complete: true, ..record::run(Vec::new()) };
    assert_eq!(Document::of(&run).warnings, Vec::<String>::new());
    let cut = Document::of(&Run { complete: false, ..run });
    assert_eq!(cut.warnings, ["The torture was interrupted: its tables hold what had been tried by then."]);
}
