//! The room over UDP: a command in each datagram, without a line's end.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::room::{Counts, Room};
use super::{LINE_BYTES, Rules};
use crate::datagram::DatagramService;
use crate::session::Peer;

/// The chat room as a datagram service.
///
/// Everything is said while the room is locked. So all members hear everything in one order, that in which the room
/// heard it; who let go of the lock before would have two threads' datagrams overtake each other. What it costs is that
/// one line is said at a time, which on one socket is so anyway.
pub struct Datagrams {
    room: Mutex<Room<SocketAddr>>,
    clock: fn() -> Instant,
}

impl Datagrams {
    /// An empty room, which looks at `clock` for the time.
    pub fn new(rules: Rules, clock: fn() -> Instant) -> Self {
        Self { room: Mutex::new(Room::new(rules, "")), clock }
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        self.lock().counts()
    }

    fn lock(&self) -> MutexGuard<'_, Room<SocketAddr>> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says lines to addresses through what a model gives.
fn saying(send: &mut dyn FnMut(Peer, &[u8])) -> impl FnMut(&SocketAddr, &[u8]) {
    |to, line| send(Peer { address: Some(*to) }, line)
}

impl DatagramService for Datagrams {
    fn datagram(&self, from: Peer, data: &[u8], send: &mut dyn FnMut(Peer, &[u8])) {
        let Some(from) = from.address else { return };
        // Of what is too long no more is looked at than it takes to see that.
        let data = &data[..data.len().min(LINE_BYTES + 3)];
        self.lock().hear(&from, data, (self.clock)(), &mut saying(send));
    }

    fn remembers(&self) -> bool {
        true
    }

    fn console(&self, line: &str, send: &mut dyn FnMut(Peer, &[u8])) {
        self.lock().proclaim(line, &mut saying(send));
    }

    fn time_passes(&self, send: &mut dyn FnMut(Peer, &[u8])) {
        self.lock().expire((self.clock)(), &mut saying(send));
    }

    fn closes(&self, send: &mut dyn FnMut(Peer, &[u8])) -> Option<String> {
        let mut room = self.lock();
        room.close(&mut saying(send));
        Some(room.counts().to_string())
    }
}
