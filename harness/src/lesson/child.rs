//! Runs what a step runs, looks a few times a second at who of it runs and who waits, and leaves nothing of it behind.
//!
//! The process leads a group of its own, so Ctrl-C in the terminal reaches the lesson alone, which then ends the group. If
//! the lesson is killed, the process ends by `--with-parent` (prctl(2)), and what it forked with it. What somebody else's
//! program made knows nothing of that: its group is under guard, and the launcher waits until the guard knows it.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::measure::frugal::{processor_time, rest};
use crate::measure::threads::Threads;
use crate::measure::tree::Tree;
use crate::server::Guarded;

/// How long it may take.
pub(super) const LIMIT: Duration = Duration::from_secs(120);
/// How often to look whether it is over.
const TICK: Duration = Duration::from_millis(10);
/// How often to look at its threads.
const LOOK_EVERY: Duration = Duration::from_millis(125);
/// Looking takes at most one part in so many of a processor's time: it must not become part of what is measured.
const REST: u32 = 50;
/// At most so many threads are looked at one by one.
const THREADS_AT_MOST: usize = 32;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Ended {
    /// It can't be run.
    Failed(String),
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// Nobody can be told of it any more.
    Unheard(io::Error),
}

/// Runs `command` to its end, and tells `see` what its threads do, and how long it has been running then. With a `launcher`,
/// which is `concur`, it is a launcher at its gate (`concur launch --gate`), which is opened once the guard knows it.
pub(super) fn run(
    command: Command,
    launcher: Option<&Path>,
    stop: &AtomicBool,
    mut see: impl FnMut(Duration, &Threads) -> io::Result<()>,
) -> Result<Output, Ended> {
    let failed = |what: &str, error: io::Error| Ended::Failed(format!("{what}: {error}"));
    let group =
        Group::start(command, launcher).map_err(|error| failed("its process can't be started", error))?;
    let begun = Instant::now();
    let mut look_at = begun + LOOK_EVERY;
    while group.is_running().map_err(|error| failed("its process can't be waited for", error))? {
        if stop.load(Ordering::Relaxed) {
            return Err(Ended::Interrupted);
        }
        if begun.elapsed() > LIMIT {
            return Err(Ended::Failed(format!("it took longer than {LIMIT:?}; try --quick")));
        }
        let now = Instant::now();
        if now >= look_at {
            let used = processor_time().unwrap_or_default();
            let threads = Threads::look(group.tree(), THREADS_AT_MOST)
                .map_err(|error| failed("its threads can't be looked at", error))?;
            see(now - begun, &threads).map_err(Ended::Unheard)?;
            let cost = processor_time().unwrap_or_default().saturating_sub(used);
            look_at = now + rest(LOOK_EVERY, cost, REST);
        }
        thread::sleep(TICK);
    }
    group.finish().map_err(|error| failed("its answer can't be read", error))
}

/// A process and all that belongs to its group. Dropping it kills what is left.
struct Group {
    child: Option<Child>,
    /// Let go of after that.
    guarded: Option<Guarded>,
}

impl Group {
    fn start(mut command: Command, launcher: Option<&Path>) -> io::Result<Self> {
        let stdin = if launcher.is_some() { Stdio::piped() } else { Stdio::null() };
        // What it prints is a few hundred bytes, which its pipes hold until it has ended.
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.process_group(0).env("RUST_BACKTRACE", "0").spawn()?;
        let mut group = Self { child: Some(child), guarded: None };
        if let Some(launcher) = launcher {
            group.guarded = Some(Guarded::new(group.number(), launcher).map_err(io::Error::other)?);
            group.open_the_gate();
        }
        Ok(group)
    }

    fn open_the_gate(&mut self) {
        if let Some(mut gate) = self.child.as_mut().and_then(|child| child.stdin.take()) {
            let _ = gate.write_all(b"\n"); // where nobody reads it the launcher has ended, and says why
        }
    }

    fn number(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    fn tree(&self) -> Tree {
        Tree::new(self.number())
    }

    /// Looks without reaping, so that the number of the process, and of its group, stays its own.
    fn is_running(&self) -> io::Result<bool> {
        let pid = Pid::from_raw(self.number().cast_signed());
        match waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => Ok(true),
            Ok(_) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reaps it when it has ended, and gives what it printed.
    fn finish(mut self) -> io::Result<Output> {
        self.kill();
        let child = self.child.take().ok_or_else(|| io::Error::other("it was waited for already"))?;
        child.wait_with_output()
    }

    /// Kills what is left of the group, which is ours as long as its first process has not been reaped.
    fn kill(&self) {
        let _ = killpg(Pid::from_raw(self.number().cast_signed()), Signal::SIGKILL); // it may be gone by itself
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.wait(); // nobody is left to tell
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    static GO_ON: AtomicBool = AtomicBool::new(false);

    fn is_gone(group: u32) -> bool {
        (0..1_000).any(|_| {
            thread::sleep(Duration::from_millis(10));
            Tree::new(group).living().unwrap().is_empty()
        })
    }

    #[test]
    fn it_is_seen_while_it_runs_and_gives_what_it_printed() {
        let mut seen = Vec::new();
        let output = run(shell("sleep 0.5; echo done"), None, &GO_ON, |_, threads| {
            seen.push(threads.clone());
            Ok(())
        });
        assert_eq!(output.unwrap().stdout, b"done\n");
        assert!(seen.iter().any(|threads| threads.seen.iter().any(|thread| thread.state == 'S')), "{seen:?}");
    }

    #[test]
    fn what_it_leaves_behind_is_ended() {
        let output = run(shell("sleep 1000 & echo $$"), None, &GO_ON, |_, _| Ok(())).unwrap();
        let group = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        assert!(is_gone(group));
    }

    #[test]
    fn an_interrupted_one_is_ended_with_all_its_children() {
        let stop = AtomicBool::new(false);
        let mut group = 0;
        let ended = run(shell("sleep 1000 & sleep 1000; true"), None, &stop, |_, threads| {
            group = threads.seen.first().map_or(group, |thread| thread.pid.cast_unsigned());
            stop.store(true, Ordering::Relaxed);
            Ok(())
        });
        assert!(matches!(ended, Err(Ended::Interrupted)), "{ended:?}");
        assert!(is_gone(group));
    }

    #[test]
    fn one_that_nobody_can_be_told_of_is_ended() {
        let mut group = 0;
        let ended = run(shell("sleep 1000"), None, &GO_ON, |_, threads| {
            group = threads.seen.first().map_or(group, |thread| thread.pid.cast_unsigned());
            Err(io::ErrorKind::BrokenPipe.into())
        });
        assert!(matches!(ended, Err(Ended::Unheard(_))), "{ended:?}");
        assert!(is_gone(group));
    }

    #[test]
    fn a_program_that_is_not_there_says_so() {
        let ended = run(Command::new("/nowhere/concur"), None, &GO_ON, |_, _| Ok(()));
        assert!(matches!(&ended, Err(Ended::Failed(why)) if why.contains("can't be started")), "{ended:?}");
    }
}
