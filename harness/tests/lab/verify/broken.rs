//! A small server with a fault of one's choice, to see that the suite finds it.
//!
//! Without its fault (`none`) it is right: a thread for each connection, written with nothing of the lab, so that the
//! suite is tried on a stranger.

mod answers;
mod connection;
mod fault;
mod files;
mod http;
mod pages;
mod request;

use std::io;
use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::SIGTERM;

use self::connection::Connection;
use self::fault::Fault;

/// How often who waits looks whether the server is to stop.
const LOOK: Duration = Duration::from_millis(10);
/// How long what is under way may take then.
const GRACE: Duration = Duration::from_millis(1_500);
/// Long enough for several clients to have asked before a loop looks again.
const SHARED_TURN: Duration = Duration::from_millis(2);
/// Who drops replies after a reset drops the next one.
static DROPS: AtomicBool = AtomicBool::new(false);
/// A thread stays for one connection of so many.
const THREAD_LEAKS_EVERY: usize = 10;

/// Serves with the fault of this name on this port, until SIGTERM; and the pages, or the files, at `root`, if that is not
/// empty.
pub(crate) fn serve(fault: &str, workload: &str, port: u16, root: &str) -> io::Result<()> {
    if workload == "files" {
        return files::serve(fault, root.as_ref(), port);
    }
    pages::show(root);
    run(Fault::named(fault), workload == "http", port)
}

fn run(fault: Fault, is_http: bool, port: u16) -> io::Result<()> {
    let stopping = Arc::new(AtomicBool::new(false));
    match fault {
        Fault::CutsOnSigterm => {}
        Fault::IgnoresSigterm => {
            signal_hook::flag::register(SIGTERM, Arc::new(AtomicBool::new(false)))?;
        }
        Fault::ExitsOnSigterm => {
            signal_hook::flag::register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
        }
        _ => {
            signal_hook::flag::register(SIGTERM, Arc::clone(&stopping))?;
        }
    }
    if fault == Fault::LeavesChild {
        // It would not end by itself; it is ended by whoever looks for what is left.
        drop(Command::new("sleep").arg("1000").spawn()?);
    }
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    if matches!(fault, Fault::SharesAnswers | Fault::BlocksOnSend) {
        return run_loop(fault, is_http, &listener, &stopping);
    }
    let present = Arc::new(AtomicUsize::new(0));
    let mut served = 0_usize;
    loop {
        let is_last = stopping.load(Ordering::SeqCst);
        if is_last && fault == Fault::OneAtATime {
            break; // it would serve them beyond its grace
        }
        // Looked at before the call: who had connected when it was asked to stop is let in, also on a busy machine.
        let accepted = listener.accept();
        if !is_last && accepted.as_ref().is_err_and(|error| error.kind() != ErrorKind::WouldBlock) {
            // No descriptor is left, and the listener stays readable.
            if fault != Fault::TurnsWithoutDescriptors {
                thread::sleep(LOOK);
            }
            continue;
        }
        let Ok((stream, _)) = accepted else {
            if is_last {
                break;
            }
            let mut ready = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut ready, PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::ZERO));
            continue;
        };
        served += 1;
        let leaks_thread = fault == Fault::LeaksThreads && served.is_multiple_of(THREAD_LEAKS_EVERY);
        let guest = Guest::new(&present);
        let stopping = Arc::clone(&stopping);
        let serve = move || {
            // One client's trouble is its own.
            let outcome = Connection::new(stream, fault, stopping).and_then(|mut it| it.serve(is_http));
            if outcome.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset) {
                match fault {
                    Fault::DiesOfReset => std::process::exit(1),
                    Fault::DropsAfterReset => DROPS.store(true, Ordering::SeqCst),
                    _ => {}
                }
            }
            drop(guest);
            if leaks_thread {
                loop {
                    thread::park();
                }
            }
        };
        if fault == Fault::OneAtATime {
            serve();
        } else {
            let _ = thread::Builder::new().spawn(serve); // else that client is turned away
        }
    }
    drop(listener);
    let deadline = Instant::now() + GRACE;
    while present.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
        thread::sleep(LOOK);
    }
    Ok(())
}

/// One loop for all clients: it reads from each that has something to say, and answers at the end of the turn.
fn run_loop(
    fault: Fault,
    is_http: bool,
    listener: &TcpListener,
    stopping: &Arc<AtomicBool>,
) -> io::Result<()> {
    let mut clients: Vec<(Connection, Vec<u8>)> = Vec::new();
    loop {
        let is_last = stopping.load(Ordering::SeqCst);
        let look = if is_last { PollTimeout::ZERO } else { PollTimeout::try_from(LOOK).unwrap() };
        let mut watched = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        watched.extend(clients.iter().map(|(it, _)| PollFd::new(it.stream.as_fd(), PollFlags::POLLIN)));
        let _ = poll(&mut watched, look);
        let ready: Vec<bool> = watched.iter().map(|fd| fd.any().unwrap_or(true)).collect();
        if is_last && !ready[1..].contains(&true) {
            return Ok(());
        }
        if fault == Fault::SharesAnswers {
            thread::sleep(SHARED_TURN);
        }
        let mut keep = vec![true; clients.len()];
        for (index, (connection, input)) in clients.iter_mut().enumerate() {
            if ready[index + 1] {
                keep[index] = connection.take_turn(input, is_http).unwrap_or(false);
            }
        }
        let last = clients.iter().rev().find(|(it, _)| !it.held.is_empty()).map(|(it, _)| it.held.clone());
        for (connection, _) in &mut clients {
            let held = std::mem::take(&mut connection.held);
            let shared = last.as_ref().filter(|_| fault == Fault::SharesAnswers && !held.is_empty());
            let _ = connection.stream.write_all(shared.unwrap_or(&held)); // a client who has gone is done with
        }
        let mut keep = keep.into_iter();
        clients.retain(|_| keep.next().unwrap_or(true));
        while let Ok((stream, _)) = listener.accept() {
            clients.push((Connection::new(stream, fault, Arc::clone(stopping))?, Vec::new()));
        }
    }
}

/// Counts a client as long as it is served.
struct Guest(Arc<AtomicUsize>);

impl Guest {
    fn new(present: &Arc<AtomicUsize>) -> Self {
        present.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(present))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
