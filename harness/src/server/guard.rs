//! A process that outlives a killed harness just long enough to end the servers it left.
//!
//! Our own servers end with the harness by themselves, and their children with them. Somebody else's server is told by
//! the kernel (see [`foreign`](super::foreign)), but its children may not be. So the first such server brings a guard
//! with it: `concur guard`, in a process group of its own, which is told through a pipe which groups there are. The
//! pipe ends with the harness, however that happens, and the guard kills the groups that are left.

use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::own::command_of;

/// The pipe to the guard of this process; none until there is one.
static GUARD: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// A process group that is killed when this process is gone; not any more once this is dropped.
#[derive(Debug)]
pub(crate) struct Guarded {
    group: u32,
}

impl Guarded {
    /// Puts `group` under guard; `program` is `concur`.
    pub(crate) fn new(group: u32, program: &Path) -> Result<Self> {
        let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
        let pipe = match guard.take() {
            Some(pipe) => pipe,
            None => start(program)?,
        };
        let pipe = guard.insert(pipe);
        writeln!(pipe, "+{group}").context("the guard of the servers has gone")?;
        Ok(Self { group })
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Some(mut pipe) = GUARD.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            let _ = writeln!(pipe, "-{}", self.group); // without a guard there is nobody to tell
        }
    }
}

/// Nobody waits for the guard: it ends after this process does, and its time is no server's.
fn start(program: &Path) -> Result<ChildStdin> {
    let mut guard = command_of(program.as_os_str());
    guard.arg("guard").process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = guard.spawn().context("the guard of the servers can't be started")?;
    child.stdin.context("the guard has no pipe")
}

/// What the guard does: it reads which groups come and go until `input` ends, and kills those that are left.
pub fn guard_servers(input: impl BufRead) -> io::Result<()> {
    let mut groups = std::collections::BTreeSet::new();
    for line in input.lines() {
        let line = line?;
        let group = |text: &str| text.parse().ok().filter(|group| *group > 1).map(Pid::from_raw);
        if let Some(group) = line.strip_prefix('+').and_then(group) {
            groups.insert(group);
        } else if let Some(group) = line.strip_prefix('-').and_then(group) {
            groups.remove(&group);
        }
    }
    for group in groups {
        let _ = killpg(group, Signal::SIGKILL); // it may have gone by itself
    }
    Ok(())
}
