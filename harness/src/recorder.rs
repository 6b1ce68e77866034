//! Keeps the record of a run on disk: written anew after every cell, so that whatever ends the run loses nothing.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use reports::RECORD;
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
    ///
    /// # Errors
    /// The directory can't be made, or holds a run already: hours of measuring must not be lost to a second run.
    pub fn new(directory: Option<PathBuf>, planned: usize, seed: u64) -> anyhow::Result<Self> {
        let started = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let directory = match directory {
            Some(directory) => make(directory)?,
            None => make_new(&Path::new("runs").join(started.replace(':', "-")))?,
        };
        let run = Run {
            schema: SCHEMA,
            concur: env!("CARGO_PKG_VERSION").to_owned(),
            command: command(),
            started,
            complete: planned == 0,
            planned,
            seed: Some(seed),
            host: host()?,
            floor: None,
            notes: Vec::new(),
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

    /// Says that there will be so many more cells than was known.
    pub fn expect(&mut self, cells: usize) -> anyhow::Result<()> {
        self.run.planned += cells;
        self.run.complete = self.run.cells.len() == self.run.planned;
        self.write()
    }

    /// Adds a sentence that readers of all figures should know.
    pub fn note(&mut self, sentence: String) -> anyhow::Result<()> {
        self.run.notes.push(sentence);
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

/// The directory that somebody asked for.
fn make(directory: PathBuf) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(&directory).map_err(|error| cannot_make(&directory, &error))?;
    if directory.join(RECORD).exists() {
        let directory = directory.display();
        return Err(Usage::error(format!(
            "{directory} holds a run already; try another directory with --out"
        )));
    }
    Ok(directory)
}

/// A directory that nobody else has: another run may have begun in the same second.
fn make_new(wanted: &Path) -> anyhow::Result<PathBuf> {
    let parent = wanted.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| cannot_make(parent, &error))?;
    let name = wanted.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut directory = wanted.to_owned();
    for number in 2.. {
        match fs::create_dir(&directory) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                directory = wanted.with_file_name(format!("{name}-{number}"));
            }
            Err(error) => return Err(cannot_make(&directory, &error)),
            Ok(()) => break,
        }
    }
    Ok(directory)
}

fn cannot_make(directory: &Path, error: &std::io::Error) -> anyhow::Error {
    let directory = directory.display();
    Usage::error(format!("can't make the directory {directory}: {error}; try another one with --out"))
}

/// The command as given. The program's place on this machine is nobody's business.
fn command() -> Vec<String> {
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once("concur".to_owned()).chain(arguments).collect()
}
