//! What single small things cost, as bars: making one, going to another, sending a message.

use super::parts::{axis, bar, bars, ends};
use super::{Bars, Picture, Scale};
use crate::document::ipc::{self, BANDWIDTH, LARGE, ROUND_TRIP, SMALL, nearest};
use crate::document::probes::mega;
use crate::document::servers::with_reach;
use crate::document::spawn::{self, CREATE, HAND_OFF};
use crate::document::switch::{self, SLEEP, SWITCH};
use crate::summary::{Estimate, ProbeRow, ProbeSuite, ProbeTable, Standing};
use crate::units::{figure, times};

pub(super) fn pictures(tables: &[ProbeTable]) -> Vec<Picture> {
    let of = |suite: ProbeSuite| tables.iter().filter(move |table| table.suite == suite);
    let made = of(ProbeSuite::Spawn).filter(|table| table.touched_bytes.is_none());
    let made =
        made.filter_map(|table| picture(&format!("spawn-{}", table.operation), spawn::title(table), table));
    let switched = of(ProbeSuite::Switch).filter(|table| table.operation != SLEEP);
    let switched = switched.filter_map(|table| picture(&table.operation, switch::title(table), table));
    let sent = [(ROUND_TRIP, SMALL), (BANDWIDTH, LARGE)].into_iter().filter_map(|(operation, size)| {
        let own: Vec<&ProbeTable> =
            of(ProbeSuite::Ipc).filter(|table| table.operation == operation).collect();
        let table = nearest(&own, size)?;
        picture(&format!("ipc-{operation}"), ipc::title(table), table)
    });
    made.chain(switched).chain(sent).collect()
}

/// A row's figure in its unit.
fn figure_of(row: &ProbeRow) -> Option<(Estimate, &'static str)> {
    let rate = row.bytes_per_second.map(|rate| (mega(rate), "MB/s"));
    rate.or_else(|| Some((row.time_us?, "µs")))
}

fn picture(id: &str, title: String, table: &ProbeTable) -> Option<Picture> {
    let known = || table.rows.iter().filter_map(|row| Some((row, figure_of(row)?)));
    let (_, (_, unit)) = known().next()?;
    let rows = known().map(|(row, (of, unit))| {
        let value = with_reach(format!("{} {unit}", figure(of.median)), of.median, of.interval);
        bar(row.name(), value, of.median, ends(of.interval))
    });
    let what = if unit == "µs" { "time" } else { "rate" };
    let drawing =
        Bars { axis: axis(what, unit, Scale::Linear), parts: vec![what.to_owned()], rows: rows.collect() };
    bars(id, title, notice(table)?, drawing, 2)
}

fn notice(table: &ProbeTable) -> Option<String> {
    let place = |row: &ProbeRow| match row.standing {
        Standing::Ranked(rank) => Some(rank.place),
        Standing::Unranked(_) => None,
    };
    let ranked: Vec<&ProbeRow> = table.rows.iter().filter(|row| place(row).is_some()).collect();
    let Some((first, last)) = ranked.first().zip(ranked.last()) else {
        return Some("No way here has two rounds that count, so none is ranked.".to_owned());
    };
    let ((best, unit), (worst, _)) = (figure_of(first)?, figure_of(last)?);
    if place(last) == Some(1) {
        return Some(format!(
            "The rounds don't tell these ways apart; {} has {} {unit}.",
            first.name(),
            figure(best.median)
        ));
    }
    let why = why(&table.operation);
    Some(if unit == "µs" {
        format!(
            "{} is the cheapest with {} µs, {} the dearest with {} µs, {} times as much. {why}",
            first.name(),
            figure(best.median),
            last.name(),
            figure(worst.median),
            times(worst.median / best.median)
        )
    } else {
        format!(
            "{} is the fastest with {} {unit}, {} the slowest with {} {unit}: the first is {} times as fast. {why}",
            first.name(),
            figure(best.median),
            last.name(),
            figure(worst.median),
            times(best.median / worst.median)
        )
    })
}

/// Why ways differ at an operation.
fn why(operation: &str) -> &'static str {
    match operation {
        CREATE => {
            "A process gets tables of its own for its memory, a thread shares its parent's, a coroutine or a task is an entry in its runtime's."
        }
        HAND_OFF => {
            "Nothing is made here: what a job costs is to wake who waits for it, and to hear that it is done."
        }
        SWITCH => {
            "Who goes through the kernel pays for that, and where the other is on another processor for waking it as well."
        }
        ROUND_TRIP => {
            "A small message costs what it takes to wake the other side; who spins is there already, and has a processor whole."
        }
        _ => "Who copies a message twice, into the kernel and out again, has half of what memory gives.",
    }
}
