//! `generator`: a function with a stack of its own that gives one value after another, each time it is resumed.
//!
//! To resume it is to save a few registers, to exchange the stack pointer for the other one's, and to jump; to give a value
//! is the same the other way. No queue, no worker and no kernel are in it: the caller says who goes on. A sample is one
//! way. This is the switch of Python's greenlet and, seen from outside, what its generators do; the coroutines of may are
//! made of the same, with a queue around them.
//!
//! Good for walking through a structure or a protocol in plain code. Bad as soon as many are to take turns: then somebody
//! has to say who is next, and that is a scheduler.
//!
//! Source: the documentation of crate corosensei; M. Conway, "Design of a separable transition-diagram compiler", 1963.

use corosensei::{Coroutine, CoroutineResult};

use super::super::{Measured, Operation, Probe, Samples, Setting, Suite, Trouble};

/// So many times it is resumed for a sample.
const EACH: u32 = 1_000;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Switch,
    name: "generator",
    family: "coroutines",
    summary: "a stackful generator of corosensei, resumed, and back when it gives a value",
    settings: || vec![Setting::of(Operation::Switch)],
    measure: |_, time| {
        let mut generator = Coroutine::<bool, u64, ()>::new(|suspender, mut goes_on| {
            let mut value = 0;
            while goes_on {
                value += 1;
                goes_on = suspender.suspend(value);
            }
        });
        let mut last = 0;
        let times = Samples::take(time, EACH, || match generator.resume(true) {
            CoroutineResult::Yield(value) if value == last + 1 => {
                last = value;
                Ok(())
            }
            _ => Err(Trouble::Failed("the generator gave another value than was due; try again".to_owned())),
        });
        if !generator.done() {
            generator.resume(false); // it returns: one that is dropped in between would be unwound
        }
        Ok(Measured { times: Some(times?.each_was(2)), ..Measured::default() })
    },
};
