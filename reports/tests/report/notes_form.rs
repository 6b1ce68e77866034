//! The course notes' own table in words.

use reports::course_notes::WAYS;
use reports::document::Document;
use reports::record::Cell;

use crate::found::{document, expected, row, table};
use crate::sample;
use crate::tasks::sweep;

#[test]
fn the_notes_form_has_our_figures_beside_theirs() {
    let document = document();
    let table = table(&document, "In the form of the course notes: 10 jobs");
    let thread = expected(&[
        ("by", "Rust"),
        ("way", "Thread"),
        ("cpu (s)", "3.06"),          // primes: 2.04 and 4.08
        ("cpu (× Line)", "0.51 ±0%"), // by 4 and 8
        ("IO (s)", "0.465"),          // disk: 0.31 and 0.62
        ("IO (× Line)", "0.62 ±0%"),  // by 0.5 and 1
        ("notes' cpu (s)", "8.41"),
        ("notes' cpu (× Line)", "1.03"),
        ("notes' IO (s)", "6.02"),
        ("notes' IO (× Line)", "0.88"),
    ]);
    assert_eq!(row(&table, &["Rust", "Thread"]), thread);
    assert!(table.notes[0].starts_with("cpu is primes; IO is disk."), "{:?}", table.notes);
    let of_the_notes =
        |way| row(&table, &["Rust", way])[6..].iter().map(|(_, text)| *text).collect::<Vec<_>>();
    assert_eq!(of_the_notes("Line"), ["8.15", "1.00", "6.84", "1.00"]);
    assert_eq!(of_the_notes("Process"), ["4.08", "0.50", "3.21", "0.47"]);
}

#[test]
fn a_family_that_was_not_run_is_named_in_the_notes_form() {
    let mut run = sweep();
    run.cells.retain(|cell| !matches!(cell, Cell::Tasks(cell) if cell.family == "io"));
    let notes = table(&Document::of(&run), "In the form of the course notes: 8 short jobs").notes;
    assert!(notes[0].starts_with("cpu is primes; IO is empty, as no io task was run."), "{notes:?}");
}

#[test]
fn the_course_notes_figures_are_theirs_to_the_last_digit() {
    let figures = WAYS.map(|way| (way.cpu_s.to_string(), way.io_s.to_string()));
    let expected = [
        ("8.15166711807251", "6.841825246810913"),
        ("8.414522647857666", "6.023292541503906"),
        ("4.079084157943726", "3.2132551670074463"),
    ];
    assert_eq!(figures, expected.map(|(cpu, io)| (cpu.to_owned(), io.to_owned())));
}

#[test]
fn without_line_there_is_no_table_in_the_notes_form() {
    let mut run = sample::run();
    run.cells.retain(|cell| !matches!(cell, Cell::Tasks(cell) if cell.executor == "line"));
    let titles: Vec<String> = Document::of(&run).tables.into_iter().map(|table| table.title).collect();
    assert!(titles.iter().any(|title| title == "Tasks"));
    assert!(!titles.iter().any(|title| title.contains("course notes")), "{titles:?}");
}
