//! Trouble that a server survives is said on standard error, at most once a second: a flood of it must not become
//! a flood of lines.

use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Puts a sentence into another language.
pub type Translate = fn(&str) -> String;

static TRANSLATE: OnceLock<Translate> = OnceLock::new();
static LAST_SECOND: AtomicU64 = AtomicU64::new(0);

/// Has all trouble said in the words that `translate` makes of it. What a signal handler says stays as it is: there memory
/// can't be had. The first call counts.
pub fn say_with(translate: Translate) {
    let _ = TRANSLATE.set(translate);
}

/// Says what happened and what the server does about it, unless something was said within this second.
pub(crate) fn report(message: impl fmt::Display) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if LAST_SECOND.swap(now, Ordering::Relaxed) != now {
        tell(message);
    }
}

/// Says something that is said once, whatever else was said within this second.
pub fn tell(message: impl fmt::Display) {
    // Nobody may be listening any more: that must not end a server.
    let message = message.to_string();
    let message = TRANSLATE.get().map_or_else(|| message.clone(), |translate| translate(&message));
    let _ = writeln!(io::stderr(), "concur: {message}");
}
