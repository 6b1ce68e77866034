//! A thread for each datagram.
//!
//! **What the kernel does.** One thread receives and hands each message to a new one, which answers over the same socket:
//! sends on a socket from several threads don't mix, since each datagram goes out whole.
//!
//! **Good at** answers that take a while: they run beside each other on all cores, and the next datagram is received at
//! once. Lighter than a process, and a service can remember things, behind a lock.
//! **Bad at** short answers: making a thread costs more than most of them.
//!
//! At most `threads` are busy at once. Beyond that the receiving thread answers itself: nothing is lost that need not be,
//! it receives the slower for it, and the kernel's queue drops what it has no room for. Replies may overtake each other,
//! but for a service that remembers, whose threads take turns.
//! Source: Python's `socketserver.ThreadingUDPServer`; pthreads(7).

use std::sync::Arc;
use std::thread;

use super::beside::Beside;
use super::crew::Crew;
use super::exchange::Receiver;
use super::order::Order;
use super::{Model, Start};
use crate::options::{Kind, Spec};
use crate::server::acceptor::SHORTAGE_PAUSE;
use crate::server::socket::Mode;
use crate::server::{ServeError, trouble};

const THREADS: usize = 256;
/// As for a connection's thread: enough for every service of the lab.
const STACK_BYTES: usize = 256 * 1024;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "thread",
    family: "threads",
    summary: "a thread for each datagram",
    options: &[Spec {
        key: "threads",
        kind: Kind::Number(4096),
        help: "how many are busy at once; beyond that the receiving thread answers itself",
        default: "256",
    }],
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { socket, service, options, shutdown } = start;
    let crew = Crew::new(options.number("threads").unwrap_or(THREADS));
    let socket = Arc::new(socket);
    let order = Arc::new(Order::of(&**service));
    let beside = Beside::begin(&socket, service, shutdown)?;
    let _wakeable = shutdown.only_client(&socket);
    let mut receiver = Receiver::new(&socket, shutdown);
    while let Some((from, data)) = receiver.next()? {
        order.join(from, data);
        let answer_here = || order.answer(&**service, &socket, from, data, Mode::Blocking);
        let Some(busy) = crew.one_more() else {
            answer_here();
            continue;
        };
        let (socket, service, data) = (Arc::clone(&socket), Arc::clone(service), data.to_vec());
        let order = Arc::clone(&order);
        let work = move || {
            order.answer(&*service, &socket, from, &data, Mode::Blocking);
            drop(busy);
        };
        if let Err(error) = thread::Builder::new().stack_size(STACK_BYTES).spawn(work) {
            trouble::report(format_args!("can't start a thread: {error}; answering without one"));
            answer_here();
            thread::sleep(SHORTAGE_PAUSE);
        }
    }
    crew.finish(shutdown.grace());
    beside.finish();
    Ok(())
}
