//! `signal-real-time`: the first real-time signal, with a number.
//!
//! sigqueue(3) sends a signal that is queued: each comes as often as it was sent, in order, and brings an int with it.
//! The queue is bounded by `RLIMIT_SIGPENDING`; who finds it full is told to try again, and gives way to others meanwhile.
//!
//! Good at a few urgent numbers for a process that may be doing anything. Bad at everything else: four bytes a call, a
//! small allocation for each, and one queue for the whole user.
//!
//! Source: signal(7), sigqueue(3), sigwaitinfo(2).

#![allow(unsafe_code, reason = "sigqueue(3) and the number that it brings are the C library's")]

use std::rc::Rc;
use std::thread::yield_now;

use nix::errno::Errno;
use nix::libc;

use super::super::{Operation, Probe, Suite, Trouble};
use super::process::between_processes;
use super::signal::HeldBack;
use super::{End, Peer, apart, only};

const BYTES: u64 = size_of::<u32>() as u64;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "signal-real-time",
    family: "processes",
    summary: "SIGRTMIN with a number of four bytes, sent by sigqueue(3): queued, none lost",
    settings: || vec![apart(Operation::RoundTrip, BYTES), apart(Operation::Bandwidth, BYTES)],
    measure: |setting, time| between_processes(setting, only(BYTES, setting)?, time, ends),
};

struct Signals(Rc<HeldBack>);

fn ends(_: usize) -> Result<(Signals, Signals), Trouble> {
    let held_back = Rc::new(HeldBack::new(libc::SIGRTMIN())?);
    Ok((Signals(Rc::clone(&held_back)), Signals(held_back)))
}

impl End for Signals {
    fn send(&mut self, message: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
        let mut number = [0; BYTES as usize];
        number.copy_from_slice(message);
        // Rust's C library has the pointer only of what is a union with an int.
        let value = libc::sigval { sival_ptr: u32::from_ne_bytes(number) as usize as *mut libc::c_void };
        loop {
            // SAFETY: the number is handed over as it is; nobody takes it for an address.
            match Errno::result(unsafe { libc::sigqueue(peer.pid().as_raw(), libc::SIGRTMIN(), value) }) {
                Err(Errno::EAGAIN) => {
                    peer.look()?;
                    yield_now();
                }
                sent => return Ok(sent.map(drop)?),
            }
        }
    }

    fn receive(&mut self, message: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble> {
        let about = self.0.take_from(peer)?;
        // SAFETY: a signal that sigqueue(3) has sent brings a value. A plain one's is whatever it is, and then not the message
        // that is expected.
        let number = unsafe { about.si_value() }.sival_ptr as usize as u32;
        message.copy_from_slice(&number.to_ne_bytes());
        Ok(())
    }
}
