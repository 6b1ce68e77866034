//! The timelines of a record as a trace that Perfetto (<https://ui.perfetto.dev>) and Chrome's `about:tracing` open: each cell is a
//! process there, each of its processes, threads and coroutines a row of slices, with the numbers of those that ran and of those
//! that had no processor above them. All cells begin at nought, so that they can be compared.
//!
//! Source: Google, "Trace Event Format": complete events (`X`), counters (`C`) and metadata (`M`); times in microseconds.

use std::path::Path;

use serde::Serialize;

use crate::record::{Cell, Run, ServerCell, TaskCell, Timeline, Track};
use crate::storage::{self, WriteError};
use crate::units::plural;

/// What is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    /// How times are shown.
    display_time_unit: &'static str,
    trace_events: Vec<Event>,
}

/// One event. Which fields it has follows from its kind.
#[derive(Serialize)]
struct Event {
    /// Its kind.
    ph: &'static str,
    name: &'static str,
    /// The cell's place in the record, from 1.
    pid: usize,
    /// The track's place in the timeline, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    /// A colour that viewers have a name for.
    #[serde(skip_serializing_if = "Option::is_none")]
    cname: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Args>,
}

/// What an event says besides.
#[derive(Serialize)]
#[serde(untagged)]
enum Args {
    Name { name: String },
    SortIndex { sort_index: usize },
    Threads { running: usize, runnable: usize },
}

/// Draws the timelines of a record; none if it has none.
///
/// # Errors
/// A record holds a figure that is not a finite number.
pub fn draw(run: &Run) -> Result<Option<Vec<u8>>, WriteError> {
    let events: Vec<Event> = run
        .cells
        .iter()
        .enumerate()
        .filter_map(|(place, cell)| Some(events(place + 1, name(cell)?, timeline(cell)?)))
        .flatten()
        .collect();
    if events.is_empty() {
        return Ok(None);
    }
    let trace = Trace { display_time_unit: "ms", trace_events: events };
    let bytes = serde_json::to_vec(&trace).map_err(|error| WriteError::Drawing(error.to_string()))?;
    Ok(Some(bytes))
}

/// Draws them into a file, which is whole or as it was before. False: there are none, and nothing was written.
///
/// # Errors
/// As [`draw`]; the file can't be written.
pub fn write(run: &Run, path: &Path) -> Result<bool, WriteError> {
    let Some(bytes) = draw(run)? else { return Ok(false) };
    storage::replace(path, &bytes)?;
    Ok(true)
}

fn timeline(cell: &Cell) -> Option<&Timeline> {
    match cell {
        Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) => cell.timeline.as_ref(),
        Cell::Tasks(cell) => cell.timeline.as_ref(),
        Cell::Spawn(_) | Cell::Switch(_) | Cell::Ipc(_) => None,
    }
}

/// What a cell is called there; none if it never has a timeline.
fn name(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Servers(cell) => Some(server(cell)),
        Cell::Idle(cell) => Some(format!("{}, idle connections beside", server(cell))),
        Cell::Stevens(cell) => Some(format!("{}, a connection for each request", server(cell))),
        Cell::Tasks(cell) => Some(task(cell)),
        Cell::Spawn(_) | Cell::Switch(_) | Cell::Ipc(_) => None,
    }
}

fn server(cell: &ServerCell) -> String {
    let ServerCell { workload, request, transport, connections, round, .. } = cell;
    let model = with_options(&cell.model, &cell.options);
    let again = if cell.copy.is_some() { " (again)" } else { "" };
    let rate = cell.rate.map(|rate| format!(", {rate:.0} requests/s offered")).unwrap_or_default();
    let connections = plural(*connections, "connection");
    format!("{model}{again}: {workload} {request}, {transport}, {connections}{rate}, round {round}")
}

fn task(cell: &TaskCell) -> String {
    let TaskCell { task, jobs, round, .. } = cell;
    let jobs = plural(*jobs, "job");
    format!("{}: {task}, {jobs}, round {round}", with_options(&cell.executor, &cell.options))
}

fn with_options(name: &str, options: &str) -> String {
    if options.is_empty() { name.to_owned() } else { format!("{name}:{options}") }
}

