//! `sleeping-processes`: forked children that each wait in pause(2) for a signal.
//!
//! A child shares its parent's pages until one of the two writes to them. What it has for itself are the pages that it
//! wrote to, its page tables, a copy of all mappings, and what a thread has as well: the kernel's stack and the record of
//! it. Its part of what it shares is in the proportional set size.
//!
//! Good for some hundreds that must be apart from each other. Bad for a connection each.
//!
//! Source: fork(2), pause(2), `proc_meminfo(5)`, `proc_pid_smaps(5)`.

use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pause};

use super::super::super::partner::Partner;
use super::super::super::{Measured, Probe, Setting, Suite, Trouble};
use super::memory::Kernel;
use super::room::{PATIENCE, Room, third_of_numbers};
use super::{measured, numbers, wanted};
use crate::forking::Alone;

pub(in super::super) const PROBE: Probe = Probe {
    suite: Suite::Switch,
    name: "sleeping-processes",
    family: "processes",
    summary: "memory of each of many forked children that wait",
    settings: numbers,
    measure: |setting, _| measure(setting),
};

fn measure(setting: &Setting) -> Result<Measured, Trouble> {
    let wanted = wanted(setting)?;
    let alone = Alone::wait()?;
    let (mut arrived, arrival) = io::pipe()?;
    let before = Kernel::Machine.bytes_held_before()?;
    let mut children: Vec<Partner> = Vec::new(); // killed when dropped, and when this process ends
    let filled = Room::for_so_many(wanted, &[third_of_numbers()]).fill(|| {
        let sleep = || {
            (&arrival).write_all(&[0])?;
            loop {
                pause();
            }
        };
        let (child, ()) = Partner::fork(&alone, (), sleep).map_err(io::Error::other)?;
        children.push(child);
        hear(&mut arrived) // one after the other, so that the pipe never fills
    });
    let ids: Vec<Pid> = children.iter().map(Partner::id).collect();
    let held = Kernel::Machine.bytes_held(&ids)?;
    // All at once: else each would be waited for before the next one is ended.
    for id in ids {
        let _ = kill(id, Signal::SIGKILL);
    }
    drop(children);
    measured(filled, before, held, Kernel::Machine.told())
}

/// Waits until a child says that it goes to sleep. The pipe's other end is open here as well, so its end would not be heard.
fn hear(arrived: &mut PipeReader) -> io::Result<()> {
    let timeout = PollTimeout::try_from(PATIENCE).unwrap_or(PollTimeout::MAX);
    if poll(&mut [PollFd::new(arrived.as_fd(), PollFlags::POLLIN)], timeout)? == 0 {
        return Err(io::Error::other("it did not come to sleep"));
    }
    arrived.read_exact(&mut [0])
}
