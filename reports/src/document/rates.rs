//! One model at several offered rates, in words.

use super::facts::name;
use super::title::{self, Open};
use crate::summary::{ACHIEVED, Knee, Obstacle, RateRow, RateStep, RateSweep, Standing};
use crate::table::{Column, Table};
use crate::units::{figure, latency, percent};

/// What the tables say.
pub(super) const EXPLANATION: &str = "Rates: the knee is the highest offered rate at which 99% of the requests were answered \
and the p99, timed from when a request should have left, was at most ten times that at the lowest rate; ≥ where nothing \
higher was offered, or the load generator was the limit there. Where a rate has a column, it holds the p99, or, where less \
than 99% were answered, that share.";

/// More rates than this have no columns of their own.
const COLUMNS: usize = 10;

/// Where the knees are; and all figures, where models had rates of their own.
pub(super) fn tables(sweep: &RateSweep) -> Vec<Table> {
    let mut tables = vec![knees(sweep)];
    if sweep.is_sparse() {
        tables.push(figures(sweep));
    }
    tables
}

fn knees(sweep: &RateSweep) -> Table {
    let mut columns = vec![
        Column::words("model", 0),
        Column::numbers("knee", "req/s", 0),
        Column::numbers("p99", "at the knee", 0),
        Column::numbers("p99", "lowest rate", 0),
    ];
    let shown = if sweep.rates.len() <= COLUMNS { sweep.rates.len() } else { 0 };
    // What is lowest goes first where there is no room: the rates about the knee tell most.
    let expendable = |index: usize| u8::try_from(shown - index).unwrap_or(u8::MAX);
    let rates = sweep.rates[..shown].iter().enumerate();
    columns.extend(rates.map(|(index, rate)| Column::numbers(figure(*rate), "req/s", expendable(index))));
    Table {
        title: format!("Up to which rate: {}", title::of(&sweep.setting, Open::Rate)),
        columns,
        rows: sweep.rows.iter().map(|row| knee_row(row, shown)).collect(),
        notes: Vec::new(),
    }
}

fn knee_row(row: &RateRow, shown: usize) -> Vec<String> {
    let steps = || row.steps.iter().flatten();
    let p99 = |step: Option<&RateStep>| step.and_then(RateStep::p99_us).map(latency).unwrap_or_default();
    let at_knee = match row.knee {
        Knee::At(rate) | Knee::AtLeast(rate) => steps().find(|step| step.rate >= rate),
        Knee::Below(_) | Knee::Unknown => None,
    };
    let mut texts = vec![row.model.clone(), knee(row.knee), p99(at_knee), p99(steps().next())];
    texts.extend(row.steps[..shown].iter().map(|step| step.as_ref().map(text).unwrap_or_default()));
    texts
}

fn knee(knee: Knee) -> String {
    match knee {
        Knee::At(rate) => figure(rate),
        Knee::AtLeast(rate) => format!("≥ {}", figure(rate)),
        Knee::Below(rate) => format!("< {}", figure(rate)),
        Knee::Unknown => String::new(),
    }
}

/// The p99 where the model kept up, else how much it answered.
fn text(step: &RateStep) -> String {
    match (step.row.standing, step.achieved) {
        (Standing::Unranked(Obstacle::Void(verdict)), _) => name(verdict).to_owned(),
        (_, Some(achieved)) if achieved < ACHIEVED => share(achieved),
        _ => step.p99_us().map(latency).unwrap_or_default(),
    }
}

/// How much was answered, rounded down: 98.97% is not 99%.
fn share(achieved: f64) -> String {
    let thousandths = (achieved * 1e3).floor();
    if thousandths >= 1e3 { percent(achieved) } else { format!("{:.1}%", thousandths / 10.0) }
}

/// A row for each model and rate.
fn figures(sweep: &RateSweep) -> Table {
    let steps = sweep.rows.iter().flat_map(|row| row.steps.iter().flatten());
    Table {
        title: format!("At each rate: {}", title::of(&sweep.setting, Open::Rate)),
        columns: vec![
            Column::words("model", 0),
            Column::numbers("offered", "req/s", 0),
            Column::numbers("answered", "", 0),
            Column::numbers("p50", "", 2),
            Column::numbers("p99", "", 0),
            Column::numbers("p99.9", "", 3),
            Column::numbers("p99", "uncorrected", 1),
            Column::numbers("p99", "lag", 4),
            Column::numbers("CPU/req", "µs", 0),
            Column::numbers("rounds", "", 5),
        ],
        rows: steps.map(figure_row).collect(),
        notes: Vec::new(),
    }
}

fn figure_row(step: &RateStep) -> Vec<String> {
    let row = &step.row;
    let text = |value: Option<f64>, format: fn(f64) -> String| value.map(format).unwrap_or_default();
    let answered = match row.standing {
        Standing::Unranked(Obstacle::Void(verdict)) => name(verdict).to_owned(),
        _ => text(step.achieved, share),
    };
    vec![
        row.model.clone(),
        figure(step.rate),
        answered,
        text(row.latency_us.map(|us| us.p50), latency),
        text(step.p99_us(), latency),
        text(row.latency_us.and_then(|us| us.p999), latency),
        text(row.uncorrected_latency_us.and_then(|us| us.p99), latency),
        text(row.lag_us.and_then(|us| us.p99), latency),
        text(row.cpu_us.map(|cpu_us| cpu_us.median), figure),
        format!("{}/{}", row.rounds.counted, row.rounds.all),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::LATER;

    #[test]
    fn what_was_not_answered_in_full_does_not_read_as_if() {
        assert_eq!(share(0.989_7), "98.9%");
        assert_eq!((share(1.0), share(1.002)), ("100%".to_owned(), "100%".to_owned()));
    }

    #[test]
    fn the_explanation_names_the_rules_in_force() {
        assert!(EXPLANATION.contains(&format!("at which {} of the requests", percent(ACHIEVED))));
        assert!((LATER - 10.0).abs() < f64::EPSILON && EXPLANATION.contains("ten times"));
    }
}
