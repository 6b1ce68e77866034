//! `concur load`: the generator alone, against anything that speaks the workload.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use models::address::Address;
use reports::record::{Errors, Latency};
use serde::Serialize;

use crate::address::resolve;
use crate::cell::latency;
use crate::cli::Load as Arguments;
use crate::failure::{FAILED, Interrupted, Usage};
use crate::load::{self, Clients, Load, Outcome};
use crate::measure::limits::{need_descriptors, raise_descriptor_limit};
use crate::measure::placement::processors;
use crate::transport::Transport;
use crate::workload::Workload;

/// Descriptors the generator needs besides its connections.
const OTHER_DESCRIPTORS: u64 = 32;

/// What a load came to; names and units as in the record.
#[derive(Debug, Serialize)]
struct Answer {
    address: String,
    transport: &'static str,
    workload: String,
    connections: usize,
    threads: usize,
    keep_alive: bool,
    warm_up_s: f64,
    seconds: f64,
    requests: u64,
    requests_in_all: u64,
    requests_per_second: f64,
    connects: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections_served: Option<usize>,
    errors: Errors,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_us: Option<Latency>,
    user_s: f64,
    system_s: f64,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let target = Target::parse(&arguments.address)?;
    let path = arguments.path.clone().or(target.path).unwrap_or_else(|| "/hello".to_owned());
    let transport = Transport::for_address(arguments.transport, &target.address)?;
    let workload = Workload::new(&arguments.workload, &path, arguments.message)?;
    workload.check(transport)?;
    if arguments.timeout.is_zero() || arguments.duration.is_zero() {
        return Err(Usage::error("--timeout and --duration can't be 0; try --timeout 2s --duration 5s"));
    }
    let there = processors()?;
    if let Some(missing) = arguments.cpus.iter().find(|processor| !there.contains(processor)) {
        return Err(Usage::error(format!("there is no processor {missing} for --cpus; there are {there:?}")));
    }
    if arguments.connections == 0 || arguments.threads == 0 {
        return Err(Usage::error("--connections and --threads can't be 0; try --connections 64 --threads 1"));
    }
    raise_descriptor_limit()?;
    need_descriptors(arguments.connections as u64 + OTHER_DESCRIPTORS)
        .map_err(|error| Usage::error(error.to_string()))?;
    let stop = super::stop_on_signals()?;
    let load = Load {
        address: target.address,
        transport,
        connections: arguments.connections,
        threads: arguments.threads.min(arguments.connections),
        keep_alive: !arguments.new_connections,
        warm_up: arguments.warm_up,
        duration: arguments.duration,
        timeout: arguments.timeout,
        processors: arguments.cpus.clone(),
        ..Load::default()
    };
    let client = workload.client(&target.host, load.keep_alive)?;
    let outcome = load::run(&load, Clients::of(&*client), &mut |_| (), &stop)
        .map_err(|error| if stop.load(Ordering::Relaxed) { Interrupted.into() } else { error })?;
    let answer = answer(&workload, &load, outcome);
    super::print(&if arguments.json {
        serde_json::to_string_pretty(&answer)? + "\n"
    } else {
        answer.text()
    })?;
    Ok(if answer.errors.total() == 0 && answer.requests > 0 { ExitCode::SUCCESS } else { FAILED.into() })
}

fn answer(workload: &Workload, load: &Load, outcome: Outcome) -> Answer {
    Answer {
        address: load.address.to_string(),
        transport: load.transport.name(),
        workload: workload.to_string(),
        connections: load.connections,
        threads: load.threads,
        keep_alive: load.keep_alive,
        warm_up_s: load.warm_up.as_secs_f64(),
        seconds: outcome.seconds,
        requests: outcome.requests,
        requests_in_all: outcome.requests_in_all,
        requests_per_second: outcome.requests as f64 / outcome.seconds,
        connects: outcome.connects,
        connections_served: load.keep_alive.then_some(outcome.connections_served),
        errors: outcome.errors,
        first_error: outcome.first_error,
        latency_us: latency(&outcome.latency_ns),
        user_s: outcome.user_s,
        system_s: outcome.system_s,
    }
}

impl Answer {
    fn text(&self) -> String {
        let kind = match (self.transport, self.keep_alive) {
            ("udp", _) => "sockets over udp, one message under way in each",
            (_, true) => "connections, keep-alive",
            (_, false) => "connections, a new one per request",
        };
        let mut lines = vec![
            format!("{} at {}, {} {kind}", self.workload, self.address, self.connections),
            format!(
                "{} right replies in {:.2} s: {:.0} a second",
                self.requests, self.seconds, self.requests_per_second
            ),
        ];
        lines.extend(self.latency_us.map(|latency| {
            let Latency { p50, p90, p99, p999, p9999, max, .. } = latency;
            let others = [("p90", p90), ("p99", p99), ("p99.9", p999), ("p99.99", p9999)];
            let others = others.iter().filter_map(|(name, us)| us.map(|us| format!(", {name} {us:.0}")));
            format!("latency p50 {p50:.0} us{}, longest {max:.0}", others.collect::<String>())
        }));
        lines.push(format!(
            "the generator used {:.2} s of processor time; {} connections made",
            self.user_s + self.system_s,
            self.connects
        ));
        if let Some(served) =
            self.connections_served.filter(|served| *served < self.connections && self.errors.total() == 0)
        {
            lines.push(format!("{} connections were never answered", self.connections - served));
        }
        let Errors { connect, reset, timeout, short, wrong } = self.errors;
        if self.errors.total() > 0 {
            lines.push(format!(
                "failed: {connect} to connect, {reset} reset, {timeout} timed out, {short} short, {wrong} wrong; the \
                 first: {}",
                self.first_error.as_deref().unwrap_or("no more is known")
            ));
        } else {
            lines.push("every reply was right".to_owned());
        }
        lines.join("\n") + "\n"
    }
}

/// Where to, as typed: `HOST:PORT`, a URL with a path, or `unix:PATH`.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    address: Address,
    host: String,
    path: Option<String>,
}

impl Target {
    fn parse(text: &str) -> anyhow::Result<Self> {
        if text.starts_with("unix:") {
            return Ok(Self { address: resolve(text)?, host: "localhost".to_owned(), path: None });
        }
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let (host, path) = match rest.find('/') {
            Some(slash) => (&rest[..slash], Some(rest[slash..].to_owned())),
            None => (rest, None),
        };
        let is_url = rest.len() < text.len();
        let port_follows = host.rsplit(']').next().is_some_and(|tail| tail.contains(':'));
        let address = if is_url && !port_follows { format!("{host}:80") } else { host.to_owned() };
        let address = resolve(&address)?;
        Ok(Self { address, host: host.to_owned(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_address_or_a_url() {
        let target = Target::parse("127.0.0.1:80").unwrap();
        assert_eq!((target.host.as_str(), target.path), ("127.0.0.1:80", None));
        let target = Target::parse("http://127.0.0.1:80/bytes/9").unwrap();
        assert_eq!(target.path.as_deref(), Some("/bytes/9"));
        assert_eq!(Target::parse("http://127.0.0.1").unwrap().address.ip().unwrap().port(), 80);
        assert_eq!(Target::parse("http://[::1]/x").unwrap().address.ip().unwrap().port(), 80);
        let target = Target::parse("unix:/tmp/a/b").unwrap();
        assert_eq!((target.address.to_string().as_str(), target.path), ("unix:/tmp/a/b", None));
        assert!(Target::parse("https://127.0.0.1:80/").is_err());
        assert!(Target::parse("nonsense").unwrap_err().to_string().contains("try 127.0.0.1:8888"));
    }
}
