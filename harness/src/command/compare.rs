//! `concur compare`: what became faster or slower from one run to another, or over a series of runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use reports::document::Document;
use reports::record::Run;
use reports::summary::{Outcome, Series, Versus};
use reports::{WriteError, grouped};
use serde::Serialize;

use crate::cli::{Compare, FailOn};
use crate::failure::{FAILED, Usage};
use crate::language;

/// At most so many runs are taken.
const RUNS_AT_MOST: usize = 200;
/// At most so many cells have all runs of a series together. Of each run the figures alone are kept, some 2 KB a cell, so that a
/// series takes 200 MB at most, beside the one record that is being read.
const CELLS_AT_MOST: usize = 100_000;

pub(super) fn run(arguments: &Compare) -> anyhow::Result<ExitCode> {
    let paths = paths(&arguments.runs)?;
    let read = |path: &Path| Run::read(path).map_err(|error| Usage::error(error.to_string()));
    if let [old, new] = &paths[..] {
        return two(arguments, (old, &read(old)?), (new, &read(new)?));
    }
    series(arguments, &read_all(&paths, read, CELLS_AT_MOST)?)
}

/// The figures of all runs, each with where its record lies.
fn read_all(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> anyhow::Result<Run>,
    cells_at_most: usize,
) -> anyhow::Result<Vec<(String, Run)>> {
    let (mut runs, mut cells) = (Vec::with_capacity(paths.len()), 0);
    for path in paths {
        let run = read(path)?.with_figures_alone();
        cells += run.cells.len();
        if cells > cells_at_most {
            return Err(Usage::error(format!(
                "these runs have more than {} cells, as many as a series may have in memory; give fewer runs",
                grouped(cells_at_most as u64)
            )));
        }
        runs.push((path.display().to_string(), run));
    }
    Ok(runs)
}

/// The runs that were asked for: a directory of runs stands for all that are in it.
fn paths(asked: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let runs = asked.iter().map(|path| reports::records_in(path));
    let runs: Vec<Vec<PathBuf>> =
        runs.collect::<Result<_, _>>().map_err(|error| Usage::error(error.to_string()))?;
    let paths = runs.concat();
    match paths.len() {
        0 | 1 => Err(Usage::error(
            "one run can't be compared with itself; give two runs, or a directory that holds several",
        )),
        2..=RUNS_AT_MOST => Ok(paths),
        many => Err(Usage::error(format!(
            "{many} runs are more than the {RUNS_AT_MOST} that a series may have; give fewer of them"
        ))),
    }
}

fn two(arguments: &Compare, old: (&PathBuf, &Run), new: (&PathBuf, &Run)) -> anyhow::Result<ExitCode> {
    let path = |path: &PathBuf| path.display().to_string();
    let versus = Versus::of(old.1, new.1).named(path(old.0), path(new.0));
    refuse(&versus, arguments.force)?;
    publish(arguments, &versus, &Document::versus(&versus), |directory| {
        let document = Document::versus_with_both(&versus, old.1, new.1);
        reports::write_comparison(&document, language::current(), [old.1, new.1], directory)
    })?;
    Ok(verdict(arguments, &failures(&versus)))
}

fn series(arguments: &Compare, runs: &[(String, Run)]) -> anyhow::Result<ExitCode> {
    let series = Series::of(runs).context("a series has two runs at least")?;
    for step in series.comparisons() {
        refuse(step.versus, arguments.force)?;
    }
    let document = Document::series(&series);
    publish(arguments, &series, &document, |directory| {
        reports::write_document(&document, language::current(), directory)
    })?;
    let last = series.steps.last().into_iter().chain([&series.overall]);
    let mut failures: Vec<String> = last.flat_map(failures).collect();
    failures.dedup();
    Ok(verdict(arguments, &failures))
}

/// Prints what was found, and then writes it where that was asked for.
fn publish(
    arguments: &Compare,
    found: &impl Serialize,
    printed: &Document,
    write: impl FnOnce(&Path) -> Result<(), WriteError>,
) -> anyhow::Result<()> {
    let text =
        if arguments.json { serde_json::to_string_pretty(found)? + "\n" } else { super::page(printed) };
    super::print(&text)?;
    if let Some(directory) = &arguments.out {
        write(directory).context("the comparison's files are missing")?;
        let told = format!("concur: the comparison is in {}/report.html", directory.display());
        eprintln!("{}", language::say(&told));
    }
    Ok(())
}

