//! What a run records of how its cells went: it is there, adds up to the figures beside it, and is kept once a row.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
mod common;

use std::sync::{LazyLock, Mutex, PoisonError};

use assert_cmd::assert::OutputAssertExt;
use common::concur;
use reports::record::{Cell, Run, ServerCell, TaskCell, Timeline};

/// One test at a time measures.
static MACHINE: Mutex<()> = Mutex::new(());

fn measured(arguments: &[&str]) -> Run {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    let out = tempfile::tempdir().unwrap();
    concur().arg("run").args(arguments).arg("--out").arg(out.path()).assert().success();
    Run::read(out.path()).unwrap()
}

/// Two rounds of two servers and an executor of each kind.
static RUN: LazyLock<Run> = LazyLock::new(|| {
    measured(&[
        "--rounds",
        "2",
        "--duration",
        "300ms",
        "--timeout",
        "20s",
        "--connections",
        "8",
        "--models",
        "epoll",
        "thread",
        "--executors",
        "threads",
        "processes",
        "coroutine",
        "async",
        "--tasks",
        "wait",
        "--size",
        "full",
        "--jobs",
        "2",
    ])
});

fn servers(run: &Run) -> Vec<&ServerCell> {
    run.cells.iter().filter_map(Cell::server).collect()
}

fn tasks(run: &Run) -> Vec<&TaskCell> {
    fn of(cell: &Cell) -> Option<&TaskCell> {
        if let Cell::Tasks(cell) = cell { Some(cell) } else { None }
    }
    run.cells.iter().filter_map(of).collect()
}

/// The server cells that say how they went.
fn told(run: &Run) -> Vec<&ServerCell> {
    servers(run).into_iter().filter(|cell| cell.curve.is_some()).collect()
}

fn timeline_of<'a>(run: &'a Run, executor: &str) -> &'a Timeline {
    let cells = tasks(run).into_iter().filter(|cell| cell.executor == executor);
    let mut timelines = cells.filter_map(|cell| cell.timeline.as_ref());
    timelines.next().unwrap_or_else(|| panic!("{executor} has no timeline"))
}

#[test]
fn how_a_row_went_is_kept_of_one_of_its_cells() {
    let rows = |cells: Vec<&ServerCell>| {
        let mut rows: Vec<_> = cells.iter().map(|cell| (cell.model.clone(), cell.copy)).collect();
        rows.sort_unstable();
        rows
    };
    let mut all = rows(servers(&RUN));
    all.dedup();
    assert_eq!(rows(told(&RUN)), all);
    let timed = servers(&RUN).into_iter().filter(|cell| cell.timeline.is_some());
    assert_eq!(rows(timed.collect()), all);
    for executor in ["threads", "processes", "coroutine", "async"] {
        let with =
            tasks(&RUN).into_iter().filter(|cell| cell.executor == executor && cell.timeline.is_some());
        assert_eq!(with.count(), 1, "{executor}");
    }
}

#[test]
fn a_curve_goes_through_the_percentiles_of_its_cell() {
    for cell in told(&RUN) {
        let (curve, latency) = (cell.curve.as_ref().unwrap(), cell.latency_us.unwrap());
        let at = |percentile: f64| {
            curve.points.iter().find(|point| point.percentile.total_cmp(&percentile).is_eq())
        };
        assert_eq!(at(50.0).map(|point| point.us), Some(latency.p50));
        assert_eq!(at(99.0).map(|point| point.us), latency.p99);
        assert_eq!(at(99.9).map(|point| point.us), latency.p999);
        assert!(curve.points.iter().all(|point| point.uncorrected_us.is_none()), "it is a closed loop");
    }
}

#[test]
fn replies_over_time_and_over_connections_are_the_requests() {
    for cell in told(&RUN) {
        let over_time = cell.over_time.as_ref().unwrap();
        assert_eq!(over_time.replies.iter().flatten().sum::<u64>(), cell.requests);
        assert!(over_time.replies.iter().all(|slice| slice.len() <= over_time.bounds_us.len()));
        assert!(over_time.bounds_us.is_sorted());
        let fairness = cell.fairness.as_ref().unwrap();
        assert_eq!(fairness.connection_requests.len(), cell.connections);
        assert_eq!(fairness.connection_requests.iter().sum::<u64>(), cell.requests);
    }
}

