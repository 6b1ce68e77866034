//! Asks an interpreter what it is, with a program that every Python understands.

use std::env;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Deserialize;
use workloads::python::PROBE;

use super::Interpreter;
use super::process::Process;

/// How long an interpreter may take to say what it is. The first start of a Java machine takes seconds on a busy machine.
pub const WITHIN: Duration = Duration::from_secs(30);
/// What an interpreter must be to run the programs.
const OLDEST: &str = "Python 3.8 or newer, or Jython 2.7";

/// What it says of itself.
#[derive(Deserialize)]
struct Said {
    executable: Option<String>,
    implementation: String,
    version: [u32; 3],
    free_threaded: bool,
    gil: bool,
    modules: Vec<String>,
}

/// Asks `program`, which is given as it was named or found; `launcher` is `concur`.
///
/// # Errors
/// A sentence on why it can't run the programs, and what to install: there is none of that name, it can't be started, does not
/// answer in time, is no Python, or is too old.
pub fn probe(
    program: &str,
    launcher: &Path,
    within: Duration,
    stop: &AtomicBool,
) -> Result<Interpreter, String> {
    ask(program, launcher, within, stop)
        .map_err(|lacks| format!("{lacks}; install {OLDEST}, or name one with --python PATH"))
}

/// The same for who has other advice.
///
/// # Errors
/// As those of [`probe`], without advice.
pub fn ask(
    program: &str,
    launcher: &Path,
    within: Duration,
    stop: &AtomicBool,
) -> Result<Interpreter, String> {
    let silent = |error| format!("{program} does not say what it is: {error:#}");
    if !is_there(program) {
        return Err(format!("there is no {program}"));
    }
    let mut process = Process::start(launcher, &[program, "-c", PROBE]).map_err(silent)?;
    let said = hear(&mut process, within, stop).map_err(silent)?;
    let said = said.ok_or_else(|| format!("{program} is no Python"))?;
    let version = said.version.map(|number| number.to_string()).join(".");
    let oldest = if said.implementation == "Jython" { [2, 7, 0] } else { [3, 8, 0] };
    if said.version < oldest {
        return Err(format!("{program} is {} {version}, which is too old", said.implementation));
    }
    Ok(Interpreter {
        name: name(&said),
        // A wrapper costs a start of its own each time.
        program: said
            .executable
            .filter(|path| Path::new(path).is_absolute())
            .unwrap_or_else(|| program.to_owned()),
        implementation: said.implementation,
        version,
        gil: said.gil,
        modules: said.modules,
    })
}

/// What it says of itself: the first line that is an object. None if it ended, or went on for too long, with other lines alone.
fn hear(process: &mut Process, within: Duration, stop: &AtomicBool) -> anyhow::Result<Option<Said>> {
    let mut has_spoken = false;
    loop {
        match process.next_line(within, stop) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(said) => return Ok(Some(said)),
                Err(_) if process.age() > within => return Ok(None),
                Err(_) => has_spoken = true,
            },
            Err(_) if has_spoken => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// `cpython-3.11`; with a `t`, as its program has it, where it was built without the lock.
fn name(said: &Said) -> String {
    let [major, minor, _] = said.version;
    let free = if said.free_threaded { "t" } else { "" };
    format!("{}-{major}.{minor}{free}", said.implementation.to_lowercase())
}

/// Whether there is a file of this name: at its place, or on the PATH if it names none.
pub(super) fn is_there(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
