//! One model at several offered rates, in words.

use std::borrow::Cow;

use super::facts::name;
use super::title::{self, Open};
use super::{Explanation, notes, server_notes};
use crate::summary::{ACHIEVED, Knee, Obstacle, Percentile, RateRow, RateStep, RateSweep, Standing};
use crate::table::{Column, Marks, Table};
use crate::units::{count, figure, if_known, latency, percent};

/// What the tables say.
pub(super) const EXPLANATION: Explanation = Explanation {
    text: "Rates: the knee is the last offered rate before the first that was too much. Only rates whose verdict is valid count; \
a figure marked ~ is from where the load generator was the limit, and is the generator's as well.",
    columns: Cow::Borrowed(&[
        "A rate was too much if less than 99% of the requests left in time and were answered, or if the p99, timed from when a \
request should have left, was more than ten times that at the lowest rate that counts. Where replies were too few for a p99 \
at each rate, the p90 or the p50 is compared, and a note names it.",
        "knee: ≥ where no rate that counts was too much, < where already the lowest was, unknown where none counts.",
        "Where a rate has a column, it holds the p99, or, where less than 99% left and were answered, that share.",
        "answered: the part of the requests due in the window that had a reply, then or soon after.",
        "left: what left within the window, by what was due in it.",
    ]),
};

/// What a figure marked so is worth.
const CLIENT_BOUND: &str = "the load generator was the limit: what is marked ~ is the generator's as well";

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

/// What its first table is called.
pub(super) fn title(sweep: &RateSweep) -> String {
    format!("Up to which rate: {}", title::of(&sweep.setting, Open::Rate))
}

fn knees(sweep: &RateSweep) -> Table {
    let late = |row: &RateRow| {
        let p99 = |step: &Option<RateStep>| step.as_ref()?.late_us(Percentile::P99);
        row.steps.iter().map(p99).collect()
    };
    let mut columns = vec![
        Column::words("model", 0).with(Marks::sparks("p99 by rate", sweep.rows.iter().map(late))),
        Column::numbers("knee", "req/s", 0),
        Column::numbers(slowest(sweep, at_knee), "at the knee", 0),
        Column::numbers(slowest(sweep, RateRow::base), "lowest rate", 0),
    ];
    let shown = if sweep.rates.len() <= COLUMNS { sweep.rates.len() } else { 0 };
    // What is lowest goes first where there is no room: the rates about the knee tell most.
    let expendable = |index: usize| u8::try_from(shown - index).unwrap_or(u8::MAX);
    let rates = sweep.rates[..shown].iter().enumerate();
    columns.extend(rates.map(|(index, rate)| Column::numbers(figure(*rate), "req/s", expendable(index))));
    Table {
        title: title(sweep),
        columns,
        rows: sweep.rows.iter().map(|row| knee_row(row, shown)).collect(),
        notes: sweep.rows.iter().filter_map(knee_note).collect(),
    }
}

/// What a row's knee was found by, if not in the usual way.
fn knee_note(row: &RateRow) -> Option<String> {
    let Some(base) = row.base() else {
        return Some(format!("{}: no rate counts, so nothing is known of its knee.", row.model));
    };
    let mut parts = Vec::new();
    match row.judged_by {
        Some(Percentile::P99) => {}
        Some(other) => {
            let judge = percentile(other);
            parts.push(format!(
                "the {judge} is what was compared, as replies were too few for a p99 at each rate"
            ));
        }
        None => parts.push("no latency is known, so what was answered decides alone".to_owned()),
    }
    if row.steps.iter().flatten().next().is_some_and(|lowest| lowest.rate < base.rate) {
        parts.push(format!("compared with {} req/s, the lowest rate that counts", figure(base.rate)));
    }
    notes::sentence(&row.model, &parts)
}

fn percentile(percentile: Percentile) -> &'static str {
    match percentile {
        Percentile::P99 => "p99",
        Percentile::P90 => "p90",
        Percentile::P50 => "p50",
    }
}

fn knee_row(row: &RateRow, shown: usize) -> Vec<String> {
    let mut texts = vec![
        row.model.clone(),
        knee(row.knee),
        late(row, at_knee(row)).unwrap_or_default(),
        late(row, row.base()).unwrap_or_default(),
    ];
    texts.extend(row.steps[..shown].iter().map(|step| step.as_ref().map(text).unwrap_or_default()));
    texts
}

/// The highest rate that a model keeps up with; none where it keeps up with none.
fn at_knee(row: &RateRow) -> Option<&RateStep> {
    match row.knee {
        Knee::At(rate) | Knee::AtLeast(rate) => row.steps.iter().flatten().find(|step| step.rate >= rate),
        Knee::Below(_) | Knee::Unknown => None,
    }
}

/// The p99 wherever it is known, as it stands under each rate too; else what was compared.
fn told_by(row: &RateRow, step: &RateStep) -> Option<Percentile> {
    step.late_us(Percentile::P99).map(|_| Percentile::P99).or(row.judged_by)
}

/// What a column of all models is of: the p99, or what not all of them have a p99 of.
fn slowest(sweep: &RateSweep, at: fn(&RateRow) -> Option<&RateStep>) -> &'static str {
    let of = |row: &RateRow| told_by(row, at(row)?);
    let is_other = |row: &RateRow| of(row).is_some_and(|by| by != Percentile::P99);
    if sweep.rows.iter().any(is_other) { "latency" } else { "p99" }
}

