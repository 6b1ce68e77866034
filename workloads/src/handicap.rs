//! A service that is slower than it need be, by a known amount: so that one can see whether a comparison notices.
//!
//! Each time its session is given input it burns the same processor time first, as a slower parser would. It computes and
//! looks at the clock; it does not sleep, since that would cost no processor time and give way to others.

use std::hint;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Done, Limits, Next, Outlet, Peer, Service, Session};
use bytes::BytesMut;

/// A service and what it is slowed by.
pub struct Handicapped {
    service: Arc<dyn Service>,
    each: Duration,
}

impl Handicapped {
    /// Slows `service` by so much processor time for each time that input has come.
    pub fn new(service: Arc<dyn Service>, each: Duration) -> Self {
        Self { service, each }
    }
}

impl Service for Handicapped {
    fn session(&self, peer: Peer) -> Box<dyn Session> {
        Box::new(Slowed { session: self.service.session(peer), each: self.each })
    }

    fn pushes(&self) -> bool {
        self.service.pushes()
    }

    fn open(&self, peer: Peer, outlet: Box<dyn Outlet>) -> Box<dyn Session> {
        Box::new(Slowed { session: self.service.open(peer, outlet), each: self.each })
    }

    fn console(&self, line: &str) {
        self.service.console(line);
    }

    fn begins_to_close(&self) {
        self.service.begins_to_close();
    }

    fn closes(&self) -> Option<String> {
        self.service.closes()
    }

    fn limits(&self) -> Limits {
        self.service.limits()
    }

    fn warm_up(&self) {
        self.service.warm_up();
    }
}

struct Slowed {
    session: Box<dyn Session>,
    each: Duration,
}

impl Session for Slowed {
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        burn(self.each);
        self.session.receive(input, output)
    }

    fn resume(&mut self, done: Done, output: &mut BytesMut) -> Next {
        self.session.resume(done, output)
    }

    fn end(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        self.session.end(input, output)
    }

    fn pending(&self) -> bool {
        self.session.pending()
    }

    fn progress(&self) -> u64 {
        self.session.progress()
    }
}

fn burn(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::echo::Echo;

    #[test]
    fn it_serves_as_before_and_takes_its_time() {
        let each = Duration::from_millis(20);
        let service = Handicapped::new(Arc::new(Echo), each);
        let (mut input, mut output) = (BytesMut::from("hello"), BytesMut::new());
        let begun = Instant::now();
        let next = service.session(Peer::default()).receive(&mut input, &mut output);
        assert!(matches!(next, Next::Read) && output == "hello");
        assert!(begun.elapsed() >= each);
    }
}
