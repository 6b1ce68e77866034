//! What a server needs runs out: descriptors, processes and threads, memory.
//!
//! Each is confined beforehand (`setrlimit(2)`) to what it needs at rest and a little more. Then more clients come than that
//! is enough for. The good client is let in before them. While the shortage lasts the server must not turn without
//! sleeping, and must go on serving those who are in; newcomers may wait or be turned away.

#![allow(
    clippy::unnecessary_wraps,
    reason = "all faults have one form, whether or not they can fail by themselves"
)]

use std::thread;
use std::time::Duration;

use super::account::does_not_turn;
use super::crowd::{Crowd, Turn};
use super::trial::Trial;
use super::victim::{Means, Needs, unused_user};
use crate::measure::limits::Confine;
use crate::verify::case::{Verdict, Within, skipped};

/// Descriptors besides those at rest.
const SPARE_DESCRIPTORS: u64 = 16;
/// The same where a flood comes.
const FLOOD_DESCRIPTORS: u64 = 96;
/// Processes and threads besides those at rest.
const SPARE_TASKS: u64 = 8;
/// Addresses besides those at rest: a few stacks of 8 MiB, and half of one more for everything else.
const SPARE_ADDRESS_BYTES: u64 = 36 << 20;
/// A server that is patient with silent clients, so that a shortage lasts until they leave by themselves.
const OF_THE_PATIENT: Means = Means { limits: Vec::new(), user: None, large_stacks: false, is_patient: true };
/// How many clients come.
const CLIENTS: usize = 64;
/// How many come at once in a flood, again and again.
const FLOOD: usize = 600;
/// Time to come to a shortage.
const SETTLE: Duration = Duration::from_millis(300);
/// Between two looks of those who wait.
const TURN: Duration = Duration::from_millis(100);
/// How long each wave of a flood stays.
const WAVE: Duration = Duration::from_millis(150);

/// Enough descriptors for a few clients.
pub(super) fn few_descriptors(needs: &Needs) -> Verdict<Means> {
    let limits = vec![Confine::descriptors(needs.descriptors_and(SPARE_DESCRIPTORS))];
    Ok(Means { limits, ..OF_THE_PATIENT })
}

/// Enough descriptors for some clients.
pub(super) fn flood_descriptors(needs: &Needs) -> Verdict<Means> {
    let limits = vec![Confine::descriptors(needs.descriptors_and(FLOOD_DESCRIPTORS))];
    Ok(Means { limits, ..OF_THE_PATIENT })
}

/// Enough processes and threads for a few clients. That limit does not bind the privileged, and counts what its user has
/// everywhere: so the server is another user's, who has nothing else.
pub(super) fn few_tasks(needs: &Needs) -> Verdict<Means> {
    let Some(user) = unused_user() else {
        return skipped(
            "the limit of processes counts all that its user has, and to start the server as another one takes root",
        );
    };
    let limits = vec![Confine::tasks(needs.tasks + SPARE_TASKS)];
    Ok(Means { limits, user: Some(user), ..OF_THE_PATIENT })
}

/// Enough addresses for a few stacks.
pub(super) fn few_addresses(needs: &Needs) -> Verdict<Means> {
    let limits = vec![Confine::address_space(needs.address_bytes + SPARE_ADDRESS_BYTES)];
    Ok(Means { limits, large_stacks: true, ..OF_THE_PATIENT })
}

/// Silent clients come, more than there is anything for, and stay; whoever is turned away comes again.
pub(super) fn outlast(trial: &mut Trial<'_>) -> Verdict {
    let mut crowd = Crowd::new(trial.address(), CLIENTS.min(trial.space.at_most), None);
    crowd.turn(&mut trial.done, |member, _| member.hear(64));
    thread::sleep(SETTLE);
    let tree = trial.tree();
    trial.good.hushed(|| does_not_turn(tree)).within("while it can't let anybody in")?;
    while trial.goes_on() {
        crowd.turn(&mut trial.done, |member, _| member.hear(64));
        thread::sleep(TURN);
    }
    crowd.reset(&mut trial.done);
    Ok(())
}

/// Waves of clients who ask and leave, more than the server has descriptors for and more than wait in the kernel's queue.
pub(super) fn flood(trial: &mut Trial<'_>) -> Verdict {
    let request = super::menu::get("/hello", true);
    while trial.goes_on() {
        let mut crowd = Crowd::new(trial.address(), FLOOD, None);
        for _ in 0..2 {
            crowd.turn(&mut trial.done, |member, done| {
                if member.at == 0 {
                    member.at = member.send(&request, done)?;
                }
                Ok(Turn::Stays)
            });
            thread::sleep(WAVE / 2);
        }
        crowd.reset(&mut trial.done);
    }
    Ok(())
}
