//! Goes through a lesson, from its title to its questions, and tells a stage of it.

use std::sync::atomic::AtomicBool;

use super::child::{self, Ended};
use super::conclusion::Conclusion;
use super::event::{Event, Guessed, Trouble};
use super::figures::{Figure, Figures};
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
    let mut figures = Figures::default();
    let mut whole = true;
    for step in &steps {
        stage.show(&Event::StepBegun { step })?;
        let (values, trouble) = repeat(step, stage, stop)?;
        let figure = Figure::of(step.work.unit(), values);
        stage.show(&Event::StepEnded { step, figure: figure.as_ref(), trouble: trouble.as_ref() })?;
        whole &= !matches!(trouble, Some(Trouble::Failed(_)));
        if let Some(figure) = figure {
            figures.keep(step.name, figure);
        }
    }
    let was = figures.ratio(lesson.guess.of, lesson.guess.by);
    let guess = guessed.map(|guessed| Guessed { guessed, was });
    let conclusion = Conclusion::of(lesson, setup, &figures);
    stage.show(&Event::Conclusion {
        lesson,
        steps: &steps,
        figures: &figures,
        conclusion: &conclusion,
        guess,
    })?;
    stage.show(&Event::Questions { lesson })?;
    Ok(Outcome { whole })
}

/// A step's values, as many as came before something went wrong; with trouble none of them counts.
fn repeat(
    step: &Step,
    stage: &mut dyn Stage,
    interrupted: &AtomicBool,
) -> anyhow::Result<(Vec<f64>, Option<Trouble>)> {
    let mut values = Vec::new();
    for repeat in 1..=step.repeats {
        let output = child::run(step.work.command(), interrupted, |since, threads| {
            stage.show(&Event::Sample { step, repeat, seconds: since.as_secs_f64(), threads })
        });
        let value = match output {
            Ok(output) => step.work.figure(&output),
            Err(Ended::Failed(why)) => Err(Trouble::Failed(why)),
            Err(Ended::Interrupted) => return Err(Interrupted.into()),
            Err(Ended::Unheard(error)) => return Err(error.into()),
        };
        match value {
            Ok(value) => values.push(value),
            Err(trouble) => return Ok((Vec::new(), Some(trouble))),
        }
    }
    Ok((values, None))
}
