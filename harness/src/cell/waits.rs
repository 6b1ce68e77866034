//! Who waited for a processor that nobody of the measurement had: then somebody else had it.
//!
//! That can be said where server and generator have processors of their own, and no more threads than these. Elsewhere a thread
//! that waits may wait for another one of the measurement, and nothing is said.

use reports::record::{Cost, Placement};

/// Which part of the window the generator's threads waited, each on a processor of its own.
pub(super) fn client(cost: &Cost, placement: &Placement, threads: usize, seconds: f64) -> Option<f64> {
    let alone = apart(placement) && threads <= placement.client.len();
    alone.then(|| share(cost, threads, seconds)).flatten()
}

/// The same of the server's threads.
pub(super) fn server(cost: &Cost, placement: &Placement, seconds: f64) -> Option<f64> {
    let threads = usize::try_from(cost.threads_peak?).ok()?;
    let alone = apart(placement) && threads <= placement.server.len();
    alone.then(|| share(cost, threads, seconds)).flatten()
}

/// Whoever looks at a window's ends has to wait as well, on a machine so busy, and may be late: then more than all of it was
/// waited for, and all of it is what can be said.
fn share(cost: &Cost, threads: usize, seconds: f64) -> Option<f64> {
    let thread_seconds = threads as f64 * seconds;
    let waited_s = cost.run_queue_wait_s.filter(|_| thread_seconds > 0.0)?;
    Some((waited_s / thread_seconds).min(1.0))
}

/// Whether each side has processors that the other one has not. A side that is bound nowhere has none of its own.
fn apart(Placement { server, client }: &Placement) -> bool {
    let shared = server.iter().any(|processor| client.contains(processor));
    !server.is_empty() && !client.is_empty() && !shared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(server: &[usize], client: &[usize]) -> Placement {
        Placement { server: server.into(), client: client.into() }
    }

    fn waited(seconds: f64, threads: u64) -> Cost {
        Cost { run_queue_wait_s: Some(seconds), threads_peak: Some(threads), ..Cost::default() }
    }

    #[test]
    fn a_wait_is_a_share_of_the_window_and_of_the_threads() {
        let apart = placement(&[0, 1], &[2]);
        assert_eq!(server(&waited(0.1, 2), &apart, 0.5), Some(0.1));
        assert_eq!(client(&waited(0.1, 0), &apart, 1, 0.5), Some(0.2));
        assert_eq!(server(&waited(0.7, 1), &apart, 0.5), Some(1.0), "never more than all");
        assert_eq!(server(&Cost { run_queue_wait_s: None, ..waited(0.0, 1) }, &apart, 0.5), None);
    }

    #[test]
    fn where_somebody_of_the_measurement_may_have_had_the_processor_nothing_is_said() {
        assert_eq!(server(&waited(0.1, 3), &placement(&[0, 1], &[2]), 0.5), None, "each other");
        for together in [placement(&[0, 1], &[1]), placement(&[], &[]), placement(&[], &[1])] {
            assert_eq!(server(&waited(0.1, 1), &together, 0.5), None, "{together:?}");
            assert_eq!(client(&waited(0.1, 1), &together, 1, 0.5), None, "{together:?}");
        }
    }
}
