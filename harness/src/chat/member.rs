//! What a member does: enters, says what is typed, shows a sign of life now and then, and leaves.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use crossbeam_channel::{Receiver, RecvTimeoutError, select};
use workloads::chat::client::{self, Heard};
use workloads::chat::{Rules, text};

use super::Ask;
use super::keyboard::{Keyboard, Typed};
use super::screen::{Screen, note_plainly};
use super::wire::{Arrival, Wire};
use crate::failure::Usage;
use crate::language;

/// How often it is looked whether somebody wants it all to end.
const LOOK: Duration = Duration::from_millis(100);
/// How often what gets no answer is asked for within the patience, where messages can get lost.
const TRIES: u32 = 10;
/// Three signs of life within the time that a room waits for one: two may get lost.
const SIGNS_PER_SILENCE: u32 = 3;
/// A sign of life comes this often at least, so that a server that is gone is missed.
const SIGN_EVERY_AT_MOST: Duration = Duration::from_secs(20);
/// So many signs of life without any answer, and the room is gone.
const UNANSWERED: u32 = 3;
/// After so many lines a member waits until the room has heard them, where what finds a queue full is lost.
const LINES_AHEAD: u32 = 32;
/// What leaves the room.
const QUIT: &str = "/quit";

/// One member, from the door to the door.
pub(super) struct Member<'a> {
    ask: &'a Ask,
    wire: Wire,
    heard: Receiver<Arrival>,
    stop: &'a Arc<AtomicBool>,
    /// When the next sign of life is due, and how many got no answer so far.
    next_sign: Instant,
    unanswered: u32,
    silence: Duration,
    /// Lines that were said since the room was last known to have heard all.
    ahead: u32,
}

/// What an arrival comes to, for who waits for an answer.
enum Came {
    In,
    Out,
    Refused(String),
    Status,
    Line,
}

/// Somebody wants it all to end before there was an answer.
struct Stopped;

impl<'a> Member<'a> {
    pub(super) fn new(ask: &'a Ask, wire: Wire, heard: Receiver<Arrival>, stop: &'a Arc<AtomicBool>) -> Self {
        let silence = Rules::default().silence;
        Self { ask, wire, heard, stop, next_sign: Instant::now(), unanswered: 0, silence, ahead: 0 }
    }

    /// Asks to be let in, until there is an answer. False if somebody stops that.
    ///
    /// # Errors
    /// The room refuses, is not there, or does not answer in time.
    pub(super) fn enter(&mut self) -> anyhow::Result<bool> {
        let Ask { name, address, .. } = self.ask;
        if name.chars().any(char::is_control) {
            return Err(Usage::error("--name has a control character in it; try --name anna"));
        }
        let answer = self.ask_for(&client::enter(name), |came| match came {
            Came::In => Some(Ok(())),
            Came::Refused(reason) => Some(Err(reason)),
            _ => None,
        })?;
        match answer {
            Ok(Some(Ok(()))) => {
                note_plainly(&language::say(&format!(
                    "you are in the room at {address} as {name}; {QUIT} leaves it"
                )));
                Ok(true)
            }
            Ok(Some(Err(reason))) => bail!("the room does not let {name} in: {}", text::clean(&reason)),
            Ok(None) => bail!(
                "the room at {address} did not answer within {:?}; is it there, and over {}?",
                self.ask.patience,
                self.ask.transport
            ),
            // It may be in already, without having heard so: over UDP nobody would see that it is gone.
            Err(Stopped) => {
                let _ = self.wire.say(&client::leave(name)); // who can't be reached any more need not be told
                Ok(false)
            }
        }
    }

    /// Talks until the input ends, somebody stops it, or the room is gone; then leaves.
    pub(super) fn converse(&mut self, keyboard: &Keyboard, screen: &Screen) -> anyhow::Result<()> {
        while !self.stop.load(Ordering::Relaxed) {
            self.show_life()?;
            let heard = self.heard.clone();
            select! {
                recv(heard) -> arrival => if !self.heed(arrival.ok(), screen)? {
                    break;
                },
                recv(keyboard.typed) -> typed => match typed {
                    Ok(Typed::Line(line)) if line.trim() == QUIT => break,
                    Ok(Typed::Line(line)) => self.say(&line, screen)?,
                    Ok(Typed::End) | Err(_) => break,
                },
                default(LOOK) => {}
            }
        }
        self.leave(screen)
    }

    /// What has come is shown if it is for people, and heeded if it is not. False if nobody reads what is said any more.
    fn heed(&mut self, arrival: Option<Arrival>, screen: &Screen) -> anyhow::Result<bool> {
        match self.came(arrival)? {
            (Came::Line, line) => return Ok(is_read(screen.line(&line))?),
            (Came::Out, _) => {
                bail!("the room has shown you out: it closes, or had not heard of you for too long")
            }
            (Came::Refused(reason), _) => refused(&reason, screen),
            (Came::In | Came::Status, _) => {}
        }
        Ok(true)
    }

