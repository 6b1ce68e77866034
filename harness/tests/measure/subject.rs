//! A process tree that the tests tell what to do.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use harness::measure::life::Reaped;
use harness::measure::tree::Tree;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use reports::record::Cost;

/// Longer than any step here takes; only a test that fails waits for so long.
const LONG: Duration = Duration::from_secs(30);
/// What reaped children used is one account for the whole process: tests that start any go one by one.
static ONE_BY_ONE: Mutex<()> = Mutex::new(());

/// A process tree that does something for each line it is given and says a line when it is done.
pub(crate) struct Subject {
    pub(crate) child: Child,
    input: Option<ChildStdin>,
    pub(crate) output: BufReader<ChildStdout>,
    _alone: MutexGuard<'static, ()>,
}

impl Subject {
    /// A shell that runs `script` with its input open as descriptor 3 as well: it gives children in the
    /// background an empty standard input.
    pub(crate) fn shell(script: &str) -> Self {
        Self::start(Command::new("sh").args(["-c", &format!("exec 3<&0; {script}")]))
    }

    /// This very program, as a process of its own that runs one of the helpers beside its tests.
    pub(crate) fn helper(name: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        Self::start(Command::new(program).args([
            "--exact",
            name,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ]))
    }

    fn start(command: &mut Command) -> Self {
        let alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child =
            command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output, _alone: alone }
    }

    pub(crate) fn tree(&self) -> Tree {
        Tree::new(self.child.id())
    }

    pub(crate) fn hear(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim_end() != word {
            line.clear();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "it ended before it said '{word}'");
        }
    }

    pub(crate) fn tell(&mut self, word: &str) {
        // At once: who reads what there is must not find a word without its end.
        self.input.as_mut().unwrap().write_all(format!("{word}\n").as_bytes()).unwrap();
    }

    /// Lets it run to its end, and gives what it used by the kernel's account of reaped children.
    pub(crate) fn end(mut self) -> Cost {
        let before = Reaped::so_far().unwrap();
        self.input = None;
        self.child.wait().unwrap();
        before.until(&Reaped::so_far().unwrap())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // The children end with the first process: they read from its input, or were killed with its group.
        let group = Pid::from_raw(self.child.id().cast_signed());
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = killpg(group, Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

/// Looks again and again until it holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {LONG:?}");
        thread::sleep(Duration::from_millis(5));
    }
}
