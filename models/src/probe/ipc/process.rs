//! The other side as a process: forked, and ended when the measurement is over, whatever came of it.

use std::thread::sleep;
use std::time::Duration;

use nix::unistd::getpid;

use super::super::partner::Partner;
use super::super::placing::Unbound;
use super::super::{Measured, Setting, Trouble};
use super::End;
use super::exchange::{self, Job};
use super::peer::Peer;
use super::ticks::Ticks;
use crate::forking::Alone;

/// Measures between this process and a child, which have an end each.
///
/// # Errors
/// The way's own; this process has several threads; or the child ended too early.
pub(super) fn between_processes<E: End>(
    setting: &Setting,
    bytes: usize,
    time: Duration,
    ends: impl FnOnce(usize) -> Result<(E, E), Trouble>,
) -> Result<Measured, Trouble> {
    let alone = Alone::wait()?;
    let _unbound = Unbound::now()?;
    let job = Job { setting, bytes, time };
    let (ours, mut theirs) = ends(bytes)?;
    let _ticks = Ticks::start()?; // only now: a call that makes room for much may begin anew after each
    let (control, mut obedience) = exchange::control()?;
    let parent = getpid();
    let obey = move || exchange::obey(&mut theirs, job, &mut obedience, &Peer::parent(parent));
    let (partner, (mut ours, mut control)) = Partner::fork(&alone, (ours, control), obey)?;
    let result = exchange::measure(&mut ours, job, &mut control, &Peer::child(&partner, time));
    let ended = result.is_err().then(|| gone(&partner)).flatten();
    // Before our end goes, which may be ready for something that it still sends; and so that its complaint has an end.
    drop(partner);
    result.map_err(|trouble| control.complaint().or(ended).unwrap_or(trouble))
}

/// That the other side has ended by itself, if it has: one that has just closed its end may still be about to.
fn gone(partner: &Partner) -> Option<Trouble> {
    const LOOKS: u32 = 100;
    (0..LOOKS).find_map(|_| {
        let ended = partner.is_there().err();
        if ended.is_none() {
            sleep(Duration::from_millis(1));
        }
        ended
    })
}
