//! `fork`: a copy of this process that ends at once, and is waited for.
//!
//! fork(2) copies no memory but what describes it: the list of mappings, and the page tables of all that was written to. Both
//! sides then see each page for reading only, and the first to write to one pays for a copy of it. So a fork costs the more,
//! the more its parent has touched: for each page of 4 KiB an entry is copied and one more user of the page is counted, and
//! both are undone when the child ends. Compare with `vfork`, which copies none of it.
//!
//! Good at giving a worker all that its parent knows, behind a wall of its own. Bad in a parent with much memory, and in
//! one with threads: they are not copied, but the locks that they hold are.
//!
//! Source: fork(2), wait(2), _exit(2).

use super::super::{Measured, Probe, Samples, Suite};
use super::child::ended;
use super::touched::{self, Touched};
use crate::forking::{Alone, Side, fork};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "fork",
    family: "processes",
    summary: "fork(2), a child that ends at once, and waitpid(2)",
    settings: touched::settings,
    measure: |setting, time| {
        let alone = Alone::wait()?;
        let _touched = Touched::of(setting)?;
        let times = Samples::take(time, 1, || match fork(&alone)? {
            // Untied: a child that ends at once can't outlive anybody.
            Side::Child => signal_hook::low_level::exit(0),
            Side::Parent(child) => ended(child),
        })?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};
