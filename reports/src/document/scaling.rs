//! How executors scale, in words: Amdahl's law and Gunther's, fitted.

use std::collections::{BTreeMap, BTreeSet};

use super::servers::with_reach;
use crate::course_notes::BASELINE;
use crate::summary::scaling::greatest;
use crate::summary::{Estimate, Laws, Lossless, ScalingRow, TaskRow};
use crate::table::{Column, Marks, Table};
use crate::units::{count, figure, percent, times};

/// What the columns mean.
pub(super) const EXPLANATION: &str = "Scaling: a row is one executor at one task, over all numbers of jobs and workers that \
it was run with. Its speed-up with n at once is line's time for as many jobs by the executor's, taken within each round, as in the \
tables of tasks; what is at once are its workers where other jobs wait for them, else all jobs, and a number that several settings come to is \
one point, their median. Amdahl's law is S = n / (1 + s (n - 1)), where s is the share that only one can do at a time; \
Gunther's (the Universal Scalability Law) is S = n / (1 + σ (n - 1) + κ n (n - 1)), where σ is contention, κ what each pair \
costs, and peak the n beyond which more are slower, empty where the law grows for ever. Both are fitted within each round, by linear least \
squares of n / S - 1, each point weighted by (S / n)², within 0 ≤ s, σ ≤ 1 and κ ≥ 0, and figures are medians over the rounds; ± of s, σ and κ is in their own unit. Greatest is the greatest speed-up, with the least number at once within 2% of it. Off is \
how far the points are from the law, the root of the mean square as a share of it. Processors are shared as well, which no law knows: at a task that \
computes, even an executor that loses nothing is no faster beyond their number, and a law takes that for contention and coherency. The rows named loses \
nothing are what the laws make of that one, with S = min(n, processors), at the same numbers at once.";

/// The family of tasks that compute.
const COMPUTES: &str = "cpu";

/// What the rows of such an executor are called.
const LOSES_NOTHING: &str = "loses nothing";

fn columns(speed_ups: Marks) -> Vec<Column> {
    vec![
        Column::words("task", 0),
        Column::words("executor", 0).with(speed_ups),
        Column::numbers("at once", "", 0),
        Column::numbers("greatest", "times", 0),
        Column::numbers("with", "at once", 5),
        Column::numbers("Amdahl s", "", 0),
        Column::numbers("off", "of Amdahl", 6),
        Column::numbers("Gunther σ", "", 1),
        Column::numbers("κ", "", 2),
        Column::numbers("peak", "at once", 4),
        Column::numbers("off", "of Gunther", 3),
    ]
}

/// A table for tasks that compute and one for those that wait; none where nothing can be fitted, which `why_not` says.
pub(super) fn tables(rows: &[ScalingRow], lossless: &[Lossless]) -> Vec<Table> {
    let families = rows.chunk_by(|one, other| one.family == other.family);
    let mut tables: Vec<Table> = families.filter_map(|rows| table(rows, lossless)).collect();
    if let Some(last) = tables.last_mut() {
        last.notes.extend(COLUMNS.map(str::to_owned));
    }
    tables
}

/// `rows` are of one family.
fn table(rows: &[ScalingRow], lossless: &[Lossless]) -> Option<Table> {
    let fitted: Vec<Vec<String>> = rows.iter().filter_map(row).collect();
    let computes = rows.first()?.family == COMPUTES;
    let lossless = if computes { lossless } else { &[] };
    let without = rows.iter().filter(|row| row.laws.is_none());
    let too_few: Vec<String> = without.map(|row| format!("{} on {}", row.executor, row.task)).collect();
    let mut notes: Vec<String> = lossless.first().map(how_to_compare).into_iter().collect();
    if !too_few.is_empty() {
        notes.push(format!(
            "Not fitted, as that takes three different numbers at once in one round: {}.",
            too_few.join(", ")
        ));
    }
    let fitted_rows = rows.iter().filter(|row| row.laws.is_some());
    let speed_ups = lossless.iter().map(|row| &row.speed_ups).chain(fitted_rows.map(|row| &row.speed_ups));
    let speed_ups =
        Marks::sparks("speed-up", speed_ups.map(|of| of.values().map(|of| Some(of.median)).collect()));
    (!fitted.is_empty()).then(|| Table {
        title: if computes {
            "Scaling of tasks that compute: Amdahl's law and Gunther's"
        } else {
            "Scaling of tasks that wait: Amdahl's law and Gunther's"
        }
        .to_owned(),
        columns: columns(speed_ups),
        rows: lossless.iter().map(reference).chain(fitted).collect(),
        notes,
    })
}

