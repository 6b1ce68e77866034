//! Idle-connection growth: what a request costs beside thousands of connections that say nothing.

use super::parts::{axis, estimated, lines, measured, paragraph, point, reference};
use super::{Lines, Picture, Scale};
use crate::document::idle::notes;
use crate::document::servers::range;
use crate::document::title::{self, Open};
use crate::summary::{Growth, IdleRow, IdleTable, THOUSAND};
use crate::units::figure;

pub(super) fn pictures(tables: &[IdleTable]) -> Vec<Picture> {
    tables.iter().filter_map(picture).collect()
}

fn picture(table: &IdleTable) -> Option<Picture> {
    let own = table.rows.iter().filter_map(|row| {
        let steps = table.idle.iter().zip(&row.steps);
        let points = steps.filter_map(|(idle, step)| Some(estimated(*idle as f64, step.as_ref()?.cpu_us?)));
        measured(&row.model, points.collect())
    });
    let fitted = table.rows.iter().filter(|row| row.growth == Growth::Grows).filter_map(|row| {
        let line = row.line?;
        let most = most(table, row)?;
        let points = [0.0, most].map(|idle| point(idle, line.at(idle / THOUSAND)));
        Some(reference(format!("{}, fitted", row.model), points.to_vec()))
    });
    let drawing = Lines {
        x: axis("idle connections", "", Scale::Linear),
        y: axis("CPU time per request", "µs", Scale::Linear),
        series: own.chain(fitted).collect(),
        areas: Vec::new(),
    };
    let title =
        format!("CPU time per request beside idle connections: {}", title::of(&table.setting, Open::Idle));
    lines("idle-connections", title, notice(table), drawing)
}

/// The most idle connections beside which a model has a figure.
fn most(table: &IdleTable, row: &IdleRow) -> Option<f64> {
    let steps = table.idle.iter().zip(&row.steps);
    let known = steps.filter(|(_, step)| step.as_ref().is_some_and(|step| step.cpu_us.is_some()));
    known.map(|(idle, _)| *idle as f64).max_by(f64::total_cmp)
}

fn notice(table: &IdleTable) -> String {
    let slope = |row: &&IdleRow| row.line.map_or(0.0, |line| line.slope);
    let growing = table.rows.iter().filter(|row| row.growth == Growth::Grows);
    let steepest = growing.max_by(|one, other| slope(one).total_cmp(&slope(other)));
    let said = match (steepest, &table.best_flat) {
        (Some(row), flat) => {
            Some(paragraph([grows(row), flat.as_ref().map(|flat| format!("{flat} does not grow."))]))
        }
        (None, Some(flat)) => Some(format!(
            "No model was seen to grow with idle connections here; {flat} costs least of those that were fitted."
        )),
        (None, None) => {
            Some("There are too few figures to tell whether a model grows with idle connections.".to_owned())
        }
    };
    paragraph([said].into_iter().chain(notes(table).into_iter().map(Some)))
}

fn grows(row: &IdleRow) -> Option<String> {
    let line = row.line?;
    Some(format!(
        "{} takes {} µs more for a request with each thousand idle connections ({}): who looks at every connection at each turn pays \
         for those that say nothing, who is told which are ready does not.",
        row.model,
        figure(line.slope),
        range(line.interval?, figure)
    ))
}
