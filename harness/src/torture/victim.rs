//! The server under torture: how it is started, with what it must make do, and what it needs when nobody asks.

use std::fs;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::process;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use models::options::Choice;
use models::server::{Model, Room};
use nix::unistd::Uid;

use super::Settings;
use crate::measure::limits::Confine;
use crate::measure::tree::Tree;
use crate::server::{Ended, ForeignCommand, Server, own_program};
use crate::verify::case::{Verdict, skipped};
use crate::verify::subject::unseen;

/// How long a server may take until it listens.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How much later than its grace a server may end.
const STOP_SLACK: Duration = Duration::from_secs(2);
/// How often, and how many times, to look whether it has come to rest.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS_AT_MOST: usize = 30;
/// The numbers from which a user is taken who has no processes.
const UNUSED_USERS: Range<u32> = 60_100..61_100;
/// The program that is running, for a process that becomes a user who may not look into its directory.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// So much longer than usual a patient server waits for a silent client.
const PATIENT: Duration = Duration::from_secs(15);
/// Stacks of this size, in MiB, leave room for everything else when there is no room for one more.
const LARGE_STACK: &str = "8m";
/// The same for who asks the environment: one heap for all threads (mallopt(3)), and the stacks of std's threads, in bytes.
/// Those of pthreads are as large by themselves (`ulimit -s`).
const LARGE_STACKS: [(&str, &str); 2] = [("MALLOC_ARENA_MAX", "1"), ("RUST_MIN_STACK", "8388608")];

/// Who is tortured.
#[derive(Clone)]
pub enum Target {
    /// One of our models, with its options.
    Model(Choice, &'static Model),
    /// A command that starts a server.
    Command(ForeignCommand),
}

/// With what a server must make do.
#[derive(Debug, Clone, Default)]
pub(super) struct Means {
    pub(super) limits: Vec<Confine>,
    /// As a user without privileges, whom all limits bind.
    pub(super) user: Option<u32>,
    /// Threads get large stacks, and share one heap: so addresses run out by stacks, and not by heaps.
    pub(super) large_stacks: bool,
    /// It does not give up on silent clients while a fault lasts.
    pub(super) is_patient: bool,
}

/// For how many clients at once it has room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space {
    /// Workers that have one client each; none: for many.
    pub(super) workers: Option<usize>,
    /// Who comes may have to wait behind one client though another worker is free.
    pub(super) dealt_out: bool,
    /// More than this many at once are none of its business.
    pub(super) at_most: usize,
}

/// One that is running.
pub(super) struct Victim {
    server: Option<Server>,
    address: SocketAddr,
    tree: Tree,
    pid: u32,
}

/// What a server needs while nobody asks for anything, the most of any of its processes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The numbers of its open descriptors, in order.
    descriptors: Vec<u64>,
    /// Processes and threads, of all its processes together.
    pub(super) tasks: u64,
    /// Bytes of addresses.
    pub(super) address_bytes: u64,
}

impl Target {
    /// As it was named.
    pub fn name(&self) -> String {
        match self {
            Self::Model(choice, _) => choice.to_string(),
            Self::Command(command) => command.typed().to_owned(),
        }
    }

    /// Whether it is one of our own.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self, Self::Model(..))
    }

    /// For how many clients at once it has room; anybody's server is taken to have room for many.
    pub(super) fn space(&self) -> Space {
        let many = Space { workers: None, dealt_out: false, at_most: usize::MAX };
        match self {
            Self::Model(choice, model) => match (model.room)(&choice.options) {
                Room::One => Space { workers: Some(1), ..many },
                Room::Workers(workers) => Space { workers: Some(workers), ..many },
                Room::DealtOut(workers) => Space { workers: Some(workers), dealt_out: true, ..many },
                Room::Descriptors(limit) => Space { at_most: limit.saturating_sub(64), ..many },
                Room::Many => many,
            },
            Self::Command(_) => many,
        }
    }

    /// Starts it.
    pub(super) fn start(&self, settings: &Settings, means: &Means) -> Result<Victim> {
        let ready_within = READY_WITHIN.max(settings.patience * 2);
        let server = self.command(settings, means).start("http", &[], ready_within)?;
        let address = server.address().ip().context("the server does not listen on an IP address")?;
        Ok(Victim { tree: server.tree(), pid: server.pid(), server: Some(server), address })
    }

    fn command(&self, settings: &Settings, means: &Means) -> ForeignCommand {
        let command = match self {
            Self::Command(command) => command.clone(),
            Self::Model(choice, model) => {
                let mut choice = choice.clone();
                if means.large_stacks && model.options.iter().any(|spec| spec.key == "stack") {
                    choice.options.set_default("stack", LARGE_STACK);
                }
                ForeignCommand::of_words(own_words(&choice, settings, means), choice.to_string())
            }
        };
        let environment: &[_] = if means.large_stacks { &LARGE_STACKS } else { &[] };
        command.confined(&means.limits).as_user(means.user).with_environment(environment)
    }
}