/// `2.31 ms`, and which percentile that is where it is not the p99.
fn late(row: &RateRow, step: Option<&RateStep>) -> Option<String> {
    let step = step?;
    let by = told_by(row, step)?;
    let text = latency(step.late_us(by)?);
    Some(if by == Percentile::P99 { text } else { format!("{text} ({})", percentile(by)) })
}

fn knee(knee: Knee) -> String {
    match knee {
        Knee::At(rate) => figure(rate),
        Knee::AtLeast(rate) => format!("≥ {}", figure(rate)),
        Knee::Below(rate) => format!("< {}", figure(rate)),
        Knee::Unknown => "unknown".to_owned(),
    }
}

/// The p99 where the model kept up, else how much it answered.
fn text(step: &RateStep) -> String {
    match (step.row.standing, step.achieved()) {
        (Standing::Unranked(Obstacle::Void(verdict)), _) => name(verdict).to_owned(),
        (_, Some(achieved)) if achieved < ACHIEVED => marked(step, Some(share(achieved))),
        _ => marked(step, step.late_us(Percentile::P99).map(latency)),
    }
}

/// A figure with a mark where the load generator was the limit.
fn marked(step: &RateStep, figure: Option<String>) -> String {
    let mark = if step.row.client_bound { "~ " } else { "" };
    figure.map(|figure| format!("{mark}{figure}")).unwrap_or_default()
}

/// How much was answered, rounded down: 98.97% is not 99%.
fn share(achieved: f64) -> String {
    let thousandths = (achieved * 1e3).floor();
    if thousandths >= 1e3 { percent(achieved) } else { format!("{:.1}%", thousandths / 10.0) }
}

/// A row for each model and rate. A column that is empty for all of them is none.
fn figures(sweep: &RateSweep) -> Table {
    let steps = sweep.rows.iter().flat_map(|row| row.steps.iter().flatten());
    let texts: Vec<Vec<String>> = steps.map(figure_row).collect();
    let is_filled = |index: usize| texts.iter().any(|row| !row[index].is_empty());
    let columns = figure_columns();
    let shown: Vec<usize> = (0..columns.len()).filter(|index| is_filled(*index)).collect();
    let rows = texts.iter().map(|row| shown.iter().map(|&index| row[index].clone()).collect());
    Table {
        title: format!("At each rate: {}", title::of(&sweep.setting, Open::Rate)),
        columns: shown.iter().map(|&index| columns[index].clone()).collect(),
        rows: rows.collect(),
        notes: sweep.rows.iter().flat_map(|row| figure_notes(row, sweep.setting.connections)).collect(),
    }
}

fn figure_columns() -> Vec<Column> {
    vec![
        Column::words("model", 0),
        Column::numbers("offered", "req/s", 0),
        Column::numbers("answered", "", 0),
        Column::numbers("left", "", 3),
        Column::numbers("p50", "", 2),
        Column::numbers("p99", "", 0),
        Column::numbers("p99.9", "", 3),
        Column::numbers("p99", "uncorrected", 1),
        Column::numbers("p99", "lag", 4),
        Column::numbers("CPU/req", "µs", 0),
        Column::numbers("errors", "", 2),
        Column::numbers("rounds", "", 5),
    ]
}

fn figure_row(step: &RateStep) -> Vec<String> {
    let row = &step.row;
    let late = |value: Option<f64>| marked(step, value.map(latency));
    let answered = match row.standing {
        Standing::Unranked(Obstacle::Void(verdict)) => name(verdict).to_owned(),
        _ => marked(step, step.answered.map(share)),
    };
    vec![
        row.model.clone(),
        figure(step.rate),
        answered,
        marked(step, step.left.map(share)),
        late(row.latency_us.map(|us| us.p50)),
        late(step.late_us(Percentile::P99)),
        late(row.latency_us.and_then(|us| us.p999)),
        late(row.uncorrected_latency_us.and_then(|us| us.p99)),
        if_known(row.lag_us.and_then(|us| us.p99), latency),
        if_known(row.cpu_us.map(|cpu_us| cpu_us.median), figure),
        count(row.errors.total() as f64),
        format!("{}/{}", row.rounds.counted, row.rounds.all),
    ]
}

/// What is said of a model's rates; what is the same at several of them is said once.
fn figure_notes(row: &RateRow, connections: usize) -> Vec<String> {
    let mut said: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for step in row.steps.iter().flatten() {
        let parts = server_notes::parts(&step.row, connections, CLIENT_BOUND);
        if parts.is_empty() {
            continue;
        }
        match said.iter_mut().find(|(other, _)| *other == parts) {
            Some((_, rates)) => rates.push(figure(step.rate)),
            None => said.push((parts, vec![figure(step.rate)])),
        }
    }
    let note = |(parts, rates): (Vec<String>, Vec<String>)| {
        notes::sentence(&format!("{} at {} req/s", row.model, rates.join("; ")), &parts)
    };
    said.into_iter().filter_map(note).collect()
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
        let rule = EXPLANATION.columns[0];
        assert!(rule.contains(&format!("less than {} of the requests", percent(ACHIEVED))));
        assert!((LATER - 10.0).abs() < f64::EPSILON && rule.contains("ten times"));
    }
}
