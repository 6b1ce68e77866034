//! The server's files: what is asked for and what comes of it, over a connection that is made anew when it has ended.

use std::fmt;
use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use models::address::Address;
use workloads::client::files::{Sent, Wrong, list};
use workloads::files::Name;
use workloads::files::protocol::{Command, LIST_BYTES, Listed, Status};

use super::bar::Bar;
use super::link::Link;
use super::told::Moved;
use crate::failure::{Interrupted, Usage};
use crate::language;

/// How much of a file is sent at a time, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// The other side.
pub(super) struct Remote {
    address: Address,
    timeout: Duration,
    stop: Arc<AtomicBool>,
    /// While it is set a signal ends the process at once.
    at_once: Arc<AtomicBool>,
    link: Option<Link>,
}

/// The server said no, and why.
#[derive(Debug)]
pub(super) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server says no: {}", language::say(&self.0))
    }
}

impl std::error::Error for Refused {}

impl Remote {
    /// A server that is not connected to yet; `stop` and `at_once` are what signals do.
    pub(super) fn new(
        address: Address,
        timeout: Duration,
        stop: Arc<AtomicBool>,
        at_once: Arc<AtomicBool>,
    ) -> Self {
        Self { address, timeout, stop, at_once, link: None }
    }

    /// Where the server is.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// The files there are.
    pub(super) fn list(&mut self) -> anyhow::Result<Vec<Listed>> {
        let mut link = self.ask(&Command::List)?;
        let (mut link, length) = expect_content(link.status()?, &mut self.link, link)?;
        ensure!(length <= LIST_BYTES, "the server's list is longer than {LIST_BYTES} bytes");
        let mut bytes = Vec::with_capacity(length as usize);
        link.content(length, |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        self.link = Some(link);
        Ok(list(&bytes)?)
    }

    /// Fetches a file. It has its name here once it is whole and right; until then, and if it never is, nothing is changed.
    pub(super) fn get(&mut self, name: &Name, file: &Path, shows: bool) -> anyhow::Result<Moved> {
        ensure_can_be_file(file)?;
        let mut link = self.ask(&Command::Get(name.clone()))?;
        let (mut link, length) = expect_content(link.status()?, &mut self.link, link)?;
        let folder = file.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut make = tempfile::Builder::new();
        make.prefix(".concur-").permissions(Permissions::from_mode(0o666)); // less what the umask takes
        let mut part = make.tempfile_in(folder).map_err(|error| {
            Usage::error(format!(
                "nothing can be written to {}: {error}; try another place",
                folder.display()
            ))
        })?;
        let bar = Bar::new(name.as_str(), length, shows);
        let sum = link.content(length, |piece| {
            self.goes_on()?;
            part.write_all(piece).with_context(|| format!("{} can't be written", file.display()))?;
            bar.add(piece.len() as u64);
            Ok(())
        })?;
        drop(bar);
        part.persist(file)
            .map_err(|error| error.error)
            .with_context(|| format!("{} can't be written", file.display()))?;
        self.link = Some(link);
        Ok(Moved { name: name.clone(), file: file.to_owned(), bytes: length, sum })
    }

    /// Brings a file.
    pub(super) fn put(&mut self, file: &Path, name: &Name, shows: bool) -> anyhow::Result<Moved> {
        let unreadable = |error| Usage::error(format!("{} can't be read: {error}", file.display()));
        ensure_can_be_file(file)?;
        let mut local = File::open(file).map_err(unreadable)?;
        let length = local.metadata().map_err(unreadable)?.len();
        let mut link = self.ask(&Command::Put(length, name.clone()))?;
        expect_go(link.status()?, length)?;
        let bar = Bar::new(name.as_str(), length, shows);
        let sent = self
            .send(&mut link, (&mut local).take(length), &bar)
            .with_context(|| file.display().to_string())?;
        drop(bar);
        let Some((sum, bytes)) = sent else {
            // It has said why not before it had all of it, and then it ends the connection.
            return Err(refusal(link.status()?));
        };
        ensure!(bytes == length, "{} has become shorter meanwhile; try again", file.display());
        link.send(sum.line().as_bytes())?;
        let status = link.status()?;
        self.link = Some(link); // whatever the answer, the next command may follow
        match status {
            Status::Ok(kept) if kept == length => {
                Ok(Moved { name: name.clone(), file: file.to_owned(), bytes: length, sum: sum.sum() })
            }
            status => {
                if !matches!(status, Status::No { .. }) {
                    self.link = None;
                }
                Err(refusal(status))
            }
        }
    }

    /// Says goodbye, if anything was said.
    pub(super) fn leave(&mut self) {
        if let Some(mut link) = self.link.take() {
            let _ = link.send(Command::Quit.to_string().as_bytes()).and_then(|()| link.status());
        }
    }

    /// Sends a file's bytes. Gives their checksum and how many they were, or nothing if the server has said something
    /// before it had all of them.
    fn send(&self, link: &mut Link, mut local: impl Read, bar: &Bar) -> anyhow::Result<Option<(Sent, u64)>> {
        let (mut sent, mut bytes) = (Sent::default(), 0);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            self.goes_on()?;
            let read = local.read(&mut piece)?;
            if read == 0 {
                return Ok(Some((sent, bytes)));
            }
            if link.has_something() {
                return Ok(None);
            }
            sent.add(&piece[..read]);
            if let Err(error) = link.send(&piece[..read]) {
                // Who is refused hears why, also if it has gone on sending.
                return if link.has_something() { Ok(None) } else { Err(error) };
            }
            bytes += read as u64;
            bar.add(read as u64);
        }
    }

