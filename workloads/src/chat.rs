//! The chat room: who is in it, what they say, and who hears it. Over UDP, or over a stream as plain lines.
//!
//! A client says one command at a time, a datagram or a line each:
//!
//! | command | what it asks for | what the sender hears | what the others hear |
//! |---|---|---|---|
//! | `L name` | to enter | `OK` | `name entered` |
//! | `C name text` | to speak | nothing | `name said: text` |
//! | `Q name` | to leave | `EXIT` | `name left` |
//! | `S` | how the room stands; a sign of life as well | `STATUS members=2 ...` | nothing |
//!
//! What is refused is answered with `NO` and the reason. The server's console speaks as [`ADMINISTRATOR`] to all.
//!
//! A name belongs to the address that entered under it (over UDP an IP address and a port, over a stream the connection):
//! who speaks or leaves for somebody else is refused, and counted in [`Counts::spoofed`].
//!
//! * [`room`] is the room itself, free of IO and of clocks;
//! * [`command`] reads a line, [`name`] and [`text`] say what may stand in it;
//! * [`Datagrams`] is the room over UDP, [`Lines`] the room over a stream;
//! * [`client`] is the other side: what a line from the server means.

pub mod client;
pub mod command;
mod datagrams;
mod lines;
pub mod name;
pub mod room;
pub mod text;

use std::time::Duration;

pub use datagrams::Datagrams;
pub use lines::Lines;
pub use room::{Counts, Room};

/// The name the console speaks under. No member's name may have it in it, in capitals or not.
pub const ADMINISTRATOR: &str = "administrator";

/// The longest line or datagram that is read, in bytes without its end; a longer one is refused whole.
pub const LINE_BYTES: usize = 4096;

/// What a room allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How many members there may be at once.
    pub members: usize,
    /// Who says nothing for so long is taken for gone.
    pub silence: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { members: 1_000, silence: Duration::from_secs(600) }
    }
}
