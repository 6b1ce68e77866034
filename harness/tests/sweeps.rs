//! Runs whose cells follow from more than one list: knees, precision within a budget, idle connections, Stevens' comparison.
//! What is asserted is what they consist of; the figures are the machine's, and on a busy one a short cell may have none.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use common::{PATIENCE, concur};
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use reports::record::{Cell, Run, Schedule, ServerCell, Verdict};

/// A run of short cells, and its report.
fn run(arguments: &str, out: &Path) -> (Run, String) {
    let mut command = concur();
    command.args(["run", "--warm-up", "50ms", "--duration", "200ms", "--again", "none"]);
    // 1: a cell has failed, be it for a window in which nothing of it ran.
    let code = command.args(arguments.split(' ')).arg("--out").arg(out).output().unwrap().status.code();
    assert!(matches!(code, Some(0 | 1)), "{code:?}");
    (Run::read(out).unwrap(), fs::read_to_string(out.join("report.md")).unwrap())
}

fn cells(run: &Run) -> impl Iterator<Item = &ServerCell> {
    run.cells.iter().filter_map(Cell::server)
}

fn last_round(run: &Run) -> u32 {
    cells(run).map(|cell| cell.round).max().unwrap()
}

#[test]
fn a_knee_is_looked_for_by_shares_of_what_each_server_reached() {
    let out = tempfile::tempdir().unwrap();
    let (run, report) = run(
        "--suite servers --models epoll --connections 4 --knee --schedule poisson --rounds 2",
        out.path(),
    );
    assert!(run.complete);
    // Rates are shares of what was reached, if anything was.
    let closed = |cell: &&ServerCell| cell.rate.is_none() && cell.round == 1;
    let reached = cells(&run).filter(closed).any(|cell| {
        cell.verdict != Verdict::Errors && cell.requests > 0 && cell.connections_served == Some(4)
    });
    for round in 1..=2 {
        let of_round = cells(&run).filter(|cell| cell.round == round);
        let rates: BTreeSet<u64> = of_round.filter_map(|cell| Some(cell.rate? as u64)).collect();
        assert_eq!(rates.len(), if reached { 8 } else { 0 }, "round {round}: {rates:?}");
    }
    for cell in cells(&run).filter(|cell| cell.rate.is_some()) {
        assert_eq!((cell.schedule, cell.connections), (Some(Schedule::Poisson), 4));
    }
    assert!(report.contains("rate"), "{report}");
}

#[test]
fn a_run_until_its_figures_are_precise_ends_with_its_budget_and_says_what_is_missing() {
    let out = tempfile::tempdir().unwrap();
    let (begun, budget) = (Instant::now(), Duration::from_secs(5));
    let (run, report) =
        run("--suite servers --models epoll --connections 2 --until 0.0001% --budget 5s", out.path());
    // What had begun is finished, and perhaps measured once more.
    assert!(begun.elapsed() < budget + PATIENCE);
    assert!(run.complete && run.planned == run.measured() && last_round(&run) >= 1, "{run:?}");
    let said = run.notes.iter().find(|note| note.contains("--until 0.0001%"));
    let said = said.unwrap_or_else(|| panic!("{:?}", run.notes));
    assert!(said.contains("epoll") && said.ends_with("A larger --budget allows more rounds."), "{said}");
    assert!(report.contains("A larger --budget allows more rounds."), "{report}");
}

#[test]
fn a_run_until_its_figures_are_precise_has_five_rounds_at_least() {
    let out = tempfile::tempdir().unwrap();
    let (run, _) =
        run("--suite idle --models poll --connections 2 --idle 0,3 --until 99% --budget 60s", out.path());
    assert!(run.complete && last_round(&run) >= 5, "{run:?}");
}

