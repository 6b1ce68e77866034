//! An interpreter's process: started so that nothing of it can stay behind, and read line by line while it runs.
//!
//! It is started through `concur launch`, as somebody else's server is: the kernel ends it with us (`PR_SET_PDEATHSIG`). It has
//! a process group of its own, which is killed once it has ended or is given up, and which the guard kills if we are killed.
//! The launcher waits until the guard knows it: else what we leave that are killed in between would stay.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::measure::tree::Tree;
use crate::server::{Guarded, command_of, is_running, quoted};

/// More than this is no answer. One of 10,000 jobs is a tenth of it.
const PRINTED_AT_MOST: u64 = 4 * 1024 * 1024;
/// How much of stderr is kept: the last 4 KiB.
const TAIL_BYTES: usize = 4 * 1024;
/// How often to look whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long what it had printed may take to come out of its pipes, once all who held them are gone.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// An interpreter at work. Dropping it kills whatever is left of it.
pub(super) struct Process {
    child: Child,
    lines: Receiver<String>,
    tail: Receiver<String>,
    started: Instant,
    guarded: Option<Guarded>,
    /// Whether it has been waited for, so that its number may be another's.
    reaped: bool,
}

impl Process {
    /// Starts a program with its arguments; `launcher` is `concur`.
    ///
    /// # Errors
    /// It can't be launched or put under guard.
    pub(super) fn start(launcher: &Path, words: &[&str]) -> Result<Self> {
        let mut command = command_of(launcher.as_os_str());
        command
            .args(["launch", "--gate", "--with-parent", &std::process::id().to_string(), "--"])
            .args(words);
        let (gate, mut opener) = io::pipe().context("no pipe can be made for it")?;
        command.stdin(gate).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let started = Instant::now();
        let mut child = command.spawn().context("concur can't start itself, which is to start it")?;
        let pipes = child.stdout.take().zip(child.stderr.take());
        let (print, lines) = sync_channel(2);
        let (say, tail) = sync_channel(1);
        let mut process = Self { child, lines, tail, started, guarded: None, reaped: false };
        let (stdout, stderr) = pipes.context("it has no pipes")?;
        process.guarded = Some(Guarded::new(process.child.id(), launcher)?);
        let _ = opener.write_all(b"\n"); // where nobody reads it the launcher has ended, which is seen below
        drop(opener);
        read_lines(stdout, print)?;
        read_tail(stderr, say)?;
        Ok(process)
    }

    /// Its processes, to be measured.
    pub(super) fn tree(&self) -> Tree {
        Tree::new(self.child.id())
    }

    /// How long it has been there.
    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// The next line that it prints.
    ///
    /// # Errors
    /// It ends before that, `within` passes, or somebody wants us to stop.
    pub(super) fn next_line(&mut self, within: Duration, stop: &AtomicBool) -> Result<String> {
        let begun = Instant::now();
        loop {
            let was_running = self.is_running();
            match self.lines.recv_timeout(LOOK_EVERY) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Timeout) if was_running => {}
                Err(RecvTimeoutError::Disconnected) if was_running => thread::sleep(LOOK_EVERY),
                Err(_) => {
                    let (status, words) = self.end()?;
                    // What it printed last may still be on its way: on a busy machine who reads it waits for a processor.
                    return self
                        .lines
                        .recv_timeout(DRAIN_WITHIN)
                        .map_err(|_| anyhow!("it ended ({status}){}", quoted(&words)));
                }
            }
            if stop.load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            if begun.elapsed() > within {
                let (_, words) = self.end()?;
                bail!("it took longer than {within:?}{}", quoted(&words));
            }
        }
    }

    /// Waits for its end, kills what is left of its group, and says how it ended and its last words.
    ///
    /// # Errors
    /// As those of [`next_line`](Self::next_line).
    pub(super) fn finish(mut self, within: Duration, stop: &AtomicBool) -> Result<(ExitStatus, String)> {
        let begun = Instant::now();
        while self.is_running() {
            if stop.load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            if begun.elapsed() > within {
                bail!("it printed its answer, but did not end within {within:?}");
            }
            thread::sleep(LOOK_EVERY / 10);
        }
        self.end()
    }

    fn is_running(&self) -> bool {
        is_running(&self.child)
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Kills all of its group and reaps its first process.
    fn end(&mut self) -> Result<(ExitStatus, String)> {
        // It has not been waited for, so the group is still its own; nobody may be left in it.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        let status = self.child.wait().context("it can't be waited for")?;
        self.reaped = true;
        self.guarded = None;
        Ok((status, self.tail.recv_timeout(DRAIN_WITHIN).unwrap_or_default()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.end(); // nobody is left to tell
        }
    }
}

/// Hands each line on, on a thread of its own, which ends with the pipe or when nobody listens any more.
fn read_lines(stdout: ChildStdout, to: SyncSender<String>) -> io::Result<()> {
    let read = move || {
        for line in BufReader::new(stdout.take(PRINTED_AT_MOST)).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("interpreter output".to_owned()).spawn(read).map(drop)
}

/// Keeps the last part of what is said, and hands it on in the end.
fn read_tail(mut stderr: ChildStderr, to: SyncSender<String>) -> io::Result<()> {
    let read = move || {
        let (mut tail, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            match stderr.read(&mut buffer) {
                Ok(read @ 1..) => {
                    tail.extend_from_slice(&buffer[..read]);
                    tail.drain(..tail.len().saturating_sub(TAIL_BYTES));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        let _ = to.try_send(String::from_utf8_lossy(&tail).trim().to_owned()); // nobody may be listening any more
    };
    thread::Builder::new().name("interpreter words".to_owned()).spawn(read).map(drop)
}
