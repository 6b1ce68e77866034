//! The terminal while a view has it: the second screen, no cursor, keys that come at once and are not shown. Whoever takes it gives
//! it back, and so does the hook of a panic, before the panic's own words are written.

use std::io::{self, Write, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;
use std::{panic, thread};

use crossterm::cursor::{Hide, Show};
use crossterm::queue;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// So long a panic waits for the frame that is being written, in milliseconds.
const FRAME_WITHIN_MS: u32 = 100;

/// The terminal behind standard error.
pub(super) struct Seat {
    /// How the terminal was before, while the view has it. Nobody holds this for long.
    before: Mutex<Option<Termios>>,
    /// Is held while something is drawn.
    drawing: Mutex<()>,
    /// Whether the view does not have it.
    away: Arc<AtomicBool>,
    /// Whether no view is to have it again.
    over: AtomicBool,
}

impl Seat {
    pub(super) fn new() -> Self {
        Self {
            before: Mutex::new(None),
            drawing: Mutex::new(()),
            away: Arc::new(AtomicBool::new(true)),
            over: AtomicBool::new(false),
        }
    }

    /// Is set while the view does not have the terminal: signals may then do at once what they always do.
    pub(super) fn away(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.away)
    }

    /// Whether this process may write to the terminal: whoever is in the background would be stopped for it.
    pub(super) fn is_in_front() -> bool {
        tcgetpgrp(stderr()).is_ok_and(|group| group == getpgrp())
    }

    /// Takes the terminal, if the view does not have it, and has `draw` draw on it; `draw` is told whether it begins anew.
    pub(super) fn with(&self, draw: impl FnOnce(bool) -> io::Result<()>) -> io::Result<()> {
        let _drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.over.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let is_new = self.take()?;
        draw(is_new)
    }

    /// Takes the terminal; says whether the view did not have it.
    fn take(&self) -> io::Result<bool> {
        let mut before = self.lock();
        let is_new = before.is_none();
        if is_new {
            let modes = tcgetattr(stderr())?;
            let mut keys = modes.clone();
            // Signals stay: Ctrl-C and Ctrl-Z do what they do elsewhere.
            keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            tcsetattr(stderr(), OptionalActions::Now, &keys)?;
            *before = Some(modes);
            self.away.store(false, Ordering::Relaxed);
            write(|out| queue!(out, EnterAlternateScreen, Hide))?;
        }
        Ok(is_new)
    }

    /// Gives the terminal back, if the view has it. What can't be given back is gone.
    pub(super) fn leave(&self) {
        if let Some(modes) = self.lock().take() {
            let _ = write(|out| queue!(out, SetAttribute(Attribute::Reset), LeaveAlternateScreen, Show));
            let _ = tcsetattr(stderr(), OptionalActions::Now, &modes);
            self.away.store(true, Ordering::Relaxed);
        }
    }

    /// The terminal may be another's, or as another one left it: what was known of it holds no longer.
    pub(super) fn forget(&self) {
        if self.lock().take().is_some() {
            self.away.store(true, Ordering::Relaxed);
        }
    }

    /// Gives the terminal back before a panic of whatever thread is told.
    pub(super) fn give_back_on_panic(self: &Arc<Self>) {
        let (seat, told) = (Arc::clone(self), panic::take_hook());
        panic::set_hook(Box::new(move |info| {
            seat.end();
            told(info);
        }));
    }

    /// Gives the terminal back for good. A frame that is being written is not waited for long: it may be its writer who panics.
    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        for _ in 0..FRAME_WITHIN_MS {
            if !matches!(self.drawing.try_lock(), Err(TryLockError::WouldBlock)) {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.leave();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Termios>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In one write, as far as the terminal takes it.
fn write(commands: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let mut bytes = Vec::new();
    commands(&mut bytes)?;
    let mut out = stderr().lock();
    out.write_all(&bytes)?;
    out.flush()
}
