//! What watching costs the thread that does it, and how long it rests to stay cheap.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// User and system time of the calling thread. The call fails only for clocks that do not exist.
pub(crate) fn processor_time() -> nix::Result<Duration> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from)
}

/// How long to wait before the next look at something: `every`, or so many `times` what the last look cost if that is longer.
pub(crate) fn rest(every: Duration, cost: Duration, times: u32) -> Duration {
    every.max(cost * times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_costly_look_is_taken_less_often() {
        let every = Duration::from_millis(100);
        assert_eq!(rest(every, Duration::from_micros(200), 100), every);
        assert_eq!(rest(every, Duration::from_millis(20), 100), Duration::from_secs(2));
    }
}
