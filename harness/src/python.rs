//! The course's servers in Python, as rows beside ours.
//!
//! They are part of the binary and are written to a temporary directory, which is removed with the plan that names them.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use models::server::Room;
use workloads::python::{SERVERS, SHARED};

use crate::interpreter::Programs;
use crate::server::ForeignCommand;
use crate::subject::Foreign;

/// Prints where the interpreter is, past any wrapper, and fails where the scripts would not be understood.
const PROBE: &str = "import sys; print(sys.executable); sys.exit(sys.version_info < (3, 8))";
const OLDEST: &str = "Python 3.8 or newer";

/// All servers, run by `interpreter`. What is missing for one is said in its `lacks`.
///
/// # Errors
/// The temporary directory can't be written.
pub fn servers(interpreter: &str) -> anyhow::Result<Vec<Foreign>> {
    let files = Programs::of(SHARED.iter().chain(SERVERS)).map_err(anyhow::Error::msg)?;
    let found = find(interpreter);
    let gevent = found.as_ref().map_or_else(|lacks| Some(lacks.clone()), |program| lacks_gevent(program));
    let servers = SERVERS.iter().map(|(file, _)| {
        let name = file.trim_end_matches("_server.py");
        let path = files.directory().join(file).display().to_string();
        let program = found.clone().unwrap_or_else(|_| interpreter.to_owned());
        let arguments = ["--workload", "{workload}", "--port", "{port}"];
        let words = [program, path].into_iter().chain(arguments.map(str::to_owned)).collect();
        // The directory is not there for long, and whoever reads this has the file elsewhere.
        let typed = format!("{interpreter} {file} {}", arguments.join(" "));
        Foreign {
            name: format!("python-{name}"),
            command: ForeignCommand::of_words(words, typed),
            room: Some(room(name)),
            lacks: if name == "gevent" { gevent.clone() } else { found.clone().err() },
            files: Some(files.clone()),
        }
    });
    Ok(servers.collect())
}

fn room(name: &str) -> Room {
    match name {
        "loop" => Room::One,
        "select" => Room::Descriptors(1024),
        _ => Room::Many,
    }
}

/// The interpreter itself, which may stand behind a wrapper of that name; or what is missing.
fn find(interpreter: &str) -> Result<String, String> {
    let output = Command::new(interpreter).args(["-c", PROBE]).stdin(Stdio::null()).output();
    match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("there is no {interpreter}; install {OLDEST}, or name one with --python PATH"))
        }
        Err(error) => Err(format!("{interpreter} can't be started: {error}; install {OLDEST}")),
        Ok(output) if !output.status.success() => {
            Err(format!("{interpreter} is not {OLDEST}; install that, or name one with --python PATH"))
        }
        Ok(output) => {
            let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            Ok(if path.is_empty() { interpreter.to_owned() } else { path })
        }
    }
}

fn lacks_gevent(program: &str) -> Option<String> {
    let mut import = Command::new(program);
    import.args(["-c", "import gevent"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let there = import.status().is_ok_and(|status| status.success());
    (!there).then(|| "gevent can't be imported; install it with: python3 -m pip install gevent".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_interpreter_makes_every_row_unsupported_and_says_what_to_install() {
        for server in servers("/nowhere/python3").unwrap() {
            let lacks = server.lacks.unwrap();
            assert!(lacks.starts_with("there is no /nowhere/python3; install Python 3.8"), "{lacks}");
        }
    }

    #[test]
    fn what_is_no_python_is_told_so() {
        let lacks = servers("false").unwrap()[0].lacks.clone().unwrap();
        assert!(lacks.starts_with("false is not Python 3.8 or newer"), "{lacks}");
    }

    #[test]
    fn the_files_are_there_as_long_as_somebody_needs_them() {
        let servers = servers("/nowhere/python3").unwrap();
        let path = servers[0].files.as_ref().unwrap().directory().to_owned();
        assert!(path.join("session.py").is_file() && path.join("gevent_server.py").is_file());
        drop(servers);
        assert!(!path.exists());
    }

    #[test]
    fn the_command_in_the_record_names_no_place_on_this_machine() {
        let servers = servers("python3").unwrap();
        let fork = servers.iter().find(|server| server.name == "python-fork").unwrap();
        assert_eq!(fork.command.typed(), "python3 fork_server.py --workload {workload} --port {port}");
    }
}
