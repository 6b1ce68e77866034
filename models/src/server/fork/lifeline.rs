//! A hold on processes that nobody waits for.
//!
//! A server that does not wait for its children can't know their numbers for long: one that has ended is gone, and its
//! number may soon be a stranger's, so a signal sent to it could reach anybody. And a worker whose parent has ended is
//! not told when the server ends (`PR_SET_PDEATHSIG` speaks of parents). Two pipes do instead of numbers:
//!
//! * The *line*: only the server holds its writing end. Each worker opens the reading end anew and asks to be sent SIGIO
//!   when something happens there (`O_ASYNC`, fcntl(2)). A byte means: finish. The end of the pipe means that the server
//!   is no more, however it went, since the kernel closes what a killed process held: leave at once.
//! * The *roll*: every worker holds its writing end and never writes. Once the last one has gone, the server reads the
//!   end of it.

// A signal handler, and fcntl(2) with F_SETOWN, which no crate here has.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::getpid;
use signal_hook::consts::SIGIO;

use crate::server::acceptor::timeout;
use crate::server::children::proc_is_missing;
use crate::server::shutdown::Shutdown;

/// The pipes between a server and the workers that it does not wait for.
pub(crate) struct Lifeline {
    shutdown: Arc<Shutdown>,
    /// None in a worker.
    hold: Option<PipeWriter>,
    /// Shared with the signal handler.
    line: Arc<PipeReader>,
    /// A worker's own opening of the line: who is to be sent SIGIO belongs to an opening, and forked processes share
    /// those they inherit.
    own: Option<File>,
    /// Held by every worker, and by the server until it lets no more in.
    present: Option<PipeWriter>,
    roll: PipeReader,
}

impl Lifeline {
    pub(crate) fn new(shutdown: &Arc<Shutdown>) -> io::Result<Self> {
        let (line, hold) = io::pipe()?;
        let (roll, present) = io::pipe()?;
        let line = Arc::new(line);
        let felt = (Arc::clone(&line), Arc::clone(shutdown));
        // SAFETY: `obey` calls poll(2) and _exit(2), which signal-safety(7) lists, and `Shutdown::request`, which is
        // made for signal handlers; nothing allocates or locks.
        unsafe { signal_hook::low_level::register(SIGIO, move || obey(&felt.0, &felt.1)) }?;
        Ok(Self {
            shutdown: Arc::clone(shutdown),
            hold: Some(hold),
            line,
            own: None,
            present: Some(present),
            roll,
        })
    }

    /// What a machine lacks for this, if anything.
    pub(crate) fn lacks() -> Option<String> {
        proc_is_missing("each worker opens a pipe of its server's anew")
    }

    /// Ties this worker to its server. Asked to stop by a signal, it must reach nobody but its own client: see
    /// [`Shutdown::become_child`].
    pub(crate) fn tie(&mut self) -> io::Result<()> {
        self.hold = None; // as long as anybody holds it, the line does not end
        let own = File::open(format!("/proc/self/fd/{}", self.line.as_raw_fd()))?;
        // SAFETY: the descriptor is open, and the third argument of F_SETOWN is a number, no pointer.
        let owned = unsafe { libc::fcntl(own.as_raw_fd(), libc::F_SETOWN, getpid().as_raw()) };
        Errno::result(owned)?;
        fcntl(&own, FcntlArg::F_SETFL(OFlag::O_ASYNC))?;
        self.own = Some(own);
        obey(&self.line, &self.shutdown); // what happened before anybody could be told
        Ok(())
    }

    /// Asks all workers to finish.
    pub(crate) fn pull(&mut self) -> io::Result<()> {
        self.hold.as_ref().map_or(Ok(()), |mut hold| hold.write_all(&[0]))
    }

    /// Lets go: who is still there leaves at once.
    pub(crate) fn cut(&mut self) {
        self.hold = None;
    }

    /// Whether all workers have gone within `limit`. No more may be made.
    pub(crate) fn all_gone_within(&mut self, limit: Duration) -> io::Result<bool> {
        self.present = None;
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut fds = [PollFd::new(self.roll.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout(Some(left))) {
                Ok(number) => return Ok(number > 0),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Does what the line says. Runs as a signal handler too.
fn obey(line: &PipeReader, shutdown: &Shutdown) {
    let mut fds = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
    if poll(&mut fds, PollTimeout::ZERO) != Ok(1) {
        return; // nothing has happened
    }
    let events = fds[0].revents().unwrap_or(PollFlags::empty());
    if events.contains(PollFlags::POLLHUP) {
        signal_hook::low_level::exit(0);
    }
    shutdown.request();
}
