//! What a server that is asked to stop owes to clients who have not taken their last reply yet: all of it.

use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};

use harness::server::Server;
use nix::sys::signal::Signal;

use crate::common::streams::pattern;
use crate::common::{
    A_MOMENT, ask, can_run, connect, ended_in_order, eventually, runnable, send, serve, side_by_side,
};

/// More than the client's kernel takes unread, so that some of it stays in the server's.
const REPLY_BYTES: usize = 1_000_000;

/// Models with options under which connections come to their end in another way.
const VARIANTS: [&str; 14] = [
    "fork:reap=ignore",
    "fork:reap=wait",
    "fork:reap=double-fork",
    "prefork:workers=2,accept=flock",
    "prefork:workers=2,accept=mutex",
    "prefork:workers=2,accept=fd-pass",
    "prefork:workers=2,accept=reuseport",
    "prethread:accept=mutex",
    "thread-pool:per=request",
    "thread-pool:per=request,workers=1",
    "epoll:trigger=edge",
    "coroutine:workers=1",
    "async:workers=1",
    "async:workers=2",
];

/// Tries every model and variant that this machine can run, a few at the same time: what they do most is wait.
fn with_each(check: impl Fn(&str) + Sync) {
    let models: Vec<_> = runnable().map(|model| model.name).chain(VARIANTS).filter(can_run).collect();
    side_by_side(models, check);
}

/// Whether all that a client has sent was read by its server: nothing of it is left in either kernel's queue. The table also
/// has whom earlier tests met and the kernel has not forgotten yet, some ten thousands: only the two lines are read.
fn was_read(client: &TcpStream) -> bool {
    let (here, there) = (in_table(client.local_addr().unwrap()), in_table(client.peer_addr().unwrap()));
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    // sl local remote state tx:rx ... (proc(5))
    let queues = |ends: String| table.lines().find(|line| line.contains(&ends))?.split_whitespace().nth(4);
    let (ours, theirs) = (queues(format!(" {here} {there} ")), queues(format!(" {there} {here} ")));
    ours.is_some_and(|it| it.starts_with("00000000:")) && theirs.is_some_and(|it| it.ends_with(":00000000"))
}

/// An address as it is written in `/proc/net/tcp`.
fn in_table(address: SocketAddr) -> String {
    let IpAddr::V4(ip) = address.ip() else { panic!("{address} is in another table") };
    format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), address.port())
}

/// The server is asked to stop, and has the time to do what it does then.
fn ask_to_stop(server: &Server) {
    std::thread::sleep(A_MOMENT);
    send(server, Signal::SIGTERM);
    std::thread::sleep(A_MOMENT);
}

/// The client has done nothing wrong: it can't know that the server is about to stop.
#[test]
fn a_reply_on_its_way_arrives_whole_although_its_client_asks_for_more_after_the_signal() {
    with_each(|model| {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        ask(&mut client, &format!("/bytes/{REPLY_BYTES}"));
        let mut heard = vec![0; 4096];
        client.read_exact(&mut heard).unwrap();
        ask_to_stop(&server);
        ask(&mut client, "/hello");
        let end = client.read_to_end(&mut heard);
        assert!(heard.len() > REPLY_BYTES, "{model}: {} bytes came, then {end:?}", heard.len());
        ended_in_order(server);
    });
}

#[test]
fn an_echo_on_its_way_arrives_whole_although_its_client_sends_more_after_the_signal() {
    with_each(|model| {
        let server = serve(model, &["--workload", "echo"]);
        let mut client = connect(server.address());
        let sent = pattern(200_000);
        client.write_all(&sent).unwrap();
        eventually(&format!("{model} has read everything"), || was_read(&client));
        ask_to_stop(&server);
        client.write_all(b"more").unwrap();
        let mut heard = Vec::new();
        let end = client.read_to_end(&mut heard);
        assert!(heard.starts_with(&sent), "{model}: {} bytes came, then {end:?}", heard.len());
        ended_in_order(server);
    });
}

#[test]
fn who_sends_no_more_and_reads_on_gets_everything_too() {
    with_each(|model| {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        ask(&mut client, &format!("/bytes/{REPLY_BYTES}"));
        std::thread::sleep(A_MOMENT);
        send(&server, Signal::SIGTERM);
        client.shutdown(Shutdown::Write).unwrap();
        std::thread::sleep(A_MOMENT);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        assert!(heard.len() > REPLY_BYTES, "{model}: {} bytes came", heard.len());
        ended_in_order(server);
    });
}

/// Its reply stays where it is, and the server has other things to do.
#[test]
fn a_client_who_never_takes_its_reply_does_not_hold_up_the_end_for_long() {
    with_each(|model| {
        let server = serve(model, &["--grace", "1h"]);
        let mut client = connect(server.address());
        ask(&mut client, &format!("/bytes/{REPLY_BYTES}"));
        client.read_exact(&mut [0]).unwrap();
        std::thread::sleep(A_MOMENT);
        send(&server, Signal::SIGTERM);
        eventually(&format!("{model} ends"), || !server.is_running());
        drop(client);
        ended_in_order(server);
    });
}
