//! A service with other limits than its own: for who must not wait as long, or wants to wait longer.

use std::sync::Arc;

use crate::{Limits, Outlet, Peer, Service, Session};

/// A service and what its connections are allowed instead.
pub struct Limited {
    service: Arc<dyn Service>,
    limits: Limits,
}

impl Limited {
    /// Has models keep these limits on behalf of `service`.
    pub fn new(service: Arc<dyn Service>, limits: Limits) -> Self {
        Self { service, limits }
    }
}

impl Service for Limited {
    fn session(&self, peer: Peer) -> Box<dyn Session> {
        self.service.session(peer)
    }

    fn pushes(&self) -> bool {
        self.service.pushes()
    }

    fn open(&self, peer: Peer, outlet: Box<dyn Outlet>) -> Box<dyn Session> {
        self.service.open(peer, outlet)
    }

    fn console(&self, line: &str) {
        self.service.console(line);
    }

    fn closes(&self) -> Option<String> {
        self.service.closes()
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn warm_up(&self) {
        self.service.warm_up();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::echo::Echo;

    #[test]
    fn a_service_has_the_limits_that_it_is_given() {
        let limits = Limits { idle_time: Duration::from_secs(2), ..Echo.limits() };
        assert_eq!(Limited::new(Arc::new(Echo), limits).limits(), limits);
    }
}
