//! The long form: faults in a random order until so many good requests were answered, and what the server holds in between
//! must be flat.
//!
//! After each fault there is a calm, in which good clients ask as fast as they can, and after that nobody asks, and it is
//! looked at what the server holds. What only fills up, such as the heap of an allocator, does so in the first quarter of these
//! looks; what leaks is more in the last quarter than in the second.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fastrand::Rng;
use reports::record::{Held, Inflicted, TortureRow};

use super::account::{Before, descriptors, memory};
use super::good::{Good, Role, Tally};
use super::trial::{Ground, Outcome, attempt};
use super::victim::{Means, Space};
use super::{Company, Fault, Known, Setting, Torture};
use crate::verify::case::{Stop, Verdict, Within, ensure, skipped};
use crate::verify::common::mebibytes;

/// What a mixture of faults is called.
const MIXED: &str = "mixed";
/// How long each fault's share is.
const FAULT: Duration = Duration::from_millis(2_500);
/// How long the calm lasts.
const CALM: Duration = Duration::from_secs(3);
/// How many ask in it.
const CALM_CLIENTS: usize = 6;
/// It is looked so often at least, however few requests are wanted: a quarter of them are two.
const LOOKS_AT_LEAST: usize = 8;
/// By how much the memory in the last quarter may be above that in the second: so many hundredths ...
const FLAT_PERCENT: u64 = 5;
/// ... and so much.
const FLAT_BYTES: u64 = 1 << 20;
/// A server that answers nobody for so many faults in a row never comes to its number.
const IDLE_ROUNDS_AT_MOST: u32 = 5;

/// What has come together so far.
#[derive(Default)]
struct Course {
    done: Inflicted,
    tally: Tally,
    held: Vec<Held>,
    pss_peak_bytes: Option<u64>,
}

impl Torture<'_> {
    /// Has faults happen in a random order until so many good requests were answered, or one was lost; and tells of it.
    pub fn run_long(&self, requests: u64, mut tell: impl FnMut(&TortureRow)) -> Vec<TortureRow> {
        let begun = Instant::now();
        let mut course = Course::default();
        let verdict = match self.start(&Means::default()) {
            Ok(mut known) => {
                let verdict = self.go_through(&mut known, requests, &mut course, &mut tell);
                let _ = known.victim.stop(self.settings.grace); // how it ends is what `terminate` is about
                verdict
            }
            Err(stop) => Err(stop),
        };
        let Course { done, tally, held, pss_peak_bytes } = course;
        let outcome = Outcome { verdict, done, good: tally.counts, pss_peak_bytes, after: None };
        let mut row = outcome.row(self.target.name(), MIXED, begun.elapsed().as_secs_f64());
        row.growth_bytes = growth(&held);
        row.held = held;
        tell(&row);
        vec![row]
    }

    fn go_through(
        &self,
        known: &mut Known,
        requests: u64,
        course: &mut Course,
        tell: &mut impl FnMut(&TortureRow),
    ) -> Verdict {
        let mut rng = Rng::with_seed(self.settings.seed);
        let mut faults: Vec<&Fault> =
            self.faults.iter().copied().filter(|fault| can_be_mixed(fault)).collect();
        let mut idle_rounds = 0;
        while course.tally.counts.answered < requests || course.held.len() < LOOKS_AT_LEAST {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            if faults.is_empty() {
                return skipped(
                    "none of the faults that were asked for is one that it can be under and go on",
                );
            }
            let answered = course.tally.counts.answered;
            let index = rng.usize(..faults.len());
            let fault = faults[index];
            let begun = Instant::now();
            let outcome = self.mix_in(fault, known, rng.u64(..), course);
            match outcome.verdict {
                Err(Stop::Skipped(_)) => drop(faults.remove(index)), // not for this server
                ref verdict => {
                    let verdict = verdict.clone();
                    tell(&outcome.row(self.target.name(), fault.name, begun.elapsed().as_secs_f64()));
                    verdict.within(format!("in {}, after {answered} good requests", fault.name))?;
                    self.be_calm(known, rng.u64(..), course)?;
                }
            }
            idle_rounds = if course.tally.counts.answered > answered { 0 } else { idle_rounds + 1 };
            ensure(idle_rounds < IDLE_ROUNDS_AT_MOST, || {
                format!("no good request was answered in {idle_rounds} faults and what came after them")
            })?;
        }
        is_flat(&course.held)
    }

    /// One fault more.
    fn mix_in(&self, fault: &Fault, known: &mut Known, seed: u64, course: &mut Course) -> Outcome {
        let ground = Ground {
            victim: &mut known.victim,
            menu: Arc::clone(&known.menu),
            settings: &self.settings,
            space: self.target.space(),
            is_ours: self.target.is_ours(),
            at_rest: known.at_rest.clone(),
            seed,
            share: FAULT,
            stop: self.stop,
        };
        let outcome = attempt(fault, ground);
        course.done.add(&outcome.done);
        course.tally.join(&Tally { counts: outcome.good, first: None });
        course.tally.counts.limit_ms = outcome.good.limit_ms;
        course.pss_peak_bytes = course.pss_peak_bytes.max(outcome.pss_peak_bytes);
        outcome
    }

    /// Nobody misbehaves, and then nobody asks, and it is looked at what the server holds.
    fn be_calm(&self, known: &Known, seed: u64, course: &mut Course) -> Verdict {
        let space = self.target.space();
        let limit = space.limit(&self.settings);
        let roles = vec![Role::Kept; calm_clients(space)];
        let address = known.victim.address();
        let good = Good::begin_with(&roles, address, &known.menu, limit, seed, Duration::ZERO);
        let until = Instant::now() + CALM;
        while Instant::now() < until && !self.stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let tally = good.end();
        course.tally.join(&tally);
        ensure(tally.counts.missed() == 0, || {
            let first = tally.first.unwrap_or_default();
            format!(
                "in the calm after a fault {} good requests were lost; the first: {first}",
                tally.counts.missed()
            )
        })?;
        let tree = known.victim.tree();
        Before::of(tree, self.settings.patience)?; // it has come to rest
        course.held.push(Held {
            requests: course.tally.counts.answered,
            memory_bytes: memory(tree)?,
            descriptors: descriptors(tree)?,
        });
        Ok(())
    }
}

