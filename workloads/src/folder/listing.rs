//! What is in a directory, as far as it is shown: bounded, and in order.

use std::collections::BinaryHeap;
use std::ffi::CStr;
use std::fs::File;
use std::os::fd::AsFd;
use std::time::SystemTime;

use rustix::fs::{Dir, FileType};

use super::{Directory, Folder, Found, Opened, Refused, name};

/// So many names of a directory are looked at. Whoever has more of them there has to know the names.
const LOOKED_AT_AT_MOST: usize = 100_000;

/// The visible regular files and directories in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// In the order of their names, byte by byte.
    pub entries: Vec<Entry>,
    /// There are, or may be, more of them.
    pub cut: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, which need not be UTF-8.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// How large it is; of a directory this says nothing.
    pub bytes: u64,
    /// When it was last written to; none if the system does not say.
    pub modified: Option<SystemTime>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

impl Folder {
    /// The first `most` entries of the directory at `path`, the empty one for the folder itself. A link counts as what it
    /// leads to, if that is below the folder; what can't be opened to be read is left out.
    ///
    /// # Errors
    ///
    /// As [`Folder::find`] says; [`Refused::Special`] if this is no directory.
    pub fn list(&self, path: &[u8], most: usize) -> Result<Listing, Refused> {
        match self.find(path)? {
            Found::Directory(directory) => self.list_directory(&directory, path, most),
            Found::File(_) => Err(Refused::Special),
        }
    }

    /// The same for a directory that was found at `path`.
    ///
    /// # Errors
    ///
    /// If the directory can't be read.
    pub fn list_directory(
        &self,
        directory: &Directory,
        path: &[u8],
        most: usize,
    ) -> Result<Listing, Refused> {
        let (names, cut) = first_names(&directory.file, most)?;
        let entries = names.into_iter().filter_map(|name| self.entry(path, name).transpose());
        Ok(Listing { entries: entries.collect::<Result<_, _>>()?, cut })
    }

    /// Looks at one name; none if it is not to be shown.
    fn entry(&self, path: &[u8], name: Vec<u8>) -> Result<Option<Entry>, Refused> {
        let whole = if path.is_empty() { name.clone() } else { [path, b"/", &name].concat() };
        let (kind, metadata) = match self.find(&whole) {
            Ok(Found::File(Opened { metadata, .. })) => (Kind::File, metadata),
            Ok(Found::Directory(Directory { metadata, .. })) => (Kind::Directory, metadata),
            Err(Refused::Busy) => return Err(Refused::Busy), // else a listing would be short and not say so
            Err(_) => return Ok(None),
        };
        Ok(Some(Entry { name, kind, bytes: metadata.len(), modified: metadata.modified().ok() }))
    }
}

/// The first visible names, in order, and whether there were more.
fn first_names(directory: &File, most: usize) -> Result<(Vec<Vec<u8>>, bool), Refused> {
    let mut first = BinaryHeap::new(); // the last of them on top
    let mut cut = false;
    for (number, entry) in Dir::read_from(directory.as_fd())?.enumerate() {
        let entry = entry?;
        if number == LOOKED_AT_AT_MOST {
            cut = true;
            break;
        }
        if !may_be_shown(entry.file_name(), entry.file_type()) {
            continue;
        }
        first.push(entry.file_name().to_bytes().to_vec());
        if first.len() > most {
            first.pop();
            cut = true;
        }
    }
    Ok((first.into_sorted_vec(), cut))
}

/// A link may lead to something; not every file system says what an entry is.
fn may_be_shown(file_name: &CStr, kind: FileType) -> bool {
    let is_right =
        matches!(kind, FileType::RegularFile | FileType::Directory | FileType::Symlink | FileType::Unknown);
    is_right && name::is_visible(file_name.to_bytes())
}
