//! What threads had done: their switches, and how long they ran and waited.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::clock;
use crate::measure::proc;

/// What the threads of a process had done.
#[derive(Debug, Clone, Default)]
pub(super) struct Threads {
    pub(super) each: BTreeMap<i32, Thread>,
    /// What its ended threads had used: at least and at most. None where the kernel keeps no `schedstat`.
    pub(super) ended: Option<(Duration, Duration)>,
}

/// What one thread had done, or several together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thread {
    /// How often it had left its processor because it had to wait.
    pub(super) voluntary: u64,
    /// How often its processor had been taken away.
    pub(super) involuntary: u64,
    /// How long it had run. None where the kernel keeps no `schedstat`.
    pub(super) ran: Option<Duration>,
    /// How long it could have run and no processor was free. None as above.
    pub(super) queued: Option<Duration>,
}

/// What a thread's `schedstat` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Schedule {
    ran: Duration,
    queued: Duration,
}

impl Threads {
    /// Those of a process, as they are just now.
    pub(super) fn of(pid: i32) -> io::Result<Self> {
        let mut each = BTreeMap::new();
        let mut living = Some(Duration::ZERO);
        let before = clock(pid)?;
        for tid in proc::numbers_in(format!("/proc/{pid}/task"))? {
            let Some(status) = proc::contents(format!("/proc/{pid}/task/{tid}/status"))? else { continue };
            let schedule = schedule(pid, tid)?;
            each.insert(tid, Thread::of(&status, schedule));
            living = living.zip(schedule).map(|(sum, schedule)| sum + schedule.ran);
        }
        let after = clock(pid)?;
        // The living threads went on while they were read, hence two bounds.
        let ended = before.zip(after).zip(living);
        let ended = ended
            .map(|((before, after), living)| (before.saturating_sub(living), after.saturating_sub(living)));
        Ok(Self { each, ended })
    }

    /// Whether some of these, or of those that came after them, have ended.
    pub(super) fn ended_until(&self, later: &Self) -> bool {
        match (self.ended, later.ended) {
            (Some((_, at_most)), Some((at_least, _))) => at_least > at_most,
            _ => false,
        }
    }
}

impl Thread {
    /// No thread at all.
    pub(super) const NONE: Self =
        Self { voluntary: 0, involuntary: 0, ran: Some(Duration::ZERO), queued: Some(Duration::ZERO) };

    fn of(status: &[u8], schedule: Option<Schedule>) -> Self {
        let number = |label| proc::number_after(status, label).unwrap_or(0);
        Self {
            voluntary: number("voluntary_ctxt_switches:"),
            involuntary: number("nonvoluntary_ctxt_switches:"),
            ran: schedule.map(|schedule| schedule.ran),
            queued: schedule.map(|schedule| schedule.queued),
        }
    }

    /// None if a count fell: it belongs to another thread then, which got the number of one that ended.
    pub(super) fn until(&self, later: &Self) -> Option<Self> {
        let difference = |before: Option<Duration>, now: Option<Duration>| Some(now?.saturating_sub(before?));
        Some(Self {
            voluntary: later.voluntary.checked_sub(self.voluntary)?,
            involuntary: later.involuntary.checked_sub(self.involuntary)?,
            ran: difference(self.ran, later.ran),
            queued: difference(self.queued, later.queued),
        })
    }

    pub(super) fn plus(self, other: Self) -> Self {
        let sum = |one: Option<Duration>, other: Option<Duration>| Some(one? + other?);
        Self {
            voluntary: self.voluntary + other.voluntary,
            involuntary: self.involuntary + other.involuntary,
            ran: sum(self.ran, other.ran),
            queued: sum(self.queued, other.queued),
        }
    }
}

/// How long a thread has run and waited; none if it is gone or the kernel keeps no `schedstat`.
fn schedule(pid: i32, tid: i32) -> io::Result<Option<Schedule>> {
    let text = proc::contents(format!("/proc/{pid}/task/{tid}/schedstat"))?;
    Ok(text.and_then(|text| Schedule::of(&text)))
}

/// How long the calling thread could have run so far and no processor was free; none where the kernel does not say.
pub fn queued_so_far() -> Option<Duration> {
    let text = proc::contents("/proc/thread-self/schedstat").ok()??;
    Schedule::of(&text).map(|schedule| schedule.queued)
}

impl Schedule {
    fn of(text: &[u8]) -> Option<Self> {
        let mut numbers = std::str::from_utf8(text).ok()?.split_ascii_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok().map(Duration::from_nanos);
        let (ran, queued, turns) = (next()?, next()?, next()?);
        // A kernel that keeps none says "0 0 0": a thread that ever ran has had at least one turn.
        (!turns.is_zero()).then_some(Self { ran, queued })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_keeps_no_schedule_says_so() {
        let schedule = Schedule { ran: Duration::from_nanos(70), queued: Duration::from_nanos(8) };
        assert_eq!(Schedule::of(b"70 8 1\n"), Some(schedule));
        assert_eq!(Schedule::of(b"0 0 0\n"), None);
    }
}
