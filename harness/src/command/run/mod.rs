//! `concur run`, and `concur` alone: measure everything the plan says, keep the record, draw the report.

mod check;
mod interpreters;
mod planning;
mod ways;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use reports::record::Verdict;

use super::loading;
use crate::alike::Moved;
use crate::cell::Bench;
use crate::cli::{Cli, Command, Run};
use crate::failure::{FAILED, Interrupted};
use crate::measure::after::counting_unavailable;
use crate::measure::floor;
use crate::measure::placement::{place, processors};
use crate::plan::rounds::Next;
use crate::plan::{Plan, Step, knee};
use crate::progress::live::{self, Live};
use crate::progress::{Feed, Progress};
use crate::recorder::Recorder;
use crate::repeat::Repeats;

/// The directory beside the record that holds each cell's latencies.
const HISTOGRAM_LOGS: &str = "latency";
/// How long the machine's floor and the generator's ceiling are looked for.
const FLOOR_WITHIN: Duration = Duration::from_millis(600);
/// The quick comparison, in the words of the command it stands for. With sixteen servers and nine executors it takes less
/// than two minutes on two cores; the task primes alone would take half a minute more.
const QUICK: [&str; 14] = [
    "concur",
    "run",
    "--rounds",
    "3",
    "--duration",
    "500ms",
    "--warm-up",
    "150ms",
    "--jobs",
    "2",
    "--tasks",
    "count,disk,wait",
    "--size",
    "full",
];

pub(super) fn quick(out: Option<PathBuf>, json: bool, plain: bool) -> anyhow::Result<ExitCode> {
    let Some(Command::Run(arguments)) = Cli::parse_from(QUICK).command else {
        unreachable!("QUICK is a run");
    };
    run(&Run { out, json, plain, ..*arguments })
}

pub(super) fn run(arguments: &Run) -> anyhow::Result<ExitCode> {
    let mut plan = planning::plan(arguments)?;
    loading::descriptors(&[plan.most_connections()])?;
    let begun = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let has_view = !arguments.plain && !arguments.json && live::is_possible();
    // With a view on the terminal nothing ends at once before that is given back.
    let at_once = if has_view { Arc::default() } else { Arc::clone(&stop) };
    super::stop_or_end_on_signals(&stop, &at_once)?;
    let mut recorder = Recorder::new(arguments.out.clone(), plan.cells_at_least(), plan.seed)?;
    let histogram_logs = recorder.directory().join(HISTOGRAM_LOGS);
    fs::create_dir_all(&histogram_logs)
        .with_context(|| format!("can't make the directory {}", histogram_logs.display()))?;
    let bench = Bench {
        timing: plan.timing,
        placement: place(&processors()?),
        histogram_logs: Some(&histogram_logs),
        timelines_from: Some(plan.rounds.at_least()),
        place: 0, // no cell yet
        stop: &stop,
        feed: Feed::default(),
    };
    plan.notes.iter().try_for_each(|note| recorder.note(note.clone()))?;
    let start = || Live::start(bench.feed.clone(), &bench.placement.client, Arc::clone(&stop), at_once);
    let view = has_view.then(start).transpose()?;
    let progress = Progress::new(plan.cells_at_least(), plan.expected_at_least(), view);
    let kept = survey(&plan, &bench, &mut recorder)
        .and_then(|()| measure(&mut plan, &bench, &mut recorder, begun, progress))
        .and_then(|()| survey_again(&bench, &mut recorder));
    let kept = kept.and(recorder.finish());
    let published = super::report::publish(recorder.run(), recorder.directory(), arguments.json);
    kept.and(published)?; // of two troubles the first one tells more
    if stop.load(Ordering::Relaxed) {
        return Err(Interrupted.into());
    }
    let failed = recorder.run().cells.iter().any(|cell| cell.verdict() == Verdict::Errors);
    Ok(if failed { FAILED.into() } else { ExitCode::SUCCESS })
}

/// Says what this machine can do, before anything is measured on it.
fn survey(plan: &Plan, bench: &Bench<'_>, recorder: &mut Recorder) -> anyhow::Result<()> {
    if !plan.has_servers() {
        return Ok(());
    }
    if let Some(sentence) = counting_unavailable() {
        recorder.note(sentence)?;
    }
    match floor::measure(&bench.placement, FLOOR_WITHIN, bench.stop) {
        Ok(floor) => recorder.set_floor(floor),
        Err(_) if bench.stop.load(Ordering::Relaxed) => Ok(()),
        Err(error) => recorder.note(format!("No figure can be read against the machine's floor: {error:#}.")),
    }
}

/// Measures the machine's floor once more, after everything: its speed may have changed since.
fn survey_again(bench: &Bench<'_>, recorder: &mut Recorder) -> anyhow::Result<()> {
    let Some(floor) = recorder.run().floor.filter(|_| !bench.stop.load(Ordering::Relaxed)) else {
        return Ok(());
    };
    match floor::again(floor, &bench.placement, FLOOR_WITHIN) {
        Ok(floor) => recorder.set_floor(floor),
        Err(error) => {
            recorder.note(format!("The machine's floor is that of before the run alone: {error:#}."))
        }
    }
}

