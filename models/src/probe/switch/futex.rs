//! `futex-processes`, `futex-threads`: a number in shared memory says whose turn it is, and the kernel wakes the one who
//! waits.
//!
//! A futex is a word of memory and, while somebody sleeps on it, a queue in the kernel. Who passes the turn on writes the
//! word and asks for one sleeper to be woken; who waits for it asks to sleep as long as the word has not changed, which the
//! kernel looks at before it puts the caller to sleep, so no wake-up is lost. A sample is one way: a switch, a wake and a
//! wait. There is no buffer to be filled and no descriptor to be looked up, so this is less than a pipe costs.
//!
//! Each wait has a time limit of a second, so that one whose other side has died ends: the kernel arms a timer for it and takes
//! it down again, which is in the figure, some tenths of a microsecond. And where the two are apart, the turn may be back
//! before its waiter sleeps: then nobody is switched, and the figure is less than a switch.
//!
//! All locks, condition variables and channels of a C library or of std are made of this: they ask the kernel only when
//! they must, and this probe always does. Threads say that the word is theirs alone (`FUTEX_PRIVATE_FLAG`), and it is found
//! by its address; between processes it is found by its page.
//!
//! Source: futex(2), futex(7); U. Drepper, "Futexes are tricky", 2011.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::thread::futex::{self, Flags, Timespec};

use super::super::partner::Partner;
use super::super::placing::{self, Side, Unbound};
use super::super::{Measured, Probe, Samples, Setting, Suite, Trouble};
use super::both_sides;
use super::word::SharedWord;
use crate::forking::Alone;

pub(super) const PROCESSES: Probe = Probe {
    suite: Suite::Switch,
    name: "futex-processes",
    family: "processes",
    summary: "a turn passed on to another process, by a futex in memory that both share",
    settings: both_sides,
    measure: processes,
};

pub(super) const THREADS: Probe = Probe {
    suite: Suite::Switch,
    name: "futex-threads",
    family: "threads",
    summary: "a turn passed on to another thread, by a futex",
    settings: both_sides,
    measure: threads,
};

/// Whose turn it is.
const MINE: u32 = 0;
const THEIRS: u32 = 1;
/// Nobody's any more.
const OVER: u32 = 2;

/// Who has waited so long looks whether the other side is still there.
const PATIENCE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

fn processes(setting: &Setting, time: Duration) -> Result<Measured, Trouble> {
    let _unbound = Unbound::now()?;
    let alone = Alone::wait()?;
    let (word, sides) = (SharedWord::new()?, setting.sides);
    let (partner, ()) = Partner::fork(&alone, (), || {
        placing::bind(sides, Side::Other)?;
        // It ends with its parent, whatever it waits for.
        Turn { word: &word, flags: Flags::empty() }.answer()
    })?;
    placing::bind(sides, Side::One)?;
    Turn { word: &word, flags: Flags::empty() }.measure(time, || partner.is_there())
}

fn threads(setting: &Setting, time: Duration) -> Result<Measured, Trouble> {
    let _unbound = Unbound::now()?;
    let (word, sides) = (Arc::new(AtomicU32::new(MINE)), setting.sides);
    let theirs = Arc::clone(&word);
    let partner = thread::Builder::new().spawn(move || {
        placing::bind(sides, Side::Other)?;
        Turn { word: &theirs, flags: Flags::PRIVATE }.answer()
    })?;
    let turn = Turn { word: &word, flags: Flags::PRIVATE };
    let gone = || Trouble::Failed("the other thread ended before its time; try again".to_owned());
    let is_there = || if partner.is_finished() { Err(gone()) } else { Ok(()) };
    let measured = placing::bind(sides, Side::One).and_then(|()| turn.measure(time, is_there));
    turn.pass_to(OVER)?;
    let answered = partner.join().map_err(|_| gone())?;
    answered.and(measured) // why the other one ended says more than that it did
}

/// The turn, as one side has it.
struct Turn<'a> {
    word: &'a AtomicU32,
    flags: Flags,
}

impl Turn<'_> {
    /// Passes it on and waits until it is back, again and again.
    fn measure(
        &self,
        time: Duration,
        is_there: impl Fn() -> Result<(), Trouble>,
    ) -> Result<Measured, Trouble> {
        let times = Samples::take(time, 1, || {
            self.pass_to(THEIRS)?;
            self.while_it_is(THEIRS, &is_there)
        })?;
        Ok(Measured { times: Some(times.each_was(2)), ..Measured::default() })
    }

    /// Passes it back each time that it comes, until it is over.
    fn answer(&self) -> Result<(), Trouble> {
        loop {
            self.while_it_is(MINE, || Ok(()))?;
            // Unless it is over, which stays.
            if self.word.compare_exchange(THEIRS, MINE, Ordering::AcqRel, Ordering::Acquire).is_err() {
                return Ok(());
            }
            self.wake()?;
        }
    }

    fn pass_to(&self, whom: u32) -> Result<(), Trouble> {
        self.word.store(whom, Ordering::Release);
        self.wake()
    }

    fn wake(&self) -> Result<(), Trouble> {
        futex::wake(self.word, self.flags, 1).map_err(io::Error::from)?;
        Ok(())
    }

    /// Sleeps until it is no longer this one's turn.
    fn while_it_is(&self, whose: u32, is_there: impl Fn() -> Result<(), Trouble>) -> Result<(), Trouble> {
        while self.word.load(Ordering::Acquire) == whose {
            match futex::wait(self.word, self.flags, whose, Some(&PATIENCE)) {
                Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(Errno::TIMEDOUT) => is_there()?,
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
        Ok(())
    }
}
