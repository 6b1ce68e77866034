//! Draws the gallery anew: everything in `samples/` from the record in it. Given runs, the record is first made of these.
//!
//! ```text
//! cargo run -p reports --example gallery
//! cargo run -p reports --example gallery -- RUN RUN ...
//! ```

use std::error::Error;
use std::path::Path;

use reports::record::{Cell, Run};

#[path = "../tests/sample/gallery.rs"]
mod gallery;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = gallery::directory();
    let given: Vec<String> = std::env::args().skip(1).collect();
    let runs = given.iter().map(|path| Run::read(Path::new(path))).collect::<Result<Vec<_>, _>>()?;
    if let Some(run) = joined(runs) {
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join("run.json"), gallery::in_lines(&run)?)?;
    }
    let run = Run::read(&directory)?;
    for (name, bytes) in gallery::forms(&run)? {
        println!("{name}: {} bytes", bytes.len());
        std::fs::write(directory.join(name), bytes)?;
    }
    Ok(())
}

/// One record of several, without what says where they lay. Cells of the later ones that would fall among those of an earlier one are
/// no trouble: a row is what its cells say it is.
fn joined(runs: Vec<Run>) -> Option<Run> {
    let commands: Vec<String> = runs.iter().map(|run| command(run).join(" ")).collect();
    let mut runs = runs.into_iter();
    let mut joined = runs.next()?;
    joined.command = command(&joined);
    if commands.len() > 1 {
        let list = commands[1..].join("; ");
        joined.notes.push(format!("More runs were made right after it, and their cells joined: {list}."));
    }
    for run in runs {
        joined.planned += run.planned;
        joined.complete &= run.complete;
        joined.cells.extend(run.cells);
    }
    for cell in &mut joined.cells {
        scrub(cell);
    }
    Some(joined)
}

/// The command as anybody would type it.
fn command(run: &Run) -> Vec<String> {
    let mut words = vec!["concur".to_owned()];
    let mut is_place = false;
    for word in run.command.iter().skip(1) {
        words.extend((!is_place && word != "--out").then(|| word.clone()));
        is_place = word == "--out";
    }
    words
}

/// Of an open loop's rates the one whose latencies are kept as a curve.
const CURVE_AT: f64 = 8_000.0;

/// Takes out what is not in the gallery: the logs beside a record, and most of what is large. Timelines are kept where most is to be
/// seen in them: of many connections or jobs in a closed loop.
fn scrub(cell: &mut Cell) {
    match cell {
        Cell::Servers(cell) => {
            cell.histogram_log = None;
            let shown = cell.copy.is_none() && cell.connections > 16 && cell.rate.is_none();
            let in_curves = cell.rate.is_some_and(|rate| rate.total_cmp(&CURVE_AT).is_eq());
            cell.curve = cell.curve.take().filter(|_| shown || in_curves);
            cell.over_time = cell.over_time.take().filter(|_| shown && cell.model != "fork");
            cell.timeline = cell.timeline.take().filter(|_| shown);
            cell.fairness = cell.fairness.take().filter(|_| shown);
        }
        Cell::Idle(cell) | Cell::Stevens(cell) => {
            cell.histogram_log = None;
            (cell.curve, cell.over_time, cell.fairness, cell.timeline) = (None, None, None, None);
        }
        Cell::Tasks(cell) => {
            cell.timeline = cell.timeline.take().filter(|_| cell.jobs > 2 && cell.task == "primes");
        }
        _ => {}
    }
}
