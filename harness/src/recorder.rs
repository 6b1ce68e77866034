//! Keeps the record of a run on disk: written anew after every cell, so that whatever ends the run loses nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use reports::record::{Cell, Run, SCHEMA};

use crate::failure::Usage;
use crate::measure::host::host;

/// A record and the directory it is kept in.
pub struct Recorder {
    directory: PathBuf,
    run: Run,
}

impl Recorder {
    /// Begins a record of `planned` cells in `directory`, which is made if it is not there; by default in one named
    /// after the time, under `runs`.
    pub fn new(directory: Option<PathBuf>, planned: usize) -> anyhow::Result<Self> {
        let started = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let directory = directory.unwrap_or_else(|| Path::new("runs").join(started.replace(':', "-")));
        fs::create_dir_all(&directory).map_err(|error| {
            Usage::error(format!(
                "can't make the directory {}: {error}; try another one with --out",
                directory.display()
            ))
        })?;
        let run = Run {
            schema: SCHEMA,
            concur: env!("CARGO_PKG_VERSION").to_owned(),
            command: command(),
            started,
            complete: planned == 0,
            planned,
            host: host()?,
            cells: Vec::new(),
        };
        let this = Self { directory, run };
        this.write().map_err(|error| Usage::error(format!("{error:#}; try another directory with --out")))?;
        Ok(this)
    }

    /// Adds a cell and writes the record.
    pub fn add(&mut self, cell: Cell) -> anyhow::Result<()> {
        self.run.cells.push(cell);
        self.run.complete = self.run.cells.len() == self.run.planned;
        self.write()
    }

    /// What has been recorded.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Where it is kept.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn write(&self) -> anyhow::Result<()> {
        self.run.write(&self.directory).context("can't keep the record")
    }
}

/// The command as given. The program's place on this machine is nobody's business.
fn command() -> Vec<String> {
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once("concur".to_owned()).chain(arguments).collect()
}
