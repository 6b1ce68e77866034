//! `unix-stream`: a pair of Unix stream sockets.
//!
//! socketpair(2) makes two ends that each send and receive, as two pipes would. What is sent is copied into a buffer that
//! hangs on the receiver's socket, and out of there; there is no protocol, no address and no network device in between.
//! Here the two have no name; with bind(2) one gets a path and strangers can connect. Descriptors can be sent as well,
//! and the kernel vouches for who the other is (`SCM_RIGHTS`, `SCM_CREDENTIALS`).
//!
//! Good at being a network connection that never leaves the machine: databases and desktops talk over it. Dearer than a
//! pipe for short messages, since each takes a buffer of its own. Bad for those who need borders: see `unix-datagram`.
//!
//! Source: socketpair(2), unix(7).

use std::os::unix::net::UnixStream;

use super::super::{Probe, Suite, Trouble};
use super::process::between_processes;
use super::stream::Stream;
use super::{all_sizes_and_together, any_size};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "unix-stream",
    family: "processes",
    summary: "socketpair(2), SOCK_STREAM: bytes both ways, and no network in between",
    settings: all_sizes_and_together,
    measure: |setting, time| between_processes(setting, any_size(setting)?, time, ends),
};

fn ends(_: usize) -> Result<(Stream, Stream), Trouble> {
    let (ours, theirs) = UnixStream::pair()?;
    Ok((Stream::of(ours)?, Stream::of(theirs)?))
}
