//! A server's processes: started in a group of their own, waited for until one listens, and ended, all of them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, bail};
use models::address::Address;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::output::Output;
use super::own::command_of;
use super::{Ended, GREETING, LOOK_EVERY, quoted};
use crate::measure::tree::{ProcessId, Tree};

/// How long a server that is dropped has to end in order.
const DROP_GRACE: Duration = Duration::from_millis(200);
/// How long, within its grace, the rest of the group may outlive the server's first process: children that
/// were just told to end are still on their way out.
const SETTLE: Duration = Duration::from_millis(250);
/// How long the kernel may take to end what was killed.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// A server's processes, listening or not.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) tree: Tree,
    /// None once it has been finished.
    pub(super) output: Option<Output>,
}

/// Why a server is not ready, as a clause to follow "the server".
pub(super) enum NotReady {
    Ended,
    Closed,
    Said(String),
    Silent(Duration),
    Unreachable(u16, Duration),
}

impl Process {
    /// Starts a command whose first process reads `stdin`.
    pub(super) fn start(command: &[OsString], stdin: Stdio) -> Result<Self> {
        let (program, arguments) = command.split_first().context("the server's command is empty")?;
        let mut child = command_of(program)
            .args(arguments)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .env("RUST_BACKTRACE", "0") // its last words go into a record, where paths have no place
            .spawn()
            .with_context(|| format!("the server {} can't be started", program.display()))?;
        let pipes = child.stdout.take().zip(child.stderr.take());
        let mut process = Self { tree: Tree::new(child.id()), child, output: None };
        let output = pipes
            .ok_or_else(|| anyhow!("the server has no pipes"))
            .and_then(|(stdout, stderr)| Ok(Output::of(stdout, stderr)?));
        match output {
            Ok(output) => process.output = Some(output),
            Err(error) => {
                // Not more than the error below could say: what was started must be gone.
                let _ = process.end(Duration::ZERO);
                return Err(error.context("what the server prints can't be read"));
            }
        }
        Ok(process)
    }

