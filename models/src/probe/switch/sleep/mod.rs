//! What one that sleeps holds of the machine's memory, among many that do.
//!
//! Sleepers are made until there are as many as was asked for, or something is in the way ([`room`]). When all of them
//! sleep, it is looked by how much memory has grown since before the first one ([`memory`]). Nothing is timed here.
//!
//! Read `threads.rs` first, then `processes.rs`, `coroutines.rs` and `tasks.rs`.

use super::super::{Measured, Operation, Setting, Trouble};

mod coroutines;
mod memory;
mod processes;
mod room;
mod tasks;
mod threads;

use room::Filled;

pub(super) use coroutines::PROBE as COROUTINES;
pub(super) use processes::PROBE as PROCESSES;
pub(super) use tasks::PROBE as TASKS;
pub(super) use threads::PROBE as THREADS;

/// How many sleep at once.
fn numbers() -> Vec<Setting> {
    let number = |number| Setting { number: Some(number), ..Setting::of(Operation::Sleep) };
    [100, 1_000, 10_000, 100_000].map(number).into()
}

/// How many were asked for.
fn wanted(setting: &Setting) -> Result<u64, Trouble> {
    setting
        .number
        .filter(|number| *number > 0)
        .ok_or_else(|| Trouble::Failed("it is not said how many are to sleep; give a number".to_owned()))
}

/// What came of it, from how many bytes were held before and with all that sleep, and what is in that.
fn measured(filled: Filled, before: u64, held: u64, what: &str) -> Result<Measured, Trouble> {
    let Filled { number, wanted, in_the_way } = filled;
    let remark = match in_the_way {
        None => what.to_owned(),
        Some(why) if number == 0 => {
            return Err(Trouble::Unsupported(format!("not one could be made: {why}")));
        }
        Some(why) => format!("{why}; {what}"),
    };
    // Somebody else gave back as much as these took: that says nothing of them, and surely not that they hold nothing.
    let grown = held.checked_sub(before).filter(|grown| *grown > 0).ok_or_else(|| {
        Trouble::Disturbed(
            "memory did not grow while they were made; try again when the machine does less".to_owned(),
        )
    })?;
    Ok(Measured {
        bytes_each: Some(grown as f64 / number as f64),
        number: (number < wanted).then_some(number),
        remark: Some(remark),
        ..Measured::default()
    })
}
