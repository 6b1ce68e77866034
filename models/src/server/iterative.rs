//! One client after another: accept, serve to the end, accept the next.
//!
//! **What the kernel does.** It completes connections on its own and keeps them in the listener's queue until
//! accept(2) takes them out, so a client who is not served yet is connected all the same, and waits in silence.
//!
//! **Good at** being simple: no locks, no sharing, the fewest resources of all. Stevens measures the "process
//! control time" of other designs against it.
//! **Bad at** more than one client: whoever holds a connection open holds up everybody else (head-of-line
//! blocking). It suits short tasks, and datagrams more than connections.
//!
//! Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP iterative server".

use super::acceptor::Acceptor;
use super::blocking;
use super::{Model, Room, ServeError, Start, socket};

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "loop",
    family: "iterative",
    summary: "one process serves one client after another",
    room: |_| Room::One,
    options: &[],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, shutdown, .. } = start;
    shutdown.end_by_alarm();
    let mut scratch = socket::scratch();
    let mut acceptor = Acceptor::new(listener, shutdown);
    while let Some((socket, peer)) = acceptor.client()? {
        // A reset, a silent client or a panic is that connection's end and nobody else's business.
        let _ = blocking::serve_only(&mut scratch, &socket, peer, &**service, shutdown);
    }
    Ok(())
}
