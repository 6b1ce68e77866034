//! A known record: every figure of a table is the record's own, in each form. Each table is read back from the form as a reader sees it,
//! and what stands under a heading is compared with what the record says there. No two figures of a row are alike, so none can stand
//! in another's place unseen.

mod read;
mod record;

use reports::document::Document;
use reports::record::Run;
use reports::terminal::{self, Charset, Terminal};
use reports::{csv, html, markdown};

use read::{Grid, figures};
use record::{MODELS, expected, run};

/// Figures are alike if they are nearer to each other than that: no rounding makes one of the other.
const ALIKE: f64 = 0.1;

/// Each model has its row, and under each heading stands the record's figure, and nothing stands there that was not looked at.
fn shows_the_record(form: &str, grid: &Grid) {
    for (number, model) in MODELS.iter().enumerate() {
        let row =
            grid.row("model", model).unwrap_or_else(|| panic!("{form} has no row of {model}: {grid:?}"));
        let expected = expected(number);
        for (heading, ends) in &expected {
            let text = row.get(*heading).unwrap_or_else(|| panic!("{form}: no {heading} in {row:?}"));
            let found = figures(text);
            assert_eq!(found.len(), ends.len(), "{form}, {model}, {heading}: {text}");
            for (found, expected) in found.iter().zip(ends) {
                assert!(
                    (found.value - expected).abs() <= found.rounded,
                    "{form}, {model}, {heading}: {text}, but the record says {expected}"
                );
            }
        }
        let looked_at =
            |heading: &str| ["rank", "model", "rounds"].contains(&heading) || expected.contains_key(heading);
        for heading in row.keys() {
            assert!(looked_at(heading), "{form}: nobody looks at {heading}");
        }
    }
}

#[test]
fn no_two_figures_of_a_row_are_alike() {
    for number in 0..MODELS.len() {
        let expected = expected(number);
        let single: Vec<_> = expected.iter().filter(|(_, ends)| ends.len() == 1).collect();
        for (place, (one, a)) in single.iter().enumerate() {
            for (other, b) in &single[place + 1..] {
                assert!((a[0] / b[0] - 1.0).abs() > ALIKE, "{one} and {other}: {} and {}", a[0], b[0]);
            }
        }
    }
}

#[test]
fn a_terminal_shows_the_record() {
    let text = terminal::draw(&Document::of(&run()), Terminal { width: 400, charset: Charset::Utf8 });
    shows_the_record("the terminal", &read::of_terminal(&text));
}

#[test]
fn ascii_shows_the_record() {
    let text = terminal::draw(&Document::of(&run()), Terminal { width: 400, charset: Charset::Ascii });
    assert!(text.is_ascii());
    let mut grid = read::of_terminal(&text);
    // Only then: the characters that stand for others are not as many.
    let whole = |text: &mut String| {
        *text = text.replace("+-", "±").replace("us", "µs").replace("x f", "× f").replace("(x)", "(×)");
    };
    grid.headings.iter_mut().chain(grid.rows.iter_mut().flatten()).for_each(whole);
    shows_the_record("ASCII", &grid);
}

#[test]
fn markdown_shows_the_record() {
    let text = markdown::draw(&Document::of(&run()));
    // The whole table stands below the one of the main columns.
    let grids = read::of_markdown(&text);
    let whole = grids.iter().max_by_key(|grid| grid.headings.len()).unwrap();
    shows_the_record("Markdown", whole);
    for grid in grids.iter().filter(|grid| grid.row("model", MODELS[0]).is_some()) {
        for model in MODELS {
            let (part, all) = (grid.row("model", model).unwrap(), whole.row("model", model).unwrap());
            assert!(part.iter().all(|(heading, text)| all.get(heading) == Some(text)), "{part:?}");
        }
    }
}

#[test]
fn the_page_shows_the_record() {
    let page = html::draw(&Document::of(&run())).unwrap();
    let grids = read::of_html(&page);
    let servers =
        grids.iter().find(|grid| grid.row("model", MODELS[0]).is_some() && grid.headings.len() > 10);
    shows_the_record("the page", servers.unwrap());
}

#[test]
fn the_table_of_cells_holds_every_figure_of_the_record_under_its_own_name() {
    let run = run();
    let drawn = csv::draw(&run).unwrap();
    let mut reader = ::csv::Reader::from_reader(&drawn[..]);
    let headings = reader.headers().unwrap().clone();
    let mut looked_at = 0;
    for (line, cell) in reader.records().map(Result::unwrap).zip(&run.cells) {
        let cell = serde_json::to_value(cell).unwrap();
        for (name, text) in headings.iter().zip(&line) {
            let pointer = format!("/{}", name.replace('.', "/"));
            let Some(value) = cell.pointer(&pointer).filter(|value| value.is_number()) else { continue };
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.as_f64().unwrap().to_bits(), "{name}");
            looked_at += 1;
        }
        // The percentiles by name, whatever the fields of a record are called.
        let latency = run.cells[0].server().and_then(|_| cell.get("latency_us")).unwrap();
        for percentile in ["p50", "p90", "p99", "p999", "p9999", "mean", "max"] {
            let column = headings.iter().position(|name| name == format!("latency_us.{percentile}")).unwrap();
            assert_eq!(line[column], latency[percentile].to_string(), "{percentile}");
        }
    }
    assert!(looked_at > 40 * run.cells.len(), "{looked_at}");
}

#[test]
fn a_figure_in_the_wrong_place_would_be_found() {
    let changed = |change: fn(&mut reports::record::ServerCell)| {
        let mut run: Run = run();
        for cell in &mut run.cells {
            let reports::record::Cell::Servers(cell) = cell else { continue };
            change(cell);
        }
        let page = html::draw(&Document::of(&run)).unwrap();
        let grids = read::of_html(&page);
        let servers =
            grids.into_iter().find(|grid| grid.row("model", MODELS[0]).is_some() && grid.headings.len() > 10);
        std::panic::catch_unwind(|| shows_the_record("the page", &servers.unwrap())).is_err()
    };
    assert!(!changed(|_| ()));
    assert!(changed(|cell| {
        let us = cell.latency_us.as_mut().unwrap();
        std::mem::swap(&mut us.p99, &mut us.p999);
    }));
    assert!(changed(|cell| std::mem::swap(&mut cell.latency_us, &mut cell.uncorrected_latency_us)));
}
