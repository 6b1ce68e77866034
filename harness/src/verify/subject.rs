//! What is verified: how to reach a server, and what is known of it.

use std::fmt;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use models::address::Address;
use models::options::Choice;
use models::server::{Model, Room};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::case::{Verdict, ensure, failed, skipped};
use super::folder::Folder;
use crate::measure::tree::Tree;
use crate::server::ForeignCommand;
use crate::server::{Ended, ServeCommand, Server};
use crate::transport::Transport;

/// How long a server may take until it listens, or this many times the patience if that is more.
const READY_WITHIN: Duration = Duration::from_secs(10);
const PATIENCES_UNTIL_READY: u32 = 2;
/// How often to look whether something has come about.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// What was sent on this machine has arrived and is acknowledged, which the kernel puts off by 40 ms, within this time.
const ARRIVES_WITHIN: Duration = Duration::from_millis(300);
/// A case may take this many times as long as one wait ...
const WAITS_PER_CASE: u32 = 12;
/// ... and so much more for each connection, where many come one after another.
const TIME_PER_CONNECTION: Duration = Duration::from_millis(20);
/// How much later than its grace a server may end: alarm(2), which ends those that nothing else can, counts whole
/// seconds, and what is to end has to get the processor first.
const STOP_SLACK: Duration = Duration::from_secs(2);
/// On a machine where a patience like this is needed the slack grows with it.
const SLACKS_PER_PATIENCE: u32 = 5;
/// An idle connection is closed within this time after SIGTERM, or half the grace, or a fifth of the patience if one of
/// them is more.
const IDLE_AT_MOST: Duration = Duration::from_secs(1);
/// The workloads that serve a folder.
const WITH_FOLDER: [&str; 2] = ["http", "files"];
/// Descriptors that a model which can't have many needs for itself.
const DESCRIPTORS_OF_ITS_OWN: usize = 32;

/// The server to verify, as it was named.
#[derive(Clone)]
pub enum Target {
    /// One of our models, with options, over TCP or a Unix socket: each server is a `concur serve` process.
    Model(Choice, &'static Model, Transport),
    /// One of our models for datagrams, with options, over UDP.
    Datagrams(Choice),
    /// A command that starts one.
    Command(String, ForeignCommand),
    /// One that runs already, whose processes can't be seen.
    Address(Address, Transport),
}

/// What holds for all cases.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a server may take to do the next thing: to take bytes, to send some, to close.
    pub patience: Duration,
    /// How long what is under way may take once a server is asked to stop.
    pub grace: Duration,
    /// How many clients there are at once where there are many.
    pub at_once: usize,
    /// How many connections come and go where something might leak.
    pub connections: usize,
}

/// A server under test, and what its cases have to know.
pub struct Subject {
    address: Address,
    server: Option<Server>,
    /// When it was asked to stop.
    asked_at: Option<Instant>,
    facts: Arc<Facts>,
    time: CaseTime,
    folder: Option<Folder>,
}

/// How long a case may take. It is shared with the case's clients, so that what is added to it is theirs too.
#[derive(Debug, Clone)]
pub(super) struct CaseTime(Arc<Mutex<Limit>>);

#[derive(Debug, Clone, Copy)]
struct Limit {
    until: Instant,
    allowed: Duration,
}

/// What is known of a server before it is tried, and what comes to be known.
pub(super) struct Facts {
    pub(super) settings: Settings,
    /// For how many clients at once it has room, as far as that is asked of it.
    pub(super) at_once: usize,
    /// It is ours: what it serves is known to the byte.
    pub(super) is_ours: bool,
    /// The first body of `/hello`; all others must be the same.
    pub(super) hello: OnceLock<Vec<u8>>,
    target: Target,
    workload: &'static str,
    /// Somebody wants it all to end.
    stop: Arc<AtomicBool>,
}

impl Target {
    /// Starts the server; one that runs already is taken as it is.
    fn start(
        &self,
        workload: &str,
        folder: Option<&Path>,
        settings: &Settings,
        console: Option<&[&str]>,
    ) -> anyhow::Result<(Address, Option<Server>)> {
        let ready_within = READY_WITHIN.max(settings.patience * PATIENCES_UNTIL_READY);
        let server = match self {
            Self::Model(choice, _, transport) => {
                let command = ServeCommand::new(choice.to_string(), workload).transport(*transport);
                let command = command.root(folder).grace(settings.grace);
                command.console(console).start(ready_within)?
            }
            Self::Datagrams(choice) => {
                let command = ServeCommand::new(choice.to_string(), workload).transport(Transport::Udp);
                command.grace(settings.grace).console(console).start(ready_within)?
            }
            Self::Command(_, command) => {
                command.clone().serving(folder).start(workload, &[], ready_within)?
            }
            Self::Address(address, _) => return Ok((address.clone(), None)),
        };
        Ok((server.address(), Some(server)))
    }

