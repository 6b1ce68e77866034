//! A record in which no two figures are the same, so that one in another's place is seen.

use std::cell::Cell as Count;

use reports::record::{
    Calls, Cell, Cost, Curve, CurvePoint, Errors, Fairness, Latency, Offered, OverTime, ProbeCell, Run,
    ServerCell, Shape, TaskCell, Timeline, Track,
};

use crate::sample::{run_of, server, task};

pub(crate) const MODELS: [&str; 2] = ["epoll", "fork"];
pub(crate) const CONNECTIONS: [usize; 3] = [1, 16, 64];
pub(crate) const RATES: [f64; 2] = [10_000.0, 20_000.0];
pub(crate) const IDLE: [usize; 3] = [0, 1_000, 10_000];

/// Gives out another number each time, not in their order.
struct Figures(Count<u64>);

impl Figures {
    fn whole(&self) -> u64 {
        let number = self.0.get() + 1;
        self.0.set(number);
        // The modulus is prime and larger than what is ever asked for, so that none comes twice.
        1_000 + number * 7_919 % 100_003
    }

    fn next(&self) -> f64 {
        self.whole() as f64
    }
}

/// Servers at several connections and rates, beside idle connections, and under Stevens' load.
pub(crate) fn servers() -> Run {
    let figures = Figures(Count::new(0));
    let mut cells = Vec::new();
    for round in 1..=3 {
        for model in MODELS {
            let own = || cell(model, round, &figures);
            let of = |cell: ServerCell| Cell::Servers(Box::new(cell));
            cells.extend(
                CONNECTIONS
                    .map(|connections| of(ServerCell { connections, connections_served: None, ..own() })),
            );
            cells.extend(RATES.map(|rate| {
                of(ServerCell {
                    rate: Some(rate),
                    workload: "http".into(),
                    request: "/hello".into(),
                    ..own()
                })
            }));
            cells.extend(IDLE.map(|idle| {
                let shape =
                    Shape { idle_connections: Some(idle).filter(|idle| *idle > 0), ..Shape::default() };
                Cell::Idle(Box::new(ServerCell { connections: 64, shape, ..own() }))
            }));
        }
        for (place, model) in ["loop", "fork", "thread"].into_iter().enumerate() {
            // Loop is the cheapest, fork the dearest, whatever the figures.
            let more = [0.0, 2e6, 1e6][place];
            let own = cell(model, round, &figures);
            let server = own.server.map(|cost| Cost {
                user_s: cost.user_s.map(|s| s + more * own.requests as f64 / 1e3),
                ..cost
            });
            cells.push(Cell::Stevens(Box::new(ServerCell {
                keep_alive: false,
                connections: 5,
                server,
                ..own
            })));
        }
    }
    run_of(cells)
}

fn cell(model: &str, round: u32, figures: &Figures) -> ServerCell {
    let latency = || Latency {
        mean: figures.next(),
        p50: figures.next(),
        p90: Some(figures.next()),
        p99: Some(figures.next()),
        p999: Some(figures.next()),
        p9999: Some(figures.next()),
        max: figures.next(),
    };
    let cost = || Cost {
        user_s: Some(figures.next()),
        system_s: Some(figures.next()),
        pss_bytes: Some(figures.whole() << 10),
        rss_peak_bytes: Some(figures.whole() << 10),
        pss_peak_bytes: Some(figures.whole() << 10),
        voluntary_switches: Some(figures.whole()),
        involuntary_switches: Some(figures.whole()),
        syscalls: Some(figures.whole()),
        ..Cost::default()
    };
    let requests = figures.whole();
    ServerCell {
        requests,
        requests_per_second: figures.next(),
        connections_served: None,
        errors: Errors {
            connect: figures.whole(),
            reset: figures.whole(),
            timeout: figures.whole(),
            short: figures.whole(),
            wrong: figures.whole(),
        },
        latency_us: Some(latency()),
        uncorrected_latency_us: Some(latency()),
        lag_us: Some(latency()),
        offered: Some(Offered { due: requests, left: requests, unanswered: 0 }),
        calls: Some(Calls {
            seconds: 1.0,
            requests: figures.whole(),
            syscalls: 200_000 + figures.whole(),
            epoll_ctls: Some(figures.whole()),
        }),
        server: Some(cost()),
        client: Some(cost()),
        curve: Some(Curve {
            points: [0.0, 50.0, 99.0]
                .map(|percentile| CurvePoint {
                    percentile,
                    us: figures.next(),
                    uncorrected_us: Some(figures.next()),
                })
                .to_vec(),
        }),
        over_time: Some(OverTime {
            slice_s: figures.next(),
            bounds_us: vec![10.0, 20.0, 40.0],
            replies: (0..3).map(|_| (0..3).map(|_| figures.whole()).collect()).collect(),
        }),
        fairness: Some(Fairness {
            connection_requests: (0..4).map(|_| figures.whole()).collect(),
            thread_cpu_s: (0..3).map(|_| figures.next()).collect(),
        }),
        timeline: Some(timeline(figures)),
        ..server(model, round, 1.0, 1)
    }
}

