//! A fixed number of threads: one receives, a channel hands datagrams to the workers.
//!
//! **What the kernel does.** No thread is made or ended while datagrams come and go. A worker with nothing to do sleeps on
//! a futex inside the channel.
//!
//! **Good at** answers that take a while, on all cores and without the cost of a thread each; and a worker has no client
//! to belong to, as it has with connections, so none of them starves.
//! **Bad at** short answers: the way through the channel costs more than the two system calls it takes off the receiver.
//!
//! The channel has room for `queue` datagrams, and what comes when it is full is dropped: a late answer is worth less
//! than a fresh one, and UDP may lose. Source: A. Silberschatz and others, Operating System Concepts, "Thread pools"; the
//! channel is crossbeam's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver as Taker, TrySendError};
use socket2::Socket;
use workloads::DatagramService;

use super::beside::Beside;
use super::exchange::{Receiver, answer};
use super::order::Order;
use super::{Model, Start};
use crate::options::{Kind, Spec};
use crate::server::socket::Mode;
use crate::server::{ServeError, trouble};

const QUEUE: usize = 1024;
/// How often a server that is to stop looks whether its workers are done.
const DRAIN_LOOK: Duration = Duration::from_millis(2);

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "thread-pool",
    family: "threads",
    summary: "one thread receives, a fixed number of workers answer",
    options: &[
        Spec {
            key: "workers",
            kind: Kind::Number(4096),
            help: "how many datagrams are answered at once",
            default: "one per core",
        },
        Spec {
            key: "queue",
            kind: Kind::Number(4096),
            help: "how many datagrams may wait for a worker; more are dropped",
            default: "1024",
        },
    ],
    run,
};

/// A datagram on its way to a worker.
struct Datagram {
    from: SocketAddr,
    data: Vec<u8>,
}

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { socket, service, options, shutdown } = start;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = options.number("workers").unwrap_or(cores);
    let (sender, queue) = crossbeam_channel::bounded(options.number("queue").unwrap_or(QUEUE));
    let socket = Arc::new(socket);
    let order = Arc::new(Order::of(&**service));
    let beside = Beside::begin(&socket, service, shutdown)?;
    let threads: Vec<_> =
        (0..workers).map(|_| start_worker(&queue, &socket, service, &order)).collect::<Result<_, _>>()?;
    drop(queue);
    let _wakeable = shutdown.only_client(&socket);
    let mut receiver = Receiver::new(&socket, shutdown);
    while let Some((from, data)) = receiver.next()? {
        if let Err(TrySendError::Full(lost)) = sender.try_send(Datagram { from, data: data.to_vec() }) {
            trouble::report(format_args!("the queue is full; a datagram from {} is lost", lost.from));
        }
    }
    drop(sender); // the workers end once the queue is empty
    finish(threads, shutdown.grace());
    beside.finish();
    Ok(())
}

fn start_worker(
    queue: &Taker<Datagram>,
    socket: &Arc<Socket>,
    service: &Arc<dyn DatagramService>,
    order: &Arc<Order>,
) -> Result<JoinHandle<()>, ServeError> {
    let (queue, socket, service) = (queue.clone(), Arc::clone(socket), Arc::clone(service));
    let order = Arc::clone(order);
    let work = move || {
        loop {
            // Who has the turn is the one who waits for the next datagram: the others wait for the turn.
            let _turn = order.turn();
            let Ok(Datagram { from, data }) = queue.recv() else { return };
            answer(&*service, &socket, from, &data, Mode::Blocking);
        }
    };
    let start = thread::Builder::new().spawn(work);
    start.map_err(|source| ServeError::io("start a worker thread (try fewer workers)", source))
}

/// Waits until all workers are done, at most `grace`. Who is not by then ends with the process.
fn finish(threads: Vec<JoinHandle<()>>, grace: Duration) {
    let deadline = Instant::now() + grace;
    while !threads.iter().all(JoinHandle::is_finished) {
        if Instant::now() > deadline {
            return trouble::report(format_args!("workers still busy after {grace:?} are cut off"));
        }
        thread::sleep(DRAIN_LOOK);
    }
    for thread in threads {
        let _ = thread.join(); // a panic has said what there is to say
    }
}
