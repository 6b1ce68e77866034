//! The view of a run on a terminal: a thread that looks and draws a few times a second while others measure.
//!
//! It must not show in what is measured: it is bound to the last of the load generator's processors, which has the least to do where
//! there are several, draws four times a second at most, and rests a hundred times as long as it has worked, so that it takes a
//! hundredth of a processor.
//!
//! Signals and keys ring its bell. What suspends or ends the process waits until the terminal is given back. A second Ctrl-C ends the process at once from then on, which this thread stays for when the view is over.

use std::io::{self, IsTerminal, Stderr, Write, stderr};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use ratatui_core::layout::{Rect, Size};
use ratatui_core::terminal::Terminal;
use reports::terminal::Colours;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::flag;
use signal_hook::low_level::{emulate_default_handler, pipe, raise};

use super::ansi::Ansi;
use super::feed::Feed;
use super::keys;
use super::screen::{Look, draw};
use super::seat::Seat;
use super::state::State;
use super::watch::Watch;
use crate::appearance;
use crate::language;
use crate::measure::frugal::{processor_time, rest};
use crate::measure::placement;

/// How often is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(250);
/// The thread rests so many times as long as it has worked.
const REST: u32 = 100;
/// A terminal that takes nothing any more is not waited for longer.
const GIVEN_BACK_WITHIN: Duration = Duration::from_secs(2);
/// In a smaller terminal a line for each step says more.
const LEAST: (usize, usize) = (20, 6);

/// Whether standard error is a terminal that a view can be drawn on and that somebody looks at: not from the background, say.
pub fn is_possible() -> bool {
    let is_large = |(columns, lines)| columns >= LEAST.0 && lines >= LEAST.1;
    let is_ci = appearance::variable("CI").is_some();
    !appearance::is_dumb()
        && !is_ci
        && Seat::is_in_front()
        && appearance::size_of(stderr()).is_some_and(is_large)
}

/// A view; it ends when it is dropped.
#[derive(Debug)]
pub struct Live {
    shared: Arc<Shared>,
    bell: UnixStream,
    ended: Receiver<()>,
}

#[derive(Debug)]
struct Shared {
    /// What is known, and since when.
    state: Mutex<(State, Instant)>,
    finished: AtomicBool,
}

impl Live {
    /// Begins to draw what is told to it and what `feed` shows, on a thread bound to the last of `processors`; to none of none. A
    /// `q` and the signals that set `stop` end it, and it sets `at_once` when the terminal is given back.
    ///
    /// # Errors
    /// There are no threads, descriptors or signals to be had.
    pub fn start(
        feed: Feed,
        processors: &[usize],
        stop: Arc<AtomicBool>,
        at_once: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let (bell, rung) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        rung.set_nonblocking(true)?;
        let seat = Arc::new(Seat::new());
        let signals = Signals::register(&bell, &seat).context("can't watch signals")?;
        seat.give_back_on_panic();
        let state = Mutex::new((State::default(), Instant::now()));
        let shared = Arc::new(Shared { state, finished: AtomicBool::new(false) });
        let (end, ended) = sync_channel(1);
        let processor = processors.last().copied().into_iter().collect::<Vec<_>>();
        let mut keeper = Keeper { shared: Arc::clone(&shared), seat, signals, rung, stop, at_once, end };
        let keep = move || {
            // Unbound it takes the generator's time no more than the server's.
            let _ = placement::bind_thread(&processor);
            keeper.show(feed);
            keeper.stay();
        };
        thread::Builder::new().name("view".to_owned()).spawn(keep)?;
        Ok(Self { shared, bell, ended })
    }

    /// Tells the view something new, which its next frame shows.
    pub fn update(&self, change: impl FnOnce(&mut State)) {
        let mut known = self.shared.lock();
        let passed = known.1.elapsed();
        known.0.passes(passed);
        known.1 = Instant::now();
        change(&mut known.0);
    }
}

