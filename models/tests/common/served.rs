//! One model that serves inside a test.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use models::address::Address;
use models::options::Choice;
use models::server::{Shutdown, Start, server, socket};
use workloads::Service;

/// Runs `check` against a model that serves in a thread of this process, and stops it.
pub(crate) fn served(
    choice: &Choice,
    service: &Arc<dyn Service>,
    address: &Address,
    check: impl Fn(&str, &Address),
) {
    let listener = socket::listen(address, &service.limits()).unwrap();
    let address = Address::of(&listener).unwrap();
    let shutdown = Shutdown::by_hand(Duration::from_secs(1)).unwrap();
    thread::scope(|scope| {
        let running = scope.spawn(|| {
            let (shutdown, options) = (&shutdown, &choice.options);
            (server(&choice.name).unwrap().run)(Start { listener, service, options, shutdown }).unwrap();
        });
        // Also after a panic: the scope would wait for the server for ever.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| check(&choice.to_string(), &address)));
        shutdown.request();
        running.join().unwrap();
        outcome.unwrap_or_else(|panic| panic::resume_unwind(panic));
    });
}
