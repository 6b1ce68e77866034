//! Refuses what makes no sense before anything is started.

use std::time::Duration;

use workloads::datagram::DATAGRAM_BYTES_AT_MOST;

use super::LONGEST;
use crate::cli::{Run, Suite};
use crate::command::exec::JOBS_AT_MOST;
use crate::failure::Usage;
use crate::transport::Transport;

/// More rounds than this would take days.
pub(super) const ROUNDS_AT_MOST: u32 = 1_000;
/// Nothing on loopback is answered faster.
const RATE_AT_MOST: f64 = 1e8;
/// More than that is queued nowhere.
const PIPELINE_AT_MOST: usize = 1_024;

pub(super) fn check(arguments: &Run) -> anyhow::Result<()> {
    let refuse = |what: &str, advice: &str| Err(Usage::error(format!("{what} can't be 0; try {advice}")));
    if arguments.workload.is_empty() || arguments.suite.is_empty() || arguments.transport.is_empty() {
        return Err(Usage::error("nothing to measure is named; leave the option out for its default"));
    }
    if arguments.connections.contains(&0) {
        return refuse("--connections", "--connections 1,16,256");
    }
    if arguments.transport.contains(&Transport::Udp) {
        datagrams(arguments)?;
    }
    loads(arguments)?;
    if arguments.rounds == 0 {
        return refuse("--rounds", "--rounds 1");
    }
    if arguments.jobs == 0 {
        return refuse("--jobs", "--jobs 4");
    }
    if arguments.jobs > JOBS_AT_MOST || arguments.rounds > ROUNDS_AT_MOST {
        return Err(Usage::error(format!("try at most --jobs {JOBS_AT_MOST} and --rounds {ROUNDS_AT_MOST}")));
    }
    if arguments.timeout.is_zero() {
        return refuse("--timeout", "--timeout 2s");
    }
    if arguments.duration > LONGEST || arguments.warm_up > LONGEST {
        return Err(Usage::error("a server can't be measured for more than a day; try --duration 2s"));
    }
    if arguments.duration < Duration::from_millis(50) {
        return Err(Usage::error("--duration is too short to count anything; try --duration 1s"));
    }
    Ok(())
}

/// What goes over UDP is a message, not a connection.
fn datagrams(arguments: &Run) -> anyhow::Result<()> {
    if arguments.workload.iter().any(|name| name != "echo") {
        return Err(Usage::error("only echo goes over UDP; try --transport udp --workload echo"));
    }
    if arguments.message > DATAGRAM_BYTES_AT_MOST {
        return Err(Usage::error(format!(
            "a datagram has room for {DATAGRAM_BYTES_AT_MOST} bytes; try --message 64"
        )));
    }
    if arguments.new_connections {
        return Err(Usage::error("there are no connections over UDP; leave --new-connections out"));
    }
    if is_special(arguments) || !arguments.rate.is_empty() || arguments.knee {
        return Err(Usage::error(
            "over UDP there are only plain closed loops; leave --rate, --knee, --pipeline, --think, --idle, --slow and \
             --beside out",
        ));
    }
    Ok(())
}

/// What is special about the loads must go together.
fn loads(arguments: &Run) -> anyhow::Result<()> {
    let refuse = |text: &str| Err(Usage::error(text));
    if arguments.rate.iter().any(|rate| !(1.0..=RATE_AT_MOST).contains(rate)) {
        return refuse("--rate is a number of requests a second from 1 on; try --rate 1000,10000");
    }
    if arguments.think.is_some() && (!arguments.rate.is_empty() || arguments.knee) {
        return refuse("--think is for closed loops, and a rate sets its own pace; leave one of them out");
    }
    if arguments.pipeline.is_some_and(|depth| !(1..=PIPELINE_AT_MOST).contains(&depth)) {
        return Err(Usage::error(format!("--pipeline is a depth from 1 to {PIPELINE_AT_MOST}; try 4")));
    }
    if arguments.pipeline.is_some_and(|depth| depth > 1) && arguments.new_connections {
        return refuse("a connection for one request has nothing to pipeline; leave --pipeline out");
    }
    if arguments.beside_connections.is_some() && arguments.beside.is_none() {
        return refuse("--beside-connections ask for what --beside names; try --beside /cpu/100000");
    }
    if arguments.beside.is_some() && arguments.workload.iter().any(|name| name != "http") {
        return refuse("--beside is a path, for --workload http; leave it out");
    }
    if !arguments.idle.is_empty() && arguments.suite.contains(&Suite::Stevens) {
        return refuse(
            "Stevens' comparison has a load of its own; leave --idle out, or name another --suite",
        );
    }
    Ok(())
}

fn is_special(arguments: &Run) -> bool {
    arguments.pipeline.is_some()
        || arguments.think.is_some()
        || !arguments.idle.is_empty()
        || arguments.slow.is_some()
        || arguments.beside.is_some()
}
