//! Keeps the record of a run on disk, so that whatever ends the run loses no cell that was measured.
//!
//! Writing a record takes the longer the more it holds, so in a long run it is written anew only now and then, and the cells
//! in between go to its [journal], a line each. A short run's is written after every cell.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use reports::RECORD;
use reports::journal::{self, Journal};
use reports::record::{Cell, Floor, Run, SCHEMA, TortureRow, Verdict};

use crate::failure::Usage;
use crate::measure::host::host;

/// The record is written anew after twenty times as long as writing it took, at the earliest: at most 5% of a run's time.
const REST: u32 = 20;

/// A record and the directory it is kept in.
pub struct Recorder {
    directory: PathBuf,
    run: Run,
    journal: Journal,
    /// When the record was last written, and how long that took.
    written: Instant,
    took: Duration,
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
            torture: Vec::new(),
        };
        let journal = Journal::new(&directory);
        let mut this = Self { directory, run, journal, written: Instant::now(), took: Duration::ZERO };
        this.write().map_err(|error| Usage::error(format!("{error:#}; try another directory with --out")))?;
        Ok(this)
    }

    /// Adds a cell. When this returns it is on the disk, in the record or in its journal.
    pub fn add(&mut self, mut cell: Cell) -> anyhow::Result<()> {
        for earlier in &mut self.run.cells {
            if earlier.is_of_row_of(&cell) {
                keep_one_course(earlier, &mut cell);
            }
        }
        self.run.cells.push(cell);
        self.run.complete = self.run.measured() == self.run.planned;
        if self.run.complete || is_due(self.written.elapsed(), self.took) {
            return self.write();
        }
        let place = self.run.cells.len() - 1;
        self.journal.add(place, &self.run.cells[place]).context("can't keep the record")
    }

    /// Adds what a server went through.
    pub fn add_torture(&mut self, row: TortureRow) -> anyhow::Result<()> {
        self.run.torture.push(row);
        self.write()
    }

    /// Says that torture was ended before all faults were tried.
    pub fn torture_was_cut_short(&mut self) -> anyhow::Result<()> {
        self.run.complete = false;
        self.write()
    }

    /// Adds what the machine can do at the least and at the most.
    pub fn set_floor(&mut self, floor: Floor) -> anyhow::Result<()> {
        self.run.floor = Some(floor);
        self.write()
    }

    /// Adds what a reader of all figures should know, a sentence.
    pub fn note(&mut self, sentence: String) -> anyhow::Result<()> {
        self.run.notes.push(sentence);
        self.write()
    }

    /// Brings everything together in the record. A run that never comes to this has lost nothing: whoever reads the record
    /// looks into the journal as well.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        self.write()
    }

    /// Says that there will be so many more cells than was known.
    pub fn expect(&mut self, cells: usize) -> anyhow::Result<()> {
        self.run.planned += cells;
        self.run.complete = self.run.measured() == self.run.planned;
        self.write()
    }

    /// Says that what was planned and has not been measured will not be: the run ends here of its own accord.
    pub fn expect_no_more(&mut self) -> anyhow::Result<()> {
        self.run.planned = self.run.measured();
        self.run.complete = true;
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

    fn write(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        // In this order: a cell may stand in both, and must not stand in neither.
        self.run
            .write(&self.directory)
            .and_then(|()| self.journal.clear())
            .context("can't keep the record")?;
        self.written = Instant::now();
        self.took = self.written - begun;
        Ok(())
    }
}

/// How a row's cells went is kept of one of them: of the later one, unless only the earlier one counts.
fn keep_one_course(earlier: &mut Cell, later: &mut Cell) {
    if earlier.verdict() == Verdict::Valid && later.verdict() != Verdict::Valid {
        later.forget_course_told_by(earlier);
    } else {
        earlier.forget_course_told_by(later);
    }
}

/// Whether the record is to be written anew, so long after it last was, which took so long.
fn is_due(since: Duration, took: Duration) -> bool {
    since >= took * REST
}

/// The directory that somebody asked for.
fn make(directory: PathBuf) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(&directory).map_err(|error| cannot_make(&directory, &error))?;
    if directory.join(RECORD).exists() || journal::is_in(&directory) {
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

#[cfg(test)]
mod tests {
    use reports::record::{Curve, ServerCell};

    use super::*;

    fn cell(model: &str, round: u32, verdict: Verdict) -> Cell {
        let (model, curve) = (model.to_owned(), Some(Curve::default()));
        Cell::Servers(Box::new(ServerCell { model, round, verdict, curve, ..ServerCell::default() }))
    }

    /// Which cells have a curve, after these were recorded.
    fn with_curves(cells: Vec<Cell>) -> Vec<bool> {
        let directory = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(Some(directory.path().to_owned()), cells.len(), 1).unwrap();
        for cell in cells {
            recorder.add(cell).unwrap();
        }
        let kept = Run::read(directory.path()).unwrap();
        assert_eq!(kept.cells, recorder.run().cells);
        kept.cells.iter().map(|cell| cell.server().unwrap().curve.is_some()).collect()
    }

    #[test]
    fn how_cells_went_is_kept_of_the_last_of_each_row() {
        let cells = [("epoll", 1), ("fork", 1), ("fork", 2), ("epoll", 2), ("epoll", 3)];
        let cells = cells.map(|(model, round)| cell(model, round, Verdict::Valid));
        assert_eq!(with_curves(cells.into()), [false, false, true, false, true]);
    }

    #[test]
    fn how_a_cell_went_that_does_not_count_is_kept_only_where_none_does() {
        let cells = |verdicts: [Verdict; 3]| verdicts.map(|verdict| cell("epoll", 1, verdict)).into();
        let (valid, unstable) = (Verdict::Valid, Verdict::Unstable);
        assert_eq!(with_curves(cells([valid, unstable, unstable])), [true, false, false]);
        assert_eq!(with_curves(cells([unstable, unstable, valid])), [false, false, true]);
        assert_eq!(with_curves(cells([unstable, unstable, unstable])), [false, false, true]);
    }

    #[test]
    fn a_record_is_written_the_less_often_the_longer_that_takes() {
        let ms = Duration::from_millis;
        assert!(is_due(ms(100), ms(5)) && !is_due(ms(99), ms(5)));
        assert!(is_due(ms(2_000), ms(100)) && !is_due(ms(1_999), ms(100)));
    }
}
