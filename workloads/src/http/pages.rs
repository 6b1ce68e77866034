//! A folder of pages: from a target to a file, and to the reply that shows it.
//!
//! | module | what it knows |
//! |---|---|
//! | [`place`] | which file a target names: decoded once, name by name |
//! | [`asked`] | the fields of a request that only a page heeds |
//! | [`conditions`] | whether a page is sent, given what the client has of it (RFC 9110, 13) |
//! | [`ranges`] | which parts of it (RFC 9110, 14) |
//! | [`reply`] | how that is written |
//! | [`sending`] | how its bytes go out: in parts that the model sends from the file, so that memory stays bounded |
//! | [`listing`] | a directory as a page |
//!
//! What is not shown is not told apart from what is not there: a hidden file, a way out of the folder and a directory without
//! a page are 404 all alike. Only a file that the system does not let the server read is 403, since it is meant to be shown.

mod asked;
mod conditions;
mod listing;
mod place;
mod ranges;
mod reply;
mod sending;

use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::refusal::Refusal;
use crate::folder::{self, Directory, Folder, Opened, Refused};
use asked::Asked;
use conditions::{Outcome, Validators};
use place::Place;
use ranges::Wanted;

pub(super) use reply::{Body, PageReply};
pub(super) use sending::Sending;

/// The page that stands for a directory.
const INDEX: &[u8] = b"index.html";

/// A folder of pages, and how it is shown.
#[derive(Debug)]
pub struct Pages {
    folder: Folder,
    list: bool,
    /// So that nobody can write a file with the boundary in it that its own parts will have.
    boundaries: RandomState,
}

/// A request for a page that is still to be looked up.
#[derive(Debug)]
pub(super) struct Question {
    pages: Arc<Pages>,
    head: Vec<u8>,
    place: Place,
}

/// What was found: a page, nothing, or why it can't be shown.
pub(super) type Found = Result<Option<PageReply>, Refusal>;

impl Question {
    /// Looks it up.
    pub(super) fn look_up(&self, now: SystemTime) -> Found {
        match Asked::read(&self.head) {
            Some(asked) => self.pages.answer(&asked, &self.place, now),
            None => Ok(None), // it was read before
        }
    }
}

impl Pages {
    /// Shows the folder at `root`. With `list` a directory without an `index.html` is answered with what is in it.
    ///
    /// # Errors
    ///
    /// If it is no directory, or can't be entered.
    pub fn open(root: &Path, list: bool) -> io::Result<Self> {
        Ok(Self { folder: Folder::open(root)?, list, boundaries: RandomState::new() })
    }

    /// Takes a GET or HEAD that none of the service's own routes is for, or the one for its index page, of which `head` is all
    /// of the head: what is left to do is to look it up, which may take a disk its time. None if it is the name of nothing.
    ///
    /// # Errors
    ///
    /// Refused is a target that others may read differently.
    pub(super) fn question(self: &Arc<Self>, head: &[u8]) -> Result<Option<Question>, Refusal> {
        let Some(asked) = Asked::read(head) else { return Ok(None) };
        let Some(place) = Place::of(asked.target)? else { return Ok(None) };
        Ok(Some(Question { pages: Arc::clone(self), head: head.to_vec(), place }))
    }

    /// Looks a place up.
    fn answer(&self, asked: &Asked<'_>, place: &Place, now: SystemTime) -> Found {
        match self.folder.find(&place.path) {
            Ok(folder::Found::File(_)) if place.is_directory => Ok(None),
            Ok(folder::Found::File(opened)) => Ok(Some(self.file(asked, &place.path, opened, now))),
            Ok(folder::Found::Directory(directory)) => self.directory(asked, place, &directory, now),
            Err(refused) => refusal(&refused),
        }
    }

