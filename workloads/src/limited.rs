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

    fn begins_to_close(&self) {
        self.service.begins_to_close();
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
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;
    use crate::echo::Echo;

    /// Keeps what it is told.
    #[derive(Default)]
    struct Told(Mutex<Vec<&'static str>>);

    impl Told {
        fn hears(&self, what: &'static str) {
            self.0.lock().unwrap().push(what);
        }
    }

    impl Service for Told {
        fn session(&self, peer: Peer) -> Box<dyn Session> {
            Echo.session(peer)
        }

        fn pushes(&self) -> bool {
            true
        }

        fn console(&self, _: &str) {
            self.hears("a line");
        }

        fn begins_to_close(&self) {
            self.hears("that it will close");
        }

        fn closes(&self) -> Option<String> {
            self.hears("that it closes");
            None
        }

        fn warm_up(&self) {
            self.hears("to warm up");
        }
    }

    #[test]
    fn a_service_is_told_all_that_it_would_be_told_without() {
        let told = Arc::new(Told::default());
        let limited = Limited::new(Arc::clone(&told) as Arc<dyn Service>, Limits::default());
        assert!(limited.pushes());
        limited.warm_up();
        limited.console("hello");
        limited.begins_to_close();
        limited.closes();
        let all = ["to warm up", "a line", "that it will close", "that it closes"];
        assert_eq!(*told.0.lock().unwrap(), all);
    }

    #[test]
    fn a_service_has_the_limits_that_it_is_given() {
        let limits = Limits { idle_time: Duration::from_secs(2), ..Echo.limits() };
        assert_eq!(Limited::new(Arc::new(Echo), limits).limits(), limits);
    }
}