    pub(super) fn wait_until_ready(&self, within: Duration) -> Result<Address, NotReady> {
        let deadline = Instant::now() + within;
        let output = self.output.as_ref().ok_or(NotReady::Ended)?;
        let line = loop {
            // The order matters: what it printed before it ended is still in the pipe.
            let was_running = self.is_running();
            let left = deadline.saturating_duration_since(Instant::now());
            match output.first_line.recv_timeout(left.min(LOOK_EVERY)) {
                Ok(line) => break line,
                Err(_) if !was_running => return Err(NotReady::Ended),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Err(NotReady::Silent(within)),
                Err(RecvTimeoutError::Timeout) => {}
                // Most often it is just ending, and then that is what to say.
                Err(RecvTimeoutError::Disconnected) if self.ends_within(left.min(SETTLE)) => {
                    return Err(NotReady::Ended);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(NotReady::Closed),
            }
        };
        let address = line.strip_prefix(GREETING).and_then(|address| address.parse().ok());
        address.ok_or(NotReady::Said(line))
    }

    /// Ends what did not get ready, and says all there is to say about it.
    pub(super) fn give_up(&mut self, why: &NotReady) -> Error {
        let ended = match self.finish(Duration::ZERO) {
            Ok(ended) => ended,
            Err(error) => return error.context("the server did not get ready"),
        };
        let status = ended.status;
        let what = match why {
            NotReady::Ended => format!("the server ended before it was ready ({status})"),
            NotReady::Closed => {
                format!(
                    "the server closed its stdout without saying '{GREETING}ADDRESS' ({status} when stopped)"
                )
            }
            NotReady::Said(line) => {
                format!("the server said '{line}' and not '{GREETING}ADDRESS' ({status} when stopped)")
            }
            NotReady::Silent(within) => format!(
                "the server did not say '{GREETING}ADDRESS' within {within:?} ({status} when stopped); start it by \
                 hand to see what it does"
            ),
            NotReady::Unreachable(port, within) => format!(
                "the server neither said '{GREETING}ADDRESS' nor accepted a connection on 127.0.0.1:{port} within \
                 {within:?} ({status} when stopped); start it by hand to see what it does"
            ),
        };
        anyhow!(what + &quoted(&ended.stderr))
    }

    fn pid(&self) -> Pid {
        pid(&self.child)
    }

    pub(super) fn is_running(&self) -> bool {
        is_running(&self.child)
    }

    fn ends_within(&self, limit: Duration) -> bool {
        holds_within(limit, || Ok(!self.is_running())).unwrap_or(false)
    }

    pub(super) fn finish(&mut self, grace: Duration) -> Result<Ended> {
        let ended = self.end(grace);
        let stderr = self.output.take().map(Output::finish).unwrap_or_default();
        Ok(Ended { stderr, ..ended? })
    }

    /// Ends all processes and reaps the first one, but leaves the pipes as they are.
    fn end(&mut self, grace: Duration) -> Result<Ended> {
        let deadline = Instant::now() + grace;
        let early = !self.is_running();
        // A child with a group of its own can be found only while its parent lives.
        let mut known = self.tree.living().unwrap_or_default();
        if !early {
            send(self.pid(), Signal::SIGTERM)?;
        }
        let killed = !self.ends_within(grace);
        if killed {
            known.extend(self.tree.living().unwrap_or_default());
            send(self.pid(), Signal::SIGKILL)?;
            if !self.ends_within(KILL_LIMIT) {
                bail!("the server's process {} can't be killed; `ps` shows what it waits for", self.pid());
            }
        }
        let leftovers = self.kill_the_rest(&known, deadline.saturating_duration_since(Instant::now()));
        if leftovers.is_err() {
            // Looking failed; the group can be killed unseen.
            let _ = killpg(self.pid(), Signal::SIGKILL);
        }
        // Its first process has ended, so this does not block.
        let status = self.child.wait().context("the server's process can't be waited for")?;
        Ok(Ended { status, early, killed, leftovers: leftovers?, stderr: String::new() })
    }

    /// Kills what is left when the first process has ended, which is not reaped yet: the group is still ours.
    fn kill_the_rest(&self, known: &BTreeSet<ProcessId>, grace: Duration) -> Result<usize> {
        let none_left = || Ok(self.remaining(known)?.is_empty());
        if holds_within(grace.min(SETTLE), none_left)? {
            return Ok(0);
        }
        let mut seen = BTreeSet::new();
        let killed = holds_within(KILL_LIMIT, || {
            let rest = self.remaining(known)?;
            if !rest.is_empty() {
                // All at once: a process that is being killed makes no more children.
                let _ = killpg(self.pid(), Signal::SIGKILL);
            }
            for process in &rest {
                let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
            }
            let none = rest.is_empty();
            seen.extend(rest);
            Ok(none)
        })?;
        if !killed {
            let rest: Vec<String> =
                self.remaining(known)?.iter().map(|process| process.pid.to_string()).collect();
            bail!(
                "processes of the server can't be killed: {}; `ps` shows what they wait for",
                rest.join(", ")
            );
        }
        Ok(seen.len())
    }

    /// The processes of the group that are alive, and those `known` that left it.
    fn remaining(&self, known: &BTreeSet<ProcessId>) -> io::Result<BTreeSet<ProcessId>> {
        let mut remaining = self.tree.living()?;
        for process in known {
            if process.is_alive()? {
                remaining.insert(*process);
            }
        }
        Ok(remaining)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.output.is_some() {
            // Nobody is left to tell.
            let _ = self.finish(DROP_GRACE);
        }
    }
}

/// Looks without reaping, so that the number of the process, and of its group, stays its own.
pub(crate) fn is_running(child: &Child) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    loop {
        match waitid(Id::Pid(pid(child)), flags) {
            Err(Errno::EINTR) => {}
            Ok(WaitStatus::StillAlive) => return true,
            Ok(_) | Err(_) => return false,
        }
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// Sends a signal to a process that may have ended.
fn send(pid: Pid, signal: Signal) -> Result<()> {
    match kill(pid, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => {
            Err(error).with_context(|| format!("{signal} can't be sent to the server's process {pid}"))
        }
    }
}

/// Asks again and again, at least once, at first often and then seldom.
fn holds_within(limit: Duration, mut holds: impl FnMut() -> io::Result<bool>) -> io::Result<bool> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if holds()? {
            return Ok(true);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LOOK_EVERY);
    }
}
