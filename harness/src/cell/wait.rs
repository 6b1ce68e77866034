//! Waits for a process of our own that measures and ends by itself.

use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How often to look whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Starts it. What it prints is a few hundred bytes, which its pipes hold until it has ended.
pub(super) fn start(command: &mut Command, what: &str) -> anyhow::Result<Child> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().with_context(|| format!("{what} could not be started"))
}

/// Waits until it has ended, which it does by its number if it takes longer than `limit`, or if the run is to stop.
pub(super) fn wait(
    child: &mut Child,
    limit: Duration,
    stop: &AtomicBool,
    too_long: &str,
) -> anyhow::Result<()> {
    let waited = until_ended(child, limit, stop, too_long);
    if waited.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    waited
}

fn until_ended(child: &mut Child, limit: Duration, stop: &AtomicBool, too_long: &str) -> anyhow::Result<()> {
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if stop.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        if start.elapsed() > limit {
            bail!("{too_long}");
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// What was printed by a process that has ended.
pub(super) fn printed(child: Child) -> anyhow::Result<Output> {
    Ok(child.wait_with_output()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        start(Command::new("sleep").arg("600"), "sleep").unwrap()
    }

    #[test]
    fn what_takes_too_long_is_ended_and_waited_for() {
        let mut child = sleeper();
        let error =
            wait(&mut child, Duration::from_millis(20), &AtomicBool::new(false), "too long").unwrap_err();
        assert_eq!(error.to_string(), "too long");
        assert!(child.try_wait().unwrap().is_some());
    }

    #[test]
    fn a_run_that_is_to_stop_ends_it() {
        let mut child = sleeper();
        let error =
            wait(&mut child, Duration::from_secs(600), &AtomicBool::new(true), "too long").unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
        assert!(child.try_wait().unwrap().is_some());
    }

    #[test]
    fn what_was_printed_is_there_when_it_has_ended() {
        let mut child = start(Command::new("echo").arg("done"), "echo").unwrap();
        wait(&mut child, Duration::from_secs(60), &AtomicBool::new(false), "too long").unwrap();
        assert_eq!(printed(child).unwrap().stdout, b"done\n");
    }
}
