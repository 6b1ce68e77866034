//! `tcp`: a connection over the loopback.
//!
//! What is sent goes through all of TCP: it is cut into segments, numbered, given to the loopback device, taken up by the
//! receiving half of the stack within the same call, acknowledged. `TCP_NODELAY` is set on both sides, so that a short message
//! doesn't wait for the acknowledgement of the one before (Nagle's algorithm).
//!
//! Good at being the same between two processes and two continents. Bad at being cheap: all that is done
//! for the long way is done for the short one too.
//!
//! Source: tcp(7), RFC 9293.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::super::{Probe, Suite, Trouble};
use super::process::between_processes;
use super::stream::Stream;
use super::{all_sizes, any_size};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "tcp",
    family: "processes",
    summary: "a TCP connection over the loopback, with TCP_NODELAY",
    settings: all_sizes,
    measure: |setting, time| between_processes(setting, any_size(setting)?, time, ends),
};

fn ends(_: usize) -> Result<(Stream, Stream), Trouble> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    let (theirs, from) = listener.accept()?;
    if from != ours.local_addr()? {
        return Err(Trouble::Failed(format!("{from} connected to a port of ours; measure again")));
    }
    for socket in [&ours, &theirs] {
        socket.set_nodelay(true)?;
    }
    Ok((Stream::of(ours)?, Stream::of(theirs)?))
}