/// All events of one cell.
fn events(pid: usize, name: String, timeline: &Timeline) -> Vec<Event> {
    let mut events = vec![
        about(pid, None, "process_name", Args::Name { name }),
        about(pid, None, "process_sort_index", Args::SortIndex { sort_index: pid }),
    ];
    for (place, track) in timeline.tracks.iter().enumerate() {
        let tid = place + 1;
        let name = format!("{} {} {}", track.kind, track.number, track.name);
        events.push(about(pid, Some(tid), "thread_name", Args::Name { name }));
        events.push(about(pid, Some(tid), "thread_sort_index", Args::SortIndex { sort_index: tid }));
        events.extend(slices(pid, tid, track, timeline.every_ms));
    }
    events.extend(counters(pid, timeline));
    events
}

/// Says something about a cell or a track.
fn about(pid: usize, tid: Option<usize>, name: &'static str, args: Args) -> Event {
    Event { ph: "M", name, pid, tid, ts: None, dur: None, cname: None, args: Some(args) }
}

/// A slice for each stretch of one state. Each look stands for the time until the next one.
fn slices(pid: usize, tid: usize, track: &Track, every_ms: f64) -> Vec<Event> {
    let states = track.states.as_bytes();
    let mut at = track.first;
    let stretches = states.chunk_by(|one, other| one == other);
    let slices = stretches.filter_map(|stretch| {
        let (begin, length) = (at, stretch.len());
        at += length;
        let (name, cname) = state(*stretch.first()?);
        let (ts, dur) = (Some(microseconds(begin, every_ms)), Some(microseconds(length, every_ms)));
        Some(Event { ph: "X", name, pid, tid: Some(tid), ts, dur, cname: Some(cname), args: None })
    });
    slices.collect()
}

const LOOKS_AT_MOST: usize = 100_000;

/// How many ran and how many had no processor, at each look at which that changed.
fn counters(pid: usize, timeline: &Timeline) -> Vec<Event> {
    // A record may say anything; of more looks than this no run is.
    let end = |track: &Track| track.first.saturating_add(track.states.len()).min(LOOKS_AT_MOST);
    let looks = timeline.tracks.iter().map(end).max().unwrap_or(0);
    let mut last = None;
    let counters = (0..=looks).filter_map(|look| {
        let at = |track: &Track| track.states.as_bytes().get(look.checked_sub(track.first)?).copied();
        let count = |state| timeline.tracks.iter().filter(|track| at(track) == Some(state)).count();
        let now = (count(b'R'), count(b'r'));
        if last.replace(now) == Some(now) {
            return None;
        }
        let (running, runnable) = now;
        let args = Some(Args::Threads { running, runnable });
        let ts = Some(microseconds(look, timeline.every_ms));
        Some(Event { ph: "C", name: "threads", pid, tid: None, ts, dur: None, cname: None, args })
    });
    counters.collect()
}

fn microseconds(looks: usize, every_ms: f64) -> f64 {
    // To the nanosecond: more digits would be nothing but length.
    (looks as f64 * every_ms * 1e6).round() / 1e3
}

