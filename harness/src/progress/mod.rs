//! What is running and how much is left: a view on a terminal, a line per step elsewhere. Always on standard error, so that
//! results can be piped.

mod ansi;
mod feed;
mod keys;
pub mod live;
mod plain;
pub mod screen;
mod seat;
pub mod state;
mod watch;

use std::time::{Duration, Instant};

use reports::record::Cell;

pub use self::feed::{Feed, Shown};
use self::live::Live;
use crate::plan::Step;

/// How many of the next steps are told.
const NEXT: usize = 40;

/// How long is left, in whole seconds, of which a part is not none.
fn left_in_words(left: Duration) -> String {
    humantime::format_duration(Duration::from_secs(left.as_secs_f64().ceil() as u64)).to_string()
}

/// Tells how far a run has got.
pub struct Progress {
    done: usize,
    /// How many steps there will be, as far as is known.
    all: usize,
    begun: Instant,
    /// How long the steps so far were expected to take; what they really took corrects the rest.
    expected: Duration,
    /// How long all steps are expected to take.
    expected_in_all: Duration,
    /// The view, if there is one; else there are lines.
    live: Option<Live>,
}

impl Progress {
    /// Nothing has been done yet of so many steps, which should take so long.
    pub fn new(all: usize, expected_in_all: Duration, live: Option<Live>) -> Self {
        let this =
            Self { done: 0, all, begun: Instant::now(), expected: Duration::ZERO, expected_in_all, live };
        this.tell();
        this
    }

    /// The first step is about to begin: what went before was none, and says nothing of how long the rest will take.
    pub fn starts(&mut self) {
        self.begun = Instant::now();
        self.tell();
    }

    /// There will be more steps than was known.
    pub fn more(&mut self, steps: usize, expected: Duration) {
        self.all += steps;
        self.expected_in_all += expected;
        self.tell();
    }

    /// How many of the steps that are known are still to come.
    pub fn ahead(&self) -> usize {
        self.all - self.done
    }

    /// A step begins, and these come after it.
    pub fn begins(&self, step: &Step, next: &[Step]) {
        let Some(live) = &self.live else {
            plain::begins(self.done + 1, self.all, step, self.left());
            return;
        };
        self.tell();
        live.update(|state| {
            state.begins(step.to_string(), matches!(step, Step::Server(_)));
            state.next = next.iter().take(NEXT).map(ToString::to_string).collect();
        });
    }

    /// A step begins that was done before: one more than was known, and expected to take so long.
    pub fn begins_again(&mut self, step: &Step, expected: Duration) {
        self.more(1, expected);
        self.begins(step, &[]);
    }

    /// This came of it.
    pub fn came_to(&self, cell: &Cell) {
        if let Some(live) = &self.live {
            live.update(|state| state.came_to(cell));
        }
    }

    /// A step is done that was expected to take so long.
    pub fn done(&mut self, expected: Duration) {
        self.done += 1;
        self.expected += expected;
        self.tell();
    }

    /// Tells the view how far things are.
    fn tell(&self) {
        let Some(live) = &self.live else { return };
        let (done, all, left, begun) = (self.done, self.all, self.left(), self.begun);
        live.update(|state| {
            (state.done, state.all, state.so_far) = (done, all, begun.elapsed());
            state.left = left;
        });
    }

    fn left(&self) -> Duration {
        let rest = self.expected_in_all.saturating_sub(self.expected);
        // Until something has been measured there is nothing to correct by.
        if self.expected.is_zero() {
            rest
        } else {
            rest.mul_f64(self.begun.elapsed().div_duration_f64(self.expected))
        }
    }
}

#[cfg(test)]
mod tests {
    use models::executor::executors;
    use workloads::task::{Size, tasks};

    use super::*;
    use crate::plan::TaskStep;

    #[test]
    fn a_step_that_is_done_again_is_one_more_of_all() {
        let (executor, second) = (&executors()[0], Duration::from_secs(1));
        let choice = executor.name.parse().unwrap();
        let task = tasks(Size::Short).remove(0);
        let step = Step::Task(TaskStep { executor, choice, task, size: Size::Short, jobs: 1, round: 1 });
        let mut progress = Progress::new(1, second, None);
        progress.begins(&step, &[]);
        progress.done(second);
        progress.begins_again(&step, second);
        assert_eq!((progress.done, progress.all, progress.ahead()), (1, 2, 1));
        progress.done(second);
        assert_eq!((progress.done, progress.all, progress.ahead()), (2, 2, 0));
    }
}