/// Waits until the terminal is given back, also when an error ends the run.
impl Drop for Live {
    fn drop(&mut self) {
        self.shared.finished.store(true, Ordering::Relaxed);
        // A bell that can't ring has rung so often that it is heard anyway.
        let _ = self.bell.write_all(b"!");
        let _ = self.ended.recv_timeout(GIVEN_BACK_WITHIN);
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, (State, Instant)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The signals that concern the terminal, as flags.
struct Signals {
    suspend: Arc<AtomicBool>,
    quit: Arc<AtomicBool>,
    again: Arc<AtomicBool>,
}

impl Signals {
    fn register(bell: &UnixStream, seat: &Seat) -> io::Result<Self> {
        let this = Self { suspend: Arc::default(), quit: Arc::default(), again: Arc::default() };
        for (signal, heard) in [(SIGTSTP, &this.suspend), (SIGQUIT, &this.quit)] {
            flag::register_conditional_default(signal, seat.away())?;
            flag::register(signal, Arc::clone(heard))?;
        }
        flag::register(SIGCONT, Arc::clone(&this.again))?;
        for signal in [SIGTSTP, SIGQUIT, SIGCONT, SIGINT, SIGTERM, SIGHUP] {
            pipe::register(signal, bell.try_clone()?)?;
        }
        Ok(this)
    }
}

/// The thread's own.
struct Keeper {
    shared: Arc<Shared>,
    seat: Arc<Seat>,
    signals: Signals,
    rung: UnixStream,
    stop: Arc<AtomicBool>,
    at_once: Arc<AtomicBool>,
    end: SyncSender<()>,
}

impl Keeper {
    /// Draws until the run ends, somebody wants it to, or the terminal is gone.
    fn show(&mut self, feed: Feed) {
        let mut canvas = Canvas::new();
        let mut watch = Watch::new(feed);
        let mut due = Instant::now();
        while !self.stop.load(Ordering::Relaxed) && !self.shared.finished.load(Ordering::Relaxed) {
            if Instant::now() >= due {
                let before = processor_time().unwrap_or_default();
                watch.look(&mut self.shared.lock().0);
                if self.draw(&mut canvas).is_err() {
                    break;
                }
                let cost = processor_time().unwrap_or_default().saturating_sub(before);
                due = Instant::now() + rest(DRAW_EVERY, cost, REST);
            }
            let keys = !self.seat.away().load(Ordering::Relaxed);
            match keys::wait(&mut self.rung, keys, Some(due.saturating_duration_since(Instant::now()))) {
                // As if it were Ctrl-C.
                Ok(true) => drop(raise(SIGINT)),
                Ok(false) => {}
                Err(_) => break,
            }
            if self.obey() {
                due = Instant::now();
            }
        }
        self.seat.leave();
    }

    /// Draws a frame, if this process may.
    fn draw(&self, canvas: &mut Canvas) -> io::Result<()> {
        if !Seat::is_in_front() {
            return Ok(());
        }
        let (mut state, known) = self.shared.lock().clone();
        state.passes(known.elapsed());
        self.seat.with(|is_new| canvas.draw(&state, is_new))
    }

    /// Does what a signal wants that the view had to be asked for; says whether to draw anew.
    fn obey(&self) -> bool {
        let heard = |flag: &AtomicBool| flag.swap(false, Ordering::Relaxed);
        let has_terminal = || !self.seat.away().load(Ordering::Relaxed);
        for (flag, signal) in [(&self.signals.suspend, SIGTSTP), (&self.signals.quit, SIGQUIT)] {
            if heard(flag) && has_terminal() {
                self.seat.leave();
                let _ = emulate_default_handler(signal);
            }
        }
        let again = heard(&self.signals.again);
        if again {
            self.seat.forget();
        }
        again
    }

    /// Stays for what has to be said when the view is over: that the terminal is given back, and that Ctrl-C may end the process.
    fn stay(&mut self) {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                self.at_once.store(true, Ordering::Relaxed);
            }
            if self.shared.finished.load(Ordering::Relaxed) {
                let _ = self.end.try_send(()); // once is enough
            }
            if keys::wait(&mut self.rung, false, None).is_err() {
                // Nothing rings any more; Ctrl-C need not wait for anybody.
                self.at_once.store(true, Ordering::Relaxed);
                return;
            }
        }
    }
}

/// What is drawn on, which is as large as the terminal just now.
struct Canvas {
    terminal: Option<Terminal<Ansi<Stderr>>>,
    look: Look,
}

impl Canvas {
    fn new() -> Self {
        let colours = if stderr().is_terminal() { appearance::colours_on(&stderr()) } else { Colours::Off };
        if colours == Colours::On {
            crossterm::style::force_color_output(true);
        }
        Self {
            terminal: None,
            look: Look { charset: appearance::charset(), colours, language: language::current() },
        }
    }

    fn draw(&mut self, state: &State, is_new: bool) -> io::Result<()> {
        let size = size();
        let look = self.look;
        if is_new || self.terminal.as_ref().is_none_or(|terminal| terminal.backend().size != size) {
            let mut terminal = Terminal::new(Ansi::new(stderr(), size))?;
            terminal.clear()?;
            self.terminal = Some(terminal);
        }
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        let area = Rect::new(0, 0, size.width, size.height);
        terminal.draw(|frame| draw(state, look, area, frame.buffer_mut()))?;
        Ok(())
    }
}

/// How large the terminal is.
fn size() -> Size {
    let (columns, lines) = appearance::size_of(stderr()).unwrap_or(LEAST);
    let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    Size::new(short(columns), short(lines))
}
