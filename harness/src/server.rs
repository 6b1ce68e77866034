//! Starts a server as a process of its own, waits until it listens, stops it and leaves nothing behind.
//!
//! A server says `listening on ADDRESS` as the first line on its stdout once it accepts connections. It gets
//! a process group of its own, so that Ctrl-C in the terminal reaches the harness alone, which then stops
//! the server in order, and so that its children can be found and, at worst, killed.
//!
//! A [`Server`] that is dropped, by a panic too, stops its processes. Only `SIGKILL` to the harness leaves it no
//! chance; for that case our own `serve` is given `--with-parent PID` and asks the kernel to end it when its
//! parent does (`PR_SET_PDEATHSIG`, `prctl(2)`). Two things follow:
//! * the kernel means the *thread* that started the server, so that thread must live as long as the server;
//! * the parent may be gone before `serve` asks, so it must look afterwards whether its parent is still PID.
//!
//! What the harness can't follow is a process that leaves the group after its parent has ended, as a daemon does. Where the
//! server has a control group ([`Group`]), which nobody leaves in this way, even that is killed with it.

mod foreign;
mod guard;
mod output;

use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use models::address::Address;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::measure::group::Group;
use crate::measure::tree::{ProcessId, Tree};
use crate::transport::Transport;
pub use foreign::{ForeignCommand, free_port};
use guard::Guarded;
pub use guard::guard_servers;
use output::Output;

/// How long a server that is dropped has to end in order.
const DROP_GRACE: Duration = Duration::from_millis(200);
/// How long, within its grace, the rest of the group may outlive the server's first process: children that
/// were just told to end are still on their way out.
const SETTLE: Duration = Duration::from_millis(250);
/// How long the kernel may take to end what was killed.
const KILL_LIMIT: Duration = Duration::from_secs(5);
/// How often to look whether a server has ended while it gets ready.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What a server says when it is ready, before its address.
const GREETING: &str = "listening on ";

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

/// How to start our own server: `concur serve`, from the very program that is running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeCommand {
    program: Option<PathBuf>,
    model: String,
    workload: String,
    transport: Transport,
    processors: Vec<usize>,
    grace: Option<Duration>,
    group: Option<PathBuf>,
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
            group: None,
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
            return Server::start(&self.arguments()?, ready_within);
        }
        let make = || tempfile::Builder::new().prefix("concur-").tempdir();
        let directory = make().context("a directory for the server's socket can't be made")?;
        let address = Address::unix(directory.path().join("socket"))?;
        let server = Server::start(&self.arguments_at(&address), ready_within)?;
        Ok(Server { _directory: Some(directory), ..server })
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
        if let Some(group) = &self.group {
            arguments.extend(["--group".into(), group.into()]);
        }
        if let Some(grace) = self.grace {
            arguments.extend(["--grace".into(), format!("{}ms", grace.as_millis()).into()]);
        }
        arguments
    }
}

/// A server that is listening. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    process: Process,
    address: Address,
    /// Of a server that is not ours, and whose children may not end with it.
    _guarded: Option<Guarded>,
    /// Removed once the process has ended: fields are dropped in this order.
    _directory: Option<TempDir>,
}

/// How a server ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How its first process ended.
    pub status: ExitStatus,
    /// Whether it had ended before it was asked to: a crash, or a server that gave up.
    pub early: bool,
    /// Whether it had to be killed, since it did not end within its grace.
    pub killed: bool,
    /// How many other processes it left behind, all of which have been killed.
    pub leftovers: usize,
    /// The last of what it wrote to stderr: at most 4 KiB.
    pub stderr: String,
}

