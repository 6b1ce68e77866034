//! Looks at a tree beside whatever is being measured, on a thread of its own.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use reports::record::Timeline;

use super::{Looks, Pace, used};
use crate::measure::tree::Tree;

/// A thread that looks until it is stopped or dropped.
#[derive(Debug)]
pub struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<io::Result<Watched>>,
}

/// What was seen, and what seeing it cost.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watched {
    /// None of fewer than two looks.
    pub timeline: Option<Timeline>,
    /// The processor time of the thread that looked.
    pub cpu: Duration,
}

impl Watch {
    /// Starts to look.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(tree: Tree, pace: Pace) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let run = move || watch(Looks::new(tree, pace), &stopped);
        let thread = thread::Builder::new().name("timeline".to_owned()).spawn(run)?;
        Ok(Self { stop, thread })
    }

    /// Stops, and gives what was seen.
    ///
    /// # Errors
    /// The tree could not be looked at.
    pub fn stop(self) -> io::Result<Watched> {
        // It may have ended by itself only by an error or a panic, which the join shows.
        let _ = self.stop.send(());
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that looks panicked")))
    }
}

fn watch(mut looks: Looks, stop: &Receiver<()>) -> io::Result<Watched> {
    loop {
        looks.take()?;
        let left = looks.next().saturating_duration_since(Instant::now());
        match stop.recv_timeout(left) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                return Ok(Watched { timeline: looks.timeline(), cpu: used() });
            }
        }
    }
}
