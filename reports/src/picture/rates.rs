//! Rate against connections: how much each model answers as more clients come, with the load generator's own ceiling shaded.

use super::parts::{axis, estimated, extremes, lines, listed, measured, overlap, paragraph};
use super::{Area, Lines, On, Picture, Scale};
use crate::document::title::{self, Open};
use crate::summary::{Ceiling, ConnectionRow, ConnectionSweep, Estimate, Obstacle, ServerRow, Standing};
use crate::units::{count, figure, grouped, times};

pub(super) fn pictures(sweeps: &[ConnectionSweep], ceiling: Option<Ceiling>) -> Vec<Picture> {
    sweeps.iter().filter_map(|sweep| picture(sweep, ceiling)).collect()
}

fn picture(sweep: &ConnectionSweep, ceiling: Option<Ceiling>) -> Option<Picture> {
    let series = sweep.rows.iter().filter_map(|row| {
        let points = steps(sweep, row).filter_map(|(n, step)| Some(estimated(n as f64, rate(step)?)));
        measured(&row.model, points.collect())
    });
    let drawing = Lines {
        x: axis("connections", "", Scale::Logarithmic),
        y: axis("rate", "requests/s", Scale::Linear),
        series: series.collect(),
        areas: shaded(sweep, ceiling).into_iter().map(area).collect(),
    };
    let title = format!("Rate by connections: {}", title::of(&sweep.setting, Open::Connections));
    lines("rate-by-connections", title, notice(sweep, ceiling), drawing)
}

/// The numbers of connections with what a model did at each.
pub(super) fn steps<'a>(
    sweep: &'a ConnectionSweep,
    row: &'a ConnectionRow,
) -> impl Iterator<Item = (usize, &'a ServerRow)> {
    let steps = sweep.connections.iter().zip(&row.steps);
    steps.filter_map(|(number, step)| Some((*number, step.as_ref()?)))
}

/// A server that left connections waiting has no rate for so many.
fn rate(step: &ServerRow) -> Option<Estimate> {
    step.rate.filter(|_| !is_starved(step))
}

pub(super) fn is_starved(step: &ServerRow) -> bool {
    matches!(step.standing, Standing::Unranked(Obstacle::Starved { .. }))
}

/// The ceiling of the load generator, where this sweep's rates can be compared with it.
fn shaded(sweep: &ConnectionSweep, ceiling: Option<Ceiling>) -> Option<Ceiling> {
    let mut steps = sweep.rows.iter().flat_map(|row| row.steps.iter().flatten());
    ceiling.filter(|_| steps.any(|step| step.ceiling_share.is_some()))
}

/// From where on a rate says nothing of the server.
fn area(ceiling: Ceiling) -> Area {
    let name = "beyond what the load generator came to on one processor";
    Area { name: name.to_owned(), on: On::Y, from: ceiling.per_second(), to: None }
}

fn said(ceiling: Ceiling) -> String {
    match ceiling {
        Ceiling::Tried(from) => format!(
            "The shaded part begins at {} requests/s, what the load generator came to on one processor before the run: near it a \
             rate is the generator's and not the server's.",
            figure(from)
        ),
        Ceiling::Met(from) => format!(
            "The shaded part begins at {} requests/s, the greatest rate that the load generator came to on one processor in this \
             run: near it a rate may be the generator's and not the server's.",
            figure(from)
        ),
    }
}

fn notice(sweep: &ConnectionSweep, ceiling: Option<Ceiling>) -> String {
    paragraph([
        most(sweep),
        shaded(sweep, ceiling).map(said),
        named(sweep, |step| step.client_bound && !is_starved(step))
            .map(|names| format!("A lower bound, as the load generator was the limit: {names}.")),
        named(sweep, is_starved).map(|names| format!("Left out, as most clients had to wait: {names}.")),
    ])
}

/// Who answers most at the greatest number of connections that two models can be compared at.
fn most(sweep: &ConnectionSweep) -> Option<String> {
    let at = |number: usize| -> Vec<(&ConnectionRow, Estimate)> {
        let rows = sweep.rows.iter();
        let own = |row| steps(sweep, row).find(|(n, _)| *n == number).and_then(|(_, step)| rate(step));
        rows.filter_map(|row| Some((row, own(row)?))).collect()
    };
    let compared = sweep.connections.iter().rev().find_map(|n| Some((*n, extremes(&at(*n))?)));
    let Some((number, [(last, fewest), (first, most)])) = compared else { return one(sweep) };
    let (number, low, high) = (count(number as f64), figure(fewest.median), figure(most.median));
    let (first, last) = (&first.model, &last.model);
    Some(if overlap(fewest, most) {
        format!(
            "With {number} connections the rounds don't tell the models apart: from {low} requests/s of {last} to {high} of {first} \
             all intervals overlap."
        )
    } else {
        format!(
            "With {number} connections {first} answers most, {high} requests/s, {} times as many as {last} with {low}.",
            times(most.median / fewest.median)
        )
    })
}

/// What is to be said of one model alone.
fn one(sweep: &ConnectionSweep) -> Option<String> {
    let row = sweep.rows.iter().find(|row| steps(sweep, row).any(|(_, step)| rate(step).is_some()))?;
    let known: Vec<_> = steps(sweep, row).filter_map(|(n, step)| Some((n, rate(step)?.median))).collect();
    let (first, last) = (known.first()?, known.last()?);
    Some(format!(
        "{} answers {} requests/s with {} connections and {} with {}: more clients leave it less time to wait.",
        row.model,
        figure(first.1),
        grouped(first.0 as u64),
        figure(last.1),
        grouped(last.0 as u64)
    ))
}

/// `loop with 16`, of those that `is` holds for; none if there is none.
fn named(sweep: &ConnectionSweep, is: impl Fn(&ServerRow) -> bool) -> Option<String> {
    let all = sweep.rows.iter().flat_map(|row| steps(sweep, row).map(move |(n, step)| (row, n, step)));
    let names = all.filter(|(.., step)| step.rate.is_some() && is(step));
    let names: Vec<String> =
        names.map(|(row, n, _)| format!("{} with {}", row.model, count(n as f64))).collect();
    (!names.is_empty()).then(|| listed(&names))
}
