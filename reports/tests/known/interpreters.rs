//! Real interpreters beside the lab's own executors.

use reports::document::Document;
use reports::record::{Cell, Interpreter, Run, TaskCell};

use crate::expected::{Expected, Row, Text};
use crate::figure::{Rounds, by};
use crate::forms;
use crate::notes_form;
use crate::record::{self, each, in_round, rounds};
use crate::tasks::{self, TASKS, own, seconds};

/// Who does the jobs, how many at once, and how long they take by line of Rust, at what computes and at what waits.
const EXECUTORS: [(&str, usize, f64, f64); 7] = [
    ("line", 1, 1.0, 1.0),
    ("threads", 9, 0.57, 0.23),
    ("processes", 8, 0.71, 0.31),
    ("cpython-3.13:line", 1, 23.0, 9.1),
    ("cpython-3.13:threads", 9, 26.0, 7.3),
    ("cpython-3.13:processes", 8, 14.0, 4.1),
    ("pypy-3.11:line", 1, 5.0, 2.3),
];

fn run() -> Run {
    let cells = TASKS.iter().flat_map(|task| {
        rounds(&EXECUTORS, |(executor, workers, computing, waiting), place, round| {
            let factor = if task.1 == "cpu" { computing } else { waiting };
            let seconds = 1.86 * task.2 * factor * in_round(place, round);
            let is_python = executor.contains(':');
            let of = |implementation: &str, version: &str| Interpreter {
                implementation: implementation.into(),
                version: version.into(),
                gil: true,
            };
            let compiles = executor.starts_with("pypy");
            let interpreter = if compiles { of("PyPy", "3.11.9") } else { of("CPython", "3.13.0") };
            Cell::Tasks(Box::new(TaskCell {
                workers,
                interpreter: is_python.then_some(interpreter),
                start_up_s: is_python.then_some(0.041 * in_round(place, round)),
                warm_up_s: compiles.then_some(0.087 * in_round(place + 1, round)),
                ..tasks::cell(executor, *task, round, seconds)
            }))
        })
    });
    record::run(cells.collect())
}

fn cells<'a>(run: &'a Run, task: &str, executor: &str) -> Vec<&'a TaskCell> {
    own(run, |cell| cell.task == task && cell.executor == executor)
}

/// The line that an executor is compared with: an interpreter's ways with its own.
fn line_of(executor: &str) -> String {
    executor.rsplit_once(':').map_or("line".to_owned(), |(name, _)| format!("{name}:line"))
}

/// An interpreter in one way beside the executor of that name.
fn row(run: &Run, task: &str, executor: &str, said: &str) -> Row {
    let way = executor.rsplit_once(':').unwrap().1;
    let of = |executor: &str| seconds(&cells(run, task, executor));
    let (python, rust) = (of(executor), of(way));
    let by_line = |own: &[f64], executor: &str| match way {
        "line" => Text::word("1.00"),
        _ => Text::Estimate(Rounds::of(by(own, &of(&line_of(executor))))),
    };
    let ratio = Rounds::of(by(&rust, &python));
    let python_cells = cells(run, task, executor);
    let warm_up =
        python_cells[0].warm_up_s.map(|_| Rounds::of(each(&python_cells, |it| it.warm_up_s.unwrap())));
    Row::of("interpreter", said)
        .word("GIL", "on")
        .word("way", way)
        .figure("Python (s)", Rounds::of(python.iter().copied()).middle)
        .with("Python (× line)", by_line(&python, executor))
        .figure("Rust (s)", Rounds::of(rust.iter().copied()).middle)
        .with("Rust (× line)", by_line(&rust, way))
        .figure("Rust (by Python)", ratio.middle)
        .ends("interval (by Python)", ratio)
        .word("values", "equal")
        .figure("start-up (s)", Rounds::of(each(&python_cells, |cell| cell.start_up_s.unwrap())).middle)
        .with("warm-up (s)", warm_up.map_or(Text::Nothing, |warm_up| Text::Figure(warm_up.middle)))
}

fn beside(run: &Run, task: &str) -> Expected {
    let said = |executor: &str| if executor.starts_with("pypy") { "PyPy 3.11.9" } else { "CPython 3.13.0" };
    let rows = EXECUTORS[3..].iter().map(|(executor, ..)| row(run, task, executor, said(executor)));
    Expected::new(format!("Python beside Rust: {task}, 12 jobs"), rows.collect())
}

fn executors(run: &Run) -> Expected {
    let of = |task: &'static str| {
        // The lab's own stand first, and they alone have places.
        let mut places = tasks::places(&[0, 1, 2].map(|own| seconds(&cells(run, task, EXECUTORS[own].0))));
        places.resize(EXECUTORS.len(), String::new());
        let rows = EXECUTORS.iter().zip(places).map(|((executor, ..), place)| {
            tasks::row(&cells(run, task, executor), &cells(run, task, &line_of(executor)), true, &place)
        });
        rows.collect::<Vec<_>>()
    };
    Expected::new("Tasks", TASKS.iter().flat_map(|(task, ..)| of(task)).collect())
}

/// The notes' form with the rows of CPython below those of Rust.
fn in_the_notes_form(run: &Run) -> Expected {
    let mut table = notes_form::table(run, 12, "jobs");
    table.rows.extend(notes_form::WAYS.map(|way| {
        notes_form::row("CPython 3.13.0", way, |task, executor| {
            cells(run, task, &format!("cpython-3.13:{executor}"))
        })
    }));
    table
}

#[test]
fn an_interpreters_figures_and_the_executors_beside_it_are_the_records() {
    let run = run();
    let tables = [executors(&run), in_the_notes_form(&run), beside(&run, "primes"), beside(&run, "disk")];
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::of(&run), &tables);
}
