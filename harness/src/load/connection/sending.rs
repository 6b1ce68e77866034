//! The writing side of a connection: requests leave until the socket would block.

use std::time::Instant;

use rustix::io::Errno;
use rustix::net::SendFlags;

use super::failure::{broken, not_connected};
use super::shared::{Role, Shared};
use super::{Connection, Phase};
use crate::load::tally::{Asked, Failure};

impl Connection {
    /// Takes up a request, which goes out with the next call of [`send`](Self::send). `due` as in [`Asked`]; it could have
    /// left at `ready`.
    pub(in crate::load) fn ask(&mut self, due: Option<Instant>, ready: Instant, shared: &Shared) {
        self.asked.push_back(Asked { due, ready, left: ready });
        self.untried += 1;
        self.unbegun += 1;
        self.owed += shared.script(self.role).length;
    }

    /// Whether it has taken up requests that nobody has tried to send.
    pub(in crate::load) fn has_new_requests(&self) -> bool {
        self.untried > 0
    }

    /// Takes up as many requests as there is room for.
    pub(in crate::load) fn ask_on(&mut self, now: Instant, shared: &Shared) {
        let room = self.room(shared);
        for _ in 0..room {
            self.ask(None, now, shared);
        }
    }

    /// Lets a slow connection write one byte more.
    pub(in crate::load) fn allow_a_byte(&mut self) {
        self.allowance = 1;
    }

    /// Writes what is left of its requests, until the socket would block. The first write tells whether the
    /// connection stands: while it does not, it would block, and if it never will, it fails with the reason.
    pub(in crate::load) fn send(&mut self, shared: &mut Shared) -> Result<(), Failure> {
        while self.owed > 0 && (self.role != Role::Slow || self.allowance > 0) {
            let now = Instant::now();
            if self.untried > 0 {
                self.leave_all(now, shared);
            }
            let script = shared.script(self.role);
            let begun = match self.owed {
                owed if owed <= script.length => script.length - owed, // mostly, without a division
                owed => (script.length - owed % script.length) % script.length,
            };
            let most = if self.role == Role::Slow { self.allowance } else { self.owed };
            let end = script.bytes.len().min(begun + most);
            match rustix::net::send(&self.socket, &script.bytes[begun..end], SendFlags::NOSIGNAL) {
                Ok(count) => {
                    let length = script.length;
                    self.sent(count, length, now);
                    if self.phase == Phase::Connecting {
                        self.phase = Phase::Standing;
                        shared.tally.connects += 1;
                    }
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(error) if self.phase == Phase::Connecting => return Err(not_connected(&error.into())),
                Err(error) => return Err(broken("sending a request", &error.into())),
            }
        }
        Ok(())
    }

    /// The requests that are new leave now, as far as it is up to the generator.
    fn leave_all(&mut self, now: Instant, shared: &mut Shared) {
        let leaving = if self.phase == Phase::Connecting { self.since } else { now };
        if shared.tally.is_open_loop() {
            let first = self.asked.len() - self.untried;
            for asked in self.asked.range(first..) {
                shared.tally.leaves(asked, leaving);
            }
        }
        self.untried = 0;
    }

    /// So many bytes have been written, by a call that began at `now`.
    fn sent(&mut self, count: usize, length: usize, now: Instant) {
        self.owed -= count;
        let unbegun = if self.owed == 0 { 0 } else { self.owed / length };
        for at in self.asked.len() - self.unbegun..self.asked.len() - unbegun {
            self.asked[at].left = now;
        }
        self.unbegun = unbegun;
        if self.role == Role::Slow {
            self.allowance = self.allowance.saturating_sub(count);
            if let Some(asked) = self.asked.front_mut() {
                asked.left = now; // its reply is timed by nobody; its time limit runs from here
            }
        }
    }
}
