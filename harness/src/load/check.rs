//! Which loads make sense.

use anyhow::ensure;
use workloads::client::Client;
use workloads::datagram::DATAGRAM_BYTES_AT_MOST;

use super::{Clients, Company, Load, PIPELINE_AT_MOST, Pace, RATE_AT_MOST};
use crate::transport::Transport;

/// Refuses loads that make no sense, as [`run`](super::run) does before it begins.
pub fn check(load: &Load, clients: Clients<'_>) -> anyhow::Result<()> {
    let client = clients.measured;
    ensure!(load.connections > 0, "a load needs at least one connection");
    ensure!(load.threads > 0, "a load needs at least one thread");
    ensure!(!load.duration.is_zero(), "the measured window is empty; try a duration of 1s");
    ensure!(!load.timeout.is_zero(), "a timeout of zero gives every request up; try 5s");
    ensure!(!client.request().is_empty(), "an empty request asks for nothing");
    ensure!(
        (1..=PIPELINE_AT_MOST).contains(&load.pipeline),
        "{} requests can't be under way at once on a connection; try 1 to {PIPELINE_AT_MOST}",
        load.pipeline
    );
    if let Pace::Open { rate, .. } = load.pace {
        ensure!(
            rate > 0.0 && rate <= RATE_AT_MOST,
            "{rate} requests a second can't be asked for; try 1 to {RATE_AT_MOST}"
        );
    }
    company(load, clients)?;
    Transport::for_address(Some(load.transport), &load.address)?;
    if load.transport == Transport::Udp {
        datagrams(load, client)?;
    }
    Ok(())
}

fn company(load: &Load, clients: Clients<'_>) -> anyhow::Result<()> {
    let Company { idle, slow, beside } = load.company;
    if !load.keep_alive {
        ensure!(
            load.pipeline == 1,
            "a connection for each request has no room for several; try a pipeline of 1"
        );
        ensure!(
            idle + slow + beside == 0,
            "connections beside the measured ones stay open, and those must then stay open too"
        );
    }
    let asked = clients.beside.is_some_and(|client| !client.request().is_empty());
    ensure!(beside == 0 || asked, "connections that ask for something else need to know for what");
    Ok(())
}

fn datagrams(load: &Load, client: &dyn Client) -> anyhow::Result<()> {
    ensure!(client.as_datagrams().is_some(), "this workload has no datagrams; try echo");
    let bytes = client.request().len();
    ensure!(
        bytes <= DATAGRAM_BYTES_AT_MOST,
        "a datagram has room for {DATAGRAM_BYTES_AT_MOST} bytes, and the message has {bytes}"
    );
    ensure!(load.pipeline == 1, "over UDP one message is under way on each socket; try a pipeline of 1");
    ensure!(
        load.company == Company::default(),
        "over UDP there is no such thing as a slow or an idle connection"
    );
    Ok(())
}
