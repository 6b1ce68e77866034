//! An epoll loop for the connections, with a pool of threads behind it for the computing.
//!
//! **What the kernel does.** One thread waits for readiness and does all the reading and sending, as in `epoll`. A
//! request that computes goes through a bounded channel to a worker; the loop goes on meanwhile. The result comes back
//! through a second channel, and an eventfd(2) in the epoll set wakes the loop for it: two hand-overs between threads
//! for each such request.
//!
//! **Good at** mixed work: a computation no longer stalls everybody, and many quiet connections cost no thread. This is
//! how nginx reads files, how Node.js resolves names, and what tokio's `spawn_blocking` does.
//! **Bad at** very short computations, which cost less than their way to a worker and back; and one loop still does
//! all the talking. A computation that has begun is done to its end, even if its client has left.
//!
//! Source: nginx, "Thread Pools in NGINX Boost Performance 9x!"; the design notes of libuv, "Thread pool work
//! scheduling"; eventfd(2).

use std::collections::BTreeMap;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use nix::sys::eventfd::{EfdFlags, EventFd};
use socket2::Socket;

use super::epoll::EpollSet;
use super::reactor::offload::{Computation, Offload, Outcome};
use super::reactor::{Parts, Reactor};
use super::readiness::Trigger;
use super::{Model, ServeError, Start};
use crate::options::Spec;
use crate::runtime;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "hybrid",
    family: "multiplexing",
    summary: "an epoll loop that talks, and a pool of threads behind it that compute",
    room: super::many,
    options: &[Spec { help: "threads that compute", ..runtime::WORKERS }],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, options, shutdown } = start;
    let workers = runtime::workers(options);
    let parts = Parts::new(EpollSet::new(Trigger::Level)?, listener, shutdown)?;
    let mut reactor = Reactor::new(parts, &**service, shutdown)?;
    reactor.offload_to(Box::new(Pool::new(workers)?))?;
    // A worker that is still busy after the grace is ended with the process; the others end with the pool.
    reactor.serve()
}

/// Threads that compute for one loop.
struct Pool {
    /// The queue is short, one computation a worker: what waits here is begun although its client may leave, and what
    /// waits in `waiting` is not.
    queue: Sender<Computation>,
    /// What found the queue full, in the order in which it was asked for: one a connection at most.
    waiting: BTreeMap<u64, Computation>,
    outcomes: Receiver<Outcome>,
    counter: Arc<EventFd>,
    /// The same eventfd as the loop watches it; a socket only by its type.
    wake_up: Arc<Socket>,
}

impl Pool {
    fn new(workers: usize) -> Result<Self, ServeError> {
        let (queue, computations) = crossbeam_channel::bounded(workers);
        let (sender, outcomes) = crossbeam_channel::bounded(workers);
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let counter =
            EventFd::from_flags(flags).map_err(|errno| ServeError::io("make an eventfd", errno.into()))?;
        let wake_up = Arc::new(Socket::from(std::os::fd::AsFd::as_fd(&counter).try_clone_to_owned()?));
        let counter = Arc::new(counter);
        for number in 0..workers {
            start_worker(number, &computations, &sender, &counter)
                .map_err(|source| ServeError::io("start a worker thread (try fewer workers)", source))?;
        }
        Ok(Self { queue, waiting: BTreeMap::new(), outcomes, counter, wake_up })
    }

    /// Hands over what waits until the queue is full. Whoever is left has its chance when a worker is done, which must
    /// come about: the queue is full of computations.
    fn hand_over(&mut self) {
        while let Some((number, computation)) = self.waiting.pop_first() {
            if let Err(unsent) = self.queue.try_send(computation) {
                self.waiting.insert(number, unsent.into_inner());
                return;
            }
        }
    }
}

impl Offload for Pool {
    fn wake_up(&self) -> &Arc<Socket> {
        &self.wake_up
    }

    fn begin(&mut self, computation: Computation) {
        self.waiting.insert(computation.number, computation);
        self.hand_over();
    }

    fn forget(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    fn outcomes(&mut self, outcomes: &mut Vec<Outcome>) {
        // First the counter, then the channel: what comes in between is told again. It fails only if it is zero.
        let _ = self.counter.read();
        outcomes.extend(self.outcomes.try_iter());
        self.hand_over();
    }
}

fn start_worker(
    number: usize,
    computations: &Receiver<Computation>,
    outcomes: &Sender<Outcome>,
    counter: &Arc<EventFd>,
) -> io::Result<()> {
    let (computations, outcomes, counter) = (computations.clone(), outcomes.clone(), Arc::clone(counter));
    let work = move || {
        for Computation { number, key, work } in computations {
            // A panic in one client's work ends that client alone.
            let value = panic::catch_unwind(AssertUnwindSafe(work)).ok();
            if outcomes.send(Outcome { number, key, value }).is_err() {
                return; // the loop has ended, and nobody waits for the rest
            }
            let _ = counter.write(1); // it fails only if 2^64 results wait already: it is readable then
        }
    };
    thread::Builder::new().name(format!("worker {number}")).spawn(work).map(drop)
}
