//! How executors scale, in words: Amdahl's law and Gunther's, fitted.

use crate::summary::ScalingRow;
use crate::summary::scaling::has_too_few;
use crate::table::{Column, Table};
use crate::units::{count, figure, percent, times};

/// What the columns mean.
pub(super) const EXPLANATION: &str = "Scaling: a row is one executor at one task, over all numbers of jobs and workers that \
it was run with. Its speed-up with n at once is the rate at which it finishes jobs, by the rate of line with one job, medians of \
ratios within rounds; what is at once are its workers where other jobs wait for them, else all jobs. Amdahl's law is S = n / (1 \
+ s (n - 1)), where s is the share that only one can do at a time; Gunther's (the Universal Scalability Law) is S = n / (1 + σ (n \
- 1) + κ n (n - 1)), where σ is contention, κ what each pair costs, and peak the n beyond which more are slower. Both are fitted \
by linear least squares of n / S - 1, each point weighted by (S / n)², within 0 ≤ s, σ ≤ 1 and κ ≥ 0. Off is how far the points \
are from the law, the root of the mean square as a share of it. Processors are shared as well: at a task that computes, even an executor \
that loses nothing is no faster beyond their number, and a law takes that for contention. Perfect s is what Amdahl's law makes of \
that one.";

fn columns() -> Vec<Column> {
    vec![
        Column::words("task", 0),
        Column::words("executor", 0),
        Column::numbers("at once", "", 3),
        Column::numbers("greatest", "times", 0),
        Column::numbers("with", "at once", 4),
        Column::numbers("Amdahl s", "", 0),
        Column::numbers("perfect s", "", 1),
        Column::numbers("off", "of Amdahl", 5),
        Column::numbers("Gunther σ", "", 0),
        Column::numbers("κ", "", 0),
        Column::numbers("peak", "at once", 2),
        Column::numbers("off", "of Gunther", 1),
    ]
}

/// The table; none where nothing can be fitted, which `why_not` says.
pub(super) fn table(rows: &[ScalingRow]) -> Option<Table> {
    let (without, fitted): (Vec<&ScalingRow>, Vec<&ScalingRow>) =
        rows.iter().partition(|row| row.laws.is_none());
    if fitted.is_empty() {
        return None;
    }
    let name = |row: &&&ScalingRow| format!("{} on {}", row.executor, row.task);
    let too_few: Vec<String> = without.iter().filter(|row| has_too_few(row)).map(|row| name(&row)).collect();
    let note = (!too_few.is_empty()).then(|| {
        format!("Not fitted, as that takes three different numbers at once: {}.", too_few.join(", "))
    });
    Some(Table {
        title: "Scaling: Amdahl's law and Gunther's".to_owned(),
        columns: columns(),
        rows: fitted.into_iter().map(row).collect(),
        notes: note.into_iter().collect(),
    })
}

/// Why no law is fitted to any row, where jobs were run.
pub(super) fn why_not(rows: &[ScalingRow]) -> String {
    let what = if rows.is_empty() { "line's time for one job and " } else { "" };
    format!(
        "No law of scaling is fitted: that takes {what}three different numbers of jobs at once, as with --jobs 1,2,4."
    )
}

fn row(row: &ScalingRow) -> Vec<String> {
    let numbers: Vec<String> = row.numbers().into_iter().map(|number| number.to_string()).collect();
    let greatest = row.greatest();
    let mut texts = vec![
        format!("{} ({})", row.task, row.family),
        row.executor.clone(),
        numbers.join(" "),
        greatest.map(|point| times(point.speed_up)).unwrap_or_default(),
        greatest.map(|point| count(point.at_once as f64)).unwrap_or_default(),
    ];
    if let Some(laws) = row.laws {
        texts.extend([
            share(laws.amdahl.serial),
            laws.perfect.map(share).unwrap_or_default(),
            percent(laws.amdahl.residual),
            share(laws.gunther.sigma),
            coherency(laws.gunther.kappa),
            laws.gunther.peak().map(figure).unwrap_or_default(),
            percent(laws.gunther.residual),
        ]);
    }
    texts
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
