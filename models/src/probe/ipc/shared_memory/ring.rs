//! A ring of places for messages in shared memory, in each direction, and two gates that keep its two sides apart: the bounded
//! buffer of the textbooks.
//!
//! One gate counts the places that are free, the other those that are full. The sender passes the first, writes into the next
//! place and opens the second; the receiver does the same the other way round (Dijkstra, EWD 123, 1965).

#![allow(unsafe_code, reason = "places in memory that the other side writes to as well, by turns")]

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::Arc;

use super::super::super::Trouble;
use super::super::{End, Peer, room_for};
use super::mapping::Mapping;

/// What sides wait at: as many pass as it was opened for. Whoever passes sees all that was written before it was opened for
/// it. One side opens it, the other passes.
pub(in super::super) trait Gate: Sync + Sized {
    /// How many round trips are timed together.
    const ROUND_TRIPS_EACH: u32 = 1;

    /// A gate that is not to be used before [`begin`](Self::begin).
    fn new() -> Self;

    /// Makes it, where it will stay, for so many to pass.
    fn begin(&self, open_for: u32) -> Result<(), Trouble>;

    /// Waits until it is open, and passes.
    fn pass(&self, peer: &Peer<'_>) -> Result<(), Trouble>;

    /// Opens it for one more.
    fn open(&self) -> Result<(), Trouble>;
}

/// What is at the beginning of one direction's memory. Each gate is on lines of its own (a processor fetches two at once), so
/// that who waits at one does not disturb who passes the other.
#[repr(C)]
struct Direction<G> {
    free: Lines<G>,
    full: Lines<G>,
}

#[repr(C, align(128))]
struct Lines<G>(G);

/// One side of two rings.
pub(in super::super) struct Ring<G> {
    memory: Arc<Mapping>,
    shape: Shape,
    /// Where the direction that we send in begins, and the other.
    output: usize,
    input: usize,
    sent: usize,
    received: usize,
    gate: PhantomData<G>,
}

/// How the memory is divided.
#[derive(Clone, Copy)]
struct Shape {
    bytes: usize,
    places: usize,
    /// From a place to the next.
    stride: usize,
    /// From the beginning of a direction to its first place.
    head: usize,
}

impl Shape {
    fn of<G>(bytes: usize) -> Self {
        let stride = bytes.next_multiple_of(128);
        Self { bytes, places: room_for(stride), stride, head: size_of::<Direction<G>>() }
    }

    fn direction(self) -> usize {
        self.head + self.places * self.stride
    }
}

/// Both sides of two rings for messages of so many bytes, for two processes.
///
/// # Errors
/// There is no memory for them.
pub(in super::super) fn ends<G: Gate>(bytes: usize) -> Result<(Ring<G>, Ring<G>), Trouble> {
    ends_in(Mapping::new, bytes)
}

/// The same for two threads, which share all their memory.
///
/// # Errors
/// There is no memory for them.
pub(in super::super) fn ends_of_threads<G: Gate>(bytes: usize) -> Result<(Ring<G>, Ring<G>), Trouble> {
    ends_in(Mapping::unnamed, bytes)
}

fn ends_in<G: Gate>(
    map: fn(NonZeroUsize) -> Result<Mapping, Trouble>,
    bytes: usize,
) -> Result<(Ring<G>, Ring<G>), Trouble> {
    let shape = Shape::of::<G>(bytes);
    let whole = NonZeroUsize::new(2 * shape.direction())
        .ok_or_else(|| Trouble::Failed("no memory to share".to_owned()))?;
    let memory = Arc::new(map(whole)?);
    for at in [0, shape.direction()] {
        // SAFETY: a direction's head fits there, and nobody else knows this memory yet.
        let direction = unsafe {
            let place = memory.start().add(at).cast::<Direction<G>>();
            place.write(Direction { free: Lines(G::new()), full: Lines(G::new()) });
            place.as_ref()
        };
        direction.free.0.begin(shape.places as u32)?;
        direction.full.0.begin(0)?;
    }
    let side = |output, input| Ring {
        memory: Arc::clone(&memory),
        shape,
        output,
        input,
        sent: 0,
        received: 0,
        gate: PhantomData,
    };
    Ok((side(0, shape.direction()), side(shape.direction(), 0)))
}

impl<G: Gate> Ring<G> {
    fn direction(&self, at: usize) -> &Direction<G> {
        // SAFETY: `ends` has put one there. Both sides refer to it at once, so all that is in it is for sharing: `Gate` is
        // `Sync`. The mapping lives as long as the borrow of this.
        unsafe { self.memory.start().add(at).cast().as_ref() }
    }

    /// The place of the message of this number.
    fn place(&self, direction: usize, number: usize) -> NonNull<u8> {
        let at = direction + self.shape.head + number % self.shape.places * self.shape.stride;
        // SAFETY: it is one of the places that the mapping was made for.
        unsafe { self.memory.start().add(at) }
    }
}

impl<G: Gate> End for Ring<G> {
    const ROUND_TRIPS_EACH: u32 = G::ROUND_TRIPS_EACH;

    fn send(&mut self, message: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
        let length = message.len().min(self.shape.bytes);
        let direction = self.direction(self.output);
        direction.free.0.pass(peer)?;
        // SAFETY: the place has room for it and is ours until we open the other gate, and the message is somewhere else.
        unsafe {
            self.place(self.output, self.sent)
                .copy_from_nonoverlapping(NonNull::from(message).cast(), length);
        };
        direction.full.0.open()?;
        self.sent += 1;
        Ok(())
    }

    fn receive(&mut self, message: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble> {
        let length = message.len().min(self.shape.bytes);
        let direction = self.direction(self.input);
        direction.full.0.pass(peer)?;
        // SAFETY: as in `send`; the other side wrote before it opened the gate.
        unsafe {
            self.place(self.input, self.received)
                .copy_to_nonoverlapping(NonNull::from(&mut **message).cast(), length);
        };
        direction.free.0.open()?;
        self.received += 1;
        Ok(())
    }
}
