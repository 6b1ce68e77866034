//! `coroutine`: a coroutine of may, made and joined by another one.
//!
//! A stack is taken from a store of used ones, a few registers are written onto it, and it goes into the queue of new ones.
//! Who joins parks, the worker switches to the new one, and back when that has ended. All of this is on one worker, so
//! nothing crosses to another processor; but anybody may put something into that queue, and may has the worker woken each
//! time: a write(2) and a read(2) of its eventfd(2), and an `epoll_wait(2)`, which are most of what is measured.
//!
//! Good by the thousand. Bad where it calls what blocks: the worker blocks, and all that it runs with it.
//!
//! Source: the documentation of crate may; A. L. de Moura and R. Ierusalimschy, "Revisiting coroutines", 2009.

use std::time::Duration;

use may::go;

use super::super::one_worker::in_coroutine;
use super::super::{Measured, Operation, Probe, Samples, Setting, Suite, Trouble};

/// So many are made one after another for a sample.
const EACH: u32 = 50;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "coroutine",
    family: "coroutines",
    summary: "a coroutine of may, made and joined by another one on the same worker",
    settings: || vec![Setting::of(Operation::Create)],
    measure: |_, time| in_coroutine(move || measured(time)),
};

fn measured(time: Duration) -> Result<Measured, Trouble> {
    let times = Samples::take(time, EACH, || {
        let ended = go!(|| ()).join();
        ended.map_err(|_| Trouble::Failed("the coroutine panicked".to_owned()))
    })?;
    Ok(Measured { times: Some(times), ..Measured::default() })
}
