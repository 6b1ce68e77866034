//! What it costs to go from one that runs to another, and what one that sleeps holds.
//!
//! Read `pipe.rs` first, then `futex.rs` and `sched_yield.rs`, in which less and less is left but the switch; then those
//! that go by without the kernel: `yields.rs` and `generator.rs`; and then `sleep/`.

use super::{Operation, Probe, Setting, Sides};

mod futex;
mod generator;
mod pipe;
mod sched_yield;
mod sleep;
mod word;
mod yields;

/// In the order of listings.
pub(super) const PROBES: &[Probe] = &[
    pipe::PROCESSES,
    pipe::THREADS,
    futex::PROCESSES,
    futex::THREADS,
    sched_yield::PROBE,
    yields::COROUTINE,
    generator::PROBE,
    yields::TASK,
    sleep::THREADS,
    sleep::PROCESSES,
    sleep::COROUTINES,
    sleep::TASKS,
];

/// Two that the kernel goes between, on one processor and on two.
fn both_sides() -> Vec<Setting> {
    [Sides::Together, Sides::Apart]
        .map(|sides| Setting { sides: Some(sides), ..Setting::of(Operation::Switch) })
        .into()
}
