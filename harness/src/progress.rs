//! What is running and how much is left: a bar on a terminal, a line per step elsewhere. Always on standard error, so
//! that results can be piped.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::plan::Step;

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
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Nothing has been done yet of so many steps, which should take so long.
    pub fn new(all: usize, expected_in_all: Duration) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(all as u64);
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { done: 0, all, begun: Instant::now(), expected: Duration::ZERO, expected_in_all, bar }
    }

    /// There will be more steps than was known.
    pub fn more(&mut self, steps: usize, expected: Duration) {
        self.all += steps;
        self.expected_in_all += expected;
        if let Some(bar) = &self.bar {
            bar.set_length(self.all as u64);
        }
    }

    /// How many of the steps that are known are still to come.
    pub fn ahead(&self) -> usize {
        self.all - self.done
    }

    /// A step begins.
    pub fn begins(&self, step: &Step) {
        let left = humantime::format_duration(Duration::from_secs(self.left().as_secs()));
        match &self.bar {
            Some(bar) => bar.set_message(format!("{step}, {left} left")),
            None => eprintln!("[{}/{}] {step}, {left} left", self.done + 1, self.all),
        }
    }

    /// A step is done that was expected to take so long.
    pub fn done(&mut self, expected: Duration) {
        self.done += 1;
        self.expected += expected;
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
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

/// Clears the bar away, also when an error ends the run.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