    /// Whether it can be told which folder to serve.
    fn takes_folder(&self) -> bool {
        match self {
            Self::Model(..) => true,
            Self::Command(_, command) => command.takes_root(),
            Self::Datagrams(_) | Self::Address(..) => false,
        }
    }

    /// What it is reached over.
    pub(crate) fn transport(&self) -> Transport {
        match self {
            Self::Model(_, _, transport) | Self::Address(_, transport) => *transport,
            Self::Datagrams(_) => Transport::Udp,
            Self::Command(..) => Transport::Tcp,
        }
    }

    /// For how many clients at once the server has room, of `asked`.
    fn room(&self, asked: usize) -> usize {
        match self {
            Self::Model(choice, model, _) => asked.min(match (model.room)(&choice.options) {
                Room::One | Room::DealtOut(_) => 1, // two clients may be dealt out to the same worker
                Room::Workers(workers) => workers,
                Room::Descriptors(limit) => limit.saturating_sub(DESCRIPTORS_OF_ITS_OWN),
                Room::Many => usize::MAX,
            }),
            Self::Datagrams(_) | Self::Command(..) | Self::Address(..) => asked,
        }
    }
}

impl Target {
    /// For how many clients at once the server can do something slow. Where a model's workers are handed requests, and not
    /// clients, it has room for many clients, and workers for few of them.
    fn busy_at_once(&self) -> usize {
        match self {
            Self::Model(choice, ..) if choice.options.text("per") == Some("request") => {
                let cores = || thread::available_parallelism().map_or(1, NonZero::get);
                choice.options.number("workers").unwrap_or_else(cores)
            }
            _ => usize::MAX,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(choice, ..) | Self::Datagrams(choice) => choice.fmt(f),
            Self::Command(text, _) => f.write_str(text),
            Self::Address(address, _) => address.fmt(f),
        }
    }
}

impl Facts {
    pub(super) fn new(
        target: Target,
        workload: &'static str,
        settings: Settings,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self {
            settings,
            at_once: target.room(settings.at_once),
            is_ours: matches!(target, Target::Model(..) | Target::Datagrams(_)),
            hello: OnceLock::new(),
            target,
            workload,
            stop,
        }
    }

    /// What the server is reached over.
    pub(super) fn transport(&self) -> Transport {
        self.target.transport()
    }

    /// Starts a server.
    pub(super) fn subject(self: &Arc<Self>) -> anyhow::Result<Subject> {
        self.subject_with(None)
    }

    /// Starts a server that is told these things as well, and whose standard input is ours, if there are any.
    fn subject_with(self: &Arc<Self>, console: Option<&[&str]>) -> anyhow::Result<Subject> {
        let folder = self.folder()?;
        let path = folder.as_ref().map(Folder::root);
        let (address, server) = self.target.start(self.workload, path, &self.settings, console)?;
        let time = CaseTime::of(self.settings.patience, 0);
        Ok(Subject { address, server, asked_at: None, facts: Arc::clone(self), time, folder })
    }

    /// A folder for a server to serve, if its workload has one and it can be told which one: it is gone with the server.
    fn folder(&self) -> anyhow::Result<Option<Folder>> {
        if !self.target.takes_folder() || !WITH_FOLDER.contains(&self.workload) {
            return Ok(None);
        }
        Folder::make(self.workload == "files").map(Some)
    }

    /// Stops a case where somebody wants it all to end.
    pub(super) fn goes_on(&self) -> Verdict {
        if self.stop.load(Ordering::Relaxed) { skipped("it was interrupted") } else { Ok(()) }
    }

    /// How long what is asked to stop may take at most, all in all.
    fn stop_limit(&self) -> Duration {
        let Settings { grace, patience, .. } = self.settings;
        grace + STOP_SLACK.max(patience / SLACKS_PER_PATIENCE)
    }

    /// Whether we start the server, and so can look at its processes and stop it.
    pub(super) fn is_started_by_us(&self) -> bool {
        !matches!(self.target, Target::Address(..))
    }
}

impl CaseTime {
    /// From now on, with so many connections one after another.
    fn of(patience: Duration, connections: usize) -> Self {
        Self(Arc::new(Mutex::new(Limit::of(patience, connections))))
    }

