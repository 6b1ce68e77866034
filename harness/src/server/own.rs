//! The lab's own program, as one that starts others of its kind.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::language::OF_OWN_PROCESSES;

/// The program that is running, under a name that it keeps when its file is replaced by a newer build: in the process
/// that is to become it, this is the program it still is (proc(5)).
const OWN_PROGRAM: &str = "/proc/self/exe";
/// What it is called there.
const OWN_NAME: &str = "concur";

/// The program that is running: its path, or what stands for it once the file there is gone or another one.
pub(crate) fn own_program() -> PathBuf {
    match env::current_exe() {
        Ok(path) if path.exists() => path, // of a file that is gone the path ends in " (deleted)"
        _ => PathBuf::from(OWN_PROGRAM),
    }
}

/// A command that starts `program`, under a name that says what it is.
pub(crate) fn command_of(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    // What it says becomes part of a record.
    command.env(OF_OWN_PROCESSES.0, OF_OWN_PROCESSES.1);
    if program == Path::new(OWN_PROGRAM) {
        command.arg0(OWN_NAME);
    }
    command
}

/// The lab's own program could not be started, which is no fault of the server that it was to start.
#[derive(Debug)]
pub struct NotLaunched;

impl fmt::Display for NotLaunched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("concur can't start itself, which is to start the server")
    }
}

impl std::error::Error for NotLaunched {}
