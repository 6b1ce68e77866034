//! The tasks' tables in words: each executor.

use super::facts::name;
use super::servers::{place, range};
use super::{notes, scaling, title};
use crate::record::Verdict;
use crate::summary::{Comparison, Lossless, Rank, ScalingRow, Standing, TaskRow};
use crate::table::{Column, Marks, Table};
use crate::units::{count, figure, give_or_take, if_known, mebibytes, plural, times};

/// What the columns mean.
pub(super) const EXPLANATION: &str = "Tasks: a row is one executor at one task, and its figures are medians over \
the rounds whose verdict is valid, with intervals. Seconds run from before the first job was started until the last value was \
there. Rank is by them, as of servers, among the executors at one task with as many jobs; without one are an interpreter's ways, and what counts in fewer \
than two rounds. Speed-up is line's time by the executor's, taken within each round: above 1 it is faster than one job after \
another; an interpreter's ways are compared with its own line. Efficiency, of tasks that compute, is the speed-up by the processors that the executor could use: its workers, or all there are. CPU is processor time, user and system, child processes included. CPU and memory of an interpreter are those of its whole process, start-up and warm-up included, which are in no time. Values are ok if every job came to the \
right one.";

/// One column and what stands in it.
struct Field {
    column: Column,
    text: fn(&TaskRow) -> String,
}

/// What a table has in common goes into its title: the task, where all its rows are of one.
fn fields(of_one_task: bool) -> Vec<Field> {
    let field = |column, text| Field { column, text };
    let task = || field(Column::words("task", 0), |row| format!("{} ({})", row.task, row.family));
    let mut fields: Vec<Field> = (!of_one_task).then(task).into_iter().collect();
    fields.extend([
        field(Column::numbers("jobs", "", 0), |row| count(row.jobs as f64)),
        field(Column::words("executor", 0), |row| row.executor.clone()),
        field(Column::numbers("rank", "", 2), |row| row.rank.map(place_of).unwrap_or_default()),
        field(Column::numbers("workers", "", 5), |row| count(row.workers as f64)),
        field(Column::numbers("time", "s", 0), seconds),
        field(Column::numbers("interval", "s", 4), |row| {
            row.seconds.map(|seconds| range(seconds.interval, figure)).unwrap_or_default()
        }),
        field(Column::numbers("speed-up", "times", 0), |row| {
            row.comparison.map(speed_up).unwrap_or_default()
        }),
        field(Column::numbers("interval", "times", 5), |row| {
            let interval = row.comparison.and_then(|own| own.interval);
            interval.map(|interval| range(interval, times)).unwrap_or_default()
        }),
        field(Column::numbers("efficiency", "", 1), |row| if_known(row.efficiency, times)),
        field(Column::numbers("CPU", "s", 1), |row| if_known(row.cpu_s, figure)),
        field(Column::numbers("memory", "MiB", 6), |row| if_known(row.pss_peak_bytes, mebibytes)),
        field(Column::words("values", 1), |row| {
            row.value_ok.map(|ok| if ok { "ok" } else { "not ok" }).unwrap_or_default().to_owned()
        }),
        field(Column::numbers("rounds", "", 3), |row| format!("{}/{}", row.rounds.counted, row.rounds.all)),
    ]);
    fields
}

/// The tables of all executors, and what scaling comes to.
pub(super) fn tables(rows: &[TaskRow], scaling: &[ScalingRow], lossless: &[Lossless]) -> Vec<Table> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut tables = executors(rows);
    let fitted = scaling::tables(scaling, lossless);
    if let Some(last) = tables.last_mut().filter(|_| fitted.is_empty()) {
        last.notes.extend(scaling::why_not(rows));
    }
    tables.extend(fitted);
    tables
}

/// One table; with several numbers of jobs it would be hundreds of rows long, so then each task has its own.
fn executors(rows: &[TaskRow]) -> Vec<Table> {
    let several = rows.iter().any(|row| row.jobs != rows[0].jobs);
    let one = rows.iter().all(|row| row.task == rows[0].task);
    let mut tables: Vec<Table> = if several || one {
        let tasks = rows.chunk_by(|one, other| one.task == other.task);
        tasks
            .map(|rows| table(title::tasks(&rows[0].task, rows[0].family == "cpu"), rows, several, true))
            .collect()
    } else {
        vec![table("Tasks".to_owned(), rows, several, false)]
    };
    if let Some(last) = tables.last_mut() {
        last.notes.extend(of_all(rows));
    }
    tables
}