#[test]
fn the_threads_of_a_server_have_used_what_the_server_has() {
    for cell in told(&RUN) {
        let threads = &cell.fairness.as_ref().unwrap().thread_cpu_s;
        let clients = if cell.model == "thread" { cell.connections } else { 0 };
        assert!(threads.len() > clients, "{}: {threads:?}", cell.model);
        assert!(threads.is_sorted_by(|one, other| one >= other));
        let (sum, server) = (threads.iter().sum::<f64>(), cell.server.unwrap().cpu_s().unwrap());
        // A thread's account is brought up to date at ticks, and nobody came or went.
        assert!((sum - server).abs() <= 0.1 * server + 0.02, "{}: {sum} of {server}", cell.model);
    }
}

#[test]
fn each_thread_that_serves_a_client_is_seen_to_wait_and_some_to_be_at_work() {
    let cells = servers(&RUN).into_iter().filter(|cell| cell.model == "thread");
    for timeline in cells.filter_map(|cell| cell.timeline.as_ref()) {
        assert_eq!(timeline.source, "proc");
        let threads: Vec<_> = timeline.tracks.iter().filter(|track| track.kind == "thread").collect();
        assert!(threads.len() >= 8, "{timeline:?}");
        let seen = |letters: [char; 2]| threads.iter().filter(|track| track.states.contains(letters)).count();
        assert!(seen(['S', 'S']) >= 8 && seen(['R', 'r']) >= 1, "{timeline:?}");
    }
}

#[test]
fn an_executor_s_threads_and_processes_are_seen_from_outside_and_its_coroutines_from_within() {
    let kinds = |executor| {
        let timeline = timeline_of(&RUN, executor);
        let of = |kind: &str| timeline.tracks.iter().filter(|track| track.kind == kind).count();
        (&*timeline.source, of("process"), of("thread") >= 2, of("coroutine"))
    };
    assert_eq!(kinds("threads"), ("proc", 1, true, 0));
    assert_eq!(kinds("processes"), ("proc", 3, false, 0));
    assert_eq!(kinds("coroutine"), ("runtime", 0, false, 2));
    assert_eq!(kinds("async"), ("runtime", 0, false, 2));
}

#[test]
fn under_a_lock_one_job_at_a_time_gets_on_and_without_one_both_do() {
    let run = measured(&[
        "--suite",
        "tasks",
        "--rounds",
        "1",
        "--executors",
        "gil",
        "threads",
        "--tasks",
        "count",
        "--size",
        "full",
        "--jobs",
        "2",
    ]);
    // At which share of the looks that saw both jobs both could run, whether they had a processor each or not.
    let both = |executor: &str| {
        let tracks = &timeline_of(&run, executor).tracks;
        let jobs: Vec<_> = tracks.iter().filter(|track| track.name.starts_with("job ")).collect();
        let [one, two] = &jobs[..] else { panic!("{tracks:?}") };
        let at = |track: &reports::record::Track, look: usize| {
            track.states.as_bytes().get(look.checked_sub(track.first)?).copied()
        };
        let looks: Vec<_> = (0..1_000).filter_map(|look| at(one, look).zip(at(two, look))).collect();
        let ready = |letter: u8| letter == b'R' || letter == b'r';
        let both = looks.iter().filter(|(one, two)| ready(*one) && ready(*two)).count();
        both as f64 / looks.len().max(1) as f64
    };
    let (gil, threads) = (both("gil"), both("threads"));
    assert!(threads > 0.8, "{threads}");
    assert!(gil < threads - 0.2, "{gil} and {threads}");
}

#[test]
fn a_trace_of_the_run_has_every_cell_that_has_a_timeline() {
    let out = tempfile::tempdir().unwrap();
    RUN.write(out.path()).unwrap();
    let trace = out.path().join("trace.json");
    concur().arg("report").arg(out.path()).arg("--trace").arg(&trace).assert().success();
    let trace: serde_json::Value = serde_json::from_slice(&std::fs::read(trace).unwrap()).unwrap();
    let named =
        trace["traceEvents"].as_array().unwrap().iter().filter(|event| event["name"] == "process_name");
    let servers = servers(&RUN).iter().filter(|cell| cell.timeline.is_some()).count();
    let tasks = tasks(&RUN).iter().filter(|cell| cell.timeline.is_some()).count();
    assert_eq!(named.count(), servers + tasks);
}

#[test]
fn a_trace_of_a_record_without_timelines_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let without = Run { cells: Vec::new(), ..RUN.clone() };
    without.write(out.path()).unwrap();
    let trace = out.path().join("trace.json");
    let refused = concur().arg("report").arg(out.path()).arg("--trace").arg(&trace).assert().code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("no timeline") && !trace.exists(), "{said}");
}
