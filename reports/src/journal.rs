//! `run.journal`: the cells that a run has measured since its record was last written, a line of JSON each.
//!
//! A record is written whole or not at all, which costs more the more it holds. So a run with thousands of cells writes it
//! now and then, and each cell in between is a line at the end of this file, which costs the same for the first and for the
//! last. Whatever ends the run, both together hold every cell: [`Run::read`](crate::record::Run::read) looks into both.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::{Cell, Run};
use crate::storage::{RECORD, ReadError, WriteError, read_bytes};

/// What a journal is called, beside the record.
pub const JOURNAL: &str = "run.journal";

/// The journal of a run that is under way.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// Open as soon as there is a first line.
    file: Option<File>,
}

/// A line: a cell and its place in the record. A run that is killed after the record was written and before the journal
/// was emptied leaves cells in both.
#[derive(Debug, Serialize)]
struct Line<'a> {
    place: usize,
    cell: &'a Cell,
}

/// A line as it is read.
#[derive(Debug, Deserialize)]
struct OwnedLine {
    place: usize,
    cell: Cell,
}

impl Journal {
    /// The journal in `directory`, in which nothing is written yet.
    pub fn new(directory: &Path) -> Self {
        Self { path: directory.join(JOURNAL), file: None }
    }

    /// Adds the cell that has this `place` in the record. When this returns it is on the disk.
    pub fn add(&mut self, place: usize, cell: &Cell) -> Result<(), WriteError> {
        let mut line = serde_json::to_vec(&Line { place, cell }).map_err(WriteError::Unreadable)?;
        // As for a record: what can't be read back is refused now.
        serde_json::from_slice::<OwnedLine>(&line).map_err(WriteError::Unreadable)?;
        line.push(b'\n');
        let failed = |cause| WriteError::Refused { path: self.path.clone(), cause };
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let opened = OpenOptions::new().create(true).append(true).open(&self.path);
                none.insert(opened.map_err(failed)?)
            }
        };
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(failed)
    }

    /// Takes it away, since the record holds all its cells.
    pub fn clear(&mut self) -> Result<(), WriteError> {
        if self.file.take().is_none() {
            return Ok(());
        }
        fs::remove_file(&self.path).map_err(|cause| WriteError::Refused { path: self.path.clone(), cause })
    }
}

/// Adds to `run`, which was read from `record`, the cells that only its journal holds. A last line without an end was
/// being written when the run was ended, and its cell was never said to be kept.
pub(crate) fn complete(run: &mut Run, record: &Path) -> Result<(), ReadError> {
    if record.file_name().is_none_or(|name| name != RECORD) {
        return Ok(()); // a record under another name was copied, and what lies beside it is not its own
    }
    let path = record.with_file_name(JOURNAL);
    let bytes = match read_bytes(&path) {
        Ok(bytes) => bytes,
        Err(ReadError::Missing(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    for line in bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let line: OwnedLine = serde_json::from_slice(line)
            .map_err(|source| ReadError::Journal { path: path.clone(), source })?;
        if line.place == run.cells.len() {
            run.cells.push(line.cell);
        }
    }
    Ok(())
}

/// Whether `directory` holds a journal, and so a run, even if its record is gone.
pub fn is_in(directory: &Path) -> bool {
    fs::symlink_metadata(directory.join(JOURNAL)).is_ok_and(|it| it.is_file())
}
