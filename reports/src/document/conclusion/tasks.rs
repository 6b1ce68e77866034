//! Which executor has jobs done soonest, where they compute and where they wait: over all tasks of a kind.

use super::podium::{Disturbed, MANY_ROUNDS, join};
use super::{Belief, Conclusion};
use crate::record::{Cell, Run};
use crate::summary::{Comparison, TaskRow};
use crate::units::{plural, times};

/// With as many jobs as were run at most; interpreters stand in tables of their own.
pub(super) fn conclusion(run: &Run, rows: &[TaskRow]) -> Option<Conclusion> {
    let jobs = rows.iter().map(|row| row.jobs).max()?;
    let own: Vec<&TaskRow> =
        rows.iter().filter(|row| row.jobs == jobs && !row.executor.contains(':')).collect();
    let (computing, waiting) = (fastest(&own, "cpu"), fastest(&own, "io"));
    let known: Vec<&Fastest> = computing.iter().chain(&waiting).collect();
    if known.is_empty() {
        return None;
    }
    let disturbed = Disturbed::of(run.cells.iter().filter(|cell| matches!(cell, Cell::Tasks(_))));
    let rounds = own.iter().map(|row| row.rounds.counted).filter(|rounds| *rounds > 0).min().unwrap_or(0);
    let belief = if known.iter().all(|fastest| fastest.is_open()) {
        Belief::Open
    } else if rounds >= MANY_ROUNDS && !disturbed.is_much() && !known.iter().any(|fastest| fastest.is_open())
    {
        Belief::Firm
    } else {
        Belief::Careful
    };
    let head = match belief {
        Belief::Firm => format!("To be believed: {} counted.", plural(rounds, "round")),
        Belief::Careful => format!("With care: {} counted.", plural(rounds, "round")),
        Belief::Open => format!("No winner to believe in after {}.", plural(rounds, "round")),
    };
    let what =
        format!("The figures are geometric means over the tasks of a kind, with {}.", plural(jobs, "job"));
    let computing =
        computing.map(|fastest| format!("Jobs that compute are done soonest by {}.", fastest.words()));
    let waiting = waiting.map(|fastest| format!("Jobs that wait are done soonest by {}.", fastest.words()));
    Some(Conclusion {
        suite: "Tasks".to_owned(),
        text: join(&[computing, waiting]),
        trust: join(&[Some(head), Some(what), disturbed.sentence()]),
        belief,
    })
}

/// An executor's speed-up over the tasks of a kind, with the ends of its interval where all tasks have one.
#[derive(Debug, Clone, PartialEq)]
struct Mean {
    executor: String,
    speed_up: f64,
    ends: Option<(f64, f64)>,
}

/// The fastest executor, and the next.
struct Fastest {
    first: Mean,
    next: Option<Mean>,
}

impl Fastest {
    /// Whether the next may be as fast: their intervals overlap, or are not known.
    fn is_open(&self) -> bool {
        let Some(next) = &self.next else { return false };
        !matches!((self.first.ends, next.ends), (Some((low, _)), Some((_, high))) if low > high)
    }

    fn words(&self) -> String {
        let (executor, speed_up) = (&self.first.executor, times(self.first.speed_up));
        match &self.next {
            None => format!("{executor}, {speed_up} times as fast as line"),
            Some(next) if self.is_open() => format!(
                "{executor}, {speed_up} times as fast as line; the next, {}, comes to {}, and their intervals overlap",
                next.executor,
                times(next.speed_up)
            ),
            Some(next) => format!(
                "{executor}, {speed_up} times as fast as line; the next, {}, comes to {}",
                next.executor,
                times(next.speed_up)
            ),
        }
    }
}

/// Only executors that did as many of the tasks as any are compared: a mean over others would be of other tasks.
fn fastest(rows: &[&TaskRow], family: &str) -> Option<Fastest> {
    let mut all: Vec<(&str, Vec<Comparison>)> = Vec::new();
    for row in rows.iter().filter(|row| row.family == family) {
        let Some(own) = row.comparison.filter(|own| own.speed_up.is_finite() && own.speed_up > 0.0) else {
            continue;
        };
        match all.iter_mut().find(|(name, _)| *name == row.executor) {
            Some((_, others)) => others.push(own),
            None => all.push((&row.executor, vec![own])),
        }
    }
    let most = all.iter().map(|(_, own)| own.len()).max()?;
    let whole = all.into_iter().filter(|(_, own)| own.len() == most);
    let mut means: Vec<Mean> = whole.map(|(executor, own)| mean(executor, &own)).collect();
    means.sort_by(|one, other| other.speed_up.total_cmp(&one.speed_up));
    let mut means = means.into_iter();
    Some(Fastest { first: means.next()?, next: means.next() })
}

fn mean(executor: &str, own: &[Comparison]) -> Mean {
    let geometric =
        |values: &[f64]| (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp();
    let intervals = own.iter().map(|own| own.interval.filter(|interval| interval.low > 0.0));
    let intervals: Option<Vec<_>> = intervals.collect();
    let ends = intervals.map(|intervals| {
        let of = |end: fn(&crate::Interval) -> f64| geometric(&intervals.iter().map(end).collect::<Vec<_>>());
        (of(|interval| interval.low), of(|interval| interval.high))
    });
    let speed_ups: Vec<f64> = own.iter().map(|own| own.speed_up).collect();
    Mean { executor: executor.to_owned(), speed_up: geometric(&speed_ups), ends }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fastest_of(first: (f64, f64), next: (f64, f64)) -> Fastest {
        let mean = |executor: &str, (low, high): (f64, f64)| Mean {
            executor: executor.into(),
            speed_up: f64::midpoint(low, high),
            ends: Some((low, high)),
        };
        Fastest { first: mean("processes", first), next: Some(mean("threads", next)) }
    }

    #[test]
    fn who_can_be_told_from_the_next_has_won() {
        let told = fastest_of((1.8, 2.0), (1.0, 1.2));
        assert!(!told.is_open());
        assert_eq!(told.words(), "processes, 1.90 times as fast as line; the next, threads, comes to 1.10");
    }

    #[test]
    fn intervals_that_overlap_leave_it_open() {
        let open = fastest_of((1.0, 2.0), (0.9, 1.1));
        assert!(open.is_open());
        assert!(open.words().ends_with("comes to 1.00, and their intervals overlap"));
    }
}
