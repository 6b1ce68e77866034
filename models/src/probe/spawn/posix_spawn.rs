//! `posix_spawn`: a child that becomes another program, by the call that is made for it.
//!
//! As in `vfork`, the child borrows its parent's memory until execve(2) gives it another one. What is left of the cost is
//! the new program's: its file is mapped, its shared libraries are found and linked, and all that is taken down again.
//! Compare with `fork-exec`, which copies the page tables only to throw them away.
//!
//! Good for starting programs, also from large processes; std's `Command` takes this way when it can. Bad where something
//! is to be done between the two steps that the call has no word for.
//!
//! Source: `posix_spawn(3)`, execve(2); A. Baumann et al., "A `fork()` in the road", 2019.

use std::ffi::CStr;

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};

use super::super::{Measured, Probe, Samples, Suite};
use super::child::{ended, program};
use super::touched::{self, Touched};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "posix-spawn",
    family: "processes",
    summary: "posix_spawn(3) of a program that does nothing, and waitpid(2)",
    settings: touched::settings,
    measure: |setting, time| {
        let program = program()?;
        let _touched = Touched::of(setting)?;
        let (actions, attributes) = (PosixSpawnFileActions::init()?, PosixSpawnAttr::init()?);
        let nothing: [&CStr; 0] = [];
        let times = Samples::take(time, 1, || {
            ended(posix_spawn(program, &actions, &attributes, &[program], &nothing)?)
        })?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};
