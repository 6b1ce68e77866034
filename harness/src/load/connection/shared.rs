//! What all connections of one thread have in common: the requests, the tally, room for what arrives.

use std::time::Instant;

use workloads::READ_BYTES;

use crate::load::tally::Tally;

/// A little more than servers send at once, so that a reply of just that size is read short and needs no second
/// read to find the socket empty.
const BUFFER_BYTES: usize = READ_BYTES + 1024;

/// Requests that leave one behind the other over a connection are written together, up to so many bytes.
const TOGETHER_BYTES: usize = 64 * 1024;

/// One whole request, and again the same behind it, as often as may leave together.
pub(in crate::load) struct Script {
    pub(super) bytes: Box<[u8]>,
    pub(super) length: usize,
}

impl Script {
    pub(in crate::load) fn new(request: &[u8], pipeline: usize) -> Self {
        let times = pipeline.min(TOGETHER_BYTES / request.len().max(1)).max(1);
        Self { bytes: request.repeat(times).into_boxed_slice(), length: request.len() }
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::load) enum Role {
    /// Its replies are what is measured.
    Measured,
    /// It is answered once and then says nothing.
    Idle,
    /// It sends its requests byte by byte, each when it is [allowed](super::Connection::allow_a_byte) to.
    Slow,
    /// It asks for something else.
    Beside,
}

/// What all connections of one thread share.
pub(in crate::load) struct Shared {
    pub(in crate::load) script: Script,
    pub(in crate::load) beside: Option<Script>,
    pub(in crate::load) keep_alive: bool,
    /// How many requests may be under way on a measured connection.
    pub(in crate::load) pipeline: usize,
    /// Whether a measured connection's next request leaves by itself as its reply comes.
    pub(in crate::load) at_once: bool,
    /// Whether connections are still being opened for the first time. Kept-alive ones then rest after their
    /// first reply: a server under load is slow to accept, and its backlog would overflow.
    pub(in crate::load) opening: bool,
    pub(in crate::load) tally: Tally,
    /// When bytes last arrived.
    pub(in crate::load) received: Instant,
    pub(in crate::load) buffer: Box<[u8]>,
}

impl Shared {
    /// Room for what arrives.
    pub(in crate::load) fn buffer() -> Box<[u8]> {
        vec![0; BUFFER_BYTES].into_boxed_slice()
    }

    pub(super) fn script(&self, role: Role) -> &Script {
        match (&self.beside, role) {
            (Some(beside), Role::Beside) => beside,
            _ => &self.script,
        }
    }

    /// How many requests may be under way at once.
    pub(super) fn depth(&self, role: Role) -> usize {
        if role == Role::Measured { self.pipeline } else { 1 }
    }
}