fn verdict(arguments: &Compare, failures: &[String]) -> ExitCode {
    let Some(FailOn::Slower) = arguments.fail_on else { return ExitCode::SUCCESS };
    for failure in failures {
        eprintln!("concur: {}", language::say(failure));
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { FAILED.into() }
}

/// What can't be compared, or says less than it seems to unless somebody knows what they do.
fn refuse(versus: &Versus, force: bool) -> anyhow::Result<()> {
    if !force {
        refuse_unlike(versus)?;
    }
    if versus.number_of_rows() == 0 {
        return Err(Usage::error(
            "these runs have no row in common, so there is nothing to compare; measure the same models under the same load \
             in both",
        ));
    }
    Ok(())
}

/// Ratios of runs of different hosts, or of one host's processors used in another way, are not the servers' own.
fn refuse_unlike(versus: &Versus) -> anyhow::Result<()> {
    let (of, differ) = match (&versus.hosts_differ[..], &versus.placements_differ[..]) {
        ([], []) => return Ok(()),
        ([], placements) => ("were placed in different ways: they", placements),
        (hosts, _) => ("are of different hosts, which", hosts),
    };
    Err(Usage::error(format!(
        "these runs {of} differ in {}; measure both in one way, or compare them all the same with --force",
        differ.join("; ")
    )))
}

/// At most this many rows that were lost are named.
const LOST_TOLD: usize = 8;

/// What `--fail-on slower` found, in sentences. What is lost may be as much slower as one likes, so it fails as well.
fn failures(versus: &Versus) -> Vec<String> {
    let mut failures = Vec::new();
    let slower = versus.count(Outcome::Slower);
    if slower > 0 {
        failures
            .push(format!("--fail-on slower: {slower} of {} rows became slower", versus.number_of_rows()));
    }
    let lost = versus.lost();
    if !lost.is_empty() {
        let (told, others) = lost.split_at(lost.len().min(LOST_TOLD));
        let more = if others.is_empty() { String::new() } else { format!("; {} more", others.len()) };
        failures.push(format!(
            "--fail-on slower: the later run lost what the earlier one has: {}{more}; mend or measure it again",
            told.join("; ")
        ));
    }
    if !versus.compares_anything() {
        failures.push(
            "--fail-on slower: no row has figures in both runs, so nothing was compared; measure them again"
                .to_owned(),
        );
    }
    failures
}

#[cfg(test)]
mod tests {
    use reports::record::{Cell, ServerCell, TaskCell, Timeline};

    use super::*;

    fn run() -> Run {
        let timeline = Some(Timeline::default());
        let server = ServerCell { timeline: timeline.clone(), ..ServerCell::default() };
        let task = TaskCell { timeline, ..TaskCell::default() };
        let cells = vec![Cell::Servers(Box::new(server)), Cell::Tasks(Box::new(task))];
        Run { cells, ..Run::default() }
    }

    #[test]
    fn of_a_series_only_figures_are_kept() {
        let runs = read_all(&["a".into(), "b".into()], |_| Ok(run()), 4).unwrap();
        assert_eq!(
            runs.iter().map(|(name, run)| (name.as_str(), run.cells.len())).collect::<Vec<_>>(),
            [("a", 2), ("b", 2)]
        );
        for cell in runs.iter().flat_map(|(_, run)| &run.cells) {
            let kept = match cell {
                Cell::Tasks(cell) => cell.timeline.is_some(),
                other => other.server().is_some_and(|cell| cell.timeline.is_some()),
            };
            assert!(!kept, "{cell:?}");
        }
    }

    #[test]
    fn a_series_with_more_cells_than_memory_is_for_is_refused() {
        let said = read_all(&["a".into(), "b".into(), "c".into()], |_| Ok(run()), 5).unwrap_err().to_string();
        assert!(said.contains("more than 5 cells") && said.ends_with("give fewer runs"), "{said}");
    }
}
