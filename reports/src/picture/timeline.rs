//! A timeline of processes, threads and coroutines: who ran, who could have and had no processor, and who waited.

mod notice;

use std::collections::BTreeMap;

use super::bounds::{add, slug};
use super::parts::{listed, paragraph};
use super::shown::{self, Shown};
use super::{Drawing, Picture, Row, Tracks};
use crate::course_notes::WAYS;
use crate::document::title::{self, Open};
use crate::record::{Cell, Run, TaskCell, Timeline, Track};
use crate::summary::tasks::{counts, last_attempts};
use crate::summary::{STAND_IN, Summary, label};
use crate::units::plural;

/// The task of the course notes that computes.
const NOTES_OWN: &str = "primes";
/// Timelines of executors in a record.
const EXECUTORS: usize = 6;
/// Of fewer looks there is nothing to see.
const LOOKS: usize = 20;

pub(super) fn pictures(run: &Run, summary: &Summary) -> Vec<Picture> {
    let mut pictures = servers(run, summary);
    pictures.extend(tasks(run));
    pictures
}

fn servers(run: &Run, summary: &Summary) -> Vec<Picture> {
    let settings = shown::settings(run, summary, |cell| is_long(cell.timeline.as_ref()));
    let Some((Shown { setting, cells }, left_out)) = shown::few(settings) else { return Vec::new() };
    let setting = title::of(&setting, Open::Nothing);
    let of = |(name, timeline): (&str, Option<&Timeline>)| picture("timeline", name, &setting, timeline?);
    let named = cells.iter().map(|(name, cell)| (name.as_str(), cell.timeline.as_ref()));
    with(named.filter_map(of).collect(), left_out)
}

fn with(mut pictures: Vec<Picture>, left_out: Option<String>) -> Vec<Picture> {
    if let Some((last, said)) = pictures.last_mut().zip(left_out) {
        add(last, &said);
    }
    pictures
}

/// A task, how long its jobs are and how many.
type Setting<'a> = (&'a str, Option<&'a str>, usize);

/// Whether there are looks enough for a picture.
fn is_long(timeline: Option<&Timeline>) -> bool {
    timeline.is_some_and(|of| of.tracks.iter().any(|track| track.end() >= LOOKS))
}

/// Of each row of tasks the last cell that counts and has a timeline, by setting; one long enough, if there is any.
fn shown(run: &Run) -> BTreeMap<Setting<'_>, Vec<&TaskCell>> {
    let mut rows: BTreeMap<_, Vec<&TaskCell>> = BTreeMap::new();
    for cell in &run.cells {
        if let Cell::Tasks(cell) = cell {
            let setting: Setting<'_> = (&cell.task, cell.size.as_deref(), cell.jobs);
            rows.entry((setting, &cell.executor, &cell.options)).or_default().push(cell);
        }
    }
    let mut shown: BTreeMap<_, Vec<&TaskCell>> = BTreeMap::new();
    for ((setting, ..), row) in rows {
        let counted = last_attempts(&row).into_iter().filter(|cell| counts(cell) && cell.timeline.is_some());
        shown
            .entry(setting)
            .or_default()
            .extend(counted.max_by_key(|cell| (is_long(cell.timeline.as_ref()), cell.round)));
    }
    shown
}

/// The executors at the task, and with the number of jobs, that most of them have a timeline of; of several the course notes' own
/// task that computes.
fn tasks(run: &Run) -> Vec<Picture> {
    let shown = shown(run);
    let worth = |setting: &Setting<'_>, own: &[&TaskCell]| {
        let computes = own.first().is_some_and(|cell| cell.family == "cpu");
        let long = own.iter().filter(|cell| is_long(cell.timeline.as_ref())).count();
        (long, computes, setting.0 == NOTES_OWN, setting.2)
    };
    let best = shown.into_iter().max_by_key(|(setting, own)| worth(setting, own));
    let Some(((task, _, jobs), mut own)) = best else { return Vec::new() };
    own.sort_by_key(|cell| place(&cell.executor));
    let (own, short): (Vec<_>, Vec<_>) = own.into_iter().partition(|cell| is_long(cell.timeline.as_ref()));
    let names = |of: &[&TaskCell]| {
        let names: Vec<String> = of.iter().map(|cell| label(&cell.executor, &cell.options)).collect();
        (!names.is_empty()).then(|| listed(&names))
    };
    let left_out = paragraph([
        names(own.get(EXECUTORS..).unwrap_or_default())
            .map(|names| format!("Not drawn, but in run.json as well: {names}.")),
        names(&short).map(|names| {
            format!("Over too soon for a picture, with fewer than {LOOKS} looks, but in run.json as well: {names}.")
        }),
    ]);
    let left_out = (!left_out.is_empty()).then_some(left_out);
    let what = format!("{task}, {}", plural(jobs, "job"));
    let of = |cell: &&TaskCell| {
        let name = label(&cell.executor, &cell.options);
        // Each has a name of its own: these are chosen already.
        picture(&format!("timeline-of-{}", slug(&name)), &name, &what, cell.timeline.as_ref()?)
    };
    with(own.iter().take(EXECUTORS).filter_map(of).collect(), left_out)
}

/// Those that the lesson is about first: the ways of the course notes, the lock, coroutines, and an interpreter's threads.
fn place(executor: &str) -> usize {
    let threads = executor.rsplit_once(':').is_some_and(|(_, way)| way == WAYS[1].executor);
    match WAYS.iter().position(|way| way.executor == executor) {
        Some(place) => place,
        None if executor == STAND_IN => WAYS.len(),
        None if executor == "coroutine" => WAYS.len() + 1,
        None if threads => WAYS.len() + 2,
        None => WAYS.len() + 3,
    }
}

fn picture(id: &str, name: &str, setting: &str, of: &Timeline) -> Option<Picture> {
    let of = &without_the_end(of);
    let row =
        |track: &Track| Row { label: track_label(track), first: track.first, states: track.states.clone() };
    let tracks = Tracks { every_ms: of.every_ms, rows: of.tracks.iter().map(row).collect() };
    (!tracks.rows.is_empty()).then(|| Picture {
        id: id.to_owned(),
        title: format!("Timeline: {name}, {setting}"),
        notice: notice::notice(name, of),
        drawing: Drawing::Tracks(tracks),
    })
}

/// The same without the end of what was measured: it waits there for the lab, which started it, and is no zombie of the model's.
fn without_the_end(of: &Timeline) -> Timeline {
    let mut of = of.clone();
    if let Some(first) = of.tracks.first_mut().filter(|track| track.kind == "process") {
        first.states.truncate(first.states.trim_end_matches('Z').len());
    }
    of
}

/// `thread 4711 worker-1`: what it is, its number and what it is called.
fn track_label(track: &Track) -> String {
    format!("{} {} {}", track.kind, track.number, track.name).trim_end().to_owned()
}
