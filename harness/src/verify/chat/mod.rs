//! The cases for a chat room, over a stream or over UDP: who may enter, who hears what, and what nobody may do.
//!
//! * [`names`]: who may enter, and under which name;
//! * [`words`]: what is said, and what comes of it;
//! * [`crowds`]: many members, and members who behave badly;
//! * [`server`]: the console, silence, and the end.
//!
//! [`talk`] is the client. That something was *not* heard is seen from what is heard next: a word that is said later.

mod crowds;
mod names;
mod server;
mod talk;
mod words;

use super::case::Case;

pub(super) fn cases() -> Vec<Case> {
    [names::cases(), words::cases(), crowds::cases(), server::cases()].into_iter().flatten().collect()
}