    /// What an arrival comes to, with the line.
    fn came(&mut self, arrival: Option<Arrival>) -> anyhow::Result<(Came, String)> {
        let line = match arrival {
            Some(Arrival::Line(line)) => line,
            Some(Arrival::End(why)) => bail!("{why}"),
            None => bail!("the room is not listened to any more"),
        };
        self.unanswered = 0;
        let came = match Heard::of(&line) {
            Heard::In => Came::In,
            Heard::Out => Came::Out,
            Heard::Refused(reason) => Came::Refused(reason.to_owned()),
            Heard::Status(status) => {
                self.silence = status.silence.unwrap_or(self.silence);
                self.ahead = 0;
                self.next_sign = self.next_sign.min(Instant::now() + self.sign_every());
                Came::Status
            }
            Heard::Line(_) => Came::Line,
        };
        Ok((came, line))
    }

    /// Says a line, and where lines can get lost waits now and then until the room has heard all.
    fn say(&mut self, line: &str, screen: &Screen) -> anyhow::Result<()> {
        if line.trim().is_empty() {
            return Ok(());
        }
        if line.trim_start().starts_with('/') {
            screen.note(&format!("{QUIT} leaves the room; there is no other command, and all else is said"));
            return Ok(());
        }
        // More of it than this no room passes on, and a datagram has its limits.
        self.wire.say(&client::speak(&self.ask.name, &text::fit(line)))?;
        self.ahead += 1;
        if self.wire.is_lossy() && self.ahead >= LINES_AHEAD {
            self.catch_up(screen)?;
        }
        Ok(())
    }

    /// Waits until the room has heard all that was said, as it says by its answer; not for ever, since that can get lost.
    fn catch_up(&mut self, screen: &Screen) -> anyhow::Result<()> {
        self.wire.say(client::STATUS)?;
        let until = Instant::now() + self.ask.patience / TRIES;
        while self.ahead > 0 && Instant::now() < until {
            let Ok(arrival) = self.heard.recv_deadline(until) else { break };
            if !self.heed(Some(arrival), screen)? {
                break;
            }
        }
        self.ahead = 0;
        Ok(())
    }

    /// A sign of life when it is due. A room that answers none of several is gone.
    fn show_life(&mut self) -> anyhow::Result<()> {
        if Instant::now() < self.next_sign {
            return Ok(());
        }
        if self.unanswered >= UNANSWERED {
            bail!("the room at {} does not answer any more", self.ask.address);
        }
        self.unanswered += 1;
        self.next_sign = Instant::now() + self.sign_every();
        Ok(self.wire.say(client::STATUS)?)
    }

    fn sign_every(&self) -> Duration {
        SIGN_EVERY_AT_MOST.min(self.silence / SIGNS_PER_SILENCE)
    }

    /// Leaves, and waits for the room's word. What others say until then is still shown.
    fn leave(&mut self, screen: &Screen) -> anyhow::Result<()> {
        let mut last_words = |line: &str| drop(screen.line(line)); // nobody may be looking any more
        let left = self.ask_until(&client::leave(&self.ask.name), None, &mut last_words, |came| match came {
            Came::Out => Some(()),
            Came::Refused(reason) => {
                refused(&reason, screen);
                None
            }
            Came::In | Came::Status | Came::Line => None,
        });
        match left? {
            Ok(Some(())) => Ok(()),
            _ => bail!("the room at {} did not say that it has let you go", self.ask.address),
        }
    }

    /// Says `line` until `answer` finds one in what comes: none within the patience. Somebody may stop it.
    fn ask_for<T>(
        &mut self,
        line: &str,
        answer: impl FnMut(Came) -> Option<T>,
    ) -> anyhow::Result<Result<Option<T>, Stopped>> {
        let stop = Arc::clone(self.stop);
        self.ask_until(line, Some(&stop), &mut |_| {}, answer)
    }

    fn ask_until<T>(
        &mut self,
        line: &str,
        stop: Option<&AtomicBool>,
        show: &mut dyn FnMut(&str),
        mut answer: impl FnMut(Came) -> Option<T>,
    ) -> anyhow::Result<Result<Option<T>, Stopped>> {
        let until = Instant::now() + self.ask.patience;
        let mut next_try = Instant::now();
        while Instant::now() < until {
            if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Ok(Err(Stopped));
            }
            if Instant::now() >= next_try {
                self.wire.say(line)?;
                let again = if self.wire.is_lossy() { self.ask.patience / TRIES } else { self.ask.patience };
                next_try = Instant::now() + again;
            }
            match self.heard.recv_deadline(until.min(next_try).min(Instant::now() + LOOK)) {
                Err(RecvTimeoutError::Timeout) => {}
                arrival => {
                    let (came, line) = self.came(arrival.ok())?;
                    if matches!(came, Came::Line) {
                        show(&line);
                    }
                    if let Some(answer) = answer(came) {
                        return Ok(Ok(Some(answer)));
                    }
                }
            }
        }
        Ok(Ok(None))
    }
}

/// Says that the room refused what was said, or a farewell.
fn refused(reason: &str, screen: &Screen) {
    screen.note(&format!("the room refused that: {}", text::clean(reason)));
}

/// Whether somebody still reads what was written; that nobody does is a way to leave.
fn is_read(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true),
    }
}