    fn limit(&self) -> Limit {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left of it; a case with nothing left fails.
    pub(super) fn left(&self) -> Verdict<Duration> {
        let Limit { until, allowed } = self.limit();
        let left = until.saturating_duration_since(Instant::now());
        ensure(!left.is_zero(), || format!("the case took longer than {allowed:?}"))?;
        Ok(left)
    }
}

impl Limit {
    fn of(patience: Duration, connections: usize) -> Self {
        let connections = u32::try_from(connections).unwrap_or(u32::MAX);
        let allowed = patience * WAITS_PER_CASE + TIME_PER_CONNECTION.saturating_mul(connections);
        Self { until: Instant::now() + allowed, allowed }
    }
}

impl Subject {
    /// A case begins: its time runs.
    pub(super) fn begin_case(&mut self) {
        self.allow_for(0);
    }

    /// So many connections follow, one after another: the time for the case begins anew, also for the clients that are
    /// there already, and is longer.
    pub(super) fn allow_for(&mut self, connections: usize) {
        let limit = Limit::of(self.patience(), connections);
        *self.time.0.lock().unwrap_or_else(PoisonError::into_inner) = limit;
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// The folder that it serves. To be skipped where none is known.
    pub(super) fn folder(&self) -> Verdict<&Path> {
        self.served().map(Folder::root)
    }

    /// The same with what lies around it.
    pub(super) fn served(&self) -> Verdict<&Folder> {
        match &self.folder {
            Some(folder) => Ok(folder),
            None => {
                skipped("the folder that the server serves is not known; a command can take it as {root}")
            }
        }
    }

    /// When the case must be over.
    pub(super) fn time(&self) -> CaseTime {
        self.time.clone()
    }

    pub(super) fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }

    pub(super) fn patience(&self) -> Duration {
        self.facts.settings.patience
    }

    /// For how many clients at once there is room, and `at_most` so many. To be skipped where it is one.
    pub(super) fn several(&self, at_most: usize) -> Verdict<usize> {
        match self.facts.at_once.min(at_most) {
            0 | 1 => {
                skipped("the server has room for one client at a time, or may have one wait behind another")
            }
            several => Ok(several),
        }
    }

    /// Whether there is room for a second client.
    pub(super) fn has_room_for_two(&self) -> bool {
        self.facts.at_once > 1
    }

    /// Two clients must be able to wait for something slow at once. To be skipped where a worker waits with each and there
    /// may be one worker.
    pub(super) fn can_wait_for_two(&self) -> Verdict {
        match self.facts.target.busy_at_once() {
            0 | 1 => skipped("the server has one worker here, who waits with each client in turn"),
            _ => Ok(()),
        }
    }

    /// One more server of the same kind, started with options that only ours have, and with a console that can be typed at.
    pub(super) fn another(&self, options: &[&str]) -> Verdict<Self> {
        if !self.facts.is_ours {
            return skipped(
                "only our own servers are known to take the options, or the console, that this needs",
            );
        }
        self.facts.subject_with(Some(options)).or_else(|error| failed(format!("{error:#}")))
    }

    /// Types a line at the server's console.
    pub(super) fn type_line(&mut self, line: &str) -> Verdict {
        match &mut self.server {
            Some(server) => {
                server.type_line(line).or_else(|error| failed(format!("its console takes nothing: {error}")))
            }
            None => skipped(NO_PROCESS),
        }
    }

    /// Ends the input of the server's console.
    pub(super) fn end_input(&mut self) {
        if let Some(server) = &mut self.server {
            server.end_input();
        }
    }

    /// The server's processes.
    pub(super) fn tree(&self) -> Verdict<Tree> {
        Ok(self.server()?.tree())
    }

    /// What is wrong if the server has ended all by itself.
    pub(super) fn early_end(&mut self) -> Option<String> {
        if self.asked_at.is_some() || self.server.as_ref().is_none_or(Server::is_running) {
            return None;
        }
        let ended = self.server.take()?.stop(Duration::ZERO);
        Some(match ended {
            Ok(ended) => ended.trouble().unwrap_or_else(|| "ended".to_owned()),
            Err(error) => format!("ended, and {error:#}"),
        })
    }

    /// Whether the server was one of ours and is no more.
    pub(super) fn is_gone(&self) -> bool {
        self.server.is_none() && self.facts.is_started_by_us()
    }

    /// Sends the signal that asks a server to stop.
    pub(super) fn ask_to_stop(&mut self) -> Verdict {
        self.asked_at = Some(Instant::now());
        let pid = Pid::from_raw(self.server()?.pid().cast_signed());
        kill(pid, Signal::SIGTERM).or_else(|error| failed(format!("SIGTERM can't be sent to it: {error}")))
    }

    /// Kills the server with all its processes, and waits until they are gone.
    pub(super) fn kill(&mut self) -> Verdict {
        let tree = self.tree()?;
        self.asked_at = Some(Instant::now()); // its end is our doing
        send_all(tree, Signal::SIGKILL).or_else(|error| skipped(unseen(&error)))?;
        let server = self.server()?;
        let gone = eventually(self.patience(), || Ok(!server.is_running()))?;
        ensure(gone, || "the server was killed, and is still there".to_owned())
    }

