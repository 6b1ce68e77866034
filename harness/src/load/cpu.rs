//! What the generator's threads have of the processors.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use crate::measure::reading::queued_so_far;

/// What a thread had of the processors, or several together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cpu {
    pub(super) user: Duration,
    pub(super) system: Duration,
    /// How often it left its processor because it had to wait.
    pub(super) voluntary: u64,
    /// How often its processor was taken away.
    pub(super) involuntary: u64,
    /// How long it could have run and no processor was free. None where the kernel does not say.
    pub(super) queued: Option<Duration>,
}

impl Cpu {
    /// No thread at all.
    pub(super) const NONE: Self = Self {
        user: Duration::ZERO,
        system: Duration::ZERO,
        voluntary: 0,
        involuntary: 0,
        queued: Some(Duration::ZERO),
    };

    /// What the calling thread has had so far: `RUSAGE_THREAD` of getrusage(2), and its `schedstat`.
    pub(super) fn of_this_thread() -> nix::Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
        Ok(Self {
            user: duration(usage.user_time()),
            system: duration(usage.system_time()),
            voluntary: usage.voluntary_context_switches().unsigned_abs(),
            involuntary: usage.involuntary_context_switches().unsigned_abs(),
            queued: queued_so_far(),
        })
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        let queued = self.queued.zip(earlier.queued);
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
            queued: queued.map(|(now, before)| now.saturating_sub(before)),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            user: self.user + other.user,
            system: self.system + other.system,
            voluntary: self.voluntary + other.voluntary,
            involuntary: self.involuntary + other.involuntary,
            queued: self.queued.zip(other.queued).map(|(one, other)| one + other),
        }
    }
}

fn duration(time: TimeVal) -> Duration {
    Duration::new(time.tv_sec().unsigned_abs(), time.tv_usec().unsigned_abs() as u32 * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_several_threads_had_of_the_processors_is_a_sum_and_known_only_where_all_are() {
        let of = |ms: u64| Cpu {
            user: MS * ms as u32,
            system: MS,
            voluntary: ms,
            involuntary: 1,
            queued: Some(MS * ms as u32),
        };
        let window = of(7).since(of(3));
        assert_eq!(
            (window.user, window.voluntary, window.involuntary, window.queued),
            (4 * MS, 4, 0, Some(4 * MS))
        );
        let two = Cpu::NONE.plus(window).plus(window);
        assert_eq!((two.user, two.voluntary, two.queued), (8 * MS, 8, Some(8 * MS)));
        assert_eq!(two.plus(Cpu { queued: None, ..window }).queued, None);
    }
}
