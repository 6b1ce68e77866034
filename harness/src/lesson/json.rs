//! A lesson as JSON: an object a line for each event, for programs. `docs/lessons.md` says what stands in them.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::event::Event;
use super::{Lesson, Setup, Stage, Step};
use crate::measure::threads::{Thread, Threads};

/// Writes each event as a line.
pub struct Json<W>(pub W);

impl<W: Write> Stage for Json<W> {
    fn show(&mut self, event: &Event<'_>) -> io::Result<()> {
        writeln!(self.0, "{}", object(event))?;
        self.0.flush()
    }
}

fn object(event: &Event<'_>) -> Value {
    match event {
        Event::Title { lesson, setup, steps } => title(lesson, setup, steps),
        Event::StepBegun { step, repeat } => json!({
            "event": "step-begun", "step": step.name, "repeat": repeat, "title": step.title, "says": step.says,
            "command": step.work.to_string(), "repeats": step.repeats, "unit": step.work.unit(),
        }),
        Event::Sample { step, repeat, seconds, threads } => sample(step, *repeat, *seconds, threads),
        Event::StepEnded { step, repeat, figure, trouble } => json!({
            "event": "step-ended", "step": step.name, "repeat": repeat, "figure": figure, "trouble": trouble,
        }),
        Event::Conclusion { lesson, conclusion, guess, .. } => json!({
            "event": "conclusion", "verdict": conclusion.verdict, "sentence": conclusion.sentence,
            "claims": conclusion.claims, "guess": guess,
            "places": lesson.places.iter().map(|it| json!({ "path": it.path, "shows": it.shows })).collect::<Vec<_>>(),
        }),
        Event::Questions { lesson } => json!({
            "event": "questions",
            "questions": lesson.questions.map(|it| json!({ "asks": it.asks, "answer": it.answer })),
        }),
    }
}

fn title(lesson: &Lesson, setup: &Setup, steps: &[Step]) -> Value {
    json!({
        "event": "title", "lesson": lesson.name, "title": lesson.title, "watch": (lesson.watch)(setup),
        "asks": lesson.guess.asks, "processors": setup.processors, "quick": setup.quick,
        "python": setup.python.as_ref().ok().map(|python| &python.interpreter.name),
        "steps": steps.iter().map(|step| step.name).collect::<Vec<_>>(),
    })
}

fn sample(step: &Step, repeat: u32, seconds: f64, threads: &Threads) -> Value {
    let seen = |thread: &Thread| {
        json!({
            "pid": thread.pid, "tid": thread.tid, "name": thread.name, "state": thread.state,
            "cpu_s": thread.cpu.as_secs_f64(),
        })
    };
    json!({
        "event": "sample", "step": step.name, "repeat": repeat, "seconds": seconds,
        "processes": threads.processes, "threads": threads.threads,
        "seen": threads.seen.iter().map(seen).collect::<Vec<_>>(),
    })
}
