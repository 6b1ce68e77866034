//! `eventfd`: two counters in the kernel, one for each way.
//!
//! A write(2) of eight bytes adds their number to the counter; a read(2) gives what it has come to and sets it back to
//! nought, or sleeps while it is nought. It is a descriptor, so it can be watched by poll and epoll like any other, which
//! neither a semaphore nor a futex can. What is written twice before it is read arrives as one sum: so there are round trips
//! here, and no bandwidth.
//!
//! Good at waking an event loop: one descriptor and no buffer, where a pipe has two and pages. Bad at anything longer than a number.
//!
//! Source: eventfd(2).

use std::rc::Rc;

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::super::{Operation, Probe, Setting, Suite, Trouble};
use super::process::between_processes;
use super::ticks::uninterrupted;
use super::{End, Peer, apart, only};

const BYTES: u64 = size_of::<u64>() as u64;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "eventfd",
    family: "processes",
    summary: "eventfd(2): a number of eight bytes that is added to a counter in the kernel",
    settings: || vec![apart(Operation::RoundTrip, BYTES)],
    measure: |setting, time| {
        refuse_bandwidth(setting)?;
        between_processes(setting, only(BYTES, setting)?, time, ends)
    },
};

fn refuse_bandwidth(setting: &Setting) -> Result<(), Trouble> {
    if setting.operation == Operation::Bandwidth {
        return Err(Trouble::Unsupported(
            "numbers that nobody has read yet arrive as their sum, so there is no bandwidth; ask for a round trip".to_owned(),
        ));
    }
    Ok(())
}

struct Counters {
    input: Rc<EventFd>,
    output: Rc<EventFd>,
}

fn ends(_: usize) -> Result<(Counters, Counters), Trouble> {
    let new = || EventFd::from_flags(EfdFlags::EFD_CLOEXEC).map(Rc::new);
    let (here, there) = (new()?, new()?);
    let theirs = Counters { input: Rc::clone(&there), output: Rc::clone(&here) };
    Ok((Counters { input: here, output: there }, theirs))
}

impl End for Counters {
    fn send(&mut self, message: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
        let mut number = [0; BYTES as usize];
        number.copy_from_slice(message);
        // One more, since the counter says nothing of a nought.
        let number = u64::from_ne_bytes(number) + 1;
        uninterrupted(peer, || self.output.write(number)).map(drop)
    }

    fn receive(&mut self, message: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble> {
        let number = uninterrupted(peer, || self.input.read())?;
        message.copy_from_slice(&(number - 1).to_ne_bytes());
        Ok(())
    }
}
