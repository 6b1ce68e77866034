//! A large record, made up: 500 cells a round of everything that is measured. It needs nothing but the record's types, since an
//! example and a bench take it as well.

use reports::record::{
    Cell, Cost, Curve, CurvePoint, Fairness, Floor, Host, Latency, OverTime, ProbeCell, Run, SCHEMA,
    Schedule, ServerCell, Shape, TaskCell, Timeline, Track,
};

/// How many cells a round has.
pub(crate) const CELLS_A_ROUND: usize = 500;

/// How many models there are. The first two are those that Stevens' comparison cannot do without; what the others are called is nothing to
/// a report.
const MODELS: usize = 16;

fn model(place: usize) -> String {
    match place {
        0 => "loop".to_owned(),
        1 => "fork".to_owned(),
        _ => format!("server-{place}"),
    }
}

const EXECUTORS: [&str; 9] =
    ["line", "threads", "processes", "thread-pool", "process-pool", "rayon", "coroutine", "async", "gil"];
const WAYS: [&str; 12] = [
    "pipe",
    "fifo",
    "message-queue",
    "socketpair",
    "unix-socket",
    "tcp",
    "channel",
    "eventfd",
    "semaphore",
    "signal",
    "shared-memory-futex",
    "shared-memory-spin",
];

/// The record: so many rounds, the last of them with how its cells went.
pub(crate) fn run(rounds: u32) -> Run {
    let mut random = fastrand::Rng::with_seed(u64::from(rounds));
    let cells: Vec<Cell> = (1..=rounds).flat_map(|number| round(number, rounds, &mut random)).collect();
    Run {
        schema: SCHEMA,
        concur: "0.1.0".into(),
        command: vec!["concur".into(), "run".into()],
        started: "2026-01-31T12:00:00Z".into(),
        complete: true,
        planned: cells.len(),
        host: Host { cpu: "Example CPU".into(), cores: 2, memory_bytes: 8 << 30, ..Host::default() },
        floor: Some(Floor { cpu_us: 4.0, round_trip_us: 20.0, ceiling_per_second: 2e5, ..Floor::default() }),
        cells,
        ..Run::default()
    }
}

fn round(number: u32, last: u32, random: &mut fastrand::Rng) -> Vec<Cell> {
    let mut made = Maker { round: number, is_last: number == last, random };
    let mut cells = Vec::with_capacity(CELLS_A_ROUND);
    for connections in [1, 4, 16, 64, 256, 1_024, 4_096, 10_000] {
        cells.extend((0..MODELS).map(|place| made.closed(place, connections, None)));
        if connections <= 64 {
            cells.push(made.closed(8, connections, Some(2)));
        }
    }
    for step in 1..=12_u32 {
        cells.extend((0..8).map(|place| made.open(place, 5e3 * f64::from(step))));
    }
    for idle in [0, 100, 1_000, 10_000] {
        cells.extend((6..14).map(|place| made.idle(place, idle)));
    }
    cells.extend((0..7).map(|place| made.stevens(place)));
    for task in ["primes", "count", "disk", "wait"] {
        for jobs in [1, 2, 8] {
            cells.extend(EXECUTORS.iter().map(|executor| made.task(executor, task, jobs)));
        }
    }
    for touched in [0, 16, 256] {
        let ways = ["fork", "vfork", "posix-spawn", "clone", "thread", "coroutine", "task", "pool"];
        cells
            .extend(ways.iter().map(|way| Cell::Spawn(made.probe(way, "create", Some(touched << 20), None))));
    }
    let switches = ["thread", "process", "coroutine", "task", "function"];
    cells.extend(switches.iter().map(|way| Cell::Switch(made.probe(way, "switch", None, None))));
    for bytes in [1_u64, 64, 1_024, 4_096, 16_384, 65_536, 262_144, 1 << 20] {
        cells.extend(WAYS.iter().map(|way| Cell::Ipc(made.probe(way, "round-trip", None, Some(bytes)))));
    }
    cells
}

/// What all cells of a round have in common.
struct Maker<'a> {
    round: u32,
    is_last: bool,
    random: &'a mut fastrand::Rng,
}

