//! How an event loop lets clients in.
//!
//! When the system has no descriptor left, the listener is left alone until somebody leaves or a moment has passed: it
//! stays ready, and watching it would burn a processor.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use socket2::Socket;
use workloads::Peer;

use super::{FIRST_CONNECTION, LISTENER, Place, Reactor, Watched};
use crate::server::acceptor::{Accepted, SHORTAGE_PAUSE, accept, report_shortage};
use crate::server::connection::Connection;
use crate::server::readiness::{Interest, Readiness, Trigger};
use crate::server::shutdown::LastArrivals;
use crate::server::trouble;

/// How many clients are let in per turn, before the others get theirs.
const ACCEPTS_A_TURN: usize = 64;

impl<R: Readiness> Reactor<'_, R> {
    pub(super) fn accept_some(&mut self) -> io::Result<()> {
        if self.accepting_again_at.is_some() {
            return Ok(()); // an edge tells of it all the same
        }
        let Some(listener) = self.listener.clone() else { return Ok(()) };
        for _ in 0..ACCEPTS_A_TURN {
            match accept(&listener) {
                Accepted::Client(socket, peer) => self.admit(socket, peer),
                Accepted::NobodyThere => return self.watch_on(&listener, LISTENER),
                Accepted::Shortage(error) => {
                    report_shortage(&error);
                    self.accepting_again_at = Some(self.now + SHORTAGE_PAUSE);
                    return self.set.change(&listener, LISTENER, Interest::Nothing);
                }
                Accepted::Broken(error) => return Err(error),
            }
        }
        if self.set.trigger() == Trigger::Edge {
            self.again.push(LISTENER); // nobody would tell of those who are left
        }
        self.watch_on(&listener, LISTENER)
    }

    /// Goes on watching a source that is no connection: a one-shot set has to be told.
    pub(super) fn watch_on(&mut self, source: &Arc<Socket>, key: usize) -> io::Result<()> {
        match self.set.trigger() {
            Trigger::OneShot => self.set.change(source, key, Interest::Read),
            Trigger::Level | Trigger::Edge => Ok(()),
        }
    }

    /// A new client gets a turn at once: its first request has often arrived with it, and a connection that is done
    /// within one turn is never watched at all.
    fn admit(&mut self, socket: Socket, peer: Peer) {
        if let Err(error) = self.set.admit(&socket) {
            return trouble::report(error);
        }
        // A panic in opening one client's session must not take the others down.
        let open = || Connection::new(socket, self.service, peer, self.now);
        let Ok(mut connection) = panic::catch_unwind(AssertUnwindSafe(open)) else { return };
        if self.leaving_by.is_some() {
            connection.leave();
        }
        let (wants, watched) = (Interest::Read, Watched::Never);
        let place = Place { connection, wants, watched, again: false, computation: None };
        let key = self.connections.insert(place) + FIRST_CONNECTION;
        self.advance(key, Connection::advance);
    }

    /// The pause is over, or somebody has left.
    pub(super) fn accept_again(&mut self) -> io::Result<()> {
        self.accepting_again_at = None;
        let Some(listener) = self.listener.clone() else { return Ok(()) };
        if self.set.trigger() == Trigger::Edge {
            self.again.push(LISTENER);
        }
        self.set.change(&listener, LISTENER, Interest::Read)
    }

    /// Lets in who has connected until the server was to stop, and then closes the listener.
    pub(super) fn accept_the_last(&mut self) {
        let mut last = LastArrivals::begin(self.shutdown);
        let Some(listener) = self.listener.take() else { return };
        while last.one_more() {
            let Accepted::Client(socket, peer) = accept(&listener) else { break };
            self.admit(socket, peer);
        }
        self.set.forget(&listener, LISTENER);
    }
}
