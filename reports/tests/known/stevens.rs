//! Stevens' comparison, beside the figures of his book.

use reports::document::Document;
use reports::record::{Cell, Run, ServerCell};

use crate::expected::{Expected, Row, Text};
use crate::figure::{Rounds, by};
use crate::forms;
use crate::record::{self, cpu_us, each, in_round, rounds, server, servers};

/// Models with what they cost by the first, and what the book has of their kind: its row, its words and its seconds.
type Model = (&'static str, f64, Option<(u32, &'static str, f64)>);
const MODELS: [Model; 5] = [
    ("loop", 1.0, Some((0, "iterative", 0.0))),
    ("fork", 7.3, Some((1, "a fork for each client", 20.90))),
    ("prefork:accept=flock", 2.9, Some((3, "preforked, accept behind a file lock", 2.07))),
    ("thread", 2.1, Some((6, "a thread for each client", 0.99))),
    ("epoll", 1.3, None),
];

pub(crate) fn run() -> Run {
    record::run(rounds(&MODELS, |(model, factor, _), place, round| {
        Cell::Stevens(Box::new(ServerCell {
            request: "/bytes/4000".into(),
            connections: 5,
            keep_alive: false,
            ..server(model, round, factor * in_round(place, round))
        }))
    }))
}

/// A model's CPU time in each round.
fn cpu(run: &Run, model: &str) -> Vec<f64> {
    let name = model.split(':').next().unwrap();
    each(&servers(run, |cell| cell.model == name), cpu_us)
}

/// What it costs beyond the loop for 5,000 connections, in seconds, in each round.
pub(crate) fn control(run: &Run, model: &str) -> Vec<f64> {
    cpu(run, model).iter().zip(cpu(run, "loop")).map(|(own, base)| (own - base) * 5_000.0 / 1e6).collect()
}

fn row(run: &Run, (model, _, book): Model) -> Row {
    let own = Rounds::of(control(run, model));
    let row = Row::of("model", model)
        .figure("CPU (µs/connection)", Rounds::of(cpu(run, model)).middle)
        .figure("control (s)", own.middle)
        .ends("interval (s)", own)
        .figure("control (× fork)", Rounds::of(by(&control(run, model), &control(run, "fork"))).middle)
        // What loop controls is nothing, and what a fork is by a fork is one.
        .repeating(&["control (× fork)", "book (unchecked) (× fork)"]);
    match book {
        None => row
            .word("row (book)", "")
            .word("server", "")
            .word("book (unchecked) (s)", "")
            .word("book (unchecked) (× fork)", ""),
        Some((number, server, seconds)) => row
            .word("row (book)", number)
            .word("server", server)
            .with(
                "book (unchecked) (s)",
                if model == "loop" { Text::word("0.00") } else { Text::Figure(seconds) },
            )
            .word("book (unchecked) (× fork)", format!("{:.3}", seconds / 20.90)),
    }
}

#[test]
fn process_control_is_the_records_and_the_books_figures_are_the_books() {
    let run = run();
    let title = "In the form of Stevens' comparison: http /bytes/4000 over tcp: 5 connections at once, a new one for each request";
    let table = Expected::new(title, MODELS.map(|model| row(&run, model)).to_vec());
    table.has_no_alike_figures();
    forms::all_say(&Document::of(&run), &[table]);
}

/// Cells differ in more than what is compared here.
#[test]
fn each_model_has_its_rounds() {
    let run = run();
    assert!(MODELS.iter().all(|(model, ..)| cpu(&run, model).len() == record::NUMBER));
}
