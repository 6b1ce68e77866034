//! `concur serve`: one server by hand, for telnet, a browser, wrk and the harness.

use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use models::address::Address;
use models::console::{Console, Event};
use models::datagram;
use models::options::Choice;
use models::server::path::OwnPath;
use models::server::{Shutdown, Start, socket, trouble};
use nix::libc::SIGXFSZ;
use signal_hook::flag;
use workloads::{Limits, Service};

use crate::cli::Serve;
use crate::failure::Usage;
use crate::measure::limits::raise_descriptor_limit;
use crate::measure::placement::bind_thread;
use crate::transport::Transport;
use crate::{address, choose, workload};
use workloads::handicap::Handicapped;
use workloads::limited::Limited;

pub(super) fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    super::end_with(arguments.with_parent)?;
    super::join(arguments.group.as_deref());
    let choice = choose::choice(&arguments.model)?;
    let bind = address::resolve(&arguments.bind)?;
    match Transport::for_address(arguments.transport, &bind)? {
        Transport::Udp => datagrams(arguments, &choice, &bind),
        transport => streams(arguments, &choice, &bind, transport),
    }
}

fn streams(
    arguments: &Serve,
    choice: &Choice,
    bind: &Address,
    transport: Transport,
) -> anyhow::Result<ExitCode> {
    let model = choose::server(choice)?;
    let lacks = transport.stream().and_then(|stream| (model.lacks)(&choice.options, stream));
    if let Some(reason) = lacks {
        return Err(Usage::error(format!("{choice} is unsupported here: {reason}")));
    }
    let service = service(arguments)?;
    if let Some(reason) = model.refuses(&*service, &choice.options) {
        return Err(Usage::error(format!("{choice} can't carry {}: {reason}", arguments.workload)));
    }
    let shutdown = get_ready(arguments)?;
    let listener = socket::listen(bind, &service.limits()).map_err(|error| not_bound(bind, &error))?;
    let own = bind.path().map(|path| OwnPath::of(path, arguments.remove_directory)).transpose();
    let own = own.context("the socket's path has gone already")?;
    let _remains = own.map(|path| shutdown.remove_in_the_end(path));
    announce(&Address::of(&listener)?)?;
    let console = console(&service, &shutdown)?;
    (model.run)(Start { listener, service: &service, options: &choice.options, shutdown: &shutdown })?;
    if let Some(console) = console {
        console.finish();
    }
    if let Some(summary) = service.closes() {
        trouble::tell(summary);
    }
    Ok(ExitCode::SUCCESS)
}

/// The side that answers, slowed if that was asked for.
fn service(arguments: &Serve) -> anyhow::Result<Arc<dyn Service>> {
    let service = limited(workload::service(&arguments.workload, &arguments.content)?, arguments);
    Ok(match arguments.handicap {
        Some(each) => Arc::new(Handicapped::new(service, each)),
        None => service,
    })
}

/// What is typed here is for a service that has something to say unasked.
fn console(service: &Arc<dyn Service>, shutdown: &Arc<Shutdown>) -> anyhow::Result<Option<Console>> {
    if !service.pushes() {
        return Ok(None);
    }
    let service = Arc::clone(service);
    let tell = move |event: Event<'_>| match event {
        Event::Line(line) => service.console(line),
        Event::Time => {}
        Event::Stop => service.begins_to_close(),
    };
    Ok(Some(Console::start(shutdown, tell).context("can't start a thread for the console")?))
}

/// The same with the times that were asked for.
fn limited(service: Arc<dyn Service>, arguments: &Serve) -> Arc<dyn Service> {
    let own = service.limits();
    let request_time = arguments.request_time.unwrap_or(own.request_time);
    let limits = Limits { request_time, idle_time: arguments.idle_time.unwrap_or(own.idle_time), ..own };
    if limits == own { service } else { Arc::new(Limited::new(service, limits)) }
}

fn datagrams(arguments: &Serve, choice: &Choice, bind: &Address) -> anyhow::Result<ExitCode> {
    let model = choose::datagram_server(choice)?;
    if arguments.handicap.is_some() {
        return Err(Usage::error("--handicap slows sessions, and datagrams have none; try --transport tcp"));
    }
    let service = workload::datagram_service(&arguments.workload, &arguments.content)?;
    let address = bind.ip().context("datagrams need an IP address")?;
    if arguments.workload == "broadcast" {
        arguments.content.room.check_echo(address)?;
    }
    let shutdown = get_ready(arguments)?;
    let socket = datagram::bind(address).map_err(|error| not_bound(bind, &error))?;
    socket.set_broadcast(service.broadcasts())?;
    announce(&Address::of(&socket)?)?;
    let options = &choice.options;
    (model.run)(datagram::Start { socket, service: &service, options, shutdown: &shutdown })?;
    Ok(ExitCode::SUCCESS)
}

/// What comes before the address is taken.
fn get_ready(arguments: &Serve) -> anyhow::Result<Arc<Shutdown>> {
    // Before there is a second thread: those that follow inherit it.
    bind_thread(&arguments.cpus).map_err(|error| {
        Usage::error(format!("can't bind to the processors --cpus names: {error}; try --cpus 0"))
    })?;
    raise_descriptor_limit()?;
    // A file that grows beyond what this process may write (RLIMIT_FSIZE) is a failed write, and not the server's end.
    flag::register(SIGXFSZ, Arc::default()).context("can't install signal handlers")?;
    // Before the address is announced: whoever reads it may send the signal at once.
    Shutdown::on_signals(arguments.grace).context("can't install signal handlers")
}

fn announce(address: &Address) -> anyhow::Result<()> {
    super::print(&format!("listening on {address}\n"))
}

fn not_bound(address: &Address, error: &io::Error) -> anyhow::Error {
    let advice = match (error.kind(), address.is_unix()) {
        (ErrorKind::AddrInUse, false) => {
            "another program listens there; try another port, or port 0 for any free one"
        }
        (ErrorKind::AddrInUse, true) => "another program listens there; try another path",
        (ErrorKind::PermissionDenied, false) => "ports below 1024 need privileges; try a higher one",
        (ErrorKind::PermissionDenied, true) => "try a directory that you may write to",
        (ErrorKind::NotFound, true) => "its directory must exist; try unix:/tmp/concur.sock",
        (ErrorKind::AddrNotAvailable, false) => "this machine has no such address; try 127.0.0.1",
        (_, true) => "try --bind unix:/tmp/concur.sock",
        (_, false) => "try --bind 127.0.0.1:0",
    };
    Usage::error(format!("can't listen on {address}: {error}; {advice}"))
}
