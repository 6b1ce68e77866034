//! A record of loads beyond the plain one: sweeps, open loops, idle connections, Stevens' comparison, an A/A pair, a floor.

use reports::record::{
    Beside, Calls, Cell, Cost, Floor, Latency, Noise, Offered, Run, Schedule, ServerCell, Shape, Verdict,
};

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

/// A cell in which every field is there, each with another value.
pub(crate) fn full() -> ServerCell {
    let latency = |n: f64| Latency {
        mean: n + 0.1,
        p50: n + 0.2,
        p90: Some(n + 0.3),
        p99: Some(n + 0.4),
        p999: Some(n + 0.5),
        p9999: Some(n + 0.6),
        max: n + 0.7,
    };
    let cost = |n: f64| Cost {
        user_s: Some(n + 0.1),
        system_s: Some(n + 0.2),
        clocked_cpu_s: Some(n + 0.3),
        run_queue_wait_s: Some(n + 0.4),
        pss_bytes: Some(n as u64 + 1),
        rss_peak_bytes: Some(n as u64 + 2),
        pss_peak_bytes: Some(n as u64 + 3),
        processes_peak: Some(n as u64 + 4),
        threads_peak: Some(n as u64 + 5),
        switches: Some(n as u64 + 6),
        voluntary_switches: Some(n as u64 + 7),
        involuntary_switches: Some(n as u64 + 8),
        syscalls: Some(n as u64 + 9),
    };
    ServerCell {
        copy: Some(2),
        command: Some("epoll {port}".into()),
        rate: Some(2_500.0),
        schedule: Some(Schedule::Poisson),
        shape: Shape {
            pipeline: Some(8),
            think_us: Some(1_500.0),
            idle_connections: Some(1_001),
            slow_connections: Some(11),
            beside_connections: Some(13),
            beside_request: Some("/cpu/1000".into()),
        },
        attempt: Some(3),
        reason: Some("so it is".into()),
        warm_up_s: Some(0.375),
        latency_us: Some(latency(100.0)),
        uncorrected_latency_us: Some(latency(200.0)),
        lag_us: Some(latency(300.0)),
        offered: Some(Offered { due: 5_011, left: 5_007, unanswered: 3 }),
        beside: Some(Beside { requests: 77, latency_us: Some(latency(400.0)) }),
        histogram_log: Some("latencies/7.hlog".into()),
        little: Some(0.987),
        calls: Some(Calls { seconds: 0.625, requests: 5_001, syscalls: 15_002, epoll_ctls: Some(5_003) }),
        noise: Some(Noise {
            steal_share: Some(0.0125),
            hiccup_us: Some(812.0),
            spin_before_us: Some(1_011.0),
            spin_after_us: Some(1_012.0),
            client_run_queue_wait_share: Some(0.0312),
            server_run_queue_wait_share: Some(0.0021),
            watching_cpu_s: Some(0.0431),
            hop_before_ns: Some(140.0),
            hop_after_ns: Some(141.0),
            disturbed: true,
        }),
        server: Some(cost(600.0)),
        client: Some(cost(700.0)),
        ..server("epoll:trigger=edge", 4, 8.0, 9)
    }
}
