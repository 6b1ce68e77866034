//! What drawing a large record takes of memory, as the kernel counts it of a process that does nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// In bytes.
const AT_MOST: u64 = 200_000_000;

#[test]
fn a_record_of_5000_cells_is_drawn_in_every_form_in_less_than_200_megabytes() {
    let directory = tempfile::tempdir().expect("the directory for temporary files can be written");
    let drawn = output(Command::new(program()).arg("10").arg(directory.path()));
    let said = String::from_utf8_lossy(&drawn.stdout);
    assert!(said.starts_with("5000 cells"), "{said}");
    for form in ["report.html", "report.md", "report.txt", "cells.csv"] {
        assert!(directory.path().join(form).exists(), "there is no {form}");
    }
    let peak = said.lines().find_map(|line| line.strip_prefix("peak memory: ")?.strip_suffix(" KiB"));
    let peak = peak.and_then(|number| number.parse::<u64>().ok());
    let peak = peak.unwrap_or_else(|| panic!("no peak in {said}")) * 1_024;
    assert!(peak < AT_MOST, "{peak} bytes");
    // All of the record is in memory at once, so with less something else was measured.
    let record = std::fs::metadata(directory.path().join("run.json")).expect("the record was written").len();
    assert!(peak > record, "{peak} bytes for a record of {record}");
}

/// The example `draw`. Cargo has built it beside this test, unless this test alone was asked for.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    let built =
        own.parent().and_then(Path::parent).expect("it lies in a directory of Cargo's").join("examples/draw");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["src", "examples", "assets", "templates", "locales"].map(|name| newest(&here.join(name)));
    if changed(&built) <= sources.into_iter().flatten().max() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked", "--example", "draw"]).current_dir(here);
        cargo.args((!cfg!(debug_assertions)).then_some("--release"));
        output(&mut cargo);
    }
    built
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|about| about.modified()).ok()
}

/// When anything in a directory was last changed.
fn newest(directory: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(directory).expect("the sources lie beside this test");
    let of = |path: PathBuf| if path.is_dir() { newest(&path) } else { changed(&path) };
    entries.filter_map(|entry| of(entry.ok()?.path())).max()
}

fn output(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