/// Each track's states are the digits of another number in letters.
fn timeline(figures: &Figures) -> Timeline {
    let track = |kind: &str| Track {
        process: figures.whole() as u32,
        number: figures.whole() as u32,
        kind: kind.into(),
        name: format!("name-{}", figures.whole()),
        first: figures.whole() as usize % 3,
        states: figures
            .whole()
            .to_string()
            .chars()
            .map(|digit| if digit < '5' { 'R' } else { 'S' })
            .collect::<String>()
            // So often that there are looks enough for a picture.
            .repeat(20),
    };
    Timeline {
        source: "proc".into(),
        every_ms: figures.next(),
        tracks: vec![track("process"), track("thread")],
        left_out: None,
    }
}

/// Line and two executors with three numbers of jobs at a task that computes and one that waits.
pub(crate) fn tasks() -> Run {
    let figures = Figures(Count::new(0));
    let mut cells = Vec::new();
    for round in 1..=3 {
        for (name, executor) in
            ["primes", "disk"].into_iter().flat_map(|name| EXECUTORS.map(|executor| (name, executor)))
        {
            for jobs in JOBS {
                let at_once = if executor == "line" { 1 } else { jobs };
                cells.push(TaskCell {
                    jobs,
                    workers: at_once,
                    at_once: Some(at_once),
                    timeline: Some(timeline(&figures)),
                    ..task(executor, name, round, figures.next(), 1)
                });
            }
        }
    }
    run_of(cells.into_iter().map(|cell| Cell::Tasks(Box::new(cell))).collect())
}

pub(crate) const EXECUTORS: [&str; 3] = ["line", "threads", "processes"];
pub(crate) const JOBS: [usize; 3] = [1, 2, 4];
pub(crate) const TOUCHED: [u64; 3] = [0, 16 << 20, 256 << 20];
pub(crate) const SIZES: [u64; 2] = [16 << 10, 1 << 20];
pub(crate) const SLEEPERS: [u64; 2] = [100, 10_000];

/// Two ways in each setting of all three suites.
pub(crate) fn probes() -> Run {
    let figures = Figures(Count::new(0));
    let latency = || Latency {
        mean: figures.next(),
        p50: figures.next(),
        p90: Some(figures.next()),
        p99: Some(figures.next()),
        p999: Some(figures.next()),
        p9999: Some(figures.next()),
        max: figures.next(),
    };
    let mut cells = Vec::new();
    for round in 1..=3 {
        let of = |way: &str, operation: &str| ProbeCell {
            way: way.into(),
            family: "threads".into(),
            operation: operation.into(),
            round,
            seconds: figures.next(),
            samples: Some(figures.whole()),
            ..ProbeCell::default()
        };
        let timed = |way: &str, operation: &str| ProbeCell { time_us: Some(latency()), ..of(way, operation) };
        cells.push(Cell::Spawn(Box::new(timed("thread", "create"))));
        cells.extend(TOUCHED.map(|touched| {
            Cell::Spawn(Box::new(ProbeCell { touched_bytes: Some(touched), ..timed("fork", "create") }))
        }));
        cells.extend(["futex", "pipe"].map(|way| Cell::Switch(Box::new(timed(way, "switch")))));
        for number in SLEEPERS {
            cells.extend(["threads", "tasks"].map(|way| {
                let bytes_each = Some(figures.next());
                Cell::Switch(Box::new(ProbeCell { number: Some(number), bytes_each, ..of(way, "sleep") }))
            }));
        }
        for (bytes, way) in SIZES.into_iter().flat_map(|bytes| ["pipe", "channel"].map(|way| (bytes, way))) {
            let trip = ProbeCell { message_bytes: Some(bytes), ..timed(way, "round-trip") };
            let rate = Some(figures.next() * 1e6);
            let sent =
                ProbeCell { message_bytes: Some(bytes), bytes_per_second: rate, ..of(way, "bandwidth") };
            cells.extend([trip, sent].map(|cell| Cell::Ipc(Box::new(cell))));
        }
    }
    run_of(cells)
}
