//! `std-channel`: the same with the standard library's bounded channel.
//!
//! Since Rust 1.67 it is a copy of crossbeam's ring under std's old interface, with one receiver. How long it looks
//! again before it sleeps is its own affair, and the difference to `channel` is mostly that.
//!
//! Source: `std::sync::mpsc::sync_channel`.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::super::{Operation, Probe, Suite, Trouble};
use super::channel::disconnected;
use super::thread::between_threads;
use super::{End, Peer, any_size, apart, room_for};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "std-channel",
    family: "threads",
    summary: "std's bounded channel",
    settings: || vec![apart(Operation::RoundTrip, 64), apart(Operation::Bandwidth, 16 * 1024)],
    measure: |setting, time| between_threads(setting, any_size(setting)?, time, ends),
};

struct Channels {
    input: Receiver<Vec<u8>>,
    output: SyncSender<Vec<u8>>,
}

#[expect(clippy::unnecessary_wraps, reason = "other ways can fail")]
fn ends(bytes: usize) -> Result<(Channels, Channels), Trouble> {
    let (here, there) = (sync_channel(room_for(bytes)), sync_channel(room_for(bytes)));
    Ok((Channels { input: here.1, output: there.0 }, Channels { input: there.1, output: here.0 }))
}

impl End for Channels {
    fn send(&mut self, message: &[u8], _: &Peer<'_>) -> Result<(), Trouble> {
        self.output.send(message.to_vec()).map_err(|_| disconnected())
    }

    fn receive(&mut self, message: &mut Vec<u8>, _: &Peer<'_>) -> Result<(), Trouble> {
        *message = self.input.recv().map_err(|_| disconnected())?;
        Ok(())
    }
}
