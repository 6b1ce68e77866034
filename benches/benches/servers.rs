//! A round trip, and a burst over sixteen connections, under every server model.
//!
//! Each server is a process of its own, as in the lab: this very program, started again as `serve`. Client and server
//! are bound to processors of their own where there are two.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use criterion::{Criterion, Throughput};
use harness::cli::Cli;
use harness::measure::placement::{bind_thread, place, processors};
use harness::server::{ServeCommand, Server};
use harness::{command, failure};
use models::options::Options;
use models::server::{Model, Room, Transport, servers};

const BURST: usize = 16;
const TIME_LIMIT: Duration = Duration::from_secs(5);
const KEEP_ALIVE: &[u8] = b"GET /hello HTTP/1.1\r\nHost: bench\r\n\r\n";
const CLOSE: &[u8] = b"GET /hello HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
/// The twelve bytes that every reply ends with.
const BODY: &[u8] = b"Hello World\n";

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return command::run(Cli::parse()).unwrap_or_else(|error| failure::print(&error));
    }
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::print(&error),
    }
}

fn bench() -> anyhow::Result<()> {
    let placement = place(&processors()?);
    bind_thread(&placement.client)?;
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(50)
        .configure_from_args();
    for model in servers() {
        if let Some(reason) = (model.lacks)(&Options::default(), Transport::Tcp) {
            println!("skipped: {}: {reason}", model.name);
            continue;
        }
        round_trip(&mut criterion, model, &placement.server)?;
        burst(&mut criterion, model, &placement.server)?;
    }
    criterion.final_summary();
    Ok(())
}

fn start(model: &Model, cpus: &[usize]) -> anyhow::Result<Server> {
    let command = ServeCommand::new(model.name, "http").processors(cpus);
    command.start(TIME_LIMIT)
}

fn stop(server: Server) -> anyhow::Result<()> {
    let ended = server.stop(TIME_LIMIT)?;
    ensure!(ended.trouble().is_none(), "the server {}", ended.trouble().unwrap_or_default());
    Ok(())
}

fn round_trip(criterion: &mut Criterion, model: &Model, cpus: &[usize]) -> anyhow::Result<()> {
    let server = start(model, cpus)?;
    let mut connection = connect(address(&server)?)?;
    let mut group = criterion.benchmark_group("round_trip");
    group.throughput(Throughput::Elements(1));
    group.bench_function(model.name, |bencher| {
        let mut exchange = || ask(&mut connection, KEEP_ALIVE).and_then(|()| hear(&mut connection));
        bencher.iter(|| exchange().expect("a right reply"));
    });
    group.finish();
    drop(connection);
    stop(server)
}

/// Sixteen requests leave before the first reply is read. A model with room for one client gets each request on a
/// connection of its own, and so does not compare with the others.
fn burst(criterion: &mut Criterion, model: &Model, cpus: &[usize]) -> anyhow::Result<()> {
    let server = start(model, cpus)?;
    let address = address(&server)?;
    let one_at_a_time = model.usual_room() == Room::One;
    let connect_all = || (0..BURST).map(|_| connect(address)).collect::<anyhow::Result<Vec<_>>>();
    let mut connections = if one_at_a_time { Vec::new() } else { connect_all()? };
    let mut group = criterion.benchmark_group(if one_at_a_time { "burst_new_connections" } else { "burst" });
    group.throughput(Throughput::Elements(BURST as u64));
    group.bench_function(model.name, |bencher| {
        bencher.iter(|| {
            if one_at_a_time {
                exchange(&mut connect_all().expect("connections"), CLOSE)
            } else {
                exchange(&mut connections, KEEP_ALIVE)
            }
            .expect("right replies");
        });
    });
    group.finish();
    drop(connections);
    stop(server)
}

fn exchange(connections: &mut [TcpStream], request: &[u8]) -> anyhow::Result<()> {
    connections.iter_mut().try_for_each(|connection| ask(connection, request))?;
    connections.iter_mut().try_for_each(hear)
}

fn address(server: &Server) -> anyhow::Result<SocketAddr> {
    server.address().ip().context("the server has no IP address")
}

fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let connection = TcpStream::connect_timeout(&address, TIME_LIMIT).context("can't connect")?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(TIME_LIMIT))?;
    Ok(connection)
}

fn ask(connection: &mut TcpStream, request: &[u8]) -> anyhow::Result<()> {
    Ok(connection.write_all(request)?)
}

/// Reads one reply, which ends with the known body.
fn hear(connection: &mut TcpStream) -> anyhow::Result<()> {
    let (mut buffer, mut filled) = ([0; 1024], 0);
    while !buffer[..filled].ends_with(BODY) {
        match connection.read(&mut buffer[filled..]) {
            Ok(0) => bail!("the connection ended within a reply, or the reply is a wrong one"),
            Ok(read) => filled += read,
            // A call with a time limit is not restarted by the kernel, even where no handler ran (signal(7)).
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("no whole reply"),
        }
    }
    ensure!(buffer.starts_with(b"HTTP/1.1 200 "), "the reply has a wrong status");
    Ok(())
}
