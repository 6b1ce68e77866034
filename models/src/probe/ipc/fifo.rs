//! `fifo`: two pipes with names, one for each way.
//!
//! mkfifo(3) makes a name in a directory. Whoever may open it gets an end of the same pipe, so strangers can talk; the file
//! itself never holds a byte. open(2) waits for the other side, unless it is opened for reading with `O_NONBLOCK`. Once both
//! ends are open it is a pipe like any other, and its name is not needed: here it is taken away at once, so that it can't
//! be left behind.
//!
//! Good and bad at what `pipe` is, and costs the same. The name must be agreed on, and somebody has to take it away.
//!
//! Source: fifo(7), mkfifo(3).

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use nix::unistd::{mkfifo, unlink};

use super::super::{Probe, Suite, Trouble};
use super::names::{self, Which};
use super::process::between_processes;
use super::stream::Stream;
use super::{all_sizes, any_size};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "fifo",
    family: "processes",
    summary: "mkfifo(3): a pipe with a name, which any two processes can open",
    settings: all_sizes,
    measure: |setting, time| between_processes(setting, any_size(setting)?, time, ends),
};

fn ends(_: usize) -> Result<(Stream, Stream), Trouble> {
    let (here, there) = (fifo(Which::Here)?, fifo(Which::There)?);
    Ok((Stream { input: here.0, output: there.1 }, Stream { input: there.0, output: here.1 }))
}

/// The end to read from, and the one to write to.
fn fifo(which: Which) -> Result<(OwnedFd, OwnedFd), Trouble> {
    let path = names::fifo(which);
    make(&path)?;
    let named = Named(path);
    let reader = open(&named.0, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty())?;
    let writer = open(&named.0, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::empty()))?; // from now on it waits
    Ok((reader, writer))
}

fn make(path: &Path) -> Result<(), Trouble> {
    let only_ours = Mode::S_IRUSR | Mode::S_IWUSR;
    let made = match mkfifo(path, only_ours) {
        // Of a process that was killed in the few microseconds in which it had one, and whose number we have now.
        Err(Errno::EEXIST) => unlink(path).and_then(|()| mkfifo(path, only_ours)),
        made => made,
    };
    made.map_err(|error| {
        let why = error.desc();
        Trouble::Failed(format!(
            "no FIFO can be made at {}: {why}; set TMPDIR to another directory",
            path.display()
        ))
    })
}

/// A name that goes when it is not needed any more.
struct Named(PathBuf);

impl Drop for Named {
    fn drop(&mut self) {
        let _ = unlink(&self.0); // somebody else may have cleared it away
    }
}
