//! The C floors, servers and small costs: built where there is a C compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

use crate::process::is_on_path;

/// Why [`build`] gave none.
pub const NO_COMPILER: &str =
    "there is no C compiler: no 'cc' is on the PATH (on Debian: apt install gcc libc6-dev)";

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/floor");
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/floor");
/// What the servers share: each has a header and a source.
const SERVERS: &[&str] = &["fail", "floor"];
/// What the programs share that time one small thing.
const COSTS: &[&str] = &["fail", "samples", "sides", "messages", "memory"];
const FLAGS: [&str; 6] = ["-O2", "-Wall", "-Wextra", "-Werror", "-std=gnu11", "-pthread"];

/// Where the three programs are. Each takes a port and prints `listening on 127.0.0.1:PORT` when it is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floors {
    /// One thread, one level-triggered epoll set.
    pub epoll: PathBuf,
    /// One thread per connection.
    pub thread: PathBuf,
    /// One child per connection.
    pub fork: PathBuf,
}

/// Builds the three programs, if they are older than their sources. None without a C compiler: see [`NO_COMPILER`].
pub fn build() -> Result<Option<Floors>> {
    if !is_on_path("cc", "--version")? {
        return Ok(None);
    }
    let [epoll, thread, fork] = ["epoll", "thread", "fork"].map(|name| program(name, SERVERS));
    Ok(Some(Floors { epoll: epoll?, thread: thread?, fork: fork? }))
}

/// Builds the program of this name that times one small thing (`floor/NAME.c`), if it is older than its sources. None without a
/// C compiler.
///
/// It takes for how many milliseconds to measure, prints the median in nanoseconds, and knows at most one word more: those
/// with two sides must be told `together` or `apart`, `create_thread` may be told `told`, and `create_fork` how many MiB are
/// touched beforehand.
pub fn cost(name: &str) -> Result<Option<PathBuf>> {
    if is_on_path("cc", "--version")? { program(name, COSTS).map(Some) } else { Ok(None) }
}

fn program(name: &str, shared: &[&str]) -> Result<PathBuf> {
    fs::create_dir_all(PROGRAMS).with_context(|| format!("can't make the directory {PROGRAMS}"))?;
    let file = |name: &str, kind: &str| Path::new(SOURCES).join(format!("{name}.{kind}"));
    let source = format!("{name}.c");
    let sources: Vec<_> = shared.iter().chain([&name]).map(|name| file(name, "c")).collect();
    let headers: Vec<_> = shared.iter().map(|name| file(name, "h")).collect();
    let finished = Path::new(PROGRAMS).join(format!("floor_{name}"));
    let changed = sources.iter().chain(&headers).map(|it| modified(it)).collect::<Result<Vec<_>>>()?;
    if finished.exists() && changed.into_iter().all(|it| modified(&finished).is_ok_and(|made| made > it)) {
        return Ok(finished);
    }
    // Into a directory of its own and then into place: another process may be building or running it.
    let workshop = tempfile::tempdir_in(PROGRAMS).context("can't make a temporary directory")?;
    let made = workshop.path().join(name);
    let built = Command::new("cc").args(FLAGS).arg("-o").arg(&made).args(&sources).output()?;
    if !built.status.success() {
        bail!("cc can't build {source}:\n{}", String::from_utf8_lossy(&built.stderr));
    }
    fs::rename(&made, &finished).with_context(|| format!("can't put {} into place", finished.display()))?;
    Ok(finished)
}

fn modified(path: &Path) -> Result<SystemTime> {
    let read = || fs::metadata(path)?.modified();
    read().with_context(|| format!("can't look at {}", path.display()))
}