    /// Sends a command, over a new connection if there is none. It is given back by who has heard the whole answer: what
    /// ends before is no use for another command.
    fn ask(&mut self, command: &Command) -> anyhow::Result<Link> {
        self.goes_on()?;
        let mut link = match self.link.take().filter(Link::is_quiet) {
            Some(link) => link,
            None => self.connect()?,
        };
        link.send(command.to_string().as_bytes())?;
        Ok(link)
    }

    /// Connects, which may take as long as a server may. Nothing has begun that could be left half done, so a signal need not
    /// wait for it.
    fn connect(&self) -> anyhow::Result<Link> {
        self.at_once.store(true, Ordering::Relaxed);
        let link = Link::open(&self.address, self.timeout, &self.stop);
        self.at_once.store(false, Ordering::Relaxed);
        link
    }

    fn goes_on(&self) -> anyhow::Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Interrupted.into()) } else { Ok(()) }
    }
}

/// So many bytes follow the answer. After a refusal the link is good for the next command.
fn expect_content(status: Status, keep: &mut Option<Link>, link: Link) -> anyhow::Result<(Link, u64)> {
    match status {
        Status::Ok(length) => Ok((link, length)),
        no @ Status::No { .. } => {
            *keep = Some(link);
            Err(refusal(no))
        }
        Status::Go(_) => Err(Wrong::Answer.into()),
    }
}

/// The bytes may be sent.
fn expect_go(status: Status, length: u64) -> anyhow::Result<()> {
    match status {
        Status::Go(go) if go == length => Ok(()),
        status => Err(refusal(status)),
    }
}

/// What an answer comes to that is not the one that was hoped for.
fn refusal(status: Status) -> anyhow::Error {
    match status {
        Status::No { sentence, .. } => Refused(sentence).into(),
        Status::Ok(_) | Status::Go(_) => Wrong::Answer.into(),
    }
}

/// What is there already is a regular file: no other thing has a length to be sent, and none may be replaced by a file.
fn ensure_can_be_file(file: &Path) -> anyhow::Result<()> {
    match file.metadata() {
        Ok(found) if found.is_dir() => {
            Err(Usage::error(format!("{} is a folder; try a file's name", file.display())))
        }
        Ok(found) if !found.is_file() => {
            Err(Usage::error(format!("{} is no regular file; try another one", file.display())))
        }
        Ok(_) | Err(_) => Ok(()), // whether it can be opened or made shows later
    }
}
