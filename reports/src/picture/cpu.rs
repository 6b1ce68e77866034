//! CPU per request, user and system: what servers are ranked by.

use super::parts::{axis, bars, paragraph};
use super::{Bar, Bars, Picture, Scale, parts};
use crate::document::servers::with_reach;
use crate::document::title::{self, Open};
use crate::summary::{Obstacle, ServerRow, ServerTable, Standing, Summary};
use crate::units::{figure, percent, times};

pub(super) fn pictures(summary: &Summary) -> Vec<Picture> {
    tables(summary).filter_map(picture).collect()
}

/// The settings that have a table of their own: where models had rates of their own, one for each would have but one row.
pub(super) fn tables(summary: &Summary) -> impl Iterator<Item = &ServerTable> {
    let in_a_sweep =
        |table: &&ServerTable| summary.rates.iter().any(|sweep| sweep.is_sparse() && sweep.holds(table));
    summary.servers.iter().filter(move |table| !in_a_sweep(table))
}

/// Whose a bar is, and why it has no rank.
pub(super) fn label(row: &ServerRow) -> String {
    match row.standing {
        Standing::Ranked(_) => row.model.clone(),
        Standing::Unranked(Obstacle::Again) => format!("{} (again)", row.model),
        Standing::Unranked(_) => format!("{} (not ranked)", row.model),
    }
}

fn picture(table: &ServerTable) -> Option<Picture> {
    // Medians of the parts need not add up to the median of the whole, so the whole is split by the median share.
    let bar = |row: &ServerRow| {
        let (cpu_us, user) = (row.cpu_us?, row.user_share?);
        Some(Bar {
            label: label(row),
            value: with_reach(format!("{} µs", figure(cpu_us.median)), cpu_us.median, cpu_us.interval),
            lengths: vec![cpu_us.median * user, cpu_us.median * (1.0 - user)],
            interval: parts::ends(cpu_us.interval),
        })
    };
    let drawing = Bars {
        axis: axis("CPU time per request", "µs", Scale::Linear),
        parts: ["user", "system"].map(str::to_owned).to_vec(),
        rows: table.rows.iter().filter_map(bar).collect(),
    };
    let title = format!("CPU time per request: {}", title::of(&table.setting, Open::Nothing));
    bars("cpu-per-request", title, notice(table), drawing, 2)
}

fn notice(table: &ServerTable) -> String {
    let ranked: Vec<&ServerRow> =
        table.rows.iter().filter(|row| matches!(row.standing, Standing::Ranked(_))).collect();
    let system = table.rows.iter().find(|row| row.cpu_us.is_some()).and_then(|row| {
        let share = percent(1.0 - row.user_share?);
        Some(format!(
            "{} spends {share} of its CPU time in the kernel: receiving, sending and waiting cost more than the work where the work is \
             small.",
            row.model
        ))
        .filter(|_| row.user_share.is_some_and(|user| user < 0.5))
    });
    paragraph([ranks(&ranked), system])
}

/// Who is cheapest, and by how much the others are dearer.
fn ranks(ranked: &[&ServerRow]) -> Option<String> {
    let place = |row: &&&ServerRow| match row.standing {
        Standing::Ranked(rank) => rank.place,
        Standing::Unranked(_) => usize::MAX,
    };
    let first = ranked.first()?;
    let names: Vec<&str> =
        ranked.iter().filter(|row| place(row) == 1).map(|row| row.model.as_str()).collect();
    let cost = figure(first.cpu_us?.median);
    let Some(last) = ranked.last().filter(|row| place(row) > 1) else {
        return Some(match names.len() {
            1 => format!("{} takes {cost} µs of processor time for a request.", first.model),
            _ => format!(
                "The rounds don't tell these apart: {}; {} takes {cost} µs of processor time for a request.",
                parts::listed(&names),
                first.model
            ),
        });
    };
    let dearer = times(last.ratio?.value);
    Some(match names.len() {
        1 => format!(
            "{} is the cheapest with {cost} µs of processor time for a request; {} takes {dearer} times as much.",
            first.model, last.model
        ),
        _ => format!(
            "The cheapest can't be told apart: {}; {} takes {cost} µs of processor time for a request, {} {dearer} times as much.",
            parts::listed(&names),
            first.model,
            last.model
        ),
    })
}
