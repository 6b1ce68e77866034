//! `concur run`, and `concur` alone: measure everything the plan says, keep the record, draw the report.

mod check;
mod planning;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use reports::record::Verdict;

use crate::cell::Bench;
use crate::cli::{Cli, Command, Run};
use crate::failure::{FAILED, Interrupted, Usage};
use crate::measure::limits::{need_descriptors, raise_descriptor_limit};
use crate::measure::placement::{place, processors};
use crate::plan::rounds::Next;
use crate::plan::{Plan, Step, knee};
use crate::progress::Progress;
use crate::recorder::Recorder;

/// Descriptors a process of the lab needs besides its connections.
const OTHER_DESCRIPTORS: u64 = 32;
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The directory beside the record that holds each cell's latencies.
const HISTOGRAM_LOGS: &str = "latency";
/// The quick comparison, in the words of the command it stands for. With sixteen servers and nine executors it takes about
/// a minute on two cores; the task primes alone would take half of that again.
const QUICK: [&str; 12] = [
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
];

pub(super) fn quick(out: Option<PathBuf>, json: bool) -> anyhow::Result<ExitCode> {
    let Some(Command::Run(arguments)) = Cli::parse_from(QUICK).command else {
        unreachable!("QUICK is a run");
    };
    run(&Run { out, json, ..*arguments })
}

pub(super) fn run(arguments: &Run) -> anyhow::Result<ExitCode> {
    let mut plan = planning::plan(arguments)?;
    raise_descriptor_limit()?;
    need_descriptors(plan.most_connections() as u64 + OTHER_DESCRIPTORS)
        .map_err(|error| Usage::error(error.to_string()))?;
    let stop = super::stop_on_signals()?;
    let mut recorder = Recorder::new(arguments.out.clone(), plan.cells_at_least(), plan.seed)?;
    let histogram_logs = recorder.directory().join(HISTOGRAM_LOGS);
    fs::create_dir_all(&histogram_logs)
        .with_context(|| format!("can't make the directory {}", histogram_logs.display()))?;
    let bench = Bench {
        timing: plan.timing,
        placement: place(&processors()?),
        histogram_logs: Some(&histogram_logs),
        stop: &stop,
    };
    let kept = measure(&mut plan, &bench, &mut recorder);
    let published = super::report::publish(recorder.run(), recorder.directory(), arguments.json);
    kept.and(published)?; // of two troubles the first one tells more
    if stop.load(Ordering::Relaxed) {
        return Err(Interrupted.into());
    }
    let failed = recorder.run().cells.iter().any(|cell| cell.verdict() == Verdict::Errors);
    Ok(if failed { FAILED.into() } else { ExitCode::SUCCESS })
}

/// Measures block after block, until the plan's end or until somebody wants it to end.
fn measure(plan: &mut Plan, bench: &Bench<'_>, recorder: &mut Recorder) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut progress = Progress::new(plan.cells_at_least(), plan.expected_at_least());
    for round in 1.. {
        let block = plan.block(round);
        take(plan, &block, bench, recorder, &mut progress)?;
        if round == 1 && plan.knee && !is_stopped(bench) {
            let rates = knee::steps(plan.steps(), recorder.run());
            let rates = plan.extend(rates, round);
            // In this round, and in all that follow.
            let rounds = plan.rounds.at_least();
            let expected = plan.expected_of(&rates) * rounds;
            expect(rates.len() * rounds as usize, expected, recorder, &mut progress)?;
            take(plan, &rates, bench, recorder, &mut progress)?;
        }
        if is_stopped(bench) {
            break;
        }
        match plan.rounds.next(round, recorder.run(), begun.elapsed()) {
            Next::Done => break,
            Next::GivenUp(why) => {
                recorder.note(why)?;
                break;
            }
            Next::Another if progress.ahead() == 0 => {
                let steps = plan.steps();
                expect(steps.len(), plan.expected_of(steps), recorder, &mut progress)?;
            }
            Next::Another => {}
        }
    }
    Ok(())
}

/// Says that there will be more cells than was known.
fn expect(
    cells: usize,
    expected: Duration,
    recorder: &mut Recorder,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    progress.more(cells, expected);
    recorder.expect(cells)
}

/// Takes the steps of a block.
fn take(
    plan: &Plan,
    block: &[Step],
    bench: &Bench<'_>,
    recorder: &mut Recorder,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    for step in block {
        if is_stopped(bench) {
            break;
        }
        progress.begins(step);
        let cell = bench.measure(step);
        if is_stopped(bench) {
            break; // this cell was cut short
        }
        recorder.add(cell)?;
        progress.done(plan.expected(step));
    }
    Ok(())
}

fn is_stopped(bench: &Bench<'_>) -> bool {
    bench.stop.load(Ordering::Relaxed)
}