#[test]
fn the_idle_suite_takes_the_loads_it_is_given() {
    let out = tempfile::tempdir().unwrap();
    let arguments = "--suite idle --models epoll,poll --idle 0,3 --connections 2,4 --workload echo --message 9 --transport unix";
    let (run, report) = run(&format!("{arguments} --slow 1 --rate 500 --rounds 1"), out.path());
    assert!(run.cells.iter().all(|cell| matches!(cell, Cell::Idle(_))));
    let loads = cells(&run).map(|cell| (cell.model.clone(), cell.connections, cell.shape.idle_connections));
    assert_eq!(loads.collect::<BTreeSet<_>>().len(), 2 * 2 * 2);
    for cell in cells(&run) {
        assert_eq!(
            (cell.workload.as_str(), cell.request.as_str(), cell.transport.as_str()),
            ("echo", "9 B", "unix")
        );
        assert_eq!((cell.rate, cell.shape.slow_connections), (Some(500.0), Some(1)));
        assert_eq!(cell.errors.wrong, 0, "{cell:?}");
    }
    assert!(report.contains("idle"), "{report}");
}

#[test]
fn stevens_comparison_has_his_load() {
    let out = tempfile::tempdir().unwrap();
    let (run, report) = run("--suite stevens --models loop,fork --rounds 1", out.path());
    let models: BTreeSet<&str> = cells(&run).map(|cell| cell.model.as_str()).collect();
    assert_eq!(models, BTreeSet::from(["fork", "loop"]));
    assert!(run.cells.iter().all(|cell| matches!(cell, Cell::Stevens(_))));
    for cell in cells(&run) {
        assert_eq!((cell.request.as_str(), cell.keep_alive, cell.connections), ("/bytes/4000", false, 10));
        assert_eq!(cell.errors.wrong, 0, "{cell:?}");
    }
    assert!(report.contains("Stevens"), "{report}");
}

/// The replies in a histogram log.
fn replies_in(path: &Path) -> u64 {
    let text = fs::read(path).unwrap();
    let entries = IntervalLogIterator::new(&text).map(Result::unwrap);
    let counts = entries.filter_map(|entry| {
        let LogEntry::Interval(interval) = entry else { return None };
        let bytes = base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).unwrap();
        Some(Deserializer::new().deserialize::<u64, _>(&mut bytes.as_slice()).unwrap().len())
    });
    counts.sum()
}

#[test]
fn each_server_cell_has_a_histogram_log_of_its_own() {
    let out = tempfile::tempdir().unwrap();
    let path = format!("/bytes/{}1", "0".repeat(300));
    let arguments =
        format!("--suite servers,idle --models epoll --idle 0,2 --connections 2 --rounds 2 --path {path}");
    let (run, _) = run(&arguments, out.path());
    let mut names = BTreeSet::new();
    for (index, cell) in run.cells.iter().enumerate() {
        let cell = cell.server().unwrap();
        if cell.verdict == Verdict::Errors {
            continue;
        }
        let name = cell.histogram_log.clone().unwrap_or_else(|| panic!("{cell:?}"));
        assert_eq!(name, format!("{:04}-epoll-r{}.hlog", index + 1, cell.round));
        assert_eq!(replies_in(&out.path().join("latency").join(&name)), cell.requests, "{name}");
        names.insert(name);
    }
    assert!(!names.is_empty());
    let failed = run.cells.iter().filter(|cell| cell.verdict() == Verdict::Errors).count();
    assert_eq!(names.len() + failed, run.cells.len());
    assert!(fs::read_dir(out.path().join("latency")).unwrap().count() >= names.len());
}

#[test]
fn no_server_with_time_to_spare_is_blamed_for_a_rate_that_nobody_can_send() {
    let out = tempfile::tempdir().unwrap();
    let (run, _) = run(
        "--suite servers --models epoll --connections 4 --rate 5000000 --timeout 1s --rounds 1",
        out.path(),
    );
    for cell in cells(&run).filter(|cell| cell.verdict == Verdict::Valid) {
        assert!(cell.reason.as_deref().unwrap().contains("the server kept up with only"), "{cell:?}");
        // It has one thread; where both sides share a processor nobody can say who was the limit.
        let cpu_s = cell.server.and_then(|server| server.cpu_s());
        let busy = cpu_s.is_none_or(|cpu_s| cpu_s / cell.seconds >= 0.9);
        assert!(busy || cell.placement.server == cell.placement.client, "{cell:?}");
    }
}
