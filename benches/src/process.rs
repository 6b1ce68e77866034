//! Programs that are started here and are sure to be stopped here.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::affinity;

/// How long a program has to end by itself after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often something awaited is looked for.
const PAUSE: Duration = Duration::from_millis(10);

/// Whether Ctrl-C was pressed or SIGTERM came: everything started is then stopped in good order.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for both signals, from now on and for the whole process.
    pub fn install() -> Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&interrupt.0)).context("can't handle Ctrl-C")?;
        }
        Ok(interrupt)
    }

    /// An error once a signal has come.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.0.load(Ordering::Relaxed), "interrupted");
        Ok(())
    }
}

/// A running program with a process group of its own. Dropping it stops it and all of its group: SIGTERM, and SIGKILL
/// after 5 s.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a program on one processor, with nothing to read.
    pub fn start(command: &mut Command, processor: usize) -> Result<Self> {
        affinity::on(processor, || Self::start_anywhere(command))?
    }

    /// Starts a program wherever the kernel has it run, with nothing to read.
    pub fn start_anywhere(command: &mut Command) -> Result<Self> {
        // Ctrl-C in a terminal goes to the foreground group. Out of it, a program is stopped by us and not before.
        let child = command.process_group(0).stdin(Stdio::null()).spawn();
        let child = child.with_context(|| format!("can't start {}", command.get_program().display()))?;
        Ok(Self { child })
    }

    /// The number of the program's first process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the program ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("can't wait for a program")
    }

    /// Waits for the program's end; too long a wait and an interruption are errors.
    pub fn wait(&mut self, limit: Duration, interrupt: &Interrupt) -> Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            interrupt.check()?;
            if start.elapsed() > limit {
                bail!("it has not ended after {limit:?}");
            }
            sleep(PAUSE);
        }
    }

    /// Whether nothing of the group is left. The program's own process is reaped on the way.
    fn gone_within(&mut self, limit: Duration) -> bool {
        let start = Instant::now();
        loop {
            let reaped = !matches!(self.child.try_wait(), Ok(None));
            if reaped && killpg(self.group(), None) == Err(Errno::ESRCH) {
                return true;
            }
            if start.elapsed() > limit {
                return false;
            }
            sleep(PAUSE);
        }
    }

    fn group(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A group that is gone already is as good as stopped: ESRCH is what is wanted.
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            let _ = killpg(self.group(), signal);
            if self.gone_within(PATIENCE) {
                return;
            }
        }
        eprintln!("process group {} can't be ended; look at it with ps", self.group());
    }
}

/// Whether there is such a program: it is called with an argument that makes it do nothing.
pub fn is_on_path(program: &str, argument: &str) -> Result<bool> {
    match Command::new(program).arg(argument).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        other => other.map(|_| true).with_context(|| format!("can't start {program}")),
    }
}

/// Runs a program on one processor to its end and gives what it wrote to stdout. Its stderr is ours.
pub fn output(
    command: &mut Command,
    processor: usize,
    limit: Duration,
    interrupt: &Interrupt,
) -> Result<String> {
    let name = command.get_program().display().to_string();
    let mut file = a_file()?;
    let status = Process::start(command.stdout(own_copy(&file)?), processor)?
        .wait(limit, interrupt)
        .with_context(|| format!("waited for {name}"))?;
    if !status.success() {
        bail!("{name} failed ({status}); its messages are above");
    }
    String::from_utf8(written(&mut file)?).with_context(|| format!("can't read what {name} wrote"))
}

/// Runs a program to its end, wherever the kernel has it run, and gives how it ended and all that it wrote.
pub fn captured(command: &mut Command, limit: Duration, interrupt: &Interrupt) -> Result<Output> {
    let name = command.get_program().display().to_string();
    let (mut stdout, mut stderr) = (a_file()?, a_file()?);
    let status = Process::start_anywhere(command.stdout(own_copy(&stdout)?).stderr(own_copy(&stderr)?))?
        .wait(limit, interrupt)
        .with_context(|| format!("waited for {name}"))?;
    Ok(Output { status, stdout: written(&mut stdout)?, stderr: written(&mut stderr)? })
}

/// For what a program writes: not a pipe, so that nobody need read while it runs.
fn a_file() -> Result<File> {
    tempfile::tempfile().context("can't make a temporary file")
}

fn written(file: &mut File) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut all)?;
    Ok(all)
}

fn own_copy(file: &File) -> Result<Stdio> {
    Ok(Stdio::from(file.try_clone().context("can't copy a descriptor")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_program_writes_is_given() {
        let text = output(&mut shell("echo one; echo two"), 0, LONG, &Interrupt::default()).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }

    #[test]
    fn a_program_that_fails_is_an_error() {
        let error = output(&mut shell("exit 3"), 0, LONG, &Interrupt::default()).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Process::start(&mut Command::new("no-such-program"), 0).unwrap_err();
        assert_eq!(error.to_string(), "can't start no-such-program");
    }

    #[test]
    fn how_a_program_ended_and_all_that_it_wrote_is_captured() {
        let Output { status, stdout, stderr } =
            captured(&mut shell("echo one; echo two >&2; exit 3"), LONG, &Interrupt::default()).unwrap();
        assert_eq!((status.code(), &*stdout, &*stderr), (Some(3), &b"one\n"[..], &b"two\n"[..]));
    }

    #[test]
    fn a_captured_program_has_its_limit_too() {
        let limit = Duration::from_millis(50);
        let error = captured(&mut shell("sleep 60"), limit, &Interrupt::default()).unwrap_err();
        assert!(error.root_cause().to_string().contains("has not ended"));
    }

    #[test]
    fn what_is_on_the_path_is_found() {
        assert!(is_on_path("sh", "-c").unwrap());
        assert!(!is_on_path("no-such-program", "-c").unwrap());
    }

    #[test]
    fn a_dropped_program_takes_its_whole_group_along() {
        let process = Process::start(&mut shell("sleep 60 & sleep 60; true"), 0).unwrap();
        let group = process.group();
        drop(process);
        assert_eq!(killpg(group, None), Err(Errno::ESRCH));
    }

    #[test]
    fn an_interruption_ends_the_wait() {
        let interrupt = Interrupt(Arc::new(AtomicBool::new(true)));
        let error = output(&mut shell("sleep 60"), 0, LONG, &interrupt).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "interrupted");
    }

    #[test]
    fn a_wait_has_its_limit() {
        let error =
            output(&mut shell("sleep 60"), 0, Duration::from_millis(50), &Interrupt::default()).unwrap_err();
        assert!(error.root_cause().to_string().contains("has not ended"));
    }
}
