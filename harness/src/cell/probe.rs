//! One probe cell: a fresh `concur probe` process, one way in one setting, one round.

use std::process;
use std::time::Duration;

use anyhow::anyhow;
use models::probe::{self, Operation, Setting};
use reports::record::{Noise, Placement, ProbeCell, Verdict};

use super::{Bench, wait};
use crate::measure::hop;
use crate::measure::noise::{self, Watch};
use crate::measure::tree::Tree;
use crate::plan::ProbeStep;
use crate::probing::Probing;
use crate::server::{command_of, own_program, quoted};

/// How much longer than it should a probe may take: a gigabyte has to be touched, or 100,000 that sleep to be made and ended,
/// beside other work.
const LIMIT: Duration = Duration::from_secs(60);

/// Measures a step; what goes wrong becomes the verdict.
pub(super) fn measure(step: &ProbeStep, bench: &Bench<'_>) -> ProbeCell {
    let cell = begun(step);
    let (probing, noise) = match try_measure(step, bench) {
        Ok(measured) => measured,
        Err(error) => return void(cell, Verdict::Errors, format!("{error:#}")),
    };
    match probing {
        Probing::Unsupported { reason } => void(cell, Verdict::Unsupported, reason),
        Probing::Failed { reason } => void(cell, Verdict::Errors, reason),
        Probing::Disturbed { reason } => ProbeCell { noise, ..void(cell, Verdict::Unstable, reason) },
        Probing::Measured(figures) => ProbeCell {
            reason: figures.remark,
            seconds: figures.seconds,
            samples: figures.samples,
            operations_each: figures.operations_each,
            time_us: figures.time_us,
            bytes_per_second: figures.bytes_per_second,
            bytes_each: figures.bytes_each,
            number_reached: figures.number_reached.filter(|reached| Some(*reached) != cell.number),
            noise,
            ..cell
        },
    }
}

/// The cell before anything is measured.
fn begun(step: &ProbeStep) -> ProbeCell {
    let Setting { operation, touched_bytes, stack_bytes, message_bytes, number, sides } = step.setting;
    ProbeCell {
        way: step.probe.name.to_owned(),
        family: step.probe.family.to_owned(),
        copy: step.copy,
        operation: operation.name().to_owned(),
        touched_bytes,
        stack_bytes,
        message_bytes,
        number,
        sides: sides.map(|sides| sides.name().to_owned()),
        processors: bound_to(&step.setting),
        round: step.round,
        ..ProbeCell::default()
    }
}

/// The processors that the sides are bound to; none where they are free, or can't be bound.
fn bound_to(setting: &Setting) -> Vec<usize> {
    setting.sides.and_then(|sides| probe::processors(sides).ok()).unwrap_or_default()
}

fn void(cell: ProbeCell, verdict: Verdict, reason: String) -> ProbeCell {
    ProbeCell { verdict, reason: Some(reason), ..cell }
}

fn try_measure(step: &ProbeStep, bench: &Bench<'_>) -> anyhow::Result<(Probing, Option<Noise>)> {
    // What sleeps takes memory and no time, and making 100,000 of it disturbs everybody, the looks at the machine too. That
    // others' memory may be in the figure its remark says.
    let times = step.setting.operation != Operation::Sleep;
    let before = times.then(|| Before::now(&step.setting));
    let probing = answer(step, bench)?;
    Ok((probing, before.map(Before::noise)))
}

/// Runs the probe's process to its end.
fn answer(step: &ProbeStep, bench: &Bench<'_>) -> anyhow::Result<Probing> {
    let mut command = command_of(own_program().as_os_str());
    command
        .args(["probe", step.probe.suite.name(), step.probe.name, "--json"])
        .args(["--setting", &serde_json::to_string(&step.setting)?])
        .args(["--time", &format!("{}us", step.time.as_micros())])
        .args(["--with-parent", &process::id().to_string()]);
    let mut child = wait::start(&mut command, "the probe's process")?;
    let limit = LIMIT + step.time;
    let too_long =
        format!("the probe had not ended after {limit:?}, and was; measure when the machine is quieter");
    let number = child.id();
    let _shown = bench.feed.shows(Tree::new(number), None);
    let output = wait::wait(&mut child, limit, bench.stop, &too_long).and_then(|()| wait::printed(child));
    if !output.as_ref().is_ok_and(|output| output.status.success()) {
        probe::forget(number);
    }
    let output = output?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let words = quoted(&String::from_utf8_lossy(&output.stderr));
        anyhow!("the probe's process ended without a result ({}){words}", output.status)
    })
}

/// How the machine was before the probe was there, and a look at what it does meanwhile.
struct Before {
    processors: Vec<usize>,
    between: Placement,
    spin: Option<Duration>,
    hop: Option<Duration>,
    watch: Watch,
}

impl Before {
    fn now(setting: &Setting) -> Self {
        let processors = bound_to(setting);
        let between = match &processors[..] {
            [one, other] => Placement { server: vec![*one], client: vec![*other] },
            _ => Placement::default(),
        };
        let (spin, hop) = (noise::spin(&processors), hop::round_trip(&between));
        Self { watch: Watch::start(&processors), processors, between, spin, hop }
    }

    /// What the machine did from then until now, when the probe has ended.
    fn noise(self) -> Noise {
        let met = self.watch.stop();
        let ns = |time: Duration| time.as_nanos() as f64;
        let spin_after = noise::spin(&self.processors);
        Noise {
            hop_before_ns: self.hop.map(ns),
            hop_after_ns: hop::round_trip(&self.between).map(ns),
            ..met.noise(self.spin, spin_after, Duration::ZERO)
        }
    }
}
