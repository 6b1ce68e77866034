//! `concur run` from end to end: what it records, and what it leaves behind, however it ends.

#[macro_use]
#[path = "../../../models/tests/common/skipped.rs"]
mod skipped;
mod beside;
#[path = "../common/mod.rs"]
mod common;
mod ends;
mod record;
mod rows;

use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use common::concur;
use reports::record::{Cell, Run, ServerCell, Verdict};

/// Held by each test while it runs: by the one that measures everything alone, by the others together.
static MACHINE: RwLock<()> = RwLock::new(());

fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

fn among_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// A run in which everything happens once, in a few seconds.
const SHORT: [&str; 7] = ["run", "--duration", "300ms", "--connections", "8", "--timeout", "20s"];

/// One round of it.
fn once() -> Command {
    let mut command = concur();
    command.args(SHORT).args(["--rounds", "1"]);
    command
}

/// The first attempt at each: on a busy machine some are measured again.
fn server_cells(run: &Run) -> Vec<&ServerCell> {
    fn of(cell: &Cell) -> Option<&ServerCell> {
        if let Cell::Servers(cell) = cell { Some(cell) } else { None }
    }
    run.cells.iter().filter(|cell| cell.attempt() == 1).filter_map(of).collect()
}

/// The verdict that a cell has on a quiet machine.
fn verdict(cell: &ServerCell) -> Verdict {
    let disturbed = cell.noise.is_some_and(|noise| noise.disturbed);
    if disturbed { Verdict::Valid } else { cell.verdict }
}

/// Whether the machine had no time for a cell: so short a window may pass without a reply and without anybody's fault.
fn nothing_ran(cell: &ServerCell) -> bool {
    let nothing = cell.reason.as_deref().is_some_and(|reason| reason.starts_with("no request was answered"));
    nothing && cell.errors.total() == 0
}

/// Whether a run's exit code says that all went well, but for cells that the machine had no time for.
fn went_well(code: Option<i32>, run: &Run) -> bool {
    let failed = run.cells.iter().filter(|cell| cell.verdict() == Verdict::Errors);
    let mut failed = failed.filter(|cell| !cell.server().is_some_and(nothing_ran));
    failed.next().is_none() && matches!(code, Some(0 | 1))
}

/// Marks a command's environment, which all its processes inherit, so that any of them can be found.
fn marked(command: &mut Command, mark: &str) -> String {
    let value = format!("{mark}-{}", std::process::id());
    command.env("CONCUR_TEST", &value);
    format!("CONCUR_TEST={value}")
}
