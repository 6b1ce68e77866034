//! `fork-exec`: a child that becomes another program, by the two calls of old.
//!
//! fork(2) copies the page tables, and execve(2) throws the copy away: the more the parent has touched, the more is done for
//! nothing. The new program is the same as in `posix-spawn`, and so is all the rest.
//!
//! Good where a child has something to do between the two: change its user, its limits, its descriptors. Bad in a large
//! parent, and in one with threads.
//!
//! Source: fork(2), execve(2); D. Ritchie, "The evolution of the Unix time-sharing system", 1984.

use std::ffi::CStr;

use super::super::{Measured, Probe, Samples, Suite};
use super::child::{ended, program};
use super::touched::{self, Touched};
use crate::forking::{Alone, FAILED, Side, fork, leave_with};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "fork-exec",
    family: "processes",
    summary: "fork(2), a child that becomes a program that does nothing, and waitpid(2)",
    settings: touched::settings,
    measure: |setting, time| {
        let alone = Alone::wait()?;
        let program = program()?;
        let _touched = Touched::of(setting)?;
        let nothing: [&CStr; 0] = [];
        let times = Samples::take(time, 1, || match fork(&alone)? {
            Side::Child => leave_with(|| {
                nix::unistd::execve(program, &[program], &nothing).map_or(FAILED, |never| match never {})
            }),
            Side::Parent(child) => ended(child),
        })?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};
