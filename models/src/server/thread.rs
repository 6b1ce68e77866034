//! A thread for each connection.
//!
//! **What the kernel does.** clone(2) makes a task that shares memory and descriptors with its siblings and has a
//! stack of its own (reserved, not used: pages come when they are touched). A thread that waits for its client
//! sleeps in the kernel; the scheduler spreads those that are awake over all cores.
//!
//! **Good at** plain code: each client's story is told from top to bottom. Lighter than a process, and outside of
//! interpreters with a global lock it uses every core.
//! **Bad at** very many clients: each costs a stack, a kernel task and two context switches a request; shared state
//! needs locks.
//!
//! Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP concurrent server, one thread per
//! client"; pthreads(7).

use std::sync::Arc;
use std::thread;

use super::acceptor::{Acceptor, SHORTAGE_PAUSE};
use super::blocking::{self, KernelWire};
use super::outlet;
use super::shutdown::Clients;
use super::{Model, ServeError, Start, trouble};
use crate::options::{Kind, Spec};

/// Enough for every session of the lab, and 32 times less than the usual 8 MiB.
const STACK_BYTES: usize = 256 * 1024;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "thread",
    family: "threads",
    summary: "a thread for each connection",
    room: super::many,
    options: &[Spec {
        key: "stack",
        kind: Kind::Bytes(64 * 1024, 1 << 30),
        help: "stack of each thread",
        default: "256k",
    }],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, options, shutdown } = start;
    let stack_bytes = options.number("stack").unwrap_or(STACK_BYTES);
    let limits = service.limits();
    let clients = Arc::new(Clients::default());
    let mut acceptor = Acceptor::new(listener, shutdown);
    while let Some((socket, peer)) = acceptor.client()? {
        let seat = clients.enter(socket);
        let (service, shutdown) = (Arc::clone(service), Arc::clone(shutdown));
        let serve = move || {
            let conversation = outlet::conversation(&*service, peer, seat.socket());
            let mut wire = KernelWire::new(seat.socket(), limits.idle_time);
            let _ = blocking::serve(&mut wire, conversation, &shutdown); // an error ends this client alone
        };
        if let Err(error) = thread::Builder::new().stack_size(stack_bytes).spawn(serve) {
            trouble::report(format_args!("can't start a thread: {error}; that client is turned away"));
            thread::sleep(SHORTAGE_PAUSE);
        }
    }
    clients.drain(shutdown.grace());
    Ok(())
}
