//! What is running and how much is left: a bar on a terminal, a line per step elsewhere. Always on standard error, so
//! that results can be piped.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::plan::{Plan, Step};

/// Tells how far a run has got.
pub struct Progress<'a> {
    plan: &'a Plan,
    done: usize,
    begun: Instant,
    /// How long the steps so far were expected to take; what they really took corrects the rest.
    expected: Duration,
    bar: Option<ProgressBar>,
}

impl<'a> Progress<'a> {
    /// Nothing has been done yet.
    pub fn new(plan: &'a Plan) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(plan.steps.len() as u64);
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { plan, done: 0, begun: Instant::now(), expected: Duration::ZERO, bar }
    }

    /// A step begins.
    pub fn begins(&self, step: &Step) {
        let left = humantime::format_duration(Duration::from_secs(self.left().as_secs()));
        match &self.bar {
            Some(bar) => bar.set_message(format!("{step}, {left} left")),
            None => eprintln!("[{}/{}] {step}, {left} left", self.done + 1, self.plan.steps.len()),
        }
    }

    /// It is done.
    pub fn done(&mut self, step: &Step) {
        self.done += 1;
        self.expected += self.plan.expected(step);
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    fn left(&self) -> Duration {
        let rest: Duration = self.plan.steps[self.done..].iter().map(|step| self.plan.expected(step)).sum();
        // Until something has been measured there is nothing to correct by.
        if self.expected.is_zero() {
            rest
        } else {
            rest.mul_f64(self.begun.elapsed().div_duration_f64(self.expected))
        }
    }
}

/// Clears the bar away, also when an error ends the run.
impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
