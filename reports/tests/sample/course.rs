//! A record with something for every picture: all loads, tasks with several numbers of jobs, the probes, errors, and how the last
//! round of each row went.

use reports::record::{
    Calls, Cell, Curve, CurvePoint, Errors, Fairness, Interpreter, OverTime, Run, ServerCell, TaskCell,
    Timeline, Track, Verdict,
};

use super::{loads, probes, task};

/// Every kind of picture of it, in their order, by the beginning of its name.
pub(crate) const KINDS: [&str; 29] = [
    "rate-by-connections",
    "p99-by-rate",
    "latency-by-rate",
    "latency-by-percentile",
    "latency-over-time",
    "memory-per-connection",
    "memory-by-connections",
    "cpu-per-request",
    "switches-per-request",
    "calls-per-request",
    "timeline",
    "timeline-of",
    "speed-up",
    "spawn-by-memory",
    "idle-connections",
    "errors",
    "fairness-of-connections",
    "fairness-of-workers",
    "course-notes",
    "course-notes-processes",
    "stevens",
    "spawn-create",
    "spawn-hand-off",
    "switch",
    "ipc-round-trip",
    "ipc-bandwidth",
    "round-trip-by-size",
    "bandwidth-by-size",
    "memory-of-sleepers",
];

/// The whole record.
pub(crate) fn run() -> Run {
    let run = loads::run();
    let mut cells = run.cells;
    cells.extend(tasks());
    cells.extend(probes::run().cells);
    cells.push(failed());
    let mut number = 0;
    for cell in &mut cells {
        number += 1;
        went(cell, number);
    }
    Run { planned: cells.len(), cells, ..run }
}

/// What is told of how a cell went; `number` makes it another for each.
fn went(cell: &mut Cell, number: u64) {
    if let Cell::Servers(cell) | Cell::Idle(cell) = cell {
        let connections = cell.connections + cell.shape.idle_connections.unwrap_or(0);
        let each = if ["thread-pool", "poll"].contains(&&*cell.model) { 20_480 } else { 4_096 };
        if let Some(cost) = &mut cell.server {
            cost.pss_peak_bytes = Some((3 << 20) + each * connections as u64 + number);
        }
    }
    match cell {
        Cell::Idle(cell) => cell.connections_served = Some(cell.connections),
        Cell::Servers(cell) if cell.verdict == Verdict::Valid => {
            cell.curve = Some(curve(cell, number));
            cell.over_time = Some(over_time(number));
            cell.fairness = Some(fairness(number));
            cell.timeline = Some(timeline("proc", number));
            cell.calls = Some(Calls {
                seconds: 0.25,
                requests: 10_000,
                syscalls: 20_000 + 100 * number,
                epoll_ctls: Some(100 + number),
            });
        }
        Cell::Tasks(cell) if cell.verdict == Verdict::Valid => {
            let source = if cell.executor == "coroutine" { "runtime" } else { "sched" };
            cell.timeline = Some(timeline(source, number));
        }
        _ => {}
    }
}

/// In a closed loop there is nothing that is uncorrected.
fn curve(cell: &ServerCell, number: u64) -> Curve {
    let n = number as f64;
    let at = |(percentile, us): (f64, f64)| CurvePoint {
        percentile,
        us: us + n,
        uncorrected_us: cell.rate.map(|_| us / 2.0 + n / 4.0),
    };
    Curve {
        points: [(0.0, 50.0), (50.0, 300.0), (90.0, 700.0), (99.0, 2_000.0), (99.9, 9_000.0)]
            .map(at)
            .to_vec(),
    }
}

/// Four slices, of which the third is slow.
fn over_time(number: u64) -> OverTime {
    OverTime {
        slice_s: 0.5,
        bounds_us: vec![50.0, 100.0, 200.0, 400.0, 800.0],
        replies: vec![
            vec![0, 1_000 + number, 20],
            vec![0, 1_100 + number, 21, 1],
            vec![0, 30, 400, 200 + number],
            vec![0, 1_200 + number, 22],
        ],
    }
}

fn fairness(number: u64) -> Fairness {
    Fairness {
        connection_requests: (0..8).map(|place| 1_000 + place * (10 + number)).collect(),
        thread_cpu_s: vec![0.5 + number as f64 / 1e3, 0.4, 0.3, 0.0],
    }
}

fn timeline(source: &str, number: u64) -> Timeline {
    let process = 4_000 + number as u32;
    let track = |place: u32, kind: &str, name: &str, first, states: &str| Track {
        process,
        number: process + place,
        kind: kind.into(),
        name: name.into(),
        first,
        states: states.into(),
    };
    let kind = if source == "runtime" { "coroutine" } else { "thread" };
    Timeline {
        source: source.into(),
        every_ms: 2.0,
        tracks: vec![
            track(0, "process", "concur", 0, &format!("{}Z", "S".repeat(24))),
            track(1, kind, "worker-1", 1, &"RRrSRRS".repeat(3)),
            track(2, kind, "worker-2", 2, &format!("{}Z", "rRRSD".repeat(4))),
        ],
        left_out: Some(number),
    }
}

/// Most of what can go wrong, each class another number.
fn failed() -> Cell {
    Cell::Servers(Box::new(ServerCell {
        verdict: Verdict::Errors,
        reason: Some("replies were wrong".into()),
        errors: Errors { connect: 3, reset: 5, timeout: 7, short: 11, wrong: 13 },
        ..super::server("fork", 1, 30.0, 4)
    }))
}

/// Two rounds of 1, 2 and 4 jobs: threads that scale, the lock that doesn't, and a CPython with one number of jobs.
fn tasks() -> Vec<Cell> {
    let mut cells = Vec::new();
    for round in 1..=2 {
        let slower = [1.0, 1.1][round as usize - 1];
        for (place, jobs) in [1_usize, 2, 4].into_iter().enumerate() {
            let alone = jobs as f64;
            let n = place as f64;
            let mut push = |executor: &str, task_name: &str, seconds: f64, own: u64| {
                cells.push(TaskCell {
                    size: Some("short".into()),
                    jobs,
                    workers: if executor.ends_with("line") { 1 } else { jobs },
                    at_once: (!executor.ends_with("line")).then_some(jobs),
                    ..task(executor, task_name, round, seconds * slower, own)
                });
            };
            push("line", "primes", alone, 1);
            push("threads", "primes", [1.02, 1.06, 2.11][place] + f64::from(round) / 500.0, 2);
            push("processes", "primes", [1.09, 1.13, 2.23][place], 3);
            push("gil", "primes", alone * 1.04 + n / 100.0, 4);
            push("coroutine", "primes", alone * 1.01 + n / 90.0, 5);
            push("line", "wait", alone * 0.25, 6);
            push("threads", "wait", 0.26 + n / 70.0, 7);
            push("processes", "wait", 0.28 + n / 60.0, 8);
        }
        for (way, seconds) in [("line", 41.0), ("threads", 43.0), ("processes", 23.0)] {
            cells.push(TaskCell {
                size: Some("short".into()),
                jobs: 4,
                workers: if way == "line" { 1 } else { 4 },
                interpreter: Some(Interpreter {
                    implementation: "CPython".into(),
                    version: "3.13.0".into(),
                    gil: true,
                }),
                ..task(&format!("cpython-3.13:{way}"), "primes", round, seconds * slower, 9)
            });
        }
    }
    cells.into_iter().map(|cell| Cell::Tasks(Box::new(cell))).collect()
}
