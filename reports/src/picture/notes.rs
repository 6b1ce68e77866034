//! The course notes' figures beside this machine's: their timing table, and how much dearer a process is than a thread.

use super::parts::{axis, bar, bars, ends, second};
use super::{Bar, Bars, Picture, Scale};
use crate::course_notes::{PROCESS_BY_THREAD, PROSE, SOURCE, WAYS, Way};
use crate::document::notes_form::{self, Chosen, hundredths};
use crate::document::servers::with_reach;
use crate::document::spawn::{TOUCHED, twenty_times};
use crate::statistics::Interval;
use crate::summary::{ProbeTable, Summary};
use crate::units::{bytes_of, plural, times};

/// Whose the notes' own bars are.
const NOTES: &str = "course notes";

pub(super) fn pictures(summary: &Summary) -> Vec<Picture> {
    let timing = notes_form::chosen(&summary.tasks, &summary.interpreters).and_then(|chosen| timing(&chosen));
    timing.into_iter().chain(processes(&summary.probes)).collect()
}

/// Whose figures bars are.
fn parts() -> Vec<String> {
    ["this run", NOTES].map(str::to_owned).to_vec()
}

/// A column of the notes' table.
struct Column<'a> {
    name: &'static str,
    task: Option<&'a str>,
    of: fn(&Way) -> f64,
}

fn columns<'a>(chosen: &Chosen<'a>) -> [Column<'a>; 2] {
    [
        Column { name: "cpu", task: chosen.tasks[0], of: |way| way.cpu_s },
        Column { name: "IO", task: chosen.tasks[1], of: |way| way.io_s },
    ]
}

/// Each way's time by Line's: what can be compared between machines.
fn timing(chosen: &Chosen<'_>) -> Option<Picture> {
    let columns = columns(chosen);
    let rows: Vec<Bar> = columns
        .iter()
        .flat_map(|column| WAYS[1..].iter().flat_map(move |way| group(chosen, column, way)))
        .collect();
    // Without a figure of this run there is nothing to stand beside the notes'.
    let own = rows.iter().any(|bar| !bar.label.ends_with(NOTES));
    let drawing = Bars { axis: axis("time by Line's", "× Line", Scale::Linear), parts: parts(), rows };
    let title =
        format!("The course notes' timing table beside this machine's: {}", plural(chosen.jobs, "job"));
    own.then(|| bars("course-notes", title, notice(chosen), drawing, 1))?
}

/// One way in one column: here, by each CPython, and in the notes; none where it was not measured here.
fn group(chosen: &Chosen<'_>, column: &Column<'_>, way: &Way) -> Vec<Bar> {
    let label = |by: &str| format!("{} {}: {by}", way.name, column.name);
    let measured = |by: &str, value: f64, interval: Option<Interval>| {
        let text = format!("{} × Line", hundredths(value));
        let text =
            interval.map_or_else(|| text.clone(), |interval| with_reach(text.clone(), value, interval));
        bar(label(by), text, value, interval.and_then(ends))
    };
    let own =
        chosen.rows.iter().find(|row| row.executor == way.executor && Some(row.task.as_str()) == column.task);
    let own = own.and_then(|row| row.comparison).map(|own| measured("Rust", own.ratio, own.ratio_interval));
    let pythons = chosen
        .of_cpythons
        .iter()
        .filter(|(table, row)| row.way == way.executor && Some(table.task.as_str()) == column.task);
    let pythons = pythons.filter_map(|(_, row)| {
        let by_line = row.python.by_line?;
        Some(measured(&notes_form::python(row), by_line.median, Some(by_line.interval)))
    });
    let mut bars: Vec<Bar> = own.into_iter().chain(pythons).collect();
    if !bars.is_empty() {
        let theirs = (column.of)(way) / (column.of)(&WAYS[0]);
        bars.push(second(bar(label(NOTES), format!("{} × Line", hundredths(theirs)), theirs, None)));
    }
    bars
}

fn notice(chosen: &Chosen<'_>) -> String {
    let thread = &WAYS[1];
    let notes = hundredths(thread.cpu_s / WAYS[0].cpu_s);
    let computing = chosen.tasks[0].unwrap_or_default();
    let here = chosen.rows.iter().find(|row| row.executor == thread.executor && row.task == computing);
    let here = here.and_then(|row| row.comparison).map(|own| {
        format!(
            "At work that computes ({computing}) threads took {notes} of Line's time in the notes, under a lock that lets one run at a time, and {} \
             here in Rust, which has none.",
            hundredths(own.ratio)
        )
    });
    let stands = format!("The bars of the course notes are not from this run: {SOURCE}.");
    super::parts::paragraph([here, Some(stands)])
}

/// The notes' twenty times.
fn processes(tables: &[ProbeTable]) -> Option<Picture> {
    let fork = |touched: Option<u64>| {
        let table =
            tables.iter().find(|table| table.operation == "create" && table.touched_bytes == touched)?;
        table.way("fork")?.ratio
    };
    let measured = [
        (None, "fork (nothing touched)".to_owned()),
        (Some(TOUCHED), format!("fork ({} touched)", bytes_of(TOUCHED))),
    ];
    let measured = measured.into_iter().filter_map(|(touched, label)| {
        let ratio = fork(touched)?;
        let text = with_reach(format!("{}×", times(ratio.value)), ratio.value, ratio.interval);
        Some(bar(label, text, ratio.value, ends(ratio.interval)))
    });
    let mut rows: Vec<Bar> = measured.collect();
    let notice = twenty_times(tables)?;
    rows.push(second(bar(PROSE.to_owned(), format!("{PROCESS_BY_THREAD:.0}×"), PROCESS_BY_THREAD, None)));
    let drawing = Bars {
        axis: axis("making a process by making a thread", "times", Scale::Linear),
        parts: parts(),
        rows,
    };
    bars(
        "course-notes-processes",
        "Making a process by making a thread: the course notes' beside this machine's".to_owned(),
        notice,
        drawing,
        2,
    )
}
