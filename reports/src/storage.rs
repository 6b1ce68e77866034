//! `run.json` on disk: read with one clear sentence for whatever is wrong, written whole or not at all.

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::error::Category;
use thiserror::Error;

use crate::journal;
use crate::record::{Run, SCHEMA};

/// What a record is called in its directory.
pub const RECORD: &str = "run.json";

/// The largest record that is read, in bytes: a thousand times what a long run comes to.
const LARGEST: u64 = 1 << 30;

/// Why a record could not be read; each message says what to try.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is no such file or directory.
    #[error("there is no record at {}; give the directory that a run wrote, or its run.json", .0.display())]
    Missing(PathBuf),
    /// There is such a directory, and no record in it.
    #[error("the directory {} holds no run.json; give the directory that a run wrote", .0.display())]
    NoRecord(PathBuf),
    /// The system refused.
    #[error("{} can't be read: {source}; check its owner and permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Far more bytes than any run comes to.
    #[error("{} is larger than 1 GiB, so it is no record of a run; give the run.json that a run wrote", .0.display())]
    TooLarge(PathBuf),
    /// Not a byte in it.
    #[error("{} is empty; the run that should have written it has to be run again", .0.display())]
    Empty(PathBuf),
    /// It ends in the middle of a value.
    #[error("{} ends in the middle, in line {}; copy it again, or run again", path.display(), source.line())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where it ends.
        source: serde_json::Error,
    },
    /// Something else than JSON.
    #[error("{} is not JSON ({source}); give the run.json that a run wrote", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it stops being JSON.
        source: serde_json::Error,
    },
    /// JSON, and not a record.
    #[error("{} is JSON, but not a record of a run ({source}); give the run.json that a run wrote", path.display())]
    NotARecord {
        /// The file.
        path: PathBuf,
        /// What is missing or different.
        source: serde_json::Error,
    },
    /// The journal beside the record holds something else than cells.
    #[error("{} holds a line that is no cell ({source}); move it away to read the record without it", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What is wrong with the line.
        source: serde_json::Error,
    },
    /// A version that this build does not know.
    #[error(
        "{} has version {found} of the format, and this concur reads up to version {SCHEMA}; read it with a newer concur",
        path.display()
    )]
    Future {
        /// The file.
        path: PathBuf,
        /// The version it states.
        found: u64,
    },
}

/// Why something could not be written; each message says what to try.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The system refused.
    #[error("{} can't be written: {cause}; check the directory, its permissions and the space left", path.display())]
    Refused {
        /// The file or directory.
        path: PathBuf,
        /// What the system said; not an error's source, which would be said once more behind it.
        cause: std::io::Error,
    },
    /// What is to be written could not be read back: a figure that is not a finite number.
    #[error(
        "the record holds a figure that is not a finite number ({0}); what was written before stays as it was"
    )]
    Unreadable(serde_json::Error),
    /// A report could not be drawn, which is a fault of this crate.
    #[error("the report can't be drawn ({0}); please report this with the run.json")]
    Drawing(String),
}

impl Run {
    /// Reads a record: `path` is the file, or the directory that holds it as `run.json`. Of a run that is under way, or was
    /// killed, the cells that only its [journal] holds are there as well.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let file = record_path(path);
        let bytes = read_bytes(&file).map_err(|error| match error {
            ReadError::Missing(_) if path.is_dir() => ReadError::NoRecord(path.to_owned()),
            other => other,
        })?;
        let mut run = parse(&file, &bytes)?;
        journal::complete(&mut run, &file)?;
        Ok(run)
    }

    /// Writes the record to `path`, the file or the directory that shall hold it as `run.json`. Whoever reads
    /// there meanwhile finds the old record or the new one, never a part.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(WriteError::Unreadable)?;
        // JSON knows no NaN and would hold `null`: better refused now than unreadable after hours of measuring.
        serde_json::from_slice::<Self>(&bytes).map_err(WriteError::Unreadable)?;
        bytes.push(b'\n');
        replace(&record_path(path), &bytes)
    }
}

/// The runs that `path` means: itself, or, of a directory without a record, the directories in it that hold one, in the order
/// of their names.
pub fn records_in(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if !path.is_dir() || path.join(RECORD).exists() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |source| ReadError::Unreadable { path: path.to_owned(), source };
    let mut runs = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        let directory = entry.map_err(failed)?.path();
        if directory.join(RECORD).is_file() {
            runs.push(directory);
        }
    }
    runs.sort();
    if runs.is_empty() { Err(ReadError::NoRecord(path.to_owned())) } else { Ok(runs) }
}

/// The file that `path` means: itself, or `run.json` in it if it is a directory.
fn record_path(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(RECORD) } else { path.to_owned() }
}

pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => ReadError::Missing(path.to_owned()),
        _ => ReadError::Unreadable { path: path.to_owned(), source },
    };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST { Err(ReadError::TooLarge(path.to_owned())) } else { Ok(bytes) }
}

/// The only field whose meaning holds for every version.
#[derive(Deserialize)]
struct Version {
    schema: u64,
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Run, ReadError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty(path.to_owned()));
    }
    let failed = |source: serde_json::Error| {
        let path = path.to_owned();
        match source.classify() {
            Category::Eof => ReadError::Truncated { path, source },
            Category::Data => ReadError::NotARecord { path, source },
            Category::Syntax | Category::Io => ReadError::NotJson { path, source },
        }
    };
    // The version comes first: a later format may differ in every other field.
    let Version { schema } = serde_json::from_slice(bytes).map_err(failed)?;
    if schema > u64::from(SCHEMA) {
        return Err(ReadError::Future { path: path.to_owned(), found: schema });
    }
    serde_json::from_slice(bytes).map_err(failed)
}

/// Puts `bytes` in the place of `path` in one step: a temporary file beside it is written, then renamed.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let failed = |cause| WriteError::Refused { path: path.to_owned(), cause };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // A rename is one step only within a file system, so the temporary file stands in the same directory. The
    // permissions are those of any new file: the umask still takes from them.
    let mut file = tempfile::Builder::new()
        .prefix(".concur-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    // Without this a crash of the machine could leave the new name with none of the bytes.
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