    /// Asks the server to stop behind its back: all its processes are held (SIGSTOP) while `act` runs, so that whatever
    /// it sends has arrived and is surely unanswered when they go on and find the signal.
    pub(super) fn ask_to_stop_behind(&mut self, act: impl FnOnce() -> Verdict) -> Verdict {
        let tree = self.tree()?;
        let held = eventually(self.patience(), || {
            send_all(tree, Signal::SIGSTOP)?;
            tree.is_stopped()
        });
        let asked = held.and_then(|held| {
            ensure(held, || "its processes can't be held: SIGSTOP does not stop them".to_owned())?;
            act()?;
            wait_for_arrival(self.address());
            self.ask_to_stop()
        });
        let released = send_all(tree, Signal::SIGCONT).or_else(|error| skipped(unseen(&error)));
        asked.and(released)
    }

    /// Idle clients have had their end, which must come soon: there is nothing to wait for.
    pub(super) fn was_soon(&self) -> Verdict {
        let Settings { grace, patience, .. } = self.facts.settings;
        let limit = IDLE_AT_MOST.max(grace / 2).max(patience / SLACKS_PER_PATIENCE);
        let took = self.asked_at.map(|asked| asked.elapsed()).unwrap_or_default();
        ensure(took <= limit, || {
            format!("expected it within {limit:?} after SIGTERM, and it took {took:.1?}")
        })
    }

    /// Waits until the server has ended, which it must within its grace and a little, and looks at how it did.
    pub(super) fn has_stopped(&mut self) -> Verdict {
        let limit = self.facts.stop_limit();
        let server = self.server()?;
        let gone = self.asked_at.map(|asked| asked.elapsed()).unwrap_or_default();
        let in_time = eventually(limit.saturating_sub(gone), || Ok(!server.is_running()))?;
        ensure(in_time, || format!("the server was still there {limit:?} after SIGTERM"))?;
        // It has ended already, and that is not too early. What it left behind is another case's business.
        let ended = Ended { early: false, leftovers: 0, ..self.stop()? };
        ended.trouble().map_or(Ok(()), |trouble| failed(format!("after SIGTERM the server {trouble}")))
    }

    /// Stops the server and gives how it ended.
    pub(super) fn stop(&mut self) -> Verdict<Ended> {
        let limit = self.facts.stop_limit();
        let Some(server) = self.server.take() else { return skipped(NO_PROCESS) };
        server.stop(limit).or_else(|error| failed(format!("the server can't be stopped: {error:#}")))
    }

    fn server(&self) -> Verdict<&Server> {
        match &self.server {
            Some(server) => Ok(server),
            None => skipped(NO_PROCESS),
        }
    }
}

/// Why a case that needs the server's processes is skipped.
pub(super) const NO_PROCESS: &str = "the server runs already, so its processes can't be watched or stopped";

/// Looks again and again until `condition` holds, and says whether it came to.
pub(crate) fn eventually(limit: Duration, mut condition: impl FnMut() -> io::Result<bool>) -> Verdict<bool> {
    let deadline = Instant::now() + limit;
    loop {
        match condition() {
            Ok(true) => return Ok(true),
            Ok(false) if Instant::now() >= deadline => return Ok(false),
            Ok(false) => thread::sleep(LOOK_EVERY),
            Err(error) => return skipped(unseen(&error)),
        }
    }
}

/// Waits until a server has what was sent to it: on a busy machine the kernel carries that when a send has returned already.
/// What a full buffer keeps back does not arrive, so nobody waits for long; and where the kernel does not tell, nobody waits.
fn wait_for_arrival(server: &Address) {
    let Address::Ip(server) = server else { return };
    let connections = || if server.is_ipv4() { procfs::net::tcp() } else { procfs::net::tcp6() };
    let deadline = Instant::now() + ARRIVES_WITHIN;
    let is_under_way = |connections: Vec<procfs::net::TcpNetEntry>| {
        connections.iter().any(|connection| connection.remote_address == *server && connection.tx_queue > 0)
    };
    while Instant::now() < deadline && connections().is_ok_and(is_under_way) {
        thread::sleep(LOOK_EVERY);
    }
}

/// Sends a signal to all processes of a server.
pub(crate) fn send_all(tree: Tree, signal: Signal) -> io::Result<()> {
    for process in tree.living()? {
        match kill(Pid::from_raw(process.pid), signal) {
            Ok(()) | Err(Errno::ESRCH) => {} // it may have ended just now
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Why a case is skipped whose server can't be looked into.
pub(crate) fn unseen(error: &io::Error) -> String {
    format!("the server's processes can't be looked into: {error}")
}