impl Maker<'_> {
    /// A factor near 1, another one each time.
    fn near_one(&mut self) -> f64 {
        0.98 + 0.04 * self.random.f64()
    }

    fn server(&mut self, place: usize, cpu_us: f64, connections: usize) -> ServerCell {
        let requests_per_second = 1e6 / (cpu_us + 8.0) * self.near_one();
        let requests = (requests_per_second * 2.0) as u64;
        let processor_s = cpu_us * self.near_one() * requests as f64 / 1e6;
        let median = 20.0 * connections as f64 * self.near_one();
        let cost = |seconds: f64| Cost {
            user_s: Some(seconds / 4.0),
            system_s: Some(seconds * 3.0 / 4.0),
            pss_bytes: Some(3 << 20),
            pss_peak_bytes: Some((3 << 20) + 8_192 * connections as u64),
            processes_peak: Some(1),
            threads_peak: Some(2),
            voluntary_switches: Some(requests / 3),
            involuntary_switches: Some(requests / 900),
            syscalls: Some(2 * requests),
            ..Cost::default()
        };
        ServerCell {
            model: model(place),
            workload: "echo".into(),
            request: "64 B".into(),
            transport: "tcp".into(),
            connections,
            keep_alive: true,
            round: self.round,
            seconds: 2.0,
            requests,
            requests_per_second,
            connects: connections as u64,
            connections_served: Some(connections),
            latency_us: Some(latency(median)),
            server: Some(cost(processor_s)),
            client: Some(cost(0.9)),
            curve: self.is_last.then(|| curve(median)),
            over_time: self.is_last.then(over_time),
            fairness: self.is_last.then(|| fairness(connections, requests)),
            timeline: self.is_last.then(timeline),
            ..ServerCell::default()
        }
    }

    fn closed(&mut self, place: usize, connections: usize, copy: Option<u32>) -> Cell {
        let cpu_us = 8.0 + 0.4 * place as f64 + (connections as f64).log2();
        Cell::Servers(Box::new(ServerCell { copy, ..self.server(place, cpu_us, connections) }))
    }

    fn open(&mut self, place: usize, rate: f64) -> Cell {
        let plain = self.server(place, 9.0, 64);
        let reached = rate.min(45_000.0) * self.near_one();
        Cell::Servers(Box::new(ServerCell {
            workload: "http".into(),
            request: "/hello".into(),
            rate: Some(rate),
            schedule: Some(Schedule::Poisson),
            requests_per_second: reached,
            uncorrected_latency_us: Some(latency(300.0)),
            lag_us: Some(latency(12.0)),
            ..plain
        }))
    }

    fn idle(&mut self, place: usize, idle: usize) -> Cell {
        let shape = Shape { idle_connections: (idle > 0).then_some(idle), ..Shape::default() };
        Cell::Idle(Box::new(ServerCell { shape, ..self.server(place, 9.0 + idle as f64 / 1e3, 100) }))
    }

    fn stevens(&mut self, place: usize) -> Cell {
        Cell::Stevens(Box::new(ServerCell {
            workload: "http".into(),
            request: "/bytes/4000".into(),
            keep_alive: false,
            connections_served: None,
            ..self.server(place, 60.0, 5)
        }))
    }

    fn task(&mut self, executor: &str, task: &str, jobs: usize) -> Cell {
        let seconds = 0.3 * jobs as f64 * self.near_one();
        Cell::Tasks(Box::new(TaskCell {
            executor: executor.into(),
            task: task.into(),
            family: if ["primes", "count"].contains(&task) { "cpu" } else { "io" }.into(),
            jobs,
            workers: if executor == "line" { 1 } else { jobs },
            round: self.round,
            seconds,
            value: Some("454396537".into()),
            cost: Some(Cost { user_s: Some(seconds), system_s: Some(0.01), ..Cost::default() }),
            timeline: self.is_last.then(timeline),
            ..TaskCell::default()
        }))
    }

    fn probe(
        &mut self,
        way: &str,
        operation: &str,
        touched: Option<u64>,
        bytes: Option<u64>,
    ) -> Box<ProbeCell> {
        let us = 5.0 * (way.len() as f64) * self.near_one();
        Box::new(ProbeCell {
            way: way.into(),
            family: "processes".into(),
            operation: operation.into(),
            touched_bytes: touched,
            message_bytes: bytes,
            round: self.round,
            seconds: 0.3,
            samples: Some(10_000),
            operations_each: Some(1),
            time_us: Some(latency(us)),
            ..ProbeCell::default()
        })
    }
}

fn latency(median: f64) -> Latency {
    Latency {
        mean: 1.1 * median,
        p50: median,
        p90: Some(2.0 * median),
        p99: Some(4.0 * median),
        p999: Some(9.0 * median),
        p9999: None,
        max: 30.0 * median,
    }
}

/// Thirty percentiles, as many as are recorded.
fn curve(median: f64) -> Curve {
    let point = |step: u32| {
        let percentile = 100.0 * (1.0 - 10.0_f64.powf(-f64::from(step) / 7.0));
        let us = median * (0.6 + f64::from(step) / 4.0);
        CurvePoint { percentile, us, uncorrected_us: Some(0.8 * us) }
    };
    Curve { points: (0..30).map(point).collect() }
}

fn over_time() -> OverTime {
    let bounds_us = (0..24).map(|class| 10.0_f64.powf(f64::from(class) * 7.0 / 23.0)).collect();
    let slice = |slice: u64| (0..24).map(|class| (slice * 7 + class * class * 13) % 997).collect();
    OverTime { slice_s: 0.05, bounds_us, replies: (0..40).map(slice).collect() }
}

fn fairness(connections: usize, requests: u64) -> Fairness {
    let each = requests / connections as u64;
    let connection_requests =
        (0..connections.min(1_000) as u64).map(|connection| each + connection).collect();
    Fairness { connection_requests, thread_cpu_s: vec![0.5, 0.4] }
}

fn timeline() -> Timeline {
    let track = |number: u32| Track {
        process: 100,
        number: 100 + number,
        kind: if number == 0 { "process" } else { "thread" }.into(),
        name: "worker".into(),
        first: 0,
        states: "RRSSrRSD".repeat(10),
    };
    Timeline { source: "proc".into(), every_ms: 4.0, tracks: (0..16).map(track).collect(), left_out: None }
}
