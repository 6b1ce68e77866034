//! Starts a server as a process of its own, waits until it listens, stops it and leaves nothing behind.
//!
//! A server says `listening on ADDRESS` as the first line on its stdout once it accepts connections. It gets
//! a process group of its own, so that Ctrl-C in the terminal reaches the harness alone, which then stops
//! the server in order, and so that its children can be found and, at worst, killed.
//!
//! A [`Server`] that is dropped, by a panic too, stops its processes. Only `SIGKILL` to the harness leaves it no
//! chance; for that case our own `serve` is given `--with-parent PID` and asks the kernel to end it when its
//! parent does (`PR_SET_PDEATHSIG`, `prctl(2)`). Two things follow:
//! * the kernel means the *thread* that started the server, so that thread must live as long as the server;
//! * the parent may be gone before `serve` asks, so it must look afterwards whether its parent is still PID.
//!
//! What the harness can't follow is a process that leaves the group after its parent has ended, as a daemon does. Where the
//! server has a control group ([`Group`](crate::measure::group::Group)), which nobody leaves in this way, even that is killed with it.

mod command;
mod foreign;
mod guard;
mod output;
mod own;
mod process;

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Result;
use models::address::Address;
use nix::sys::signal::Signal;
use tempfile::TempDir;

pub use self::command::ServeCommand;
pub use self::foreign::{ForeignCommand, FreePort};
pub(crate) use self::foreign::{ROOT, split as words};
pub(crate) use self::guard::Guarded;
pub use self::guard::guard_servers;
pub use self::own::NotLaunched;
pub(crate) use self::own::{command_of, own_program};
use self::process::Process;
pub(crate) use self::process::is_running;
use crate::measure::tree::Tree;

/// How often to look whether a server has ended while it gets ready.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What a server says when it is ready, before its address.
const GREETING: &str = "listening on ";

/// A server that is listening. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    process: Process,
    address: Address,
    /// Of a server that is not ours, and whose children may not end with it, or of one that may outlive this process.
    _guarded: Option<Guarded>,
    /// Removed once the process has ended: fields are dropped in this order.
    _directory: Option<TempDir>,
}

/// How a server ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How its first process ended.
    pub status: ExitStatus,
    /// Whether it had ended before it was asked to: a crash, or a server that gave up.
    pub early: bool,
    /// Whether it had to be killed, since it did not end within its grace.
    pub killed: bool,
    /// How many other processes it left behind, all of which have been killed.
    pub leftovers: usize,
    /// The last of what it wrote to stderr: at most 4 KiB.
    pub stderr: String,
}

impl Server {
    /// Starts a server: the program and its arguments. It inherits environment, directory and limits.
    ///
    /// # Errors
    /// The program can't be started; or it ends, prints something else first, or prints nothing within
    /// `ready_within`. Whatever was started is then gone, and the error quotes the end of its stderr.
    pub fn start(command: &[OsString], ready_within: Duration) -> Result<Self> {
        Self::listening(Process::start(command, Stdio::null())?, None, ready_within)
    }

    /// As [`start`](Self::start), with a standard input that can be typed at: see [`type_line`](Self::type_line).
    ///
    /// # Errors
    /// As for `start`.
    pub fn start_with_console(command: &[OsString], ready_within: Duration) -> Result<Self> {
        Self::listening(Process::start(command, Stdio::piped())?, None, ready_within)
    }

    /// Types a line at its console.
    ///
    /// # Errors
    /// It was started without one, its input has been ended, or it reads nothing more.
    pub fn type_line(&mut self, line: &str) -> io::Result<()> {
        let console = self.process.child.stdin.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        console.write_all(format!("{line}\n").as_bytes())
    }

    /// Ends the input of its console.
    pub fn end_input(&mut self) {
        self.process.child.stdin = None;
    }

    /// As [`start`](Self::start), for a server that may outlive this process otherwise: `concur guard`, which is started by
    /// `guard`, the program `concur`, kills its process group when this process is gone.
    ///
    /// # Errors
    /// As for `start`, or the guard can't be started or has gone.
    pub fn start_guarded(command: &[OsString], ready_within: Duration, guard: &Path) -> Result<Self> {
        let process = Process::start(command, Stdio::null())?;
        let guarded = Guarded::new(process.child.id(), guard)?;
        Self::listening(process, Some(guarded), ready_within)
    }

    fn listening(mut process: Process, guarded: Option<Guarded>, ready_within: Duration) -> Result<Self> {
        match process.wait_until_ready(ready_within) {
            Ok(address) => Ok(Self { process, address, _guarded: guarded, _directory: None }),
            Err(not_ready) => Err(process.give_up(&not_ready)),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// The number of its first process, which is that of its process group as well.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Its processes, to be measured.
    pub fn tree(&self) -> Tree {
        self.process.tree
    }

    /// Whether its first process is still there. It stays unreaped until the server is stopped.
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// Asks it to end (`SIGTERM` to its first process), kills it and all its processes if it has not done so
    /// within `grace`, and reaps it.
    ///
    /// # Errors
    /// Some process would not even be killed: it hangs in the kernel, or belongs to another user.
    pub fn stop(mut self, grace: Duration) -> Result<Ended> {
        self.process.finish(grace)
    }
}

impl Ended {
    /// What is wrong with how it ended, as a clause to follow "the server"; none if it ended in order: when it
    /// was asked to, by itself or by that very signal, leaving nothing behind.
    pub fn trouble(&self) -> Option<String> {
        let by_request = self.status.success() || self.status.signal() == Some(Signal::SIGTERM as i32);
        let what = match self {
            Self { early: true, .. } => format!("ended before it was asked to ({})", self.status),
            Self { killed: true, .. } => "did not end on SIGTERM and was killed".to_owned(),
            Self { leftovers: 1.., .. } => format!("left {} processes behind when it ended", self.leftovers),
            _ if !by_request => format!("ended with an error ({})", self.status),
            _ => return None,
        };
        Some(what + &quoted(&self.stderr))
    }
}

/// The last line that says something: a panic's own notes on how to be told more do not.
pub fn last_words(stderr: &str) -> Option<&str> {
    stderr.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with("note:"))
}

/// The last words of a server, as a clause.
pub(crate) fn quoted(stderr: &str) -> String {
    last_words(stderr).map(|words| format!("; its last words: {words}")).unwrap_or_default()
}
