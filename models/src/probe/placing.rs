//! Which processors the two sides of a probe are bound to.

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

/// Binds the calling thread as `sides` has it for this side; without `sides` it stays free.
///
/// A thread or process made by one that is bound is bound as well, and has no other processor to go to. So the other side is
/// made first, and then each binds itself.
///
/// # Errors
/// There is one processor only, and the two should be apart; or the kernel refuses.
pub(crate) fn bind(sides: Option<Sides>, side: Side) -> Result<(), Trouble> {
    let Some(sides) = sides else { return Ok(()) };
    let this = Pid::from_raw(0); // the calling thread
    let allowed = sched_getaffinity(this)?;
    let mut processors = (0..CpuSet::count()).filter(|processor| allowed.is_set(*processor).unwrap_or(false));
    let (first, second) = (processors.next(), processors.next());
    let wanted = match (sides, side) {
        (Sides::Together, _) => first,
        (Sides::Apart, Side::One) => second.and(first), // it says so too where there is no second
        (Sides::Apart, Side::Other) => second,
    };
    let Some(wanted) = wanted else {
        return Err(Trouble::Unsupported(
            "there is one processor only, and the two sides can't be apart".to_owned(),
        ));
    };
    let mut set = CpuSet::new();
    set.set(wanted)?;
    Ok(sched_setaffinity(this, &set)?)
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
