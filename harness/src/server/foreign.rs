//! Anyone's server: a command in which `{port}` stands for the port it is to listen on, `{workload}` for what it is to serve,
//! and `{root}` for the folder of it.
//!
//! The command is split into words as a shell would do it, quotes and backslashes included, but no shell runs: nothing
//! is expanded, and the server itself is the first process. It is started through `concur launch`, which binds it to
//! its processors and has the kernel end it if the harness is killed, and then becomes it (`execve(2)`).
//!
//! It is ready when it says `listening on ADDRESS` as its first line on stdout, or else when its port accepts a connection.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{self as unix, UnixListener};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use models::address::Address;

use super::guard::Guarded;
use super::own::{NotLaunched, own_program};
use super::process::{NotReady, Process};
use super::{GREETING, LOOK_EVERY, Server};
use crate::failure::Usage;
use crate::measure::group::Group;
use crate::measure::limits::Confine;

/// What stands for the port.
const PORT: &str = "{port}";
/// What stands for the workload.
const WORKLOAD: &str = "{workload}";
/// What stands for the folder that is served.
pub(crate) const ROOT: &str = "{root}";
/// Another program may take the port that was free a moment ago: so often another one is tried.
const TRIES: usize = 3;
/// How long the loopback may take to answer.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);

/// How to start somebody's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignCommand {
    typed: String,
    words: Vec<String>,
    launcher: Option<PathBuf>,
    group: Option<PathBuf>,
    root: Option<PathBuf>,
    limits: Vec<Confine>,
    user: Option<u32>,
    environment: Vec<(&'static str, &'static str)>,
}

impl ForeignCommand {
    /// Reads a command: `python3 server.py --port {port}`.
    ///
    /// # Errors
    /// It is empty, a quote is not closed, or it does not say where the port goes: errors of usage.
    pub fn parse(typed: &str) -> Result<Self> {
        let words = split(typed).map_err(|what| Usage::error(format!("the command '{typed}' {what}")))?;
        if words.is_empty() {
            return Err(Usage::error("the command is empty; try 'python3 server.py {port}'"));
        }
        if !words.iter().any(|word| word.contains(PORT)) {
            return Err(Usage::error(format!(
                "the command '{typed}' does not say where the port goes; write {PORT} in its place"
            )));
        }
        Ok(Self::of_words(words, typed.to_owned()))
    }

    /// A command of these words, which is shown as `typed`.
    pub fn of_words(words: Vec<String>, typed: String) -> Self {
        Self {
            typed,
            words,
            launcher: None,
            group: None,
            root: None,
            limits: Vec::new(),
            user: None,
            environment: Vec::new(),
        }
    }

    /// Has this program do the launching: `concur`, for who is not `concur` itself.
    #[must_use]
    pub fn launched_by(mut self, program: impl Into<PathBuf>) -> Self {
        self.launcher = Some(program.into());
        self
    }

    /// Has the server run in a control group; in none: in ours.
    #[must_use]
    pub fn in_group(mut self, group: Option<&Group>) -> Self {
        self.group = group.map(|group| group.path().to_owned());
        self
    }

    /// Has the server serve this folder: it takes the place of `{root}`.
    #[must_use]
    pub fn serving(mut self, root: Option<&Path>) -> Self {
        self.root = root.map(Path::to_owned);
        self
    }

    /// Whether it says where a folder goes.
    pub fn takes_root(&self) -> bool {
        self.words.iter().any(|word| word.contains(ROOT))
    }

    /// Has the server make do with so much, which can't be lifted again.
    #[must_use]
    pub fn confined(mut self, limits: &[Confine]) -> Self {
        self.limits.extend(limits);
        self
    }

    /// Puts this into the server's environment.
    #[must_use]
    pub fn with_environment(mut self, environment: &[(&'static str, &'static str)]) -> Self {
        self.environment.extend(environment);
        self
    }