impl Server {
    /// Starts a server: the program and its arguments. It inherits environment, directory and limits.
    ///
    /// # Errors
    /// The program can't be started; or it ends, prints something else first, or prints nothing within
    /// `ready_within`. Whatever was started is then gone, and the error quotes the end of its stderr.
    pub fn start(command: &[OsString], ready_within: Duration) -> Result<Self> {
        let mut process = Process::start(command)?;
        match process.wait_until_ready(ready_within) {
            Ok(address) => Ok(Self { process, address, _guarded: None, _directory: None }),
            Err(not_ready) => Err(process.give_up(&not_ready)),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// The number of its first process, which is that of its process group as well.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Its processes, to be measured.
    pub fn tree(&self) -> Tree {
        self.process.tree
    }

    /// Whether its first process is still there. It stays unreaped until the server is stopped.
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// Asks it to end (`SIGTERM` to its first process), kills it and all its processes if it has not done so
    /// within `grace`, and reaps it.
    ///
    /// # Errors
    /// Some process would not even be killed: it hangs in the kernel, or belongs to another user.
    pub fn stop(mut self, grace: Duration) -> Result<Ended> {
        self.process.finish(grace)
    }
}

impl Ended {
    /// What is wrong with how it ended, as a clause to follow "the server"; none if it ended in order: when it
    /// was asked to, by itself or by that very signal, leaving nothing behind.
    pub fn trouble(&self) -> Option<String> {
        let by_request = self.status.success() || self.status.signal() == Some(Signal::SIGTERM as i32);
        let what = match self {
            Self { early: true, .. } => format!("ended before it was asked to ({})", self.status),
            Self { killed: true, .. } => "did not end on SIGTERM and was killed".to_owned(),
            Self { leftovers: 1.., .. } => format!("left {} processes behind when it ended", self.leftovers),
            _ if !by_request => format!("ended with an error ({})", self.status),
            _ => return None,
        };
        Some(what + &quoted(&self.stderr))
    }
}

/// The last line that says something: a panic's own notes on how to be told more do not.
pub fn last_words(stderr: &str) -> Option<&str> {
    stderr.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with("note:"))
}

/// The last words of a server, as a clause.
pub(crate) fn quoted(stderr: &str) -> String {
    last_words(stderr).map(|words| format!("; its last words: {words}")).unwrap_or_default()
}

/// A server's processes, listening or not.
#[derive(Debug)]
struct Process {
    child: Child,
    tree: Tree,
    /// None once it has been finished.
    output: Option<Output>,
}

/// Why a server is not ready, as a clause to follow "the server".
enum NotReady {
    Ended,
    Closed,
    Said(String),
    Silent(Duration),
    Unreachable(u16, Duration),
}

impl Process {
    fn start(command: &[OsString]) -> Result<Self> {
        let (program, arguments) = command.split_first().context("the server's command is empty")?;
        let mut child = command_of(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .env("RUST_BACKTRACE", "0") // its last words go into a record, where paths have no place
            .spawn()
            .with_context(|| format!("the server {} can't be started", program.display()))?;
        let pipes = child.stdout.take().zip(child.stderr.take());
        let mut process = Self { tree: Tree::new(child.id()), child, output: None };
        let output = pipes
            .ok_or_else(|| anyhow!("the server has no pipes"))
            .and_then(|(stdout, stderr)| Ok(Output::of(stdout, stderr)?));
        match output {
            Ok(output) => process.output = Some(output),
            Err(error) => {
                // Not more than the error below could say: what was started must be gone.
                let _ = process.end(Duration::ZERO);
                return Err(error.context("what the server prints can't be read"));
            }
        }
        Ok(process)
    }

    fn wait_until_ready(&self, within: Duration) -> Result<Address, NotReady> {
        let deadline = Instant::now() + within;
        let output = self.output.as_ref().ok_or(NotReady::Ended)?;
        let line = loop {
            // The order matters: what it printed before it ended is still in the pipe.
            let was_running = self.is_running();
            let left = deadline.saturating_duration_since(Instant::now());
            match output.first_line.recv_timeout(left.min(LOOK_EVERY)) {
                Ok(line) => break line,
                Err(_) if !was_running => return Err(NotReady::Ended),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Err(NotReady::Silent(within)),
                Err(RecvTimeoutError::Timeout) => {}
                // Most often it is just ending, and then that is what to say.
                Err(RecvTimeoutError::Disconnected) if self.ends_within(left.min(SETTLE)) => {
                    return Err(NotReady::Ended);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(NotReady::Closed),
            }
        };
        let address = line.strip_prefix(GREETING).and_then(|address| address.parse().ok());
        address.ok_or(NotReady::Said(line))
    }

    /// Ends what did not get ready, and says all there is to say about it.
    fn give_up(&mut self, why: &NotReady) -> Error {
        let ended = match self.finish(Duration::ZERO) {
            Ok(ended) => ended,
            Err(error) => return error.context("the server did not get ready"),
        };
        let status = ended.status;
        let what = match why {
            NotReady::Ended => format!("the server ended before it was ready ({status})"),
            NotReady::Closed => {
                format!(
                    "the server closed its stdout without saying '{GREETING}ADDRESS' ({status} when stopped)"
                )
            }
            NotReady::Said(line) => {
                format!("the server said '{line}' and not '{GREETING}ADDRESS' ({status} when stopped)")
            }
            NotReady::Silent(within) => format!(
                "the server did not say '{GREETING}ADDRESS' within {within:?} ({status} when stopped); start it by \
                 hand to see what it does"
            ),
            NotReady::Unreachable(port, within) => format!(
                "the server neither said '{GREETING}ADDRESS' nor accepted a connection on 127.0.0.1:{port} within \
                 {within:?} ({status} when stopped); start it by hand to see what it does"
            ),
        };
        anyhow!(what + &quoted(&ended.stderr))
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Looks without reaping, so that the number of the process, and of its group, stays its own.
    fn is_running(&self) -> bool {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
        loop {
            match waitid(Id::Pid(self.pid()), flags) {
                Err(Errno::EINTR) => {}
                Ok(WaitStatus::StillAlive) => return true,
                Ok(_) | Err(_) => return false,
            }
        }
    }

    fn ends_within(&self, limit: Duration) -> bool {
        holds_within(limit, || Ok(!self.is_running())).unwrap_or(false)
    }

    fn finish(&mut self, grace: Duration) -> Result<Ended> {
        let ended = self.end(grace);
        let stderr = self.output.take().map(Output::finish).unwrap_or_default();
        Ok(Ended { stderr, ..ended? })
    }

    /// Ends all processes and reaps the first one, but leaves the pipes as they are.
    fn end(&mut self, grace: Duration) -> Result<Ended> {
        let deadline = Instant::now() + grace;
        let early = !self.is_running();
        // A child with a group of its own can be found only while its parent lives.
        let mut known = self.tree.living().unwrap_or_default();
        if !early {
            send(self.pid(), Signal::SIGTERM)?;
        }
        let killed = !self.ends_within(grace);
        if killed {
            known.extend(self.tree.living().unwrap_or_default());
            send(self.pid(), Signal::SIGKILL)?;
            if !self.ends_within(KILL_LIMIT) {
                bail!("the server's process {} can't be killed; `ps` shows what it waits for", self.pid());
            }
        }
        let leftovers = self.kill_the_rest(&known, deadline.saturating_duration_since(Instant::now()));
        if leftovers.is_err() {
            // Looking failed; the group can be killed unseen.
            let _ = killpg(self.pid(), Signal::SIGKILL);
        }
        // Its first process has ended, so this does not block.
        let status = self.child.wait().context("the server's process can't be waited for")?;
        Ok(Ended { status, early, killed, leftovers: leftovers?, stderr: String::new() })
    }

    /// Kills what is left when the first process has ended, which is not reaped yet: the group is still ours.
    fn kill_the_rest(&self, known: &BTreeSet<ProcessId>, grace: Duration) -> Result<usize> {
        let none_left = || Ok(self.remaining(known)?.is_empty());
        if holds_within(grace.min(SETTLE), none_left)? {
            return Ok(0);
        }
        let mut seen = BTreeSet::new();
        let killed = holds_within(KILL_LIMIT, || {
            let rest = self.remaining(known)?;
            if !rest.is_empty() {
                // All at once: a process that is being killed makes no more children.
                let _ = killpg(self.pid(), Signal::SIGKILL);
            }
            for process in &rest {
                let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
            }
            let none = rest.is_empty();
            seen.extend(rest);
            Ok(none)
        })?;
        if !killed {
            let rest: Vec<String> =
                self.remaining(known)?.iter().map(|process| process.pid.to_string()).collect();
            bail!(
                "processes of the server can't be killed: {}; `ps` shows what they wait for",
                rest.join(", ")
            );
        }
        Ok(seen.len())
    }

    /// The processes of the group that are alive, and those `known` that left it.
    fn remaining(&self, known: &BTreeSet<ProcessId>) -> io::Result<BTreeSet<ProcessId>> {
        let mut remaining = self.tree.living()?;
        for process in known {
            if process.is_alive()? {
                remaining.insert(*process);
            }
        }
        Ok(remaining)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.output.is_some() {
            // Nobody is left to tell.
            let _ = self.finish(DROP_GRACE);
        }
    }
}

/// Sends a signal to a process that may have ended.
fn send(pid: Pid, signal: Signal) -> Result<()> {
    match kill(pid, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => {
            Err(error).with_context(|| format!("{signal} can't be sent to the server's process {pid}"))
        }
    }
}

/// Asks again and again, at least once, at first often and then seldom.
fn holds_within(limit: Duration, mut holds: impl FnMut() -> io::Result<bool>) -> io::Result<bool> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if holds()? {
            return Ok(true);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LOOK_EVERY);
    }
}
