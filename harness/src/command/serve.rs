//! `concur serve`: one server by hand, for telnet, a browser, wrk and the harness.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, bail};
use models::server::{Shutdown, Start, Transport, socket};
use socket2::Socket;
use workloads::Limits;

use crate::cli::Serve;
use crate::failure::Usage;
use crate::measure::limits::raise_descriptor_limit;
use crate::measure::placement::bind_thread;
use crate::{address, choose, workload};

pub(super) fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    super::end_with(arguments.with_parent)?;
    let choice = choose::choice(&arguments.model)?;
    let model = choose::server(&choice)?;
    if let Some(reason) = (model.lacks)(&choice.options, Transport::Tcp) {
        bail!("{choice} is unsupported here: {reason}");
    }
    let service = workload::service(&arguments.workload)?;
    // Before there is a second thread: those that follow inherit it.
    bind_thread(&arguments.cpus).map_err(|error| {
        Usage::error(format!("can't bind to the processors --cpus names: {error}; try --cpus 0"))
    })?;
    raise_descriptor_limit()?;
    // Before the address is announced: whoever reads it may send the signal at once.
    let shutdown = Shutdown::on_signals(arguments.grace).context("can't install signal handlers")?;
    let listener = listen(address::resolve(&arguments.bind)?, &service.limits())?;
    let address = listener.local_addr()?.as_socket().context("the listener has no address")?;
    super::print(&format!("listening on {address}\n"))?;
    let start = Start { listener, service: &service, options: &choice.options, shutdown: &shutdown };
    (model.run)(start)?;
    Ok(ExitCode::SUCCESS)
}

fn listen(address: SocketAddr, limits: &Limits) -> anyhow::Result<Socket> {
    socket::listen(address, limits).map_err(|error| {
        let advice = match error.kind() {
            ErrorKind::AddrInUse => {
                "another program listens there; try another port, or port 0 for any free one"
            }
            ErrorKind::PermissionDenied => "ports below 1024 need privileges; try a higher one",
            ErrorKind::AddrNotAvailable => "this machine has no such address; try 127.0.0.1",
            _ => "try --bind 127.0.0.1:0",
        };
        Usage::error(format!("can't listen on {address}: {error}; {advice}"))
    })
}