/// A run under way: its plan, and what goes with measuring it.
struct Measuring<'a> {
    plan: &'a mut Plan,
    bench: &'a Bench<'a>,
    recorder: &'a mut Recorder,
    progress: Progress,
    repeats: Repeats,
    /// When the run began, which a budget counts from.
    begun: Instant,
}

/// Measures block after block, until the plan's end or until somebody wants it to end.
fn measure(
    plan: &mut Plan,
    bench: &Bench<'_>,
    recorder: &mut Recorder,
    begun: Instant,
    mut progress: Progress,
) -> anyhow::Result<()> {
    progress.starts();
    let repeats = Repeats::default();
    let mut it = Measuring { plan, bench, recorder, progress, repeats, begun };
    for round in 1.. {
        let block = it.plan.block(round);
        if it.take(&block, round)?.is_break() || (round == 1 && it.offer_rates()?.is_break()) {
            break;
        }
        match it.plan.rounds.next(round, it.recorder.run(), begun.elapsed()) {
            Next::Done => break,
            Next::GivenUp(why) => {
                it.give_up(why)?;
                break;
            }
            Next::Another if it.progress.ahead() == 0 => {
                it.expect(it.plan.steps().len(), it.plan.expected_of(it.plan.steps()))?;
            }
            Next::Another => {}
        }
    }
    it.repeats.note(it.recorder)
}

impl Measuring<'_> {
    /// Takes the steps of a block.
    fn take(&mut self, block: &[Step], round: u32) -> anyhow::Result<ControlFlow<()>> {
        // The place of each step's last cell in the record.
        let mut places = Vec::with_capacity(block.len());
        for (number, step) in block.iter().enumerate() {
            if self.bench.stop.load(Ordering::Relaxed) {
                return Ok(ControlFlow::Break(()));
            }
            if !self.have_time_for(step) {
                let when = format!("Within round {round}");
                self.give_up(self.plan.rounds.given_up(&when, self.recorder.run()))?;
                return Ok(ControlFlow::Break(()));
            }
            self.progress.begins(step, &block[number + 1..]);
            if self.repeats.take(step, self.bench, self.recorder)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.came();
            self.progress.done(self.plan.expected(step));
            places.push(self.recorder.run().cells.len() - 1);
        }
        self.make_alike(block, &places)
    }

    /// Takes those steps of a block once more after which the processors were moved, as long as they stay where they are.
    /// `places`: of each step's last cell in the record.
    fn make_alike(&mut self, block: &[Step], places: &[usize]) -> anyhow::Result<ControlFlow<()>> {
        let run = self.recorder.run();
        let cells: Vec<_> = places.iter().map(|place| &run.cells[*place]).collect();
        let Some(Moved { end, before }) = self.repeats.to_make_alike(&cells, run.planned) else {
            return Ok(ControlFlow::Continue(()));
        };
        for index in before {
            let step = &block[index];
            if !self.have_time_for(step) {
                break;
            }
            let expected = self.plan.expected(step);
            self.progress.begins_again(step, expected);
            let cells = (places[index], places[end]);
            let outcome = self.repeats.make_alike(step, cells, self.bench, self.recorder)?;
            self.progress.done(expected);
            match outcome {
                ControlFlow::Continue(true) => {}
                ControlFlow::Continue(false) => break,
                ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Tells what came of the last step.
    fn came(&self) {
        if let Some(cell) = self.recorder.run().cells.last() {
            self.progress.came_to(cell);
        }
    }

    fn have_time_for(&self, step: &Step) -> bool {
        self.plan.rounds.have_time_for(self.plan.expected(step), self.begun.elapsed())
    }

    /// Ends the run before all is known that was asked for. What is still planned will not come.
    fn give_up(&mut self, why: String) -> anyhow::Result<()> {
        self.recorder.note(why)?;
        self.recorder.expect_no_more()
    }

    /// Where knees are looked for: offers each server shares of the rate that it has just reached, in this round and in all
    /// that follow.
    fn offer_rates(&mut self) -> anyhow::Result<ControlFlow<()>> {
        if !self.plan.knee {
            return Ok(ControlFlow::Continue(()));
        }
        let rates = knee::steps(self.plan.steps(), self.recorder.run());
        let block = self.plan.extend(rates, 1);
        let rounds = self.plan.rounds.at_least();
        self.expect(block.len() * rounds as usize, self.plan.expected_of(&block) * rounds)?;
        self.take(&block, 1)
    }

    /// There will be more cells than was known, and they should take so long.
    fn expect(&mut self, cells: usize, time: Duration) -> anyhow::Result<()> {
        self.progress.more(cells, time);
        self.recorder.expect(cells)
    }
}