fn table(title: String, rows: &[TaskRow], several: bool, of_one_task: bool) -> Table {
    let fields = fields(of_one_task);
    Table {
        title,
        rows: rows.iter().map(|row| fields.iter().map(|field| (field.text)(row)).collect()).collect(),
        columns: fields.into_iter().map(|field| with_bars(field.column, rows)).collect(),
        notes: notes_of(rows, several),
    }
}

/// Bars beside the times, each of the longest time of its task with as many jobs: others are not alike.
fn with_bars(column: Column, rows: &[TaskRow]) -> Column {
    if column.title != "time" {
        return column;
    }
    let seconds = |row: &TaskRow| row.seconds.map(|seconds| seconds.median);
    let share = |row: &TaskRow| {
        let alike = rows.iter().filter(|other| (&other.task, other.jobs) == (&row.task, row.jobs));
        let longest = alike.filter_map(seconds).fold(0.0, f64::max);
        seconds(row).filter(|_| longest > 0.0).map(|seconds| seconds / longest)
    };
    column.with(Marks::bars(rows.iter().map(share)))
}

/// What holds for all tables of tasks, and is said once, below the last one.
fn of_all(rows: &[TaskRow]) -> Vec<String> {
    let short = rows.iter().any(|row| row.size.as_deref() == Some("short"));
    let short =
        short.then_some("Jobs are short; --size full makes them as long as the course notes have them.");
    let interpreted = rows.iter().any(|row| row.executor.contains(':') && row.cpu_s.is_some());
    let interpreted = interpreted.then_some(
        "CPU and memory of interpreters have their start-up and warm-up in them, which are in no time: the kernel's account is of a \
         whole process.",
    );
    let known = |row: &TaskRow| Some((row.rounds.counted, row.seconds?.interval.coverage));
    let said = short.into_iter().chain(interpreted).map(str::to_owned);
    said.chain(notes::certainty(rows.iter().filter_map(known))).collect()
}

fn place_of(rank: Rank) -> String {
    place(Standing::Ranked(rank))
}

/// With how far its interval reaches, which has room everywhere.
fn speed_up(comparison: Comparison) -> String {
    let reach = comparison.interval.and_then(|interval| interval.reach(comparison.speed_up));
    let reach = reach.map(|reach| format!(" {}", give_or_take(reach))).unwrap_or_default();
    format!("{}{reach}", figure(comparison.speed_up))
}

/// Executors, the task that they did with how many jobs, and what is said of that.
type Said<'a> = (Vec<&'a str>, (&'a str, Option<String>), Vec<String>);

/// What single rows have to say; those that can't be measured for one reason say it together. `several`: whether the table has
/// several numbers of jobs. What can't be run can't with any of them.
fn notes_of(rows: &[TaskRow], several: bool) -> Vec<String> {
    let mut said: Vec<Said<'_>> = Vec::new();
    for row in rows {
        let jobs = (several && row.void != Some(Verdict::Unsupported)).then(|| plural(row.jobs, "job"));
        let (what, parts) = ((row.task.as_str(), jobs), parts(row));
        match said.iter_mut().find(|(_, other, others)| (other, others) == (&what, &parts)) {
            Some((names, ..)) if !names.contains(&&*row.executor) => names.push(&row.executor),
            Some(_) => {}
            None => said.push((vec![&row.executor], what, parts)),
        }
    }
    let sentence = |(names, (task, jobs), parts): &Said<'_>| {
        let names = names.join("; ");
        let label = match jobs {
            Some(jobs) => format!("{names} on {task} with {jobs}"),
            None => format!("{names} on {task}"),
        };
        notes::sentence(&label, parts)
    };
    said.iter().filter_map(sentence).collect()
}

fn parts(row: &TaskRow) -> Vec<String> {
    let mut parts: Vec<String> = row.void.iter().map(|&verdict| name(verdict).to_owned()).collect();
    parts.extend(notes::rounds_left_out(row.rounds));
    if row.comparison.is_some_and(|comparison| !comparison.within_rounds) {
        parts.push("its speed-up is one of medians, as no round has both it and line".to_owned());
    }
    parts.extend(notes::reasons(&row.remarks, row.rounds, row.void.unwrap_or(Verdict::Valid)));
    parts
}

/// The median time, or the verdict where no round counts.
fn seconds(row: &TaskRow) -> String {
    match row.void {
        Some(verdict) => name(verdict).to_owned(),
        None => if_known(row.seconds.map(|seconds| seconds.median), figure),
    }
}
