//! `concur load`: the generator alone, against anything that speaks the workload.

mod answer;
mod percentile;

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use models::address::Address;

use self::answer::Answer;
use super::loading;
use crate::address::resolve;
use crate::cli::Load as Arguments;
use crate::failure::{FAILED, Interrupted, Usage};
use crate::load::{self, Clients, Company, Load, Pace};
use crate::measure::placement::processors;
use crate::transport::Transport;
use crate::workload::Workload;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let target = Target::parse(&arguments.address)?;
    let path = arguments.path.clone().or(target.path).unwrap_or_else(|| "/hello".to_owned());
    let transport = Transport::for_address(arguments.transport, &target.address)?;
    let workload = Workload::new(&arguments.workload, &path, arguments.message)?;
    workload.check(transport)?;
    check(arguments)?;
    let load = load(arguments, target.address, transport);
    percentile::check(arguments, &load)?;
    let client = workload.client(&target.host, load.keep_alive)?;
    let beside = beside(arguments, &workload)?;
    let beside_client = beside.as_ref().map(|it| it.client(&target.host, load.keep_alive)).transpose()?;
    let clients = Clients { measured: &*client, beside: beside_client.as_deref() };
    load::check(&load, clients).map_err(|error| Usage::error(format!("{error:#}")))?;
    loading::enough(&load)?;
    let Company { idle, slow, beside: others } = load.company;
    loading::descriptors(&[load.connections, idle, slow, others])?;
    let stop = super::stop_on_signals()?;
    let outcome = load::run(&load, clients, &mut |_| (), &stop)
        .map_err(|error| if stop.load(Ordering::Relaxed) { Interrupted.into() } else { error })?;
    let answer = Answer::new(&workload, beside.as_ref(), &load, &arguments.percentile, outcome);
    if arguments.json {
        super::print(&(serde_json::to_string_pretty(&answer)? + "\n"))?;
    } else {
        super::print_lines(&answer.text())?;
    }
    Ok(if answer.is_as_asked() { ExitCode::SUCCESS } else { FAILED.into() })
}

/// Refuses what makes no sense before anything starts.
fn check(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.timeout.is_zero() || arguments.duration.is_zero() {
        return Err(Usage::error("--timeout and --duration can't be 0; try --timeout 2s --duration 5s"));
    }
    loading::durations(arguments.duration, arguments.timeout, arguments.warm_up, &arguments.special)?;
    loading::special(&arguments.special, arguments.rate.is_some())?;
    let there = processors()?;
    if let Some(missing) = arguments.cpus.iter().find(|processor| !there.contains(processor)) {
        return Err(Usage::error(format!("there is no processor {missing} for --cpus; there are {there:?}")));
    }
    if arguments.connections == 0 || arguments.threads == 0 {
        return Err(Usage::error("--connections and --threads can't be 0; try --connections 64 --threads 1"));
    }
    Ok(())
}

fn load(arguments: &Arguments, address: Address, transport: Transport) -> Load {
    let special = &arguments.special;
    let pace = match arguments.rate {
        Some(rate) => Pace::Open {
            rate,
            schedule: special.schedule.map(Into::into).unwrap_or_default(),
            seed: arguments.seed.unwrap_or_else(|| fastrand::u32(..).into()),
        },
        None => Pace::Closed { think: special.think.unwrap_or(Duration::ZERO) },
    };
    let beside = usize::from(special.beside.is_some());
    let company = Company {
        idle: arguments.idle,
        slow: special.slow.unwrap_or_default(),
        beside: special.beside_connections.unwrap_or(beside),
    };
    Load {
        address,
        transport,
        connections: arguments.connections,
        pace,
        pipeline: special.pipeline.unwrap_or(1),
        company,
        threads: arguments.threads.min(arguments.connections),
        keep_alive: !special.new_connections,
        warm_up: arguments.warm_up,
        duration: arguments.duration,
        histogram_log: arguments.histogram_log.clone(),
        timeout: arguments.timeout,
        processors: arguments.cpus.clone(),
        ..Load::default()
    }
}

/// What is asked for beside the workload.
fn beside(arguments: &Arguments, workload: &Workload) -> anyhow::Result<Option<Workload>> {
    match (&arguments.special.beside, workload) {
        (None, _) => Ok(None),
        (Some(path), Workload::Http { .. }) => Workload::new("http", path, arguments.message).map(Some),
        (Some(_), Workload::Echo { .. }) => {
            Err(Usage::error("--beside asks an HTTP server for a path; leave it out with --workload echo"))
        }
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
