//! A fixed number of threads: one thread accepts, a channel hands connections to the workers.
//!
//! **What the kernel does.** No thread is made or ended while clients come and go. A worker with nothing to do sleeps
//! on a futex inside the channel; handing over a connection is one wake-up.
//!
//! **Good at** many short connections: no creation cost, and a bound on threads that a flood can't lift.
//! **Bad at** clients who stay, if a worker belongs to its client until that client leaves: with keep-alive clients
//! beyond the number of workers the rest are accepted and never answered.
//!
//! That is the option `per`, what a worker is handed. With `client` it has one to its end, and sleeps in the kernel
//! between two requests. With `request` it has one who has something to say, and lets go of it after the answer
//! (`requests.rs`): a few workers, one per core, then serve any number of clients, and go on from one to the next without
//! falling asleep. In return a worker that waits or computes for one is missed by all the others.
//!
//! Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP prethreaded server, main thread
//! accept"; the channel is crossbeam's.

mod requests;

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender};
use workloads::{Peer, Service};

use super::acceptor::Acceptor;
use super::blocking;
use super::shutdown::{Clients, Seat, Shutdown};
use super::workers::{WORKERS, workers};
use super::{Model, Room, ServeError, Start, trouble};
use crate::options::{Kind, Options, Spec};
use crate::runtime;

const PER: Spec = Spec {
    key: "per",
    kind: Kind::Word(&["client", "request"]),
    help: "what a worker is handed: a client to its end, or one who has something to say",
    default: "client",
};
const QUEUE: usize = 1024;
/// How often an acceptor that finds the queue full looks whether it is to stop.
const FULL_QUEUE_LOOK: Duration = Duration::from_millis(50);

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "thread-pool",
    family: "threads",
    summary: "one thread accepts, a fixed number of workers serve",
    room,
    options: &[
        Spec { default: "32; with per=request one per core", ..WORKERS },
        Spec {
            key: "queue",
            kind: Kind::Number(65_536),
            help: "per=client: how many accepted clients may wait for a worker",
            default: "1024",
        },
        PER,
    ],
    lacks: super::nothing,
    run,
};

fn room(options: &Options) -> Room {
    match options.word(&PER) {
        "request" => Room::Many,
        _ => Room::Workers(workers(options)),
    }
}

/// An accepted client on its way to a worker.
struct Client {
    seat: Seat,
    peer: Peer,
}

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let workers = runtime::workers(start.options);
    match start.options.word(&PER) {
        "request" => requests::serve(start, workers),
        _ => serve(start),
    }
}

/// `per=client`.
fn serve(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, options, shutdown } = start;
    let workers = workers(options);
    let (sender, receiver) = crossbeam_channel::bounded(options.number("queue").unwrap_or(QUEUE));
    let clients = Arc::new(Clients::default());
    let mut acceptor = Acceptor::new(listener, shutdown);
    let threads: Vec<_> =
        (0..workers).map(|_| start_worker(&receiver, service, shutdown)).collect::<Result<_, _>>()?;
    drop(receiver);
    let mut until = None;
    while let Some((socket, peer)) = acceptor.client()? {
        let client = Client { seat: clients.enter(socket), peer };
        hand_over(&sender, client, &clients, shutdown, &mut until);
    }
    drop(sender); // the workers end once the queue is empty
    clients.drain(shutdown.grace());
    // A worker that is still busy after all that is ended with the process.
    threads.into_iter().filter(JoinHandle::is_finished).for_each(|thread| drop(thread.join()));
    Ok(())
}

fn start_worker(
    receiver: &Receiver<Client>,
    service: &Arc<dyn Service>,
    shutdown: &Arc<Shutdown>,
) -> Result<JoinHandle<()>, ServeError> {
    let (receiver, service, shutdown) = (receiver.clone(), Arc::clone(service), Arc::clone(shutdown));
    let work = move || {
        for Client { seat, peer } in receiver {
            blocking::serve_seat(&seat, peer, &*service, &shutdown);
        }
    };
    let start = thread::Builder::new().spawn(work);
    start.map_err(|source| ServeError::io("start a worker thread (try fewer workers)", source))
}

/// Waits for a place in the queue: while there is none, new clients wait in the kernel's. When the server is to stop, the
/// others are told to come to an end, which makes room; that is waited for until half of the grace is over, a moment
/// that is set in `until` for all who are still to come.
fn hand_over(
    sender: &Sender<Client>,
    mut client: Client,
    clients: &Clients,
    shutdown: &Shutdown,
    until: &mut Option<Instant>,
) {
    while let Err(SendTimeoutError::Timeout(unsent)) = sender.send_timeout(client, FULL_QUEUE_LOOK) {
        if shutdown.requested() {
            clients.hear_no_more();
            let now = Instant::now();
            if now >= *until.get_or_insert(now + shutdown.grace() / 2) {
                return trouble::report("no worker came free for a client, who is turned away");
            }
        }
        client = unsent;
    }
}
