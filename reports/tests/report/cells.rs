//! `cells.csv`: every field of a cell.

use insta::assert_snapshot;
use reports::csv;
use reports::record::{
    Beside, Calls, Cell, Cost, Fairness, Interpreter, Latency, Noise, Offered, Schedule, ServerCell, Shape,
    TaskCell,
};

use crate::sample::{self, run_of, server, servers_cell, tasks_cell};

/// A cell in which every field is there, each with another value.
fn full() -> ServerCell {
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

#[test]
fn the_cells() {
    assert_snapshot!(String::from_utf8(csv::draw(&sample::run()).unwrap()).unwrap());
}

#[test]
fn every_field_of_a_cell_stands_under_its_own_name() {
    let mut run = sample::run();
    run.cells.push(servers_cell(full()));
    run.cells.push(Cell::Idle(Box::new(full())));
    let attempt = TaskCell {
        attempt: Some(2),
        noise: full().noise,
        cost: full().server,
        interpreter: Some(Interpreter {
            implementation: "CPython".into(),
            version: "3.13.0".into(),
            gil: true,
        }),
        start_up_s: Some(0.041),
        warm_up_s: Some(0.25),
        ..sample::task("threads", "primes", 1, 2.0, 77)
    };
    run.cells.push(tasks_cell(attempt));
    let bytes = csv::draw(&run).unwrap();
    let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
    let lines: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(lines.len(), run.cells.len());
    for (line, cell) in lines.iter().zip(&run.cells) {
        let mut fields = Vec::new();
        let mut cell = serde_json::to_value(cell).unwrap();
        let course = ["curve", "over_time", "fairness", "timeline"]; // of which there are other columns, or none
        cell.as_object_mut().unwrap().retain(|name, _| !course.contains(&&**name));
        leaves("", &cell, &mut fields);
        for (name, value) in &fields {
            assert_eq!(line.get(name), Some(value), "{name}");
        }
        let of_course = |name: &str| name.starts_with("fairness.");
        let filled = line.iter().filter(|(name, text)| !text.is_empty() && !of_course(name)).count();
        assert_eq!(filled, fields.iter().filter(|(_, value)| !value.is_empty()).count(), "{line:?}");
    }
}

#[test]
fn of_fairness_there_are_single_numbers_in_the_csv() {
    let connection_requests = vec![1, 2, 3];
    let fairness = Some(Fairness { connection_requests, thread_cpu_s: vec![0.3, 0.1] });
    let cell = ServerCell { fairness, ..server("epoll", 1, 8.0, 1) };
    let bytes = csv::draw(&run_of(vec![servers_cell(cell)])).unwrap();
    let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
    let line: std::collections::HashMap<String, String> = reader.deserialize().next().unwrap().unwrap();
    let number = |name: &str| line[&format!("fairness.{name}")].parse::<f64>().unwrap();
    assert!((number("of_connections") - 36.0 / 42.0).abs() < 1e-9);
    assert!((number("of_threads") - 0.8).abs() < 1e-9);
    assert_eq!(line["fairness.connection_requests_least"], "1");
    assert_eq!(line["fairness.connection_requests_most"], "3");
}

/// The name and text of every field below `value`.
fn leaves(name: &str, value: &serde_json::Value, fields: &mut Vec<(String, String)>) {
    let text = match value {
        serde_json::Value::Object(object) => {
            let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
            return object.iter().for_each(|(key, value)| leaves(&below(key), value, fields));
        }
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => {
            items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    fields.push((name.to_owned(), text));
}
