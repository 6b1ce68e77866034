//! `cells.csv`: one line for each cell with all its fields, for spreadsheets and notebooks. Of how a cell went (curves, slices,
//! timelines) it has what is one number: how fair the server was.

use serde_json::{Value, json};

use crate::record::{Fairness, Run};
use crate::storage::WriteError;

/// The columns, in their order. Each is named by the path of its field in the record, but
/// for those of fairness, which follow from it. New fields come last, so
/// that what reads by position goes on working.
pub const HEADER: [&str; 157] = [
    "suite",
    "model",
    "options",
    "workload",
    "transport",
    "connections",
    "keep_alive",
    "rate",
    "round",
    "placement.server",
    "placement.client",
    "verdict",
    "reason",
    "seconds",
    "requests",
    "requests_per_second",
    "connects",
    "connections_served",
    "errors.connect",
    "errors.reset",
    "errors.timeout",
    "errors.short",
    "errors.wrong",
    "latency_us.mean",
    "latency_us.p50",
    "latency_us.p90",
    "latency_us.p99",
    "latency_us.p999",
    "latency_us.max",
    "server.user_s",
    "server.system_s",
    "server.pss_peak_bytes",
    "server.processes_peak",
    "server.threads_peak",
    "server.voluntary_switches",
    "server.involuntary_switches",
    "server.syscalls",
    "client.user_s",
    "client.system_s",
    "client.pss_peak_bytes",
    "client.processes_peak",
    "client.threads_peak",
    "client.voluntary_switches",
    "client.involuntary_switches",
    "client.syscalls",
    "executor",
    "task",
    "family",
    "jobs",
    "workers",
    "value",
    "cost.user_s",
    "cost.system_s",
    "cost.pss_peak_bytes",
    "cost.processes_peak",
    "cost.threads_peak",
    "cost.voluntary_switches",
    "cost.involuntary_switches",
    "cost.syscalls",
    "request",
    "command",
    "copy",
    "schedule",
    "shape.pipeline",
    "shape.think_us",
    "shape.idle_connections",
    "shape.slow_connections",
    "shape.beside_connections",
    "shape.beside_request",
    "attempt",
    "warm_up_s",
    "latency_us.p9999",
    "uncorrected_latency_us.mean",
    "uncorrected_latency_us.p50",
    "uncorrected_latency_us.p90",
    "uncorrected_latency_us.p99",
    "uncorrected_latency_us.p999",
    "uncorrected_latency_us.p9999",
    "uncorrected_latency_us.max",
    "lag_us.mean",
    "lag_us.p50",
    "lag_us.p90",
    "lag_us.p99",
    "lag_us.p999",
    "lag_us.p9999",
    "lag_us.max",
    "beside.requests",
    "beside.latency_us.mean",
    "beside.latency_us.p50",
    "beside.latency_us.p90",
    "beside.latency_us.p99",
    "beside.latency_us.p999",
    "beside.latency_us.p9999",
    "beside.latency_us.max",
    "histogram_log",
    "little",
    "calls.seconds",
    "calls.requests",
    "calls.syscalls",
    "calls.epoll_ctls",
    "noise.steal_share",
    "noise.hiccup_us",
    "noise.spin_before_us",
    "noise.spin_after_us",
    "noise.disturbed",
    "server.clocked_cpu_s",
    "server.run_queue_wait_s",
    "server.pss_bytes",
    "server.rss_peak_bytes",
    "server.switches",
    "client.clocked_cpu_s",
    "client.run_queue_wait_s",
    "client.pss_bytes",
    "client.rss_peak_bytes",
    "client.switches",
    "cost.clocked_cpu_s",
    "cost.run_queue_wait_s",
    "cost.pss_bytes",
    "cost.rss_peak_bytes",
    "cost.switches",
    "offered.due",
    "offered.left",
    "offered.unanswered",
    "noise.client_run_queue_wait_share",
    "noise.server_run_queue_wait_share",
    "noise.watching_cpu_s",
    "noise.hop_before_ns",
    "noise.hop_after_ns",
    "size",
    "at_once",
    "interpreter.implementation",
    "interpreter.version",
    "interpreter.gil",
    "start_up_s",
    "way",
    "operation",
    "touched_bytes",
    "stack_bytes",
    "message_bytes",
    "number",
    "number_reached",
    "sides",
    "samples",
    "operations_each",
    "time_us.mean",
    "time_us.p50",
    "time_us.p90",
    "time_us.p99",
    "time_us.p999",
    "time_us.p9999",
    "time_us.max",
    "bytes_per_second",
    "bytes_each",
    "fairness.of_connections",
    "fairness.of_threads",
    "fairness.connection_requests_least",
    "fairness.connection_requests_most",
];

/// All cells of `run`. What is absent is empty.
pub fn draw(run: &Run) -> Result<Vec<u8>, WriteError> {
    let failed = |error: ::csv::Error| WriteError::Drawing(error.to_string());
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(failed)?;
    for cell in &run.cells {
        let fairness = cell.server().and_then(|cell| cell.fairness.as_ref()).map(numbers);
        let mut cell = serde_json::to_value(cell).map_err(|error| WriteError::Drawing(error.to_string()))?;
        if let Some(fairness) = fairness {
            cell["fairness"] = fairness;
        }
        writer.write_record(HEADER.map(|path| field(&cell, path))).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| WriteError::Drawing(error.to_string()))
}

/// How fair a server was, in single numbers.
fn numbers(fairness: &Fairness) -> Value {
    json!({
        "of_connections": fairness.of_connections(),
        "of_threads": fairness.of_threads(),
        "connection_requests_least": fairness.connection_requests.first(),
        "connection_requests_most": fairness.connection_requests.last(),
    })
}

/// The text of the field at `path`, `latency_us.p99` say.
fn field(cell: &Value, path: &str) -> String {
    path.split('.').try_fold(cell, |value, name| value.get(name)).map(text).unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
