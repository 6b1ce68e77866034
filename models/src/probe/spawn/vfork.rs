//! `vfork`: a child that borrows its parent's memory and ends at once, while the parent stands still.
//!
//! Asked with `CLONE_VM | CLONE_VFORK`, clone(2) copies no page tables: the child runs in the parent's, on a stack of its
//! own, and the parent waits until the child has ended or become another program. So it costs the same whatever the parent
//! has touched. The C library makes such children in `posix_spawn(3)`, and this probe has it start a program that isn't
//! there: the child is made, fails to become it, ends, and is waited for, all within the one call. This is what `fork` does
//! in its row, and of exec nothing but the look for a name. But the call has things of its own to do, some microseconds of
//! them: it maps a stack for the child and takes it away, blocks all signals meanwhile, and the child looks at the handler
//! of each.
//!
//! Good for a child that becomes another program at once, in a parent of any size. Good for nothing else: what the child
//! writes, its parent finds written.
//!
//! Source: vfork(2), clone(2), `posix_spawn(3)`.

use std::ffi::CStr;

use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};

use super::super::{Measured, Probe, Samples, Suite, Trouble};
use super::touched::{self, Touched};

/// An empty name is nowhere: the kernel says so at once.
const NOWHERE: &CStr = c"";

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "vfork",
    family: "processes",
    summary: "a child in its parent's memory, as posix_spawn(3) makes them, that ends at once and is waited for",
    settings: touched::settings,
    measure: |setting, time| {
        let _touched = Touched::of(setting)?;
        let (actions, attributes) = (PosixSpawnFileActions::init()?, PosixSpawnAttr::init()?);
        let nothing: [&CStr; 0] = [];
        let times = Samples::take(time, 1, || {
            match posix_spawn(NOWHERE, &actions, &attributes, &[NOWHERE], &nothing) {
                Err(Errno::ENOENT) => Ok(()),
                Err(error) => Err(error.into()),
                Ok(_) => {
                    Err(Trouble::Failed("a program without a name was started; this is not Linux".to_owned()))
                }
            }
        })?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};
