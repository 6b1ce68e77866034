//! What ended children used over their whole lives, as `getrusage(RUSAGE_CHILDREN)` adds it up.
//!
//! Where children or threads come and go within a window (a process or a thread per connection, with a
//! connection per request), their switches vanish with them, and [`Reading`](super::reading::Reading) gives
//! none. The whole life of a server has them all, threads that ended included:
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! use harness::measure::life::Reaped;
//!
//! let before = Reaped::so_far()?;
//! // Start a server, load it, stop it: stopping reaps it.
//! let cost = before.until(&Reaped::so_far()?);
//! # Ok(())
//! # }
//! ```
//!
//! That is the cost of the warm-up and of starting and stopping as well. To compare it with a window, divide by
//! the requests of the whole life, the warm-up's included, and multiply by those of the window.
//!
//! Three things to know (`getrusage(2)`):
//! * every child that this process reaps in between counts, so nothing else may be started meanwhile;
//! * a descendant counts only if its parent waited for it, and that parent's parent, up to us: children of a
//!   server that ignores `SIGCHLD`, and the orphans that a double fork makes, are not in it. With a connection
//!   per request such a server's cost is not known at all, and must not be ranked;
//! * the sum of both modes is exact to the microsecond. Its division into modes is the kernel's estimate.

use std::io;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use reports::record::Cost;

/// What all children of this process used that it has waited for so far.
#[derive(Debug, Clone, Copy)]
pub struct Reaped(Usage);

impl Reaped {
    /// Asks the kernel.
    pub fn so_far() -> io::Result<Self> {
        Ok(Self(getrusage(UsageWho::RUSAGE_CHILDREN)?))
    }

    /// What the children used that were reaped between this and a later time.
    pub fn until(&self, later: &Self) -> Cost {
        let time = |of: fn(&Usage) -> TimeVal| (seconds(of(&later.0)) - seconds(of(&self.0))).max(0.0);
        let count = |of: fn(&Usage) -> i64| Some((of(&later.0) - of(&self.0)).max(0).cast_unsigned());
        Cost {
            user_s: Some(time(Usage::user_time)),
            system_s: Some(time(Usage::system_time)),
            voluntary_switches: count(Usage::voluntary_context_switches),
            involuntary_switches: count(Usage::involuntary_context_switches),
            ..Cost::default()
        }
    }
}

fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}
