//! How clients get in: by an accept that goes on by itself in the ring, until the server is to stop.
//!
//! When the system has no descriptor left, nobody is accepted until somebody leaves or a moment has passed.

use std::io;
use std::panic::{self, AssertUnwindSafe};

use socket2::Socket;
use workloads::Peer;

use super::connection::Connection;
use super::ring::{Client, GENERATIONS};
use super::{Place, Server};
use crate::server::acceptor::{Accepted, SHORTAGE_PAUSE, accept, peer, refused, report_shortage};
use crate::server::shutdown::LastArrivals;

impl Server<'_> {
    /// Has clients accepted from now on.
    pub(super) fn accept(&mut self) {
        self.accepting_again_at = None;
        if let (Some(listener), false) = (&self.listener, self.accepting) {
            self.ring.accept(listener);
            self.accepting = true;
        }
    }

    pub(super) fn accepted(&mut self, client: io::Result<Socket>) -> io::Result<()> {
        match client {
            Ok(socket) => {
                // An accept that goes on has nowhere to put one address after the other.
                let peer = socket.peer_addr().map_or_else(|_| Peer::default(), |address| peer(&address));
                self.admit(socket, peer);
            }
            Err(_) if self.leaving_by.is_some() => {} // that was our own doing
            Err(error) => match refused(error) {
                Some(Accepted::Shortage(error)) => {
                    report_shortage(&error);
                    self.accepting_again_at = Some(self.now + SHORTAGE_PAUSE);
                }
                Some(Accepted::Broken(error)) => return Err(error),
                Some(Accepted::Client(..) | Accepted::NobodyThere) | None => {}
            },
        }
        if self.accepting {
            return Ok(());
        }
        if self.leaving_by.is_some() {
            self.listener = None;
        } else if self.accepting_again_at.is_none() {
            self.accept();
        }
        Ok(())
    }

    /// A new client gets a turn at once, which asks for what it sends.
    fn admit(&mut self, socket: Socket, peer: Peer) {
        self.clients = (self.clients + 1) % GENERATIONS;
        let place = self.places.vacant_entry();
        let client = Client { key: place.key(), generation: self.clients };
        // A panic in opening one client's session must not take the others down.
        let open = || Connection::new(socket, client, self.service, peer, self.now);
        let Ok(mut connection) = panic::catch_unwind(AssertUnwindSafe(open)) else { return };
        if self.leaving_by.is_some() {
            connection.leave();
        }
        place.insert(Place { connection, again: false });
        self.turn(client.key, Connection::advance);
    }

    /// Lets in who has connected until the server was to stop, and then nobody.
    pub(super) fn accept_the_last(&mut self) -> io::Result<()> {
        let mut last = LastArrivals::begin(self.shutdown);
        self.accepting_again_at = None;
        let Some(listener) = self.listener.take() else { return Ok(()) };
        listener.set_nonblocking(true)?;
        while last.one_more() {
            let Accepted::Client(socket, peer) = accept(&listener) else { break };
            self.admit(socket, peer);
        }
        if self.accepting {
            self.ring.stop_accepting();
            self.listener = Some(listener); // until its last completion
        }
        Ok(())
    }
}
