//! How a loop hears a client out: who was refused, or to whom a reply is still on its way when the server is to stop.
//!
//! Reading and dropping until the client's end, within bounds, is what keeps a close from answering with a reset that
//! takes the last reply along (RFC 9112, 9.6). Blocking models do the same with calls that block: see `blocking.rs`.

use std::io;
use std::net::Shutdown as Side;
use std::time::Instant;

use socket2::Socket;

use super::blocking::{HEAR_OUT_BYTES, HEAR_OUT_TIME, REST_PAUSE};
use super::socket;

/// A client is heard out: this many bytes more at most, and no longer than that.
pub(crate) struct HearingOut {
    bytes_left: usize,
    until: Instant,
}

impl HearingOut {
    /// Says that no more will be sent, and begins.
    pub(crate) fn begin(socket: &Socket, now: Instant) -> io::Result<Self> {
        socket.shutdown(Side::Write)?;
        Ok(Self { bytes_left: HEAR_OUT_BYTES, until: now + HEAR_OUT_TIME })
    }

    /// The end of a connection of a server that is to stop. A reply may still be on its way to a client who knows nothing
    /// of that and goes on asking, and then he is heard out first; none if nothing is.
    pub(crate) fn begin_if_needed(socket: &Socket, now: Instant) -> io::Result<Option<Self>> {
        socket::has_unacknowledged(socket).then(|| Self::begin(socket, now)).transpose()
    }

    /// So much has come, and was dropped. False if that was enough.
    pub(crate) fn heard(&mut self, bytes: usize) -> bool {
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.bytes_left > 0
    }

    /// When the time is up.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// When it is to be looked at whether the last reply has arrived.
    pub(crate) fn look_at(&self, now: Instant) -> Instant {
        self.until.min(now + REST_PAUSE)
    }

    /// Whether it is to be waited for once more.
    pub(crate) fn goes_on(&self, socket: &Socket, now: Instant) -> bool {
        now < self.until && socket::has_unacknowledged(socket)
    }
}
