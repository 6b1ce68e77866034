//! One record with everything in it that a report has to deal with. All figures differ from each other.

pub(crate) mod course;
pub(crate) mod loads;
pub(crate) mod probes;

use reports::record::{
    Cell, Cost, Errors, Host, Latency, Placement, Run, SCHEMA, ServerCell, TaskCell, Verdict,
};

/// The whole record.
pub(crate) fn run() -> Run {
    let mut cells = servers();
    cells.extend(tasks());
    Run {
        schema: SCHEMA,
        concur: "0.1.0".into(),
        command: ["concur", "run", "--connections", "64,1", "--out", "my results"]
            .map(str::to_owned)
            .to_vec(),
        started: "2026-01-31T12:00:00Z".into(),
        complete: true,
        planned: cells.len(),
        seed: Some(7),
        host: Host {
            cpu: "Example CPU @ 2.50GHz".into(),
            cores: 2,
            kernel: "Linux 6.8.0".into(),
            memory_bytes: 8 << 30,
            nofile: 20_000,
            mitigations: vec!["spectre_v2: Mitigation; IBRS".into()],
            loopback_mtu_bytes: Some(65_536),
        },
        floor: None,
        notes: Vec::new(),
        cells,
        torture: Vec::new(),
    }
}

/// A record of these cells only.
pub(crate) fn run_of(cells: Vec<Cell>) -> Run {
    Run { planned: cells.len(), cells, ..run() }
}

/// A valid cell of `model` in round `round` that took so many microseconds of CPU time per request. Everything
/// else grows with `number`, so that no two cells agree in a figure.
pub(crate) fn server(model: &str, round: u32, cpu_us: f64, number: u64) -> ServerCell {
    let (name, options) = model.split_once(':').unwrap_or((model, ""));
    let n = number as f64;
    let seconds = 2.0 + n / 1e3;
    let requests = 100_000 + 2_000 * number;
    let processor_s = cpu_us * requests as f64 / 1e6;
    ServerCell {
        model: name.into(),
        options: options.into(),
        command: (name == "coroutine").then(|| "coroutine --port {port}".to_owned()),
        workload: "echo".into(),
        request: "64 B".into(),
        transport: "tcp".into(),
        connections: 64,
        keep_alive: true,
        rate: None,
        round,
        placement: Placement { server: vec![0], client: vec![1] },
        verdict: Verdict::Valid,
        reason: None,
        seconds,
        requests,
        requests_per_second: requests as f64 / seconds,
        connects: 70 + number,
        connections_served: Some(64),
        errors: Errors::default(),
        latency_us: Some(Latency {
            mean: 410.25 + n,
            p50: 300.5 + n,
            p90: Some(600.75 + n),
            p99: Some(1_200.0 + 10.0 * n),
            p999: Some(5_300.0 + 100.0 * n),
            p9999: None,
            max: 21_000.0 + 1_000.0 * n,
        }),
        server: Some(Cost {
            user_s: Some(processor_s / 4.0),
            system_s: Some(processor_s * 3.0 / 4.0),
            pss_peak_bytes: Some((3 << 20) + (number << 18)),
            processes_peak: Some(110 + number),
            threads_peak: Some(230 + number),
            voluntary_switches: Some(requests / 2 + 17 * number),
            involuntary_switches: Some(900 + number),
            syscalls: Some(2 * requests + 131 + number),
            ..Cost::default()
        }),
        client: Some(Cost {
            user_s: Some(0.31 + n / 1e3),
            system_s: Some(1.21 + n / 1e3),
            voluntary_switches: Some(40_000 + number),
            involuntary_switches: Some(1_500 + number),
            ..Cost::default()
        }),
        ..ServerCell::default()
    }
}

/// A valid cell of `executor` at `task`. The other figures grow with `number`.
pub(crate) fn task(executor: &str, task: &str, round: u32, seconds: f64, number: u64) -> TaskCell {
    let n = number as f64;
    TaskCell {
        executor: executor.into(),
        options: String::new(),
        task: task.into(),
        family: if ["primes", "count"].contains(&task) { "cpu" } else { "io" }.into(),
        size: None,
        jobs: 10,
        workers: if executor == "line" { 1 } else { 10 },
        at_once: None,
        round,
        verdict: Verdict::Valid,
        reason: None,
        seconds,
        value: Some((454_396_537 + number).to_string()),
        cost: Some(Cost {
            user_s: Some(3.0 + n / 100.0),
            system_s: Some(0.126),
            pss_peak_bytes: Some((7 << 20) + (number << 19)),
            ..Cost::default()
        }),
        ..TaskCell::default()
    }
}

