//! One task cell: a fresh `concur exec` process, one task, one round.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::process;
use std::time::Duration;

use anyhow::anyhow;
use reports::record::{Cost, Noise, TaskCell, Timeline, Verdict};
use rustix::fs::{MemfdFlags, memfd_create};

use super::{Bench, wait};
use crate::execution::Execution;
use crate::measure::life::Reaped;
use crate::measure::noise::{self, Watch};
use crate::measure::sampler::{Sampler, Sampling};
use crate::measure::timeline::{self, Pace, Watched};
use crate::measure::tree::Tree;
use crate::plan::TaskStep;
use crate::server::{command_of, own_program, quoted};

/// How long the jobs of one cell may take.
pub(super) const LIMIT: Duration = Duration::from_secs(300);
/// A process that holds less than this was on its way in or out when it was looked at.
const LEAST_BYTES: u64 = 256 * 1024;

/// Measures a step; what goes wrong becomes the verdict.
pub(super) fn measure(step: &TaskStep, bench: &Bench<'_>) -> TaskCell {
    let cell = TaskCell {
        executor: step.choice.name.clone(),
        options: step.choice.options.to_string(),
        task: step.task.name().to_owned(),
        family: step.task.family().name().to_owned(),
        jobs: step.jobs,
        size: Some(step.size.name().to_owned()),
        workers: (step.executor.workers)(step.jobs, &step.choice.options),
        at_once: Some(step.executor.at_once(step.jobs, &step.choice.options)),
        round: step.round,
        ..TaskCell::default()
    };
    if let Some(why) = step.executor.refuses(&*step.task) {
        return TaskCell { verdict: Verdict::Unsupported, reason: Some(why), ..cell };
    }
    match try_measure(step, bench) {
        Ok(Measured { execution, cost, noise, timeline }) => TaskCell {
            verdict: if execution.failure.is_none() { Verdict::Valid } else { Verdict::Errors },
            reason: execution.failure,
            seconds: execution.seconds,
            value: execution.value,
            noise: Some(noise),
            cost: Some(cost),
            timeline,
            ..cell
        },
        Err(error) => TaskCell { verdict: Verdict::Errors, reason: Some(format!("{error:#}")), ..cell },
    }
}

/// Everything that was seen of one executor.
struct Measured {
    execution: Execution,
    cost: Cost,
    noise: Noise,
    timeline: Option<Timeline>,
}

fn try_measure(step: &TaskStep, bench: &Bench<'_>) -> anyhow::Result<Measured> {
    let before = Reaped::so_far()?;
    let spin_before = noise::spin(&[]); // an executor is bound nowhere
    let watch = Watch::start(&[]);
    let mut command = command_of(own_program().as_os_str());
    command
        .args(["exec", &step.choice.to_string(), "--task", step.task.name()])
        .args(["--size", step.size.name()])
        .args(["--jobs", &step.jobs.to_string(), "--json"])
        .args(["--with-parent", &process::id().to_string()]);
    let looks = bench.wants_timeline(step.round);
    // Without it there is no timeline, and the figures are the same.
    let inside = (looks && step.executor.runs_coroutines()).then(|| Paper::new().ok()).flatten();
    if let Some(paper) = &inside {
        command.arg("--timeline").arg(paper.path());
    }
    let mut child = wait::start(&mut command, "the executor's process")?;
    let tree = Tree::new(child.id());
    let sampler = Sampler::start(tree, Sampling::default());
    let looks = look_beside(tree, looks && inside.is_none());
    let _shown = bench.feed.shows(tree, None);
    let too_long = format!("the jobs took longer than {LIMIT:?}; try fewer --jobs");
    wait::wait(&mut child, LIMIT, bench.stop, &too_long)?;
    let seen = watch.stop();
    let Watched { timeline, cpu } = seen_of(looks);
    let timeline = timeline.or(inside.as_ref().and_then(Paper::read));
    let output = wait::printed(child)?;
    let peaks = sampler.map(Sampler::stop).unwrap_or_default();
    let sampling = peaks.cpu + cpu;
    let cost = peaks.complete(before.until(&Reaped::so_far()?));
    let cost = while_it_lived(if inside.is_some() { without_observer(cost) } else { cost });
    let execution = serde_json::from_slice(&output.stdout).map_err(|_| {
        let words = quoted(&String::from_utf8_lossy(&output.stderr));
        anyhow!("the executor's process ended without a result ({}){words}", output.status)
    })?;
    Ok(Measured { execution, cost, timeline, noise: seen.noise(spin_before, noise::spin(&[]), sampling) })
}

/// A file without a name that a process of ours writes to, and that is gone with us.
struct Paper(File);

impl Paper {
    /// More than this is no timeline: the longest has some 20 KB.
    const BYTES_AT_MOST: u64 = 1 << 20;

    fn new() -> io::Result<Self> {
        Ok(Self(memfd_create("concur timeline", MemfdFlags::CLOEXEC)?.into()))
    }

    /// Where another process of this user finds it.
    fn path(&self) -> String {
        format!("/proc/{}/fd/{}", process::id(), self.0.as_raw_fd())
    }

    /// What was written to it; none if nothing was, or nothing was seen.
    fn read(&self) -> Option<Timeline> {
        serde_json::from_reader((&self.0).take(Self::BYTES_AT_MOST)).ok().flatten()
    }
}

/// A cost without the thread that looked at the jobs from inside.
fn without_observer(cost: Cost) -> Cost {
    Cost { threads_peak: cost.threads_peak.map(|threads| threads.saturating_sub(1).max(1)), ..cost }
}

/// Begins to look at what a tree's processes and threads do, if that is wanted. What can't be seen is not in the record, and is no
/// reason to do without the rest: it is a picture's, and no figure's.
pub(super) fn look_beside(tree: Tree, wanted: bool) -> Option<timeline::Watch> {
    wanted.then(|| timeline::Watch::start(tree, Pace::SPARING).ok()).flatten()
}

/// What was seen of them, unless they were gone too soon.
pub(super) fn seen_of(looks: Option<timeline::Watch>) -> Watched {
    looks.and_then(|looks| looks.stop().ok()).unwrap_or_default()
}

/// A cost without what was seen of a process on its way in or out.
pub(super) fn while_it_lived(cost: Cost) -> Cost {
    let enough = |bytes: Option<u64>| bytes.filter(|bytes| *bytes >= LEAST_BYTES);
    Cost {
        pss_peak_bytes: enough(cost.pss_peak_bytes),
        rss_peak_bytes: enough(cost.rss_peak_bytes),
        pss_bytes: None, // the last sample sees a process that has ended
        ..cost
    }
}