    /// Has the server run as this user, which takes privileges.
    #[must_use]
    pub fn as_user(mut self, user: Option<u32>) -> Self {
        self.user = user;
        self
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// Starts the server on a free port of 127.0.0.1, bound to `processors`; none: leaves it free. It inherits
    /// environment, directory and limits.
    ///
    /// # Errors
    /// The program can't be started; or it ends, or neither says where it listens nor accepts a connection within
    /// `ready_within`. Whatever was started is then gone, and the error quotes the end of its stderr.
    pub fn start(&self, workload: &str, processors: &[usize], ready_within: Duration) -> Result<Server> {
        let mut tries = 1;
        loop {
            let port = FreePort::claim().context("there is no free port on 127.0.0.1")?;
            let started = self.start_on(port.number(), workload, processors, ready_within);
            match started {
                Err(error) if tries < TRIES && format!("{error:#}").contains("in use") => tries += 1,
                started => return started,
            }
        }
    }

    fn start_on(
        &self,
        port: u16,
        workload: &str,
        processors: &[usize],
        ready_within: Duration,
    ) -> Result<Server> {
        let command = self.arguments(workload, port, processors);
        // Nothing of the server is there before its guard knows it: else what a harness leaves that is killed in between
        // would stay.
        let (gate, mut opener) = io::pipe().context("no pipe can be made for the server")?;
        let mut process = Process::start(&command, gate.into()).context(NotLaunched)?;
        let guarded = Guarded::new(process.child.id(), &self.launcher()).context(NotLaunched)?;
        // Where nobody reads it the launcher has ended, which is seen below.
        let _ = opener.write_all(b"\n");
        drop(opener);
        match wait_until_ready(&process, port, ready_within) {
            Ok(address) => Ok(Server { process, address, _guarded: Some(guarded), _directory: None }),
            Err(not_ready) => Err(process.give_up(&not_ready)),
        }
    }

    /// The program that is `concur`.
    fn launcher(&self) -> PathBuf {
        self.launcher.clone().unwrap_or_else(own_program)
    }

    /// The launcher with its arguments, and the command behind it.
    fn arguments(&self, workload: &str, port: u16, processors: &[usize]) -> Vec<OsString> {
        let mut arguments = vec![self.launcher().into_os_string()];
        arguments
            .extend(["launch", "--gate", "--with-parent", &process::id().to_string()].map(OsString::from));
        if !processors.is_empty() {
            let list: Vec<String> = processors.iter().map(usize::to_string).collect();
            arguments.extend(["--cpus".into(), list.join(",").into()]);
        }
        if let Some(group) = &self.group {
            arguments.extend(["--group".into(), group.into()]);
        }
        for limit in &self.limits {
            arguments.extend(["--limit".into(), limit.to_string().into()]);
        }
        for (name, value) in &self.environment {
            arguments.extend(["--env".into(), format!("{name}={value}").into()]);
        }
        if let Some(user) = self.user {
            arguments.extend(["--user".into(), user.to_string().into()]);
        }
        arguments.push("--".into());
        let port = port.to_string();
        let root = self.root.as_deref().unwrap_or(Path::new(ROOT)).to_string_lossy();
        let filled =
            |word: &String| word.replace(PORT, &port).replace(WORKLOAD, workload).replace(ROOT, &root);
        arguments.extend(self.words.iter().map(|word| filled(word).into()));
        arguments
    }
}

fn wait_until_ready(process: &Process, port: u16, within: Duration) -> Result<Address, NotReady> {
    let deadline = Instant::now() + within;
    let asked = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let output = process.output.as_ref().ok_or(NotReady::Ended)?;
    loop {
        let was_running = process.is_running();
        let left = deadline.saturating_duration_since(Instant::now());
        match output.first_line.recv_timeout(left.min(LOOK_EVERY)) {
            Ok(line) => {
                // What else a server says is its own business.
                if let Some(address) = line.strip_prefix(GREETING).and_then(|address| address.parse().ok()) {
                    return Ok(address);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(left.min(LOOK_EVERY)),
        }
        if !was_running {
            return Err(NotReady::Ended);
        }
        if accepts(asked) {
            return Ok(asked.into());
        }
        if left.is_zero() {
            return Err(NotReady::Unreachable(port, within));
        }
    }
}

/// Whether somebody accepts connections at `address`.
fn accepts(address: SocketAddr) -> bool {
    let connected = TcpStream::connect_timeout(&address, CONNECT_WITHIN);
    // Where nobody listens, the kernel may pick that very port for our end, and we would be talking to ourselves.
    connected.is_ok_and(|stream| stream.local_addr().is_ok_and(|ours| ours != address))
}

/// A port that nobody listens on just now, and nobody gets who asks for any port: those the kernel gives away lie above
/// (ip(7), `ip_local_port_range`). Else a client or another server could have it before the command does.
///
/// Until this is dropped no other process of ours chooses it either: two servers that are started at the same time would be
/// taken for each other. Who has chosen a port holds an abstract Unix socket of its number (unix(7)), which nobody else can
/// have, and which is gone with its process.
#[derive(Debug)]
pub struct FreePort {
    number: u16,
    _claim: Option<UnixListener>,
}

impl FreePort {
    /// Claims one.
    ///
    /// # Errors
    /// There is none.
    pub fn claim() -> io::Result<Self> {
        const LEAST: u16 = 10_000;
        const TRIES: usize = 100;
        let given_away = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
        let from =
            given_away.and_then(|range| range.split_whitespace().next()?.parse().ok()).unwrap_or(32_768);
        let bound = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|it| it.local_addr());
        let mut below = (0..TRIES).filter(|_| from > LEAST).map(|_| fastrand::u16(LEAST..from));
        let claimed = below.find_map(|number| {
            let claim = Some(claim(number).ok()?);
            bound(number).is_ok().then_some(Self { number, _claim: claim })
        });
        claimed.map_or_else(|| Ok(Self { number: bound(0)?.port(), _claim: None }), Ok)
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// Fails if somebody has claimed the port.
fn claim(port: u16) -> io::Result<UnixListener> {
    let name = unix::SocketAddr::from_abstract_name(format!("concur-port-{port}"))?;
    UnixListener::bind_addr(&name)
}

/// Splits a command into words as a shell does (POSIX.1-2017, Shell Command Language, 2.2): white space parts them,
/// a backslash makes the next character ordinary, and so do quotes with all between them, except that in double quotes
/// a backslash still stands before `"`, `\`, `$` and `` ` ``.
pub(crate) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => single_quoted(&mut characters, word.get_or_insert_default())?,
            '"' => double_quoted(&mut characters, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(characters.next().ok_or("ends in a backslash")?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn single_quoted(characters: &mut impl Iterator<Item = char>, word: &mut String) -> Result<(), &'static str> {
    loop {
        match characters.next().ok_or("has a ' that is not closed")? {
            '\'' => return Ok(()),
            other => word.push(other),
        }
    }
}

fn double_quoted(characters: &mut impl Iterator<Item = char>, word: &mut String) -> Result<(), &'static str> {
    let mut next = || characters.next().ok_or("has a \" that is not closed");
    loop {
        match next()? {
            '"' => return Ok(()),
            '\\' => match next()? {
                special @ ('"' | '\\' | '$' | '`') => word.push(special),
                other => word.extend(['\\', other]),
            },
            other => word.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_port_is_claimed_by_one_at_a_time() {
        let port = FreePort::claim().unwrap();
        assert_eq!(claim(port.number()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let number = port.number();
        drop(port);
        claim(number).unwrap();
    }

    #[test]
    fn words_are_parted_and_quoted_as_in_a_shell() {
        for (text, words) in [
            ("python3  server.py\t{port}", &["python3", "server.py", "{port}"][..]),
            (" 'a b' \"c d\" e\\ f ", &["a b", "c d", "e f"]),
            ("--name='x'\"y\"z ''", &["--name=xyz", ""]),
            (r#""\"\\\$\`\n" '\'"#, &[r#""\$`\n"#, r"\"]),
            ("$HOME * ~ | > ;", &["$HOME", "*", "~", "|", ">", ";"]),
            ("", &[]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for text in ["a 'b", "a \"b", "a \"b\\\"", "a\\"] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_command_must_say_where_the_port_goes() {
        let refused = |text| ForeignCommand::parse(text).unwrap_err().to_string();
        assert!(refused("server --port 80").contains("write {port} in its place"));
        assert!(refused("  ").contains("is empty"));
        assert!(refused("server '{port}").contains("not closed"));
    }

    #[test]
    fn port_and_workload_are_filled_in_wherever_they_stand() {
        let command = ForeignCommand::parse("serve '{workload} it' --bind=[::1]:{port}").unwrap();
        let arguments = command.arguments("echo", 81, &[0, 2]);
        let parent = process::id().to_string();
        let expected = [
            "launch",
            "--gate",
            "--with-parent",
            &parent,
            "--cpus",
            "0,2",
            "--",
            "serve",
            "echo it",
            "--bind=[::1]:81",
        ];
        assert_eq!(arguments[1..], expected);
        assert_eq!(command.typed(), "serve '{workload} it' --bind=[::1]:{port}");
    }

    #[test]
    fn a_folder_is_filled_in_where_the_command_takes_one() {
        let command = ForeignCommand::parse("serve {port} --root={root}").unwrap();
        assert!(command.takes_root() && !ForeignCommand::parse("serve {port}").unwrap().takes_root());
        let arguments = command.serving(Some(Path::new("/srv/pages"))).arguments("http", 81, &[]);
        assert_eq!(arguments.last().unwrap(), "--root=/srv/pages");
    }

    #[test]
    fn a_launcher_that_can_not_be_started_is_no_fault_of_the_command() {
        let command = ForeignCommand::parse("true {port}").unwrap().launched_by("/nonexistent/concur");
        let error = command.start("echo", &[], Duration::from_secs(1)).unwrap_err();
        assert!(error.is::<NotLaunched>(), "{error:#}");
    }

    proptest! {
        #[test]
        fn quoted_words_come_back_as_they_were(words in prop::collection::vec(".*", 0..5)) {
            let quoted: Vec<String> =
                words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
            prop_assert_eq!(split(&quoted.join(" ")).unwrap(), words);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = split(&text);
        }
    }
}
