//! How our own server is started, and with what.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use models::address::Address;

use super::Server;
use super::own::own_program;
use crate::measure::group::Group;
use crate::transport::Transport;

/// How to start our own server: `concur serve`, from the very program that is running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeCommand {
    program: Option<PathBuf>,
    model: String,
    workload: String,
    transport: Transport,
    processors: Vec<usize>,
    grace: Option<Duration>,
    root: Option<PathBuf>,
    group: Option<PathBuf>,
    console: Option<Vec<String>>,
}

impl ServeCommand {
    /// Serves `workload` under `model`, which is written with its options: `fork:reap=wait`.
    pub fn new(model: impl Into<String>, workload: impl Into<String>) -> Self {
        let (model, workload) = (model.into(), workload.into());
        Self {
            program: None,
            model,
            workload,
            transport: Transport::Tcp,
            processors: Vec::new(),
            grace: None,
            root: None,
            group: None,
            console: None,
        }
    }

    /// Starts this program instead of the one that is running. It must understand the same arguments.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Gives what is under way so long to finish once the server is asked to stop, and not what `serve` gives by itself.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// The folder that it serves.
    #[must_use]
    pub fn root(mut self, root: Option<&Path>) -> Self {
        self.root = root.map(Path::to_owned);
        self
    }

    /// Gives the server more arguments and a console that can be typed at (see [`Server::type_line`]), if there are any.
    #[must_use]
    pub fn console(mut self, arguments: Option<&[&str]>) -> Self {
        self.console = arguments.map(|all| all.iter().copied().map(str::to_owned).collect());
        self
    }

    /// What it serves over, TCP if this is not called. A Unix socket gets a directory of its own, which nobody else may
    /// enter and which goes with the server.
    #[must_use]
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// Binds the server to processors; to none: leaves it free.
    #[must_use]
    pub fn processors(mut self, processors: &[usize]) -> Self {
        self.processors = processors.to_vec();
        self
    }

    /// Has the server move into a control group before it does anything else; into none: leaves it in ours.
    #[must_use]
    pub fn in_group(mut self, group: Option<&Group>) -> Self {
        self.group = group.map(|group| group.path().to_owned());
        self
    }

    /// Starts the server on a free port of 127.0.0.1, or at a path of its own; see [`Server::start`].
    pub fn start(&self, ready_within: Duration) -> Result<Server> {
        if self.transport != Transport::Unix {
            return self.start_at(&([127, 0, 0, 1], 0).into(), ready_within);
        }
        let make = || tempfile::Builder::new().prefix("concur-").tempdir();
        let directory = make().context("a directory for the server's socket can't be made")?;
        let address = Address::unix(directory.path().join("socket"))?;
        let server = self.start_at(&address, ready_within)?;
        Ok(Server { _directory: Some(directory), ..server })
    }

    fn start_at(&self, bind: &Address, ready_within: Duration) -> Result<Server> {
        let arguments = self.arguments_at(bind);
        match self.console {
            Some(_) => Server::start_with_console(&arguments, ready_within),
            None => Server::start(&arguments, ready_within),
        }
    }

    /// The program and its arguments, for a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Over a Unix socket it needs a path, which only [`start`](Self::start) makes.
    pub fn arguments(&self) -> Result<Vec<OsString>> {
        ensure!(
            self.transport != Transport::Unix,
            "a Unix socket has no free port; its path is made at the start"
        );
        Ok(self.arguments_at(&([127, 0, 0, 1], 0).into()))
    }

    fn arguments_at(&self, bind: &Address) -> Vec<OsString> {
        let program = self.program.clone().unwrap_or_else(own_program);
        let mut arguments = vec![program.into_os_string()];
        let (parent, bind) = (process::id().to_string(), bind.to_string());
        arguments.extend(["serve", &self.model, "--workload", &self.workload].map(OsString::from));
        arguments.extend(["--bind", &bind, "--with-parent", &parent].map(OsString::from));
        match self.transport {
            Transport::Tcp => {}
            Transport::Unix => arguments.push("--remove-directory".into()),
            Transport::Udp => arguments.extend(["--transport", "udp"].map(OsString::from)),
        }
        if !self.processors.is_empty() {
            let list: Vec<String> = self.processors.iter().map(usize::to_string).collect();
            arguments.extend(["--cpus".into(), list.join(",").into()]);
        }
        arguments.extend(self.console.iter().flatten().map(OsString::from));
        if let Some(group) = &self.group {
            arguments.extend(["--group".into(), group.into()]);
        }
        if let Some(root) = &self.root {
            arguments.extend(["--root".into(), root.into()]);
        }
        if let Some(grace) = self.grace {
            arguments.extend(["--grace".into(), format!("{}ms", grace.as_millis()).into()]);
        }
        arguments
    }
}