/// `concur serve`, whose clients are given up soon.
fn own_words(choice: &Choice, settings: &Settings, means: &Means) -> Vec<String> {
    let program = if means.user.is_some() { OWN_PROGRAM.into() } else { own_program() };
    let milliseconds = |time: Duration| format!("{}ms", time.as_millis());
    let mut words = Vec::new();
    words.push(program.to_string_lossy().into_owned());
    words.extend(
        ["serve", &choice.to_string(), "--workload", "http", "--bind", "127.0.0.1:{port}"].map(str::to_owned),
    );
    words.extend(["--with-parent".to_owned(), process::id().to_string()]);
    let hold = if means.is_patient { settings.hold + PATIENT } else { settings.hold };
    words.extend(["--request-time".to_owned(), milliseconds(hold)]);
    words.extend(["--idle-time".to_owned(), milliseconds(hold)]);
    words.extend(["--grace".to_owned(), milliseconds(settings.grace)]);
    words
}

impl Victim {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn tree(&self) -> Tree {
        self.tree
    }

    /// Its first process.
    pub(super) fn pid(&self) -> i32 {
        self.pid.cast_signed()
    }

    pub(super) fn is_running(&self) -> bool {
        self.server.as_ref().is_some_and(Server::is_running)
    }

    /// Stops it and says how it ended; none if that was known already.
    pub(super) fn stop(&mut self, grace: Duration) -> Option<Result<Ended>> {
        Some(self.server.take()?.stop(grace + STOP_SLACK))
    }

    /// What it needs once that has stopped changing: a server may listen before all its workers are there.
    pub(super) fn needs(&self) -> Verdict<Needs> {
        let look = || self.look().or_else(|error| skipped(unseen(&error)));
        let mut needs = look()?;
        for _ in 0..LOOKS_AT_MOST {
            thread::sleep(LOOK_EVERY);
            let now = look()?;
            if now == needs {
                break;
            }
            needs = now;
        }
        Ok(needs)
    }

    fn look(&self) -> std::io::Result<Needs> {
        let sample = self.tree.sample()?;
        let mut needs = Needs { tasks: sample.threads, ..Needs::default() };
        for process in self.tree.living()? {
            let descriptors = descriptors(process.pid).unwrap_or_default();
            if descriptors.len() > needs.descriptors.len() {
                needs.descriptors = descriptors;
            }
            let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
            let kib = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
            needs.address_bytes = needs.address_bytes.max(kib.unwrap_or_default() * 1024);
        }
        Ok(needs)
    }
}

impl Needs {
    /// The limit of descriptors that leaves room for so many more. It is one of numbers, and a new descriptor gets the least
    /// that is free: what was open above the limit before stays, and takes none of this room.
    pub(super) fn descriptors_and(&self, more: u64) -> u64 {
        let mut limit = more;
        for number in &self.descriptors {
            if *number < limit {
                limit += 1;
            }
        }
        limit
    }
}

fn descriptors(pid: i32) -> Option<Vec<u64>> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let mut numbers: Vec<u64> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    Some(numbers)
}

/// A user who has no processes, so that what the server makes is all that counts; none where we may become nobody else. Two
/// processes that look at the same time begin with different ones, since neither has a server yet for the other to see.
pub(super) fn unused_user() -> Option<u32> {
    if !Uid::effective().is_root() {
        return None;
    }
    let owners: Vec<u32> = fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            entry.file_name().to_str()?.parse::<u32>().ok()?;
            Some(entry.metadata().ok()?.uid())
        })
        .collect();
    let first = process::id() as usize % UNUSED_USERS.len();
    UNUSED_USERS.cycle().skip(first).take(UNUSED_USERS.len()).find(|user| !owners.contains(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_high_descriptor_takes_no_room_below_the_limit() {
        let needs = Needs { descriptors: vec![0, 1, 2, 5, 251], ..Needs::default() };
        assert_eq!(needs.descriptors_and(0), 0);
        assert_eq!(needs.descriptors_and(1), 4);
        assert_eq!(needs.descriptors_and(3), 7);
        assert_eq!(needs.descriptors_and(16), 20);
    }
}
