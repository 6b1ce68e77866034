//! A row of the comparison: one server, by name, and how it is started.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use harness::server::FreePort;
use tempfile::TempDir;

use crate::floor::{self, Floors};
use crate::nginx;
use crate::probe;
use crate::process::{Interrupt, Process};
use crate::rivals;
use crate::{affinity, apache};

/// One server to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is called in the table.
    pub name: String,
    server: Server,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Server {
    /// A program and its arguments, in which `{port}` stands for the port.
    Program(PathBuf, Vec<String>),
    /// A command line for the shell, in which `{port}` stands for the port.
    Shell(String),
    Nginx,
    Apache,
}

/// A row's server, started and answering.
#[derive(Debug)]
pub struct Running {
    /// The server: dropped before its home, since fields are dropped in their order.
    pub process: Process,
    /// Where it listens on the loopback.
    pub port: u16,
    /// The body of its answer to one request.
    pub body: Vec<u8>,
    /// Its files, until it is stopped.
    _home: Option<TempDir>,
}

impl Row {
    /// Understands `NAME=COMMAND {port}`, `floor-epoll`, `floor-thread`, `floor-fork`, `nginx`, `apache-prefork`, a rival's
    /// name or `concur:MODEL`. None, and a sentence on stderr, for what this machine has not got: a C compiler for the
    /// floors, nginx, Apache.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let Some(server) = Server::parse(text)? else { return Ok(None) };
        let name = match &server {
            Server::Shell(_) => text.split('=').next().unwrap_or(text),
            _ => text,
        };
        Ok(Some(Self { name: name.to_owned(), server }))
    }

    /// The same server under another name.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { name: format!("{} again", self.name), server: self.server.clone() }
    }

    /// nginx.
    pub fn nginx() -> Result<Self> {
        Self::parse("nginx")?.context("nginx is what the generators are compared against")
    }

    /// Starts the server on its processor and asks it for `path` once.
    pub fn start(&self, path: &str, interrupt: &Interrupt) -> Result<Running> {
        let claimed = FreePort::claim().context("there is no free port on the loopback")?;
        let port = claimed.number();
        let (mut command, home) = self.server.command(port)?;
        let mut process = Process::start(command.stdout(Stdio::null()), affinity::SERVER)?;
        let body = probe::body(&mut process, port, path, interrupt)?;
        Ok(Running { process, port, body, _home: home })
    }
}

impl Server {
    fn parse(text: &str) -> Result<Option<Self>> {
        match text {
            "nginx" => Ok(or_why(nginx::is_there()?, text, nginx::NOT_THERE).then_some(Self::Nginx)),
            "apache-prefork" => {
                Ok(or_why(apache::is_there()?, text, apache::NOT_THERE).then_some(Self::Apache))
            }
            rival if rivals::NAMES.contains(&rival) => {
                Ok(Some(Self::Program(rivals::build(rival)?, vec!["{port}".into()])))
            }
            "floor-epoll" => Self::floor(text, |it| it.epoll),
            "floor-thread" => Self::floor(text, |it| it.thread),
            "floor-fork" => Self::floor(text, |it| it.fork),
            _ => match (text.strip_prefix("concur:"), text.split_once('=')) {
                (_, Some((name, line))) if !name.is_empty() && line.contains("{port}") => {
                    Ok(Some(Self::Shell(line.to_owned())))
                }
                (Some(model), _) => Self::concur(model).map(Some),
                _ => bail!(
                    "'{text}' is not a row; try floor-epoll, floor-thread, floor-fork, nginx, apache-prefork, {}, \
                     concur:MODEL or NAME='COMMAND with {{port}}'",
                    rivals::NAMES.join(", ")
                ),
            },
        }
    }

    fn floor(name: &str, which: fn(Floors) -> PathBuf) -> Result<Option<Self>> {
        let floors = floor::build()?;
        or_why(floors.is_some(), name, floor::NO_COMPILER);
        Ok(floors.map(|it| Self::Program(which(it), vec!["{port}".into()])))
    }

    /// The model is taken as it stands, options included, so that `concur` alone knows what there is.
    fn concur(model: &str) -> Result<Self> {
        let program = concur_program()?;
        let arguments = ["serve", model, "--workload", "http", "--bind", "127.0.0.1:{port}"];
        Ok(Self::Program(program, arguments.map(str::to_owned).to_vec()))
    }

    fn command(&self, port: u16) -> Result<(Command, Option<TempDir>)> {
        let with_port = |text: &str| text.replace("{port}", &port.to_string());
        Ok(match self {
            Self::Program(program, arguments) => {
                let mut command = Command::new(program);
                command.args(arguments.iter().map(|it| with_port(it)));
                (command, None)
            }
            Self::Shell(line) => {
                let mut command = Command::new("sh");
                command.arg("-c").arg(with_port(line));
                (command, None)
            }
            Self::Nginx => {
                let (command, home) = nginx::command(port)?;
                (command, Some(home))
            }
            Self::Apache => {
                let (command, home) = apache::command(port)?;
                (command, Some(home))
            }
        })
    }
}

/// Whether a row can be had; says why not.
fn or_why(there: bool, row: &str, why: &str) -> bool {
    if !there {
        eprintln!("row {row} is left out: {why}");
    }
    there
}

/// `concur`, built for release beside the examples: `target/release/concur` beside `target/release/examples/`.
pub fn concur_program() -> Result<PathBuf> {
    let this = env::current_exe().context("can't find this program's own file")?;
    let program = this.parent().and_then(|it| it.parent()).map(|it| it.join("concur")).unwrap_or_default();
    if !program.is_file() {
        bail!("there is no {}; build it with: cargo build --release -p harness", program.display());
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Row {
        Row::parse(text).unwrap().unwrap()
    }

    #[test]
    fn a_command_line_gets_the_port_wherever_it_says_so() {
        let row = row("mine=env A=b serve --port={port} --log {port}.log");
        assert_eq!(row.name, "mine");
        let (command, _) = row.server.command(81).unwrap();
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(arguments, ["-c", "env A=b serve --port=81 --log 81.log"]);
    }

    #[test]
    fn the_base_again_is_the_same_server() {
        let row = row("mine=serve {port}");
        assert_eq!(row.again().name, "mine again");
        assert_eq!(row.again().server, row.server);
    }

    #[test]
    fn what_is_no_row_is_told_what_is() {
        for text in ["nothing", "mine=serve without a port", "=serve {port}"] {
            let error = Row::parse(text).unwrap_err().to_string();
            assert!(error.contains("is not a row; try floor-epoll"), "{error}");
        }
    }

    #[test]
    fn a_server_that_ends_at_once_is_an_error() {
        let error = row("mine=exit 3; {port}").start("/", &Interrupt::default()).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }
}
