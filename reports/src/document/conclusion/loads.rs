//! What loads of a kind of their own show: rates, idle connections, Stevens' clients.

use super::podium::{Disturbed, Doubt, MANY_ROUNDS, join, list, with_care};
use super::{Belief, Conclusion, IDLE, RATES, STEVENS};
use crate::document::title::{self, Open};
use crate::document::{idle, rates, stevens};
use crate::record::{Cell, Run};
use crate::summary::{ACHIEVED, Growth, Knee, RateRow, Setting, Summary};
use crate::units::{count, figure, percent, plural};

/// Up to which rate somebody keeps up.
pub(super) fn offered_rates(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let sweep = summary.rates.iter().max_by_key(|sweep| sweep.rows.len())?;
    let highest = |row: &RateRow| match row.knee {
        Knee::At(rate) | Knee::AtLeast(rate) => Some(rate),
        _ => None,
    };
    let most = sweep.rows.iter().filter_map(highest).max_by(f64::total_cmp)?;
    let best = sweep.rows.iter().filter(|row| highest(row) == Some(most));
    let names: Vec<String> = best.clone().map(|row| row.model.clone()).collect();
    let open = best.clone().any(|row| matches!(row.knee, Knee::AtLeast(_)));
    // Those of the very rate.
    let there = |row: &RateRow| {
        let mut steps = row.steps.iter().flatten();
        steps.find(|step| (step.rate - most).abs() < f64::EPSILON).map(|step| step.row.rounds.counted)
    };
    let rounds = best.filter_map(there).min().unwrap_or(0);
    let place = title::of(&sweep.setting, Open::Rate);
    let text = format!(
        "Of the rates that were offered, the highest with which somebody keeps up is {} requests/s: {} ({place}).",
        figure(most),
        list(&names)
    );
    let is_own = |cell: &&Cell| matches!(cell, Cell::Servers(cell) if cell.rate.is_some() && title::of(&Setting::of(cell), Open::Rate) == place);
    let disturbed = Disturbed::of(run.cells.iter().filter(is_own));
    let reach = if open {
        "No higher rate counts, so the limit itself was not found.".to_owned()
    } else {
        format!(
            "Keeping up is to answer {} of the requests in time; between two rates nothing is known.",
            percent(ACHIEVED)
        )
    };
    let doubts = [(rounds < MANY_ROUNDS).then_some(Doubt::FewRounds(rounds)), disturbed.doubt()];
    let doubts: Vec<Doubt> = doubts.into_iter().flatten().collect();
    let (head, belief) = with_care(&doubts).map_or_else(
        || (format!("To be believed: it held in {}.", plural(rounds, "round")), Belief::Firm),
        |careful| (careful, Belief::Careful),
    );
    Some(Conclusion {
        text,
        trust: join(&[Some(head), Some(reach)]),
        belief,
        about: Some(rates::title(sweep)),
        ..Conclusion::of(RATES)
    })
}

/// Who grows with idle connections, and who does not.
pub(super) fn idle_connections(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let table = summary.idle.iter().max_by_key(|table| table.rows.len())?;
    let of = |growth| -> Vec<String> {
        table.rows.iter().filter(|row| row.growth == growth).map(|row| row.model.clone()).collect()
    };
    let (flat, grows) = (of(Growth::Flat), of(Growth::Grows));
    let most = count(*table.idle.last()? as f64);
    let text = match (&flat[..], &grows[..]) {
        ([], []) => format!(
            "Whether idle connections cost a server anything can't be told; there were up to {most} of them."
        ),
        (_, []) => format!(
            "Up to {most} idle connections cost no server more CPU per request that could be told from noise: {}.",
            list(&flat)
        ),
        ([], _) => format!(
            "With up to {most} idle connections every server's CPU per request grows: {}.",
            list(&grows)
        ),
        _ => format!(
            "With up to {most} idle connections the CPU per request of {} grows, and that of {} does not.",
            list(&grows),
            list(&flat)
        ),
    };
    let place = title::of(&table.setting, Open::Idle);
    let is_own =
        |cell: &&Cell| matches!(cell, Cell::Idle(cell) if title::of(&Setting::of(cell), Open::Idle) == place);
    let disturbed = Disturbed::of(run.cells.iter().filter(is_own));
    let numbers = plural(table.idle.len(), "number");
    let few = (table.idle.len() < MANY_NUMBERS)
        .then(|| format!("With care: a line was fitted over {numbers} of idle connections."));
    let (trust, belief) = match (flat.is_empty() && grows.is_empty(), few, disturbed.doubt()) {
        (true, ..) => ("Nothing to believe: too few figures count.".to_owned(), Belief::Open),
        (false, Some(few), doubt) => (join(&[Some(few), doubt.map(Doubt::besides)]), Belief::Careful),
        (false, None, Some(doubt)) => (with_care(&[doubt]).unwrap_or_default(), Belief::Careful),
        (false, None, None) => (
            format!(
                "To be believed: a line over {numbers} of idle connections either rises for sure or does not."
            ),
            Belief::Firm,
        ),
    };
    let about = Some(idle::title(table));
    Some(Conclusion { text, trust, belief, about, ..Conclusion::of(IDLE) })
}

/// A line over fewer numbers than these has hardly anything to lie beside.
const MANY_NUMBERS: usize = 3;

/// What process control costs in Stevens' comparison.
pub(super) fn process_control(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let table = summary.stevens.iter().max_by_key(|table| table.rows.len())?;
    let controlled = table.rows.iter().filter_map(|row| Some((&row.model, row.control_s?.median)));
    let controlled: Vec<(&String, f64)> = controlled.filter(|(model, _)| *model != "loop").collect();
    let by = |one: &&(&String, f64), other: &&(&String, f64)| one.1.total_cmp(&other.1);
    let (least, most) = (controlled.iter().min_by(by)?, controlled.iter().max_by(by)?);
    let text = format!(
        "For 5,000 connections {} controls its processes or threads with {} s of CPU, the least, and {} with {} s, the most.",
        least.0,
        figure(least.1),
        most.0,
        figure(most.1)
    );
    let disturbed = Disturbed::of(run.cells.iter().filter(|cell| matches!(cell, Cell::Stevens(_))));
    let head =
        "With care: each is a difference of two figures, of the model and of one that controls nothing."
            .to_owned();
    let besides = disturbed.doubt().map(Doubt::besides);
    Some(Conclusion {
        text,
        trust: join(&[Some(head), besides]),
        belief: Belief::Careful,
        about: Some(stevens::title(table)),
        ..Conclusion::of(STEVENS)
    })
}
