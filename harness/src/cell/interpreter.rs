//! One cell of a real interpreter: a fresh process of it, one task, one way, one round.

use std::time::Duration;

use reports::record::{self, Cost, Noise, TaskCell, Timeline, Verdict};

use super::Bench;
use super::task::{LIMIT, look_beside, seen_of, while_it_lived};
use crate::interpreter::{Interpreter, Job, Ran};
use crate::measure::life::Reaped;
use crate::measure::noise::{self, Watch};
use crate::measure::sampler::{Sampler, Sampling};
use crate::measure::timeline::Watched;
use crate::plan::InterpreterStep;
use crate::server::own_program;

/// How often memory is summed, within a hundredth of a processor's time: the jobs' processes come and go within a second.
const MEMORY_EVERY: Duration = Duration::from_millis(100);

/// Measures a step; what goes wrong becomes the verdict.
pub(super) fn measure(step: &InterpreterStep, bench: &Bench<'_>) -> TaskCell {
    let workers = step.way.workers(step.jobs, step.processors);
    let cell = TaskCell {
        executor: step.executor(),
        task: step.task.name().to_owned(),
        family: step.task.family().name().to_owned(),
        size: Some(step.size.name().to_owned()),
        jobs: step.jobs,
        interpreter: step.found.interpreter.as_ref().ok().map(|it| record::Interpreter {
            implementation: it.implementation.clone(),
            version: it.version.clone(),
            gil: it.gil,
        }),
        workers,
        at_once: Some(workers.min(step.jobs)),
        round: step.round,
        ..TaskCell::default()
    };
    let void = |verdict, reason| TaskCell { verdict, reason: Some(reason), ..cell.clone() };
    let interpreter = match &step.found.interpreter {
        Ok(interpreter) => interpreter,
        Err(lacks) => return void(Verdict::Unsupported, lacks.clone()),
    };
    if let Some(why) = step.way.lacks(interpreter).or_else(|| step.way.refuses(&*step.task)) {
        return void(Verdict::Unsupported, why);
    }
    match try_measure(step, interpreter, bench) {
        Ok(Measured { ran, cost, noise, timeline }) => TaskCell {
            verdict: if ran.execution.failure.is_none() { Verdict::Valid } else { Verdict::Errors },
            reason: ran.execution.failure,
            seconds: ran.execution.seconds,
            value: ran.execution.value,
            interpreter: Some(record::Interpreter {
                implementation: ran.answer.implementation,
                version: ran.answer.version,
                gil: ran.answer.gil,
            }),
            start_up_s: Some(ran.start_up.as_secs_f64()),
            warm_up_s: ran.answer.warm_up_s,
            noise: Some(noise),
            cost: Some(cost),
            timeline,
            ..cell
        },
        Err(error) => void(Verdict::Errors, format!("{error:#}")),
    }
}

/// Everything that was seen of one interpreter.
struct Measured {
    ran: Ran,
    cost: Cost,
    noise: Noise,
    timeline: Option<Timeline>,
}

fn try_measure(
    step: &InterpreterStep,
    interpreter: &Interpreter,
    bench: &Bench<'_>,
) -> anyhow::Result<Measured> {
    let before = Reaped::so_far()?;
    let spin_before = noise::spin(&[]); // an interpreter is bound nowhere
    let job = Job {
        interpreter,
        way: step.way,
        task: &*step.task,
        size: step.size,
        jobs: step.jobs,
        workers: step.processors,
    };
    let sampling = Sampling { memory_every: MEMORY_EVERY, ..Sampling::default() };
    // Full jobs in line are a matter of minutes by nature.
    let limit = LIMIT + 3 * step.expected();
    // Before that it was our own launcher, and then an interpreter that read its libraries.
    let looks = bench.wants_timeline(step.round);
    let at_ready = |tree| {
        let shown = bench.feed.shows(tree, None);
        (Watch::start(&[]), Sampler::start(tree, sampling), look_beside(tree, looks), shown)
    };
    let (ran, (watch, sampler, looks, _shown)) =
        job.run(&own_program(), &step.programs, limit, bench.stop, at_ready)?;
    let seen = watch.stop();
    let Watched { timeline, cpu } = seen_of(looks);
    let peaks = sampler.map(Sampler::stop).unwrap_or_default();
    let sampling = peaks.cpu + cpu;
    let cost = while_it_lived(peaks.complete(before.until(&Reaped::so_far()?)));
    Ok(Measured { ran, cost, timeline, noise: seen.noise(spin_before, noise::spin(&[]), sampling) })
}