/// As a cell of a record.
pub(crate) fn servers_cell(cell: ServerCell) -> Cell {
    Cell::Servers(Box::new(cell))
}

/// As a cell of a record.
pub(crate) fn tasks_cell(cell: TaskCell) -> Cell {
    Cell::Tasks(Box::new(cell))
}

fn servers() -> Vec<Cell> {
    let mut cells = Vec::new();
    for round in 1..=3 {
        // The rounds' values do not come in order, so that a median is not simply the second.
        let disturbance = [0.4, 0.0, 0.2][round as usize - 1];
        let number = u64::from(round) * 10;
        let valid =
            |model: &str, cpu_us: f64, place: u64| server(model, round, cpu_us + disturbance, number + place);
        cells.extend([
            valid("thread", 12.25, 3),
            starved(valid("loop", 6.5, 5)),
            valid("epoll", 8.0, 1),
            failed(valid("fork", 0.0, 6)),
            valid("poll", 8.3, 2),
            unsupported(valid("select", 0.0, 7)),
            client_bound(valid("coroutine", 7.5, 8)),
            disturbed(valid("thread-pool:queue=1024,workers=4", 14.75, 4)),
        ]);
    }
    for (model, number) in [("thread", 51), ("epoll", 52)] {
        cells.push(ServerCell {
            workload: "http".into(),
            request: "/hello".into(),
            connections: 1,
            keep_alive: false,
            rate: Some(2_500.0),
            connections_served: None,
            ..server(model, 1, 20.0 + number as f64, number)
        });
    }
    cells.into_iter().map(servers_cell).collect()
}

fn starved(cell: ServerCell) -> ServerCell {
    let reason = "A client is served to its end before the next one.".to_owned();
    ServerCell { connections_served: Some(1), reason: Some(reason), ..cell }
}

fn failed(cell: ServerCell) -> ServerCell {
    let number = u64::from(cell.round);
    ServerCell {
        verdict: Verdict::Errors,
        reason: Some(format!("The server ended with status {number}.")),
        requests: 0,
        requests_per_second: 0.0,
        connections_served: Some(0),
        errors: Errors { connect: number, reset: 10, timeout: 20, short: 30, wrong: 40 },
        latency_us: None,
        server: None,
        ..cell
    }
}

fn unsupported(cell: ServerCell) -> ServerCell {
    ServerCell {
        verdict: Verdict::Unsupported,
        reason: Some("select can't watch a descriptor above 1023".into()),
        errors: Errors::default(),
        client: None,
        ..failed(cell)
    }
}

fn client_bound(cell: ServerCell) -> ServerCell {
    let reason = "the load generator used 99% of its core".to_owned();
    ServerCell { verdict: Verdict::ClientBound, reason: Some(reason), ..cell }
}

/// Disturbed in the second round only.
fn disturbed(cell: ServerCell) -> ServerCell {
    if cell.round != 2 {
        return cell;
    }
    ServerCell { verdict: Verdict::Unstable, reason: Some("steal time was 12%".into()), ..cell }
}

fn tasks() -> Vec<Cell> {
    let mut cells = Vec::new();
    for round in 1..=2 {
        let slower = f64::from(round) - 1.0;
        let number = u64::from(round) * 10;
        for (name, line, threads, processes) in [
            ("primes", 4.0, 2.04, 2.16),
            ("count", 3.0, 1.62, 1.68),
            ("disk", 0.5, 0.31, 0.29),
            ("wait", 1.0, 0.101, 0.117),
        ] {
            cells.push(task("processes", name, round, processes * (1.0 + slower), number + 3));
            cells.push(task("line", name, round, line * (1.0 + slower), number + 1));
            cells.push(task("threads", name, round, threads * (1.0 + slower), number + 2));
        }
        cells.push(TaskCell {
            verdict: Verdict::Errors,
            reason: Some("a job came to 1 instead of 9592".into()),
            value: None,
            ..task("coroutine", "primes", round, 9.0, number)
        });
    }
    cells.into_iter().map(tasks_cell).collect()
}