    fn directory(&self, asked: &Asked<'_>, place: &Place, directory: &Directory, now: SystemTime) -> Found {
        let index = place.below(INDEX);
        let found = match self.folder.file(&index) {
            Ok(opened) => Some(opened),
            // A directory of that name is no page.
            Err(refused) => refusal(&refused)?,
        };
        if found.is_none() && !self.list {
            return Ok(None);
        }
        if !place.is_directory {
            return Ok(Some(reply::moved(place, asked.query())));
        }
        if let Some(opened) = found {
            return Ok(Some(self.file(asked, &index, opened, now)));
        }
        match self.folder.list_directory(directory, &place.path, listing::ENTRIES_AT_MOST) {
            Ok(found) => Ok(Some(reply::listing(listing::page(place, &found)))),
            Err(refused) => refusal(&refused),
        }
    }

    /// The reply that shows a file, or the part that was asked for, or says that the client has it.
    fn file(&self, asked: &Asked<'_>, path: &[u8], opened: Opened, now: SystemTime) -> PageReply {
        let Opened { file, metadata } = opened;
        let validators = Validators::of(&metadata, now);
        match conditions::outcome(asked, &validators) {
            Outcome::Go => {}
            Outcome::NotModified => return reply::not_modified(&validators),
            Outcome::Failed => return reply::failed(),
        }
        let page = reply::Page { kind: kind(path), validators: &validators, length: metadata.len() };
        let wanted = match asked.range.one() {
            Some(range) if asked.is_get && conditions::range_holds(asked, &validators) => {
                ranges::wanted(range, metadata.len())
            }
            _ => Wanted::All,
        };
        let boundary = || format!("concur-{:016x}", self.boundaries.hash_one(&validators.tag));
        match wanted {
            Wanted::All => page.whole(Arc::new(file)),
            Wanted::Nothing => page.out_of_range(),
            Wanted::One(range) => page.part(Arc::new(file), range),
            Wanted::Several(ranges) => page.parts(Arc::new(file), &ranges, &boundary()),
        }
    }
}

/// What a file is, by how its name ends: all that there is to go by, as browsers are told not to guess.
fn kind(path: &[u8]) -> String {
    let guess = mime_guess::from_path(Path::new(OsStr::from_bytes(path))).first_or_octet_stream();
    let charset = if guess.type_() == mime_guess::mime::TEXT { "; charset=utf-8" } else { "" };
    format!("{}{charset}", guess.essence_str())
}

/// Why there is no page: nothing at all, or an answer that says what is wrong.
fn refusal<T>(refused: &Refused) -> Result<Option<T>, Refusal> {
    match refused {
        Refused::Name | Refused::Absent | Refused::Special => Ok(None),
        Refused::Denied => Err(Refusal::DENIED),
        Refused::Busy => Err(Refusal::BUSY),
        Refused::Failed(_) => Err(Refusal::UNREADABLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_descriptors_is_503_and_what_is_not_shown_is_nothing() {
        use rustix::io::Errno;
        let told = |error: Errno| refusal::<()>(&error.into());
        for error in [Errno::MFILE, Errno::NFILE, Errno::NOMEM] {
            assert_eq!(told(error), Err(Refusal::BUSY), "{error}");
        }
        for error in [Errno::NOENT, Errno::NOTDIR, Errno::LOOP, Errno::XDEV, Errno::NAMETOOLONG, Errno::NXIO]
        {
            assert_eq!(told(error), Ok(None), "{error}");
        }
        assert_eq!(told(Errno::ACCESS), Err(Refusal::DENIED));
        assert_eq!(told(Errno::IO), Err(Refusal::UNREADABLE));
        assert_eq!(refusal::<()>(&Refused::Name), Ok(None));
    }

    #[test]
    fn a_type_follows_from_the_name_and_text_has_its_charset() {
        for (name, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("notes/a.txt", "text/plain; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("A.PNG", "image/png"),
            ("a.tar.gz", "application/gzip"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.wasm", "application/wasm"),
            ("README", "application/octet-stream"),
            ("a.nobody-knows", "application/octet-stream"),
        ] {
            assert_eq!(kind(name.as_bytes()), expected, "{name}");
        }
        assert_eq!(kind(b"\xff.html"), "text/html; charset=utf-8");
        assert_eq!(kind(b"a.\xff"), "application/octet-stream");
    }
}
