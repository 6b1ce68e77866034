//! What every executor promises, proved on the executors themselves.
//!
//! `processes` and `process-pool` fork only a process with one thread, so each case is a process of its own ([`alone`]).

#[path = "../alone/mod.rs"]
#[macro_use]
mod alone;
mod errors;
mod jobs;
mod leftovers;
mod refusals;
mod values;

use std::process::ExitCode;

pub(crate) use alone::{Function, myself};

/// A case that hangs is killed after this many seconds; the slowest takes about one.
pub(crate) const TIME_LIMIT_S: u32 = 60;

const CASES: [&[Function]; 4] = [values::CASES, errors::CASES, refusals::CASES, leftovers::CASES];
const ACTORS: [&[Function]; 2] = [errors::ACTORS, leftovers::ACTORS];

fn main() -> ExitCode {
    alone::main(&CASES, &ACTORS, TIME_LIMIT_S)
}
