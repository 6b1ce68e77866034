//! Waking a thread at a moment: epoll's own time limit counts in milliseconds, rounded up, which a schedule can't use.

use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use anyhow::Context;
use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};
use nix::sys::timer::{Expiration, TimerSetTimeFlags};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};

/// A thread that falls asleep wakes some tens of microseconds late. So it is woken this much early, and turns without
/// sleeping for the rest; so it does as well where the moment is that near.
const EARLY: Duration = Duration::from_micros(50);
/// Where whoever waits is not timed by us, being late is better than turning.
const NOT_EARLY: Duration = Duration::ZERO;

/// The token of its events, which no connection has.
pub(super) const ALARM: Token = Token(usize::MAX);

/// A timer in a thread's set of watched descriptors (`timerfd_create(2)`).
pub(super) struct Alarm {
    timer: TimerFd,
    early: Duration,
    /// For when it is set, if it is.
    set_for: Option<Instant>,
}

impl Alarm {
    /// One that wakes the thread in time for a request to leave, or that need not be so exact.
    pub(super) fn new(poll: &Poll, exact: bool) -> anyhow::Result<Self> {
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK)
                .context("could not make a timer")?;
        poll.registry()
            .register(&mut SourceFd(&timer.as_fd().as_raw_fd()), ALARM, Interest::READABLE)
            .context("could not watch a timer")?;
        Ok(Self { timer, early: if exact { EARLY } else { NOT_EARLY }, set_for: None })
    }

    /// Has the thread woken for `moment`, and says whether it may sleep until then at all. Watched for edges, the
    /// timer need not be read: each time it runs out is told.
    pub(super) fn wake_at(&mut self, moment: Instant, now: Instant) -> anyhow::Result<bool> {
        let left = moment.saturating_duration_since(now);
        if left <= self.early {
            return Ok(false);
        }
        if self.set_for != Some(moment) {
            let expiration = Expiration::OneShot(left.saturating_sub(self.early).into());
            self.timer.set(expiration, TimerSetTimeFlags::empty()).context("could not set a timer")?;
            self.set_for = Some(moment);
        }
        Ok(true)
    }
}
