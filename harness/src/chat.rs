//! A member of a chat room: says what is typed, and shows what the others say meanwhile.
//!
//! * `wire` is the way to the room: datagrams, or lines over a stream; a thread of its own hears what comes;
//! * `keyboard` is where lines are typed, in another thread: a line editor on a terminal, plain lines from a pipe;
//! * `screen` is where lines are shown, above the one that is being typed if there is one;
//! * `member` has the rest: enters, says, shows a sign of life now and then, and leaves.

mod keyboard;
mod member;
mod screen;
mod wire;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use models::address::Address;

use self::keyboard::Keyboard;
use self::member::Member;
use self::screen::Screen;
use self::wire::Wire;
use crate::transport::Transport;

/// Who wants to talk where.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where the room is.
    pub address: Address,
    /// What it is reached over.
    pub transport: Transport,
    /// The name to enter under.
    pub name: String,
    /// How long the room may take to answer.
    pub patience: Duration,
}

/// Enters, talks until the input ends or `stop` is set, and leaves.
///
/// # Errors
/// The room can't be reached, does not let this member in, or is gone.
pub fn talk(ask: &Ask, stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    let (wire, heard) = Wire::connect(ask)?;
    let mut member = Member::new(ask, wire, heard, stop);
    if !member.enter()? {
        return Ok(());
    }
    let screen = Screen::of_terminal();
    let keyboard = Keyboard::start(&ask.name, screen.printer())?;
    let outcome = member.converse(&keyboard, &screen);
    keyboard.finish();
    screen.finish();
    outcome
}
