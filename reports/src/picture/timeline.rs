//! A timeline of processes, threads and coroutines: who ran, who could have and had no processor, and who waited.

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
use crate::units::{count, plural};

/// The task of the course notes that computes.
const NOTES_OWN: &str = "primes";
/// Timelines of executors in a record.
const EXECUTORS: usize = 6;

pub(super) fn pictures(run: &Run, summary: &Summary) -> Vec<Picture> {
    let mut pictures = servers(run, summary);
    pictures.extend(tasks(run));
    pictures
}

fn servers(run: &Run, summary: &Summary) -> Vec<Picture> {
    let settings = shown::settings(run, summary, |cell| cell.timeline.is_some());
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

/// Of each row of tasks the last cell that counts and has a timeline, by setting.
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
        shown.entry(setting).or_default().extend(counted.max_by_key(|cell| cell.round));
    }
    shown
}

/// The executors at the task, and with the number of jobs, that most of them have a timeline of; of several the course notes' own
/// task that computes.
fn tasks(run: &Run) -> Vec<Picture> {
    let shown = shown(run);
    let worth = |setting: &Setting<'_>, own: &[&TaskCell]| {
        let computes = own.first().is_some_and(|cell| cell.family == "cpu");
        (own.len(), computes, setting.0 == NOTES_OWN, setting.2)
    };
    let best = shown.into_iter().max_by_key(|(setting, own)| worth(setting, own));
    let Some(((task, _, jobs), mut own)) = best else { return Vec::new() };
    own.sort_by_key(|cell| place(&cell.executor));
    let names: Vec<String> =
        own.iter().skip(EXECUTORS).map(|cell| label(&cell.executor, &cell.options)).collect();
    let left_out =
        (!names.is_empty()).then(|| format!("Not drawn, but in run.json as well: {}.", listed(&names)));
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
    let row =
        |track: &Track| Row { label: track_label(track), first: track.first, states: track.states.clone() };
    let tracks = Tracks { every_ms: of.every_ms, rows: of.tracks.iter().map(row).collect() };
    (!tracks.rows.is_empty()).then(|| Picture {
        id: id.to_owned(),
        title: format!("Timeline: {name}, {setting}"),
        notice: notice(name, of),
        drawing: Drawing::Tracks(tracks),
    })
}

/// `thread 4711 worker-1`: what it is, its number and what it is called.
fn track_label(track: &Track) -> String {
    format!("{} {} {}", track.kind, track.number, track.name).trim_end().to_owned()
}

fn notice(name: &str, of: &Timeline) -> String {
    let looks = of.tracks.iter().map(|track| track.first + track.states.chars().count()).max().unwrap_or(0);
    let on_average = |states: &str| {
        let all: usize = of
            .tracks
            .iter()
            .map(|track| track.states.chars().filter(|it| states.contains(*it)).count())
            .sum();
        tenths(all as f64 / looks.max(1) as f64)
    };
    let averages = format!(
        "Looks at {name}: {}, of {}. On average {} of them were running, {} were ready to run and had no processor, and {} were \
         waiting.",
        count(looks as f64),
        kinds(of),
        on_average("R"),
        on_average("r"),
        on_average("SD")
    );
    let source = match of.source.as_str() {
        "sched" => "The states are the scheduler's own (its tracepoints).",
        "runtime" => "The states are what the runtime of the coroutines says of them.",
        _ => {
            "The states are looks at /proc at equal distances: what is shorter than that is not seen, and running can't always be told \
              from waiting for a processor."
        }
    };
    let more =
        of.left_out.filter(|more| *more > 0).map(|more| format!("So many more were not looked at: {more}."));
    paragraph([Some(averages), Some(source.to_owned()), more])
}

/// How many there were on average, of whom nobody needs to know more than tenths.
fn tenths(number: f64) -> String {
    if number > 0.0 && number < 0.05 { "fewer than 0.1".to_owned() } else { format!("{number:.1}") }
}

/// `1 process, 4 threads`.
fn kinds(of: &Timeline) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for track in &of.tracks {
        match kinds.iter_mut().find(|(kind, _)| *kind == track.kind) {
            Some((_, number)) => *number += 1,
            None => kinds.push((&track.kind, 1)),
        }
    }
    let words = kinds.iter().map(|(kind, number)| match (*kind, *number) {
        ("process", 1) => "1 process".to_owned(),
        ("process", _) => format!("{} processes", count(*number as f64)),
        ("thread", _) => plural(*number, "thread"),
        ("coroutine", _) => plural(*number, "coroutine"),
        (kind, number) => plural(number, kind),
    });
    words.collect::<Vec<_>>().join(", ")
}
