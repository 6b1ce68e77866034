//! `channel`: two bounded channels between two threads, one for each way (crossbeam).
//!
//! A channel hands over the message itself: what moves is a pointer to it, and the memory has another owner from then on, which
//! the compiler sees to. So a message is made for each send and freed by who receives it. A place in the channel's ring is
//! claimed by an atomic operation, no lock; who finds it full or empty looks again for a moment and then sleeps on a futex.
//!
//! Good at ownership: no lock to forget, no byte copied twice. Its pace depends on whether the other side is found awake.
//! It ends at the border of a process.
//!
//! Source: the documentation of crossbeam-channel; futex(2).

use crossbeam_channel::{Receiver, Sender, bounded};

use super::super::{Probe, Suite, Trouble};
use super::thread::between_threads;
use super::{End, Peer, all_sizes, any_size, room_for};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "channel",
    family: "threads",
    summary: "crossbeam's bounded channel: a message changes its owner",
    settings: all_sizes,
    measure: |setting, time| between_threads(setting, any_size(setting)?, time, ends),
};

struct Channels {
    input: Receiver<Vec<u8>>,
    output: Sender<Vec<u8>>,
}

#[expect(clippy::unnecessary_wraps, reason = "other ways can fail")]
fn ends(bytes: usize) -> Result<(Channels, Channels), Trouble> {
    let (here, there) = (bounded(room_for(bytes)), bounded(room_for(bytes)));
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

/// That nobody has the other end of a channel any more, which it says by itself.
pub(super) fn disconnected() -> Trouble {
    Trouble::Failed("the other thread has let go of the channel; measure again".to_owned())
}