/// What a letter of [`Track::states`] means, and the viewers' colour for it.
fn state(letter: u8) -> (&'static str, &'static str) {
    match letter {
        b'R' => ("running", "thread_state_running"),
        b'r' => ("runnable", "thread_state_runnable"),
        b'S' => ("waiting", "thread_state_sleeping"),
        b'D' => ("waiting for a disk", "thread_state_iowait"),
        b'T' => ("stopped", "thread_state_unknown"),
        b'Z' => ("ended", "grey"),
        _ => ("unknown", "thread_state_unknown"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn track(number: u32, first: usize, states: &str) -> Track {
        let (kind, name) = ("thread".to_owned(), "worker".to_owned());
        Track { process: 7, number, kind, name, first, states: states.to_owned() }
    }

    fn run() -> Run {
        let tracks = vec![track(7, 0, "RRSr"), track(8, 2, "RZ")];
        let timeline = Timeline { source: "proc".to_owned(), every_ms: 2.5, tracks, left_out: None };
        let cell = TaskCell {
            executor: "threads".to_owned(),
            task: "count".to_owned(),
            jobs: 2,
            round: 3,
            timeline: Some(timeline),
            ..TaskCell::default()
        };
        let without = Cell::Servers(Box::default());
        Run { cells: vec![without, Cell::Tasks(Box::new(cell))], ..Run::default() }
    }

    fn events() -> Vec<Value> {
        let bytes = draw(&run()).unwrap().unwrap();
        let trace: Value = serde_json::from_slice(&bytes).unwrap();
        trace["traceEvents"].as_array().unwrap().clone()
    }

    #[test]
    fn a_trace_stays_as_it_is() {
        let lines: Vec<String> = events().iter().map(Value::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn every_event_has_the_fields_that_the_format_asks_of_its_kind() {
        for event in events() {
            let has = |names: &[&str]| names.iter().all(|name| event.get(name).is_some());
            let whole = match event["ph"].as_str().unwrap() {
                "X" => has(&["name", "pid", "tid", "ts", "dur"]),
                "C" => has(&["name", "pid", "ts", "args"]),
                "M" => has(&["name", "pid", "args"]),
                _ => false,
            };
            assert!(whole, "{event}");
        }
    }

    #[test]
    fn the_slices_of_a_track_follow_one_another_for_as_long_as_it_was_seen() {
        let slices: Vec<_> = events().into_iter().filter(|event| event["ph"] == "X").collect();
        let of = |tid: u64| slices.iter().filter(move |slice| slice["tid"] == tid);
        let times =
            |tid| of(tid).map(|slice| (slice["ts"].as_f64().unwrap(), slice["dur"].as_f64().unwrap()));
        assert_eq!(times(1).collect::<Vec<_>>(), [(0.0, 5_000.0), (5_000.0, 2_500.0), (7_500.0, 2_500.0)]);
        assert_eq!(times(2).collect::<Vec<_>>(), [(5_000.0, 2_500.0), (7_500.0, 2_500.0)]);
        let names: Vec<_> = of(1).map(|slice| slice["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["running", "waiting", "runnable"]);
    }

    /// What stands for a letter of the record, written down anew.
    const NAMES: [(char, &str); 6] = [
        ('R', "running"),
        ('r', "runnable"),
        ('S', "waiting"),
        ('D', "waiting for a disk"),
        ('T', "stopped"),
        ('Z', "ended"),
    ];

    #[test]
    fn every_look_of_the_record_is_in_a_slice_of_its_state_and_time() {
        const EVERY_MS: f64 = 2.5;
        let states = ["RRSrDDDTRZ", "SRrSSSRTDZZ", "DrR"];
        let firsts = [0, 3, 7];
        let tracks = firsts.iter().zip(states).zip(7..);
        let tracks = tracks.map(|((first, states), number)| track(number, *first, states)).collect();
        let timeline = Timeline { source: "sched".to_owned(), every_ms: EVERY_MS, tracks, left_out: None };
        let cell = TaskCell { timeline: Some(timeline), ..TaskCell::default() };
        let run = Run { cells: vec![Cell::Tasks(Box::new(cell))], ..Run::default() };
        let trace: Value = serde_json::from_slice(&draw(&run).unwrap().unwrap()).unwrap();
        let slices = trace["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X");
        let slices: Vec<&Value> = slices.collect();
        for (place, (first, states)) in firsts.into_iter().zip(states).enumerate() {
            let own: Vec<_> = slices.iter().filter(|slice| slice["tid"] == place as u64 + 1).collect();
            let of = |slice: &Value, field: &str| slice[field].as_f64().unwrap() / 1e3 / EVERY_MS;
            // Back from slices to looks: as many letters as it lasts, from where it begins.
            let mut at = first as f64;
            let mut looks = String::new();
            for slice in own {
                assert!((of(slice, "ts") - at).abs() < 1e-9, "{slice}: {at}");
                let length = of(slice, "dur");
                assert!(length >= 1.0 && length.fract() < 1e-9, "{slice}");
                let (letter, _) = NAMES.iter().find(|(_, name)| slice["name"] == **name).unwrap();
                looks.extend(std::iter::repeat_n(*letter, length as usize));
                at += length;
            }
            assert_eq!(looks, states);
        }
        // A stretch of one state is one slice.
        let stretches = states.map(|states| states.as_bytes().chunk_by(|one, other| one == other).count());
        assert_eq!(slices.len(), stretches.iter().sum::<usize>());
    }

    #[test]
    fn the_counters_are_how_many_ran_and_how_many_were_ready_at_each_look() {
        let events = events();
        let told: Vec<(f64, u64, u64)> = events
            .iter()
            .filter(|event| event["ph"] == "C")
            .map(|event| {
                let number = |name: &str| event["args"][name].as_u64().unwrap();
                (event["ts"].as_f64().unwrap(), number("running"), number("runnable"))
            })
            .collect();
        // The looks of "RRSr" and, from the third on, of "RZ": 1, 1, 1, then one that is ready, then none.
        assert_eq!(told, [(0.0, 1, 0), (7_500.0, 0, 1), (10_000.0, 0, 0)]);
    }

    #[test]
    fn a_record_without_timelines_gives_no_trace() {
        assert!(draw(&Run::default()).unwrap().is_none());
    }
}
