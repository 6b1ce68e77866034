//! A record of probes: three rounds of all three suites, with what can't be measured, what was measured twice and what failed.

use reports::record::{Cell, Latency, Noise, ProbeCell, Run, Verdict};

use super::run_of;

const MEBIBYTE: u64 = 1 << 20;

/// The whole record.
pub(crate) fn run() -> Run {
    let rounds = || 1..=3_u32;
    let mut cells: Vec<Cell> = Vec::new();
    for round in rounds() {
        cells.extend(spawn(round).into_iter().map(|cell| Cell::Spawn(Box::new(cell))));
        cells.extend(switch(round).into_iter().map(|cell| Cell::Switch(Box::new(cell))));
        cells.extend(ipc(round).into_iter().map(|cell| Cell::Ipc(Box::new(cell))));
    }
    run_of(cells)
}

/// What all of a round share: the machine was faster or slower then.
fn shared(round: u32) -> f64 {
    [1.0, 1.1, 0.95][round as usize - 1]
}

/// A valid cell that took so many microseconds, in a round of usual speed.
pub(crate) fn timed(way: &str, family: &str, operation: &str, round: u32, us: f64) -> ProbeCell {
    let us = us * shared(round);
    ProbeCell {
        way: way.into(),
        family: family.into(),
        operation: operation.into(),
        round,
        seconds: 0.3,
        samples: Some(1_000 * u64::from(round)),
        operations_each: Some(1),
        time_us: Some(Latency {
            mean: us * 1.05,
            p50: us,
            p90: Some(us * 1.2),
            p99: Some(us * 2.0),
            p999: None,
            p9999: None,
            max: us * 9.0,
        }),
        noise: Some(Noise { hiccup_us: Some(100.0), ..Noise::default() }),
        ..ProbeCell::default()
    }
}

/// One that has no figure.
fn void(cell: ProbeCell, verdict: Verdict, reason: &str) -> ProbeCell {
    ProbeCell {
        verdict,
        reason: Some(reason.into()),
        time_us: None,
        samples: None,
        operations_each: None,
        ..cell
    }
}

fn spawn(round: u32) -> Vec<ProbeCell> {
    // A little of each cell's own, that falls out of order.
    let own = |number: u32| 1.0 + 0.002 * f64::from((number * 5 + round * 7) % 3);
    let create = |way: &str, family: &str, us: f64| timed(way, family, "create", round, us);
    let mut cells = vec![
        create("thread", "threads", 10.0 * own(1)),
        ProbeCell { copy: Some(2), ..create("thread", "threads", 10.05 * own(2)) },
        ProbeCell { stack_bytes: Some(64 << 10), ..create("thread", "threads", 9.0 * own(3)) },
        create("coroutine", "coroutines", 0.5 * own(4)),
        timed("pool", "threads", "hand-off", round, 4.0 * own(5)),
        timed("process-pool", "processes", "hand-off", round, 12.0 * own(6)),
    ];
    for mebibytes in [0, 16, 256] {
        let touched = |cell| ProbeCell { touched_bytes: Some(mebibytes * MEBIBYTE), ..cell };
        let n = mebibytes as f64;
        cells.push(touched(create("fork", "processes", (150.0 + 2.0 * n) * own(7))));
        cells.push(touched(create("posix-spawn", "processes", 400.0 * own(8))));
    }
    let gibibyte = ProbeCell { touched_bytes: Some(1 << 30), ..create("fork", "processes", 0.0) };
    cells.push(void(
        gibibyte,
        Verdict::Unsupported,
        "a gigabyte is more than half of the memory that is free",
    ));
    cells
}

fn switch(round: u32) -> Vec<ProbeCell> {
    let sides = |way: &str, family: &str, sides: &str, us: f64| ProbeCell {
        sides: Some(sides.into()),
        ..timed(way, family, "switch", round, us)
    };
    let asleep = |way: &str, family: &str, number: u64, bytes: f64| ProbeCell {
        number: Some(number),
        bytes_each: Some(bytes * shared(round)),
        ..ProbeCell { time_us: None, samples: None, noise: None, ..timed(way, family, "sleep", round, 1.0) }
    };
    let many = asleep("sleeping-threads", "threads", 10_000, 9_000.0);
    vec![
        sides("pipe-processes", "processes", "together", 2.0),
        sides("pipe-processes", "processes", "apart", 5.0),
        sides("futex-threads", "threads", "together", 1.0),
        ProbeCell {
            operations_each: Some(1_000),
            ..timed("generator", "coroutines", "switch", round, 0.0125)
        },
        asleep("sleeping-threads", "threads", 100, 10_240.0),
        asleep("sleeping-tasks", "tasks", 100, 512.0),
        ProbeCell {
            number_reached: Some(3_276),
            reason: Some("a tenth of pid_max is all it takes".into()),
            ..many
        },
        asleep("sleeping-tasks", "tasks", 10_000, 384.0),
    ]
}

fn ipc(round: u32) -> Vec<ProbeCell> {
    let mut cells = Vec::new();
    for (place, bytes) in [1, 16 << 10, 1 << 20].into_iter().enumerate() {
        let slower = [1.0, 3.0, 90.0][place];
        let apart = |cell| ProbeCell { message_bytes: Some(bytes), sides: Some("apart".into()), ..cell };
        let sent = |way: &str, family: &str, rate: f64| {
            let cell = timed(way, family, "bandwidth", round, 1.0);
            let rate = rate * bytes as f64 / slower / shared(round);
            apart(ProbeCell {
                time_us: None,
                samples: None,
                operations_each: None,
                bytes_per_second: Some(rate),
                ..cell
            })
        };
        let trip =
            |way: &str, family: &str, us: f64| apart(timed(way, family, "round-trip", round, us * slower));
        for (way, family, us, rate) in [
            ("pipe", "processes", 10.0, 800e3),
            ("shared-memory-futex", "processes", 9.0, 400e3),
            ("shared-memory-spin", "processes", 0.4, 3e6),
            ("channel", "threads", 8.0, 2e6),
        ] {
            cells.extend([trip(way, family, us), sent(way, family, rate)]);
        }
        cells.extend(match bytes {
            1 => vec![
                trip("message-queue", "processes", 12.0),
                ProbeCell { copy: Some(2), ..trip("pipe", "processes", 10.2) },
            ],
            _ => vec![void(
                trip("message-queue", "processes", 0.0),
                Verdict::Unsupported,
                "a message is longer than /proc/sys/fs/mqueue/msgsize_max allows (8,192); raise it there",
            )],
        });
    }
    cells.push(timed("signal", "processes", "round-trip", round, 20.0));
    cells.push(void(
        timed("unix-stream", "processes", "round-trip", round, 0.0),
        Verdict::Errors,
        "message 7 came with other contents",
    ));
    cells
}
