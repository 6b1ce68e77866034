//! What idle connections cost, in words.

use super::facts::name;
use super::servers::{or_zero, range};
use super::title::{self, Open};
use crate::summary::{Crossing, Growth, IdleRow, IdleStep, IdleTable};
use crate::table::{Column, Marks, Table};
use crate::units::{count, figure};

/// What the tables say.
pub(super) const EXPLANATION: &str = "Idle connections: CPU time per request and requests a second of the active connections, \
beside so many that say nothing. Growth is the slope of a line fitted by least squares through all rounds, in microseconds for \
each thousand idle connections, with its interval of 95%. A model grows if that interval is above zero and the line rises by \
more than a tenth over what was measured.";

/// CPU time with its growth, and the rate.
pub(super) fn tables(table: &IdleTable) -> [Table; 2] {
    [cost(table), rate(table)]
}

/// What its first table is called.
pub(super) fn title(table: &IdleTable) -> String {
    format!("What idle connections cost: {}", title::of(&table.setting, Open::Idle))
}

fn cost(table: &IdleTable) -> Table {
    let growth = |row: &IdleRow| {
        let cpu_us = |step: &Option<IdleStep>| step.as_ref()?.cpu_us.map(|us| us.median);
        row.steps.iter().map(cpu_us).collect()
    };
    let growth = Marks::sparks("growth", table.rows.iter().map(growth));
    let mut columns = vec![Column::words("model", 0).with(growth)];
    columns.extend(steps(table, "µs CPU/req"));
    columns.push(Column::numbers("growth", "µs per 1,000", 0));
    columns.push(Column::numbers("interval", "µs per 1,000", 1));
    let texts = |row: &IdleRow| {
        let mut texts = vec![row.model.clone()];
        texts.extend(
            row.steps
                .iter()
                .map(|step| text(step.as_ref(), |step| step.cpu_us.map(|cpu_us| figure(cpu_us.median)))),
        );
        let line = row.line;
        texts.push(line.map(|line| or_zero(figure(line.slope), line.interval)).unwrap_or_default());
        let interval = line.and_then(|line| line.interval);
        texts.push(interval.map(|interval| range(interval, figure)).unwrap_or_default());
        texts
    };
    Table { title: title(table), columns, rows: table.rows.iter().map(texts).collect(), notes: notes(table) }
}

fn rate(table: &IdleTable) -> Table {
    let mut columns = vec![Column::words("model", 0)];
    columns.extend(steps(table, "req/s"));
    let texts = |row: &IdleRow| {
        let mut texts = vec![row.model.clone()];
        texts.extend(
            row.steps
                .iter()
                .map(|step| text(step.as_ref(), |step| step.rate.map(|rate| figure(rate.median)))),
        );
        texts
    };
    Table {
        title: format!("Rates beside idle connections: {}", title::of(&table.setting, Open::Idle)),
        columns,
        rows: table.rows.iter().map(texts).collect(),
        notes: Vec::new(),
    }
}

/// A column for each number of idle connections; the middle ones go first where there is no room.
fn steps(table: &IdleTable, unit: &'static str) -> impl Iterator<Item = Column> {
    let number = table.idle.len();
    table.idle.iter().enumerate().map(move |(index, idle)| {
        let from_the_ends = index.min(number - 1 - index);
        let expendable = u8::try_from(from_the_ends + 1).unwrap_or(u8::MAX);
        Column::numbers(format!("{} idle", count(*idle as f64)), unit, expendable)
    })
}

fn text(step: Option<&IdleStep>, figure: impl Fn(&IdleStep) -> Option<String>) -> String {
    let Some(step) = step else { return String::new() };
    step.void.map_or_else(|| figure(step).unwrap_or_default(), |verdict| name(verdict).to_owned())
}

/// From where on who costs more, and where a model can't take part.
pub(crate) fn notes(table: &IdleTable) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    if let Some(flat) = &table.best_flat {
        notes.extend(table.crossings.iter().map(|crossing| crossed(crossing, flat)));
        let without = table
            .rows
            .iter()
            .filter(|row| row.growth == Growth::Grows)
            .filter(|row| table.crossings.iter().all(|crossing| crossing.model != row.model));
        notes.extend(without.map(|row| format!("{} grows no faster than {flat}.", row.model)));
    }
    notes.extend(table.rows.iter().filter_map(|row| limit(row, &table.idle)));
    notes
}

fn crossed(crossing: &Crossing, flat: &str) -> String {
    let model = &crossing.model;
    if crossing.idle <= 1.0 {
        format!("{model} costs more than {flat} from the first idle connection on.")
    } else if crossing.beyond {
        let from = about(crossing.idle);
        format!(
            "{model} would cost more than {flat} from about {from} idle connections on, beyond what was measured."
        )
    } else {
        format!("{model} costs more than {flat} from {} idle connections on.", about(crossing.idle))
    }
}

/// With two significant digits: the fit does not give more.
fn about(idle: f64) -> String {
    let unit = 10_f64.powf((idle.log10().floor() - 1.0).max(0.0));
    count((idle / unit).round() * unit)
}

/// From where on a model can't take part, and why.
fn limit(row: &IdleRow, idle: &[usize]) -> Option<String> {
    let void =
        |(step, _): &(&Option<IdleStep>, &usize)| step.as_ref().is_some_and(|step| step.void.is_some());
    let (step, idle) = row.steps.iter().zip(idle).find(void)?;
    let step = step.as_ref()?;
    let reason = step.reason.as_deref().map(|reason| reason.trim().trim_end_matches('.'));
    let what = [step.void.map(name), reason].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Some(format!("{} beside {} idle connections: {what}.", row.model, count(*idle as f64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_is_told_as_exactly_as_it_is_known() {
        let crossing = |idle, beyond| Crossing { model: "poll".into(), idle, beyond };
        let told = |idle, beyond| crossed(&crossing(idle, beyond), "epoll");
        assert_eq!(told(343.2, false), "poll costs more than epoll from 340 idle connections on.");
        assert_eq!(told(7.3, false), "poll costs more than epoll from 7 idle connections on.");
        assert_eq!(told(-20.0, false), "poll costs more than epoll from the first idle connection on.");
        let beyond = "poll would cost more than epoll from about 23,000 idle connections on, beyond what was measured.";
        assert_eq!(told(23_456.0, true), beyond);
    }
}
