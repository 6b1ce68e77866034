//! The course notes' own table: our figures beside theirs.

use reports::record::{Run, TaskCell};

use crate::expected::{Expected, Row};
use crate::figure::Rounds;
use crate::tasks::{own, seconds};

/// The notes' ways with our executors, and their seconds for cpu and for IO as the notes have them.
pub(crate) const WAYS: [(&str, &str, f64, f64); 3] = [
    ("Line", "line", 8.151_667_118_072_51, 6.841_825_246_810_913),
    ("Thread", "threads", 8.414_522_647_857_666, 6.023_292_541_503_906),
    ("Process", "processes", 4.079_084_157_943_726, 3.213_255_167_007_446_3),
];

/// The table of Rust alone, for so many jobs.
pub(crate) fn table(run: &Run, jobs: usize, noun: &str) -> Expected {
    let rows = WAYS.map(|way| {
        row("Rust", way, |task, executor| {
            own(run, |cell| cell.task == task && cell.executor == executor && cell.jobs == jobs)
        })
    });
    Expected::new(format!("In the form of the course notes: {jobs} {noun}"), rows.to_vec())
}

/// Primes stand for cpu, and disk for IO; `cells` gives those of a task and an executor.
pub(crate) fn row<'a>(
    who: &str,
    (way, executor, cpu_s, io_s): (&str, &str, f64, f64),
    cells: impl Fn(&str, &str) -> Vec<&'a TaskCell>,
) -> Row {
    let row = Row::of("by", who).word("way", way);
    let row = [("cpu", "primes"), ("IO", "disk")].into_iter().fold(row, |row, (column, task)| {
        let (own, line) = (seconds(&cells(task, executor)), seconds(&cells(task, "line")));
        let (heading, ratio) = (format!("{column} (× Line)"), Rounds::by(&own, &line));
        let row = row.figure(format!("{column} (s)"), Rounds::of(own).middle);
        // That of Line itself is no estimate.
        if way == "Line" { row.word(heading, "1.00") } else { row.estimate(heading, ratio) }
    });
    row.figure("notes' cpu (s)", cpu_s)
        .word("notes' cpu (× Line)", format!("{:.2}", cpu_s / WAYS[0].2))
        .figure("notes' IO (s)", io_s)
        .word("notes' IO (× Line)", format!("{:.2}", io_s / WAYS[0].3))
}
