//! Which processors the two sides of a probe are bound to.

use std::fs;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::{Sides, Trouble};

/// One side of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that measures.
    One,
    /// Its partner.
    Other,
}

/// The processors that two sides are bound to, of those that the calling thread may use: one if they are together; apart two,
/// of different cores if there are, since two hardware threads of one core share its caches and take its time from each other.
///
/// # Errors
/// There is one processor only, and the two should be apart; or the kernel refuses.
pub fn processors(sides: Sides) -> Result<Vec<usize>, Trouble> {
    let allowed = sched_getaffinity(Pid::from_raw(0))?; // of the calling thread
    let all: Vec<usize> =
        (0..CpuSet::count()).filter(|processor| allowed.is_set(*processor).unwrap_or(false)).collect();
    chosen(&all, sides, siblings).ok_or_else(|| {
        Trouble::Unsupported("there is one processor only, and the two sides can't be apart".to_owned())
    })
}

fn chosen(all: &[usize], sides: Sides, siblings: fn(usize) -> Option<String>) -> Option<Vec<usize>> {
    let (first, others) = all.split_first()?;
    if sides == Sides::Together {
        return Some(vec![*first]);
    }
    // What the kernel does not tell is a core of its own.
    let elsewhere = |other: &&usize| siblings(**other).is_none_or(|core| Some(core) != siblings(*first));
    let second = others.iter().find(elsewhere).or(others.first())?;
    Some(vec![*first, *second])
}

/// The hardware threads of a processor's core, as the kernel lists them: `0,4`.
pub fn siblings(processor: usize) -> Option<String> {
    fs::read_to_string(format!("/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")).ok()
}

/// Binds the calling thread as `sides` has it for this side; without `sides` it stays free.
///
/// A thread or process made by one that is bound is bound as well, and has no other processor to go to. So the other side is
/// made first, and then each binds itself.
///
/// # Errors
/// As those of [`processors`].
pub(crate) fn bind(sides: Option<Sides>, side: Side) -> Result<(), Trouble> {
    let Some(sides) = sides else { return Ok(()) };
    let processors = processors(sides)?;
    let mut set = CpuSet::new();
    set.set(if side == Side::One { processors[0] } else { processors[processors.len() - 1] })?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// Where the calling thread may run now, and may run again when this is dropped: whoever measures next finds all processors.
pub(crate) struct Unbound(CpuSet);

impl Unbound {
    /// To be had before [`bind`].
    ///
    /// # Errors
    /// The kernel refuses.
    pub(crate) fn now() -> Result<Self, Trouble> {
        Ok(Self(sched_getaffinity(Pid::from_raw(0))?))
    }
}

impl Drop for Unbound {
    fn drop(&mut self) {
        let _ = sched_setaffinity(Pid::from_raw(0), &self.0); // a processor may have been taken away meanwhile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sides_are_on_two_cores_if_there_are_two() {
        let pairs = |processor: usize| Some(format!("{},{}", processor / 2 * 2, processor / 2 * 2 + 1));
        assert_eq!(chosen(&[0, 1, 2, 3], Sides::Apart, pairs), Some(vec![0, 2]));
        assert_eq!(chosen(&[0, 1], Sides::Apart, pairs), Some(vec![0, 1]), "there is no other core");
        assert_eq!(chosen(&[4, 6], Sides::Apart, |_| None), Some(vec![4, 6]), "nothing is known");
        assert_eq!(chosen(&[3, 5], Sides::Together, pairs), Some(vec![3]));
    }

    #[test]
    fn one_processor_is_not_two() {
        assert_eq!(chosen(&[3], Sides::Apart, |_| None), None);
        assert_eq!(chosen(&[3], Sides::Together, |_| None), Some(vec![3]));
    }

    #[test]
    fn each_side_is_bound_to_its_processor_and_free_again_afterwards() {
        let may_run = || sched_getaffinity(Pid::from_raw(0)).unwrap();
        let before = may_run();
        let Ok(apart) = processors(Sides::Apart) else {
            skipped!("there is one processor only");
            return;
        };
        for (side, processor) in [(Side::One, apart[0]), (Side::Other, apart[1])] {
            let unbound = Unbound::now().unwrap();
            bind(Some(Sides::Apart), side).unwrap();
            let bound: Vec<usize> =
                (0..CpuSet::count()).filter(|number| may_run().is_set(*number).unwrap()).collect();
            drop(unbound);
            assert_eq!(bound, [processor]);
        }
        assert_eq!(may_run(), before);
    }
}
