//! What it costs to send a message to somebody else and to get it back.
//!
//! Each way makes two ends ([`End`]), one for either side, and knows how to send and receive a message through them; its file
//! shows that and nothing else. The rest is the same for all ways: `exchange.rs` sends round trips and bursts, `contents.rs`
//! says what stands in a message and looks whether it arrived, `process.rs` and `thread.rs` have the other side be a process or a
//! thread, and `peer.rs` is how a side that waits finds out that the other has gone.
//!
//! A round trip is a message there and the same back, each looked at where it arrives. Bandwidth is a burst of messages one
//! way, from the first one sent until the receiver has said how many were right.

use super::{Operation, Probe, Setting, Sides, Trouble};
pub use names::forget;
use peer::Peer;

mod atomics;
mod channel;
mod contents;
mod eventfd;
mod exchange;
mod fifo;
mod message_queue;
mod mutex_condvar;
mod names;
mod peer;
mod pipe;
mod process;
mod shared_memory;
mod signal;
mod signal_real_time;
mod std_channel;
mod stream;
mod tcp;
mod thread;
mod ticks;
mod udp;
mod unix_datagram;
mod unix_stream;

/// In the order of listings.
pub(super) const PROBES: &[Probe] = &[
    pipe::PROBE,
    fifo::PROBE,
    message_queue::PROBE,
    shared_memory::semaphore::PROBE,
    shared_memory::futex::PROBE,
    shared_memory::spin::PROBE,
    signal::PROBE,
    signal_real_time::PROBE,
    eventfd::PROBE,
    unix_stream::PROBE,
    unix_datagram::PROBE,
    tcp::PROBE,
    udp::PROBE,
    channel::PROBE,
    std_channel::PROBE,
    mutex_condvar::PROBE,
    atomics::PROBE,
];

/// One end of a way to send messages there and back.
trait End {
    /// Whether a message may be lost without anybody being told.
    const LOSSY: bool = false;
    /// How many round trips are timed together: one, unless it is so quick that reading the clock would count.
    const ROUND_TRIPS_EACH: u32 = 1;

    /// Sends a message, and waits where there is no room for it.
    fn send(&mut self, message: &[u8], peer: &Peer<'_>) -> Result<(), Trouble>;

    /// Waits for a message, and puts it in the place of the one that is there.
    fn receive(&mut self, message: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble>;
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const SIZES: [u64; 6] = [1, 64, KIB, 16 * KIB, 256 * KIB, MIB];

/// No message is longer: each side has it in memory, and some ways twice.
const LONGEST: u64 = 64 * MIB;

/// A message of so many bytes, each side on a processor of its own.
const fn apart(operation: Operation, bytes: u64) -> Setting {
    Setting { message_bytes: Some(bytes), sides: Some(Sides::Apart), ..Setting::of(operation) }
}

/// Round trips and bandwidth of messages of all sizes.
fn all_sizes() -> Vec<Setting> {
    let of = |operation| SIZES.map(|bytes| apart(operation, bytes));
    [of(Operation::RoundTrip), of(Operation::Bandwidth)].concat()
}

/// The same, and a round trip of two that share a processor: nobody has to be woken on another one, which is what most of the
/// time goes into else.
fn all_sizes_and_together() -> Vec<Setting> {
    let mut settings = all_sizes();
    settings.push(Setting { sides: Some(Sides::Together), ..apart(Operation::RoundTrip, 64) });
    settings
}

/// The bytes of a message of a way that carries any number.
fn any_size(setting: &Setting) -> Result<usize, Trouble> {
    match setting.message_bytes.unwrap_or(64) {
        0 => Err(Trouble::Unsupported("a message has a byte at least; ask for 1 or more".to_owned())),
        bytes if bytes > LONGEST => Err(Trouble::Unsupported(format!(
            "a message of {bytes} bytes is too long to be kept in memory several times; ask for at most {LONGEST}"
        ))),
        bytes => Ok(bytes as usize),
    }
}

/// The bytes of a message of a way that carries so many and no others.
fn only(bytes: u64, setting: &Setting) -> Result<usize, Trouble> {
    match setting.message_bytes {
        Some(other) if other != bytes => Err(Trouble::Unsupported(format!(
            "it carries {bytes} bytes, and can't carry {other}; ask for {bytes}"
        ))),
        _ => Ok(bytes as usize),
    }
}

/// How many messages of so many bytes a way of ours holds before its sender waits: 256 KiB of them, about as much as a socket's
/// buffer, and two at least, so that one can be written while the other is read. The less room there is, the more often somebody
/// has to be woken: a pipe, with 64 KiB, shows what that costs.
fn room_for(bytes: usize) -> usize {
    (256 * KIB as usize / bytes.max(1)).clamp(2, 1024)
}

/// Refuses what makes no sense for sides that wait by looking again and again: the one looks until its slice of the
/// processor's time is over, and only then can the other do anything.
fn refuse_together(setting: &Setting) -> Result<(), Trouble> {
    if setting.sides == Some(Sides::Together) {
        return Err(Trouble::Unsupported(
            "two that spin on one processor measure the scheduler's time slice; put them apart".to_owned(),
        ));
    }
    Ok(())
}