/// Whether the server is there, as it was, when the fault is over.
fn can_be_mixed(fault: &Fault) -> bool {
    fault.company == Company::Usual && matches!(fault.setting, Setting::Shared | Setting::Own)
}

/// Who keeps its connection keeps its worker.
fn calm_clients(space: Space) -> usize {
    if space.dealt_out { 1 } else { space.workers.map_or(CALM_CLIENTS, |workers| workers.min(CALM_CLIENTS)) }
}

/// The medians of the second and the last quarter.
fn quarters(held: &[Held], of: impl Fn(&Held) -> u64) -> Option<(u64, u64)> {
    let quarter = held.len() / 4;
    let median = |part: &[Held]| {
        let mut values: Vec<u64> = part.iter().map(&of).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied()
    };
    median(held.get(quarter..2 * quarter)?).zip(median(&held[held.len() - quarter..]))
}

fn growth(held: &[Held]) -> Option<i64> {
    quarters(held, |held| held.memory_bytes).map(|(second, last)| last.cast_signed() - second.cast_signed())
}

/// Neither memory nor descriptors grow.
fn is_flat(held: &[Held]) -> Verdict {
    if let Some((second, last)) = quarters(held, |held| held.memory_bytes) {
        ensure(last <= second + second * FLAT_PERCENT / 100 + FLAT_BYTES, || {
            format!(
                "its memory is not flat: the median of the last quarter of the time is {}, and that of the second {}",
                mebibytes(last),
                mebibytes(second)
            )
        })?;
    }
    if let Some((second, last)) = quarters(held, |held| held.descriptors) {
        ensure(last <= second, || {
            format!(
                "its descriptors are not flat: the median of the last quarter of the time is {last}, and that of the second \
                 {second}"
            )
        })?;
    }
    Ok(())
}

/// Adds what was done by another fault.
trait Add {
    /// Adds it.
    fn add(&mut self, other: &Self);
}

impl Add for Inflicted {
    fn add(&mut self, other: &Self) {
        self.connections += other.connections;
        self.resets += other.resets;
        self.sent_bytes += other.sent_bytes;
        self.signals += other.signals;
        self.faults = Some(self.faults.unwrap_or_default() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(memory_mib: &[u64], descriptors: u64) -> Vec<Held> {
        let of = |mib: &u64| Held { requests: 0, memory_bytes: mib << 20, descriptors };
        memory_mib.iter().map(of).collect()
    }

    #[test]
    fn what_fills_up_in_the_beginning_is_flat_and_what_grows_on_is_not() {
        is_flat(&held(&[2, 9, 20, 20, 20, 20, 21, 20], 7)).unwrap();
        is_flat(&held(&[20, 22, 24, 26, 28, 30, 32, 34], 7)).unwrap_err();
        assert_eq!(growth(&held(&[1, 1, 4, 4, 4, 4, 6, 6], 7)), Some(2 << 20));
        is_flat(&[]).unwrap();
    }

    #[test]
    fn one_descriptor_more_is_not_flat() {
        let mut looks = held(&[20; 8], 7);
        looks[6].descriptors = 8;
        looks[7].descriptors = 8;
        is_flat(&looks).unwrap_err();
    }

    #[test]
    fn everything_can_be_mixed_that_leaves_the_server_there() {
        let mixed: Vec<_> = super::super::faults().iter().filter(|fault| can_be_mixed(fault)).collect();
        assert_eq!(mixed.len(), 10);
    }
}
