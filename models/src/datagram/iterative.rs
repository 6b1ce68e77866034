//! One datagram after another: recvfrom, answer, sendto, and again.
//!
//! **What the kernel does.** It puts what arrives for the port into the socket's queue, each datagram whole and with its
//! sender's address, and drops what finds the queue full, without telling anybody.
//!
//! **Good at** datagrams: there is no connection that a client could hold, so nobody waits for longer than the others'
//! answers take, and two system calls a message is all there is. Most UDP services are written like this.
//! **Bad at** answers that take long: everybody waits meanwhile, and what the queue has no room for is lost.
//!
//! Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 8, "UDP echo server"; Python's
//! `socketserver.UDPServer`.

use super::beside::Beside;
use super::exchange::{Receiver, answer};
use super::{Model, Start};
use crate::server::ServeError;
use crate::server::socket::Mode;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "loop",
    family: "iterative",
    summary: "one process answers one datagram after another",
    options: &[],
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { socket, service, shutdown, .. } = start;
    shutdown.end_by_alarm();
    let beside = Beside::begin(&socket, service, shutdown)?;
    let _wakeable = shutdown.only_client(&socket);
    let mut receiver = Receiver::new(&socket, shutdown);
    while let Some((from, data)) = receiver.next()? {
        answer(&**service, &socket, from, data, Mode::Blocking);
    }
    beside.finish();
    Ok(())
}
