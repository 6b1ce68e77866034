//! A record of loads beyond the plain one: sweeps, open loops, idle connections, Stevens' comparison, an A/A pair, a floor.

use reports::record::{Cell, Floor, Latency, Noise, Run, Schedule, ServerCell, Shape, Verdict};

use super::{run_of, server};

/// The whole record.
pub(crate) fn run() -> Run {
    let mut cells = plain();
    cells.extend(connections());
    cells.extend(rates());
    cells.extend(idle());
    cells.extend(stevens());
    Run {
        floor: Some(Floor {
            cpu_us: 4.0,
            round_trip_us: 21.5,
            ceiling_per_second: 150_000.0,
            ..Floor::default()
        }),
        notes: vec!["System calls can't be counted here: there is no tracefs.".into()],
        ..run_of(cells)
    }
}

/// Noise of the round that all share, and a little of a cell's own.
fn noise(round: u32, number: u64) -> f64 {
    let shared = [1.0, 1.2, 0.9, 1.1, 1.05][round as usize - 1];
    shared * (1.0 + 0.001 * ((number + 2 * u64::from(round)) % 5) as f64)
}

fn noisy(model: &str, round: u32, cpu_us: f64, number: u64) -> ServerCell {
    server(model, round, cpu_us * noise(round, number), number)
}

/// A closed loop with an A/A pair, a round that was measured again and one that stands out.
fn plain() -> Vec<Cell> {
    let mut cells = Vec::new();
    for round in 1..=5 {
        let stands_out = if round == 4 { 3.0 } else { 1.0 };
        let again = ServerCell { copy: Some(2), ..noisy("epoll", round, 8.1, 6) };
        cells.extend([
            noisy("epoll", round, 8.0, 1),
            again,
            noisy("io-uring", round, 8.05, 3),
            noisy("poll", round, 10.0 * stands_out, 2),
        ]);
    }
    let disturbed = ServerCell {
        verdict: Verdict::Unstable,
        reason: Some("the hypervisor gave 12% of the time to others".into()),
        noise: Some(Noise { steal_share: Some(0.12), disturbed: true, ..Noise::default() }),
        ..noisy("epoll", 2, 30.0, 1)
    };
    let second = cells.iter_mut().filter(|cell| cell.round == 2 && cell.model == "epoll").take(1);
    second.for_each(|cell| cell.attempt = Some(2));
    cells.insert(0, disturbed);
    cells.into_iter().map(|cell| Cell::Servers(Box::new(cell))).collect()
}

fn connections() -> Vec<Cell> {
    let mut cells = Vec::new();
    for round in 1..=3 {
        for (connections, epoll, pool) in [(1, 14.0, 16.0), (16, 9.0, 15.0)] {
            let pooled = noisy(&format!("thread-pool:workers={connections}"), round, pool, 2);
            cells.extend(
                [noisy("epoll", round, epoll, 1), pooled].map(|cell| ServerCell { connections, ..cell }),
            );
        }
        let starved = ServerCell { connections_served: Some(1), ..noisy("loop", round, 7.0, 3) };
        cells.push(ServerCell { connections: 16, ..starved });
    }
    cells.into_iter().map(|cell| Cell::Servers(Box::new(cell))).collect()
}

/// One model at one rate: what it answers and how late.
fn open(model: &str, round: u32, offered: f64, achieved: f64, p99_us: f64) -> Cell {
    let latency = |p99_us: f64| Latency {
        mean: p99_us / 3.0,
        p50: p99_us / 4.0,
        p90: Some(p99_us / 2.0),
        p99: Some(p99_us),
        p999: Some(3.0 * p99_us),
        p9999: None,
        max: 9.0 * p99_us,
    };
    Cell::Servers(Box::new(ServerCell {
        workload: "http".into(),
        request: "/hello".into(),
        rate: Some(offered),
        schedule: Some(Schedule::Poisson),
        requests_per_second: offered * achieved,
        latency_us: Some(latency(p99_us)),
        uncorrected_latency_us: Some(latency(p99_us.min(900.0))),
        lag_us: Some(latency(20.0)),
        ..noisy(model, round, 9.0, 1)
    }))
}

/// Two models at three rates: one keeps up to the second, the other to the last.
fn rates() -> Vec<Cell> {
    let mut cells = Vec::new();
    for round in 1..=2 {
        cells.extend([
            open("epoll", round, 10_000.0, 1.0, 300.0),
            open("epoll", round, 20_000.0, 0.999, 700.0),
            open("epoll", round, 40_000.0, 0.995, 2_000.0),
            open("fork", round, 10_000.0, 1.0, 400.0),
            open("fork", round, 20_000.0, 0.992, 3_900.0),
            open("fork", round, 40_000.0, 0.61, 900_000.0),
        ]);
    }
    cells
}

/// 100 active connections beside idle ones: poll looks at all of them, select has no room for many.
fn idle() -> Vec<Cell> {
    let mut cells = Vec::new();
    for round in 1..=3 {
        for idle in [0, 1_000, 10_000] {
            let at = |model: &str, cpu_us: f64| ServerCell {
                connections: 100,
                shape: Shape { idle_connections: (idle > 0).then_some(idle), ..Shape::default() },
                requests_per_second: 1e6 / (cpu_us + 8.0),
                ..noisy(model, round, cpu_us, 1)
            };
            let thousands = idle as f64 / 1e3;
            let select = at("select", 7.0 + 4.0 * thousands);
            let refused = ServerCell {
                verdict: Verdict::Unsupported,
                reason: Some("select can't watch a descriptor above 1023".into()),
                server: None,
                ..select.clone()
            };
            cells.extend([
                at("epoll", 8.0),
                at("poll", 6.0 + 3.0 * thousands),
                if idle > 0 { refused } else { select },
            ]);
        }
    }
    cells.into_iter().map(|cell| Cell::Idle(Box::new(cell))).collect()
}

fn stevens() -> Vec<Cell> {
    let models = [
        ("loop", 40.0),
        ("fork", 240.0),
        ("prefork:accept=shared,workers=15", 50.0),
        ("prefork:accept=flock,workers=15", 60.0),
        ("thread", 60.0),
        ("thread-pool:workers=15", 52.0),
        ("epoll", 44.0),
    ];
    let mut cells = Vec::new();
    for round in 1..=3 {
        cells.extend(models.map(|(model, cpu_us)| {
            Cell::Stevens(Box::new(ServerCell {
                workload: "http".into(),
                request: "/bytes/4000".into(),
                connections: 5,
                keep_alive: false,
                connections_served: None,
                // As many microseconds more in each round, so that what is beyond the loop stays.
                ..server(model, round, cpu_us + 3.0 * f64::from(round), 1)
            }))
        }));
    }
    cells
}