fn how_to_compare(lossless: &Lossless) -> String {
    format!(
        "Compare each row with {LOSES_NOTHING} at the same numbers at once: that is a speed-up of n, up to {} processors. It has an s, a σ, a κ and a \
         peak as well, since the laws know of no processors. What is above its own is the executor's, or the task's.",
        count(lossless.processors as f64)
    )
}

/// What the columns mean, where the explanations are not at hand.
const COLUMNS: [&str; 2] = [
    "greatest: the greatest speed-up over line with as many jobs; with: the least number at once within 2% of it. s: the share that only one can do at a \
time. σ: waiting for each other. κ: what each pair costs. peak: beyond it more are slower. ± of s, σ and κ is in their own unit.",
    "off: how far the points are from the law. One that is off by more than a few percent does not hold, and its figures are shares of nothing.",
];

/// Why no law is fitted to any row, where several numbers of jobs were run; else nobody asked.
pub(super) fn why_not(tasks: &[TaskRow]) -> Option<String> {
    let ran = || tasks.iter().filter(|row| row.seconds.is_some() && row.executor != BASELINE);
    let jobs: BTreeSet<usize> = ran().map(|row| row.jobs).collect();
    let what = if ran().any(|row| row.comparison.is_some()) {
        "three different numbers at once, as with --jobs 1,2,4"
    } else {
        "line's time for as many jobs; run line as well"
    };
    (jobs.len() > 1).then(|| format!("No law of scaling is fitted: that takes {what}."))
}

fn row(row: &ScalingRow) -> Option<Vec<String>> {
    let laws = row.laws?;
    let names = [row.task.clone(), row.executor.clone()];
    Some(names.into_iter().chain(figures(&row.speed_ups, &laws)).collect())
}

fn reference(row: &Lossless) -> Vec<String> {
    let names = ["any", LOSES_NOTHING].map(str::to_owned);
    names.into_iter().chain(figures(&row.speed_ups, &row.laws)).collect()
}

fn figures(speed_ups: &BTreeMap<usize, Estimate>, laws: &Laws) -> [String; 9] {
    let numbers: Vec<String> = speed_ups.keys().map(ToString::to_string).collect();
    let greatest = greatest(speed_ups);
    [
        numbers.join(" "),
        greatest.map(|(of, _)| with_reach(times(of.median), of.median, of.interval)).unwrap_or_default(),
        greatest.map(|(_, with)| count(with as f64)).unwrap_or_default(),
        parameter(laws.serial, share, 3),
        percent(laws.off_amdahl),
        parameter(laws.sigma, share, 3),
        parameter(laws.kappa, coherency, 4),
        laws.peak.map(figure).unwrap_or_default(),
        percent(laws.off_gunther),
    ]
}

/// A law's parameter, and how far its interval reaches: in its own unit, as it may be 0, of which nothing is a share. Rounded up, as
/// for other figures.
fn parameter(of: Estimate, format: fn(f64) -> String, decimals: u32) -> String {
    let (text, interval) = (format(of.median), of.interval);
    if !interval.is_known() {
        return text;
    }
    let unit = f64::from(10_u32.pow(decimals));
    // What is whole but for the last bit of a fit is not the next whole.
    let up = |value: f64| (value * unit - 1e-6).max(0.0).ceil() / unit;
    let reach = up((interval.high - of.median).max(of.median - interval.low));
    format!("{text} ±{reach:.*}", decimals as usize)
}

/// Thousandths are all that a few points tell.
fn share(value: f64) -> String {
    format!("{value:.3}")
}

fn coherency(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value < 0.000_05 { "< 0.0001".to_owned() } else { format!("{value:.4}") }
}
