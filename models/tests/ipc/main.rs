//! What every way to send a message promises, proved on the ways themselves.
//!
//! Most of them fork, so each case is a process of its own ([`alone`]).

#[macro_use]
#[path = "../common/skipped.rs"]
mod skipped;
#[path = "../alone/mod.rs"]
#[macro_use]
mod alone;
mod carries;
mod deaths;
mod leftovers;

use std::process::ExitCode;
use std::time::Duration;

use alone::{Function, myself};
use models::probe::{Measured, Operation, Probe, Setting, Suite, Trouble, find, probes};

/// A case that hangs is killed after this many seconds; the slowest takes about twenty.
const TIME_LIMIT_S: u32 = 120;

const CASES: [&[Function]; 3] = [carries::CASES, deaths::CASES, leftovers::CASES];
const ACTORS: [&[Function]; 1] = [deaths::ACTORS];

fn main() -> ExitCode {
    alone::main(&CASES, &ACTORS, TIME_LIMIT_S)
}

/// The ways, with the names that they are asked for by.
fn ways() -> impl Iterator<Item = &'static Probe> {
    probes().filter(|probe| probe.suite == Suite::Ipc)
}

/// Those whose other side is a process.
fn forking() -> impl Iterator<Item = &'static Probe> {
    ways().filter(|way| way.family == "processes")
}

fn way(name: &str) -> &'static Probe {
    find(Suite::Ipc, name).expect(name)
}

/// The first of what is measured of a way: a short round trip.
fn first(way: &Probe) -> Setting {
    (way.settings)().remove(0)
}

fn of(operation: Operation, bytes: u64) -> Setting {
    Setting { message_bytes: Some(bytes), ..Setting::of(operation) }
}

/// Measures for a moment.
fn measure(way: &Probe, setting: &Setting) -> Result<Measured, Trouble> {
    (way.measure)(setting, Duration::from_millis(10))
}
