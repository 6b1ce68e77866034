//! Goes through a lesson, from its title to its questions, and tells a stage of it.

use std::sync::atomic::AtomicBool;

use super::child::{self, Ended};
use super::conclusion::Conclusion;
use super::event::{Event, Guessed, Trouble};
use super::figures::Figures;
use super::{Lesson, Setup, Stage, Step};
use crate::failure::Interrupted;

/// How a lesson went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether every step came to a figure, but for those that this machine can't do.
    pub whole: bool,
}

/// Holds a lesson. `ask` asks the class, after the title, and gives its guess. A step that goes wrong is told of, and the
/// others go on.
///
/// # Errors
/// Somebody presses Ctrl-C, or the stage can't be told.
pub fn hold(
    lesson: &Lesson,
    setup: &Setup,
    ask: &mut dyn FnMut() -> anyhow::Result<Option<f64>>,
    stage: &mut dyn Stage,
    stop: &AtomicBool,
) -> anyhow::Result<Outcome> {
    let steps = (lesson.steps)(setup);
    stage.show(&Event::Title { lesson, setup, steps: &steps })?;
    let guessed = ask()?;
    let (figures, whole) = rounds(&steps, stage, stop)?;
    let was = figures.ratio(lesson.guess.of, lesson.guess.by);
    let guess = guessed.map(|guessed| Guessed { guessed, was });
    let conclusion = Conclusion::of(lesson, setup, &figures);
    stage.show(&Event::Conclusion {
        lesson,
        setup,
        steps: &steps,
        figures: &figures,
        conclusion: &conclusion,
        guess,
    })?;
    stage.show(&Event::Questions { lesson })?;
    Ok(Outcome { whole })
}

/// Runs every step once, then all again, as often as they say: so what else the machine does meets the steps of a round alike,
/// and they can be compared within it. Tells what they came to, and whether all of them came to something that this machine can
/// do. A step that goes wrong comes to nothing at all, and is not run again.
fn rounds(steps: &[Step], stage: &mut dyn Stage, stop: &AtomicBool) -> anyhow::Result<(Figures, bool)> {
    let mut figures = Figures::default();
    let mut troubled = Vec::new();
    let mut whole = true;
    for repeat in 1..=steps.iter().map(|step| step.repeats).max().unwrap_or_default() {
        for step in steps.iter().filter(|step| repeat <= step.repeats) {
            if troubled.contains(&step.name) {
                continue;
            }
            stage.show(&Event::StepBegun { step, repeat })?;
            let trouble = match once(step, repeat, stage, stop)? {
                Ok(value) => {
                    figures.add(step.name, step.work.unit(), value);
                    None
                }
                Err(trouble) => {
                    figures.forget(step.name);
                    troubled.push(step.name);
                    whole &= !matches!(trouble, Trouble::Failed(_));
                    Some(trouble)
                }
            };
            let figure = figures.of(step.name);
            stage.show(&Event::StepEnded { step, repeat, figure, trouble: trouble.as_ref() })?;
        }
    }
    Ok((figures, whole))
}

/// Runs a step once: what it came to, or why it came to nothing.
fn once(
    step: &Step,
    repeat: u32,
    stage: &mut dyn Stage,
    interrupted: &AtomicBool,
) -> anyhow::Result<Result<f64, Trouble>> {
    let output =
        child::run(step.work.command(), step.work.launcher().as_deref(), interrupted, |since, threads| {
            stage.show(&Event::Sample { step, repeat, seconds: since.as_secs_f64(), threads })
        });
    match output {
        Ok(output) => Ok(step.work.figure(&output)),
        Err(Ended::Failed(why)) => Ok(Err(Trouble::Failed(why))),
        Err(Ended::Interrupted) => Err(Interrupted.into()),
        Err(Ended::Unheard(error)) => Err(error.into()),
    }
}
