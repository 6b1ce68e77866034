//! One model at several offered rates, in words.

use super::facts::name;
use super::title::{self, Open};
use crate::summary::{ACHIEVED, Knee, RateRow, RateStep, RateSweep};
use crate::table::{Column, Table};
use crate::units::{figure, latency, percent};

/// What the table says.
pub(super) const EXPLANATION: &str = "Rates: at each offered rate stands the p99, timed from when a request should have left, \
or, where less than 99% of the requests were answered, that share. The knee is the highest rate at which 99% were answered \
and the p99 was at most ten times that at the lowest rate; ≥ where nothing higher was offered, or the load generator was the \
limit there.";

pub(super) fn table(sweep: &RateSweep) -> Table {
    let mut columns = vec![Column::words("model", 0), Column::numbers("knee", "req/s", 0)];
    // The rates about the knee tell most: what is lowest goes first where there is no room.
    let rank = |index: usize| u8::try_from(sweep.rates.len() - index).unwrap_or(u8::MAX);
    let rates = sweep.rates.iter().enumerate();
    columns.extend(rates.map(|(index, rate)| Column::numbers(figure(*rate), "p99 at req/s", rank(index))));
    Table {
        title: format!("Up to which rate: {}", title::of(&sweep.setting, Open::Rate)),
        columns,
        rows: sweep.rows.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

fn row(row: &RateRow) -> Vec<String> {
    let mut texts = vec![row.model.clone(), knee(row.knee)];
    texts.extend(row.steps.iter().map(|step| step.map(text).unwrap_or_default()));
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

fn text(step: RateStep) -> String {
    match step {
        RateStep::Void(verdict) => name(verdict).to_owned(),
        RateStep::Figures { achieved, .. } if achieved < ACHIEVED => percent(achieved),
        RateStep::Figures { p99_us, .. } => p99_us.map(latency).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::LATER;

    #[test]
    fn the_explanation_names_the_rules_in_force() {
        assert!(EXPLANATION.contains(&format!("less than {}", percent(ACHIEVED))));
        assert!((LATER - 10.0).abs() < f64::EPSILON && EXPLANATION.contains("ten times"));
    }
}
