//! Checks that a run measured every model and every executor, and that every figure stands:
//! `cargo run -p harness --example check_record -- RUN`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use models::executor::executors;
use models::server::servers;
use reports::record::{Cell, Run, Verdict};
use workloads::task::{Size, tasks};

fn main() -> anyhow::Result<()> {
    let path =
        PathBuf::from(std::env::args_os().nth(1).context("name a run: its directory or its run.json")?);
    let run = Run::read(&path)?;
    ensure!(run.complete, "{} of {} cells were measured", run.cells.len(), run.planned);
    let mut valid = BTreeSet::new();
    for cell in &run.cells {
        let name = match cell {
            Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) => &cell.model,
            Cell::Tasks(cell) => &cell.executor,
            Cell::Spawn(cell) | Cell::Switch(cell) | Cell::Ipc(cell) => &cell.way,
        };
        let reason = cell.reason();
        match cell.verdict() {
            Verdict::Valid => drop(valid.insert(name.as_str())),
            // Both sides are near their limits, and a noisy moment decides which of them is there first.
            Verdict::ClientBound => {
                println!("{name}: client-bound: {}", reason.unwrap_or_default());
            }
            // It was measured again, and both are in the record.
            Verdict::Unstable if is_disturbed(cell) => {
                println!("{name}: {}", reason.unwrap_or_default());
            }
            // Processes share no memory, by their nature.
            Verdict::Unsupported if is_refused(cell) => {}
            verdict => anyhow::bail!("{name}: {verdict:?}: {}", reason.unwrap_or_default()),
        }
    }
    let names =
        servers().iter().map(|model| model.name).chain(executors().iter().map(|executor| executor.name));
    for name in names {
        ensure!(valid.contains(name), "no cell of {name} is valid");
    }
    println!("{} cells: every model and every executor is valid", run.cells.len());
    Ok(())
}

/// Whether an executor refuses the cell's task, as the register says as well.
fn is_refused(cell: &Cell) -> bool {
    let Cell::Tasks(cell) = cell else { return false };
    let executor = executors().iter().find(|executor| executor.name == cell.executor);
    let task = tasks(Size::Short).into_iter().find(|task| task.name() == cell.task);
    executor.zip(task).is_some_and(|(executor, task)| executor.refuses(&*task).is_some())
}

fn is_disturbed(cell: &Cell) -> bool {
    cell.noise().is_some_and(|noise| noise.disturbed)
}
