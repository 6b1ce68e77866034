//! The reading side of a connection: replies are checked as they come, and what follows them is done.

use std::net::Shutdown;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::RecvFlags;
use workloads::client::Reply;

use super::failure::{broken, cut_short, not_connected, too_much};
use super::shared::{Role, Shared};
use super::{Connection, Fate, Phase};
use crate::load::tally::{Class, Failure};

impl Connection {
    /// Reads and checks. `ended`: the end or an error is known to be there, so no request is sent any more.
    pub(super) fn receive(&mut self, ended: bool, shared: &mut Shared) -> Result<Fate, Failure> {
        loop {
            match rustix::net::recv(&self.socket, &mut *shared.buffer, RecvFlags::empty()) {
                Ok((0, _)) => return self.end(shared),
                Ok((count, _)) => {
                    let all_answered = self.arrived(count, ended, shared)?;
                    let drained = count < shared.buffer.len();
                    // After all replies the next one raises an event of its own.
                    if !ended && (drained || (all_answered && self.phase != Phase::Leaving)) {
                        return Ok(Fate::Open);
                    }
                }
                Err(Errno::AGAIN) => return Ok(Fate::Open),
                Err(Errno::INTR) => {}
                Err(error) if self.phase == Phase::Connecting => return Err(not_connected(&error.into())),
                Err(error) => return Err(broken("waiting for a reply", &error.into())),
            }
        }
    }

    /// Checks the bytes just read, and after whole replies goes on with the next requests or leaves. Gives whether all that it
    /// had asked for was answered.
    fn arrived(&mut self, count: usize, ended: bool, shared: &mut Shared) -> Result<bool, Failure> {
        let received = Instant::now();
        shared.received = received;
        let mut at = 0;
        while at < count {
            if self.asked.is_empty() || self.phase == Phase::Leaving {
                return Err(too_much(count)); // which came by itself: what comes behind a reply is told below
            }
            match self.checker.arrived(&shared.buffer[at..count]) {
                Reply::More => {
                    self.reply_begun = true;
                    break;
                }
                Reply::Whole { used, closing } => {
                    at += used;
                    if at < count && (self.asked.len() == 1 || closing) {
                        return Err(too_much(count - at));
                    }
                    self.replied(received, shared)?;
                    if closing {
                        self.leave(received);
                    }
                }
                Reply::Short => return Err(cut_short()),
                Reply::Wrong(why) => return Err(Failure::new(Class::Wrong, why)),
            }
        }
        let all_answered = self.asked.is_empty();
        if self.phase == Phase::Standing && !ended && at > 0 {
            self.go_on(received, shared)?;
        }
        Ok(all_answered)
    }

    /// Asks again after whole replies, or takes leave.
    fn go_on(&mut self, received: Instant, shared: &mut Shared) -> Result<(), Failure> {
        if !shared.keep_alive {
            self.leave(received);
            let closed = self.socket.shutdown(Shutdown::Write);
            return closed.map_err(|error| broken("closing after a reply", &error));
        }
        if !shared.opening {
            self.go_on_by_itself(received, shared);
        }
        self.send(shared)
    }

    /// Takes up further requests, if it is such that they leave by themselves as replies come.
    pub(in crate::load) fn go_on_by_itself(&mut self, now: Instant, shared: &Shared) {
        match self.role {
            Role::Measured if shared.at_once => self.ask_on(now, shared),
            Role::Slow | Role::Beside => self.ask_on(now, shared),
            Role::Measured | Role::Idle => {}
        }
    }

    fn replied(&mut self, received: Instant, shared: &mut Shared) -> Result<(), Failure> {
        let later = self.asked.len().saturating_sub(1) * shared.script(self.role).length;
        if self.owed > later {
            return Err(Failure::new(Class::Wrong, "a whole reply came before the request was sent whole"));
        }
        let Some(asked) = self.asked.pop_front() else { return Ok(()) };
        match self.role {
            Role::Measured => shared.tally.replied(&asked, received),
            Role::Beside => shared.tally.replied_beside(&asked, received),
            Role::Idle | Role::Slow => {}
        }
        self.reply_begun = false;
        self.answered = true;
        Ok(())
    }

    fn leave(&mut self, now: Instant) {
        self.phase = Phase::Leaving;
        self.since = now;
    }

    /// The server has sent its last byte.
    fn end(&mut self, shared: &mut Shared) -> Result<Fate, Failure> {
        if self.asked.is_empty() || self.phase == Phase::Leaving {
            return Ok(Fate::Ended);
        }
        if !self.reply_begun {
            // A server may close an idle connection while a request is on its way to it (RFC 9112, 9.5): that
            // is nobody's fault. To close before any reply is another matter.
            return if self.answered {
                Ok(Fate::Ended)
            } else {
                Err(Failure::new(Class::Short, "the server closed a new connection without a reply"))
            };
        }
        let received = Instant::now();
        match self.checker.ended() {
            Reply::Whole { .. } => self.replied(received, shared).map(|()| Fate::Ended),
            Reply::Wrong(why) => Err(Failure::new(Class::Wrong, why)),
            Reply::Short | Reply::More => Err(cut_short()),
        }
    }
}
