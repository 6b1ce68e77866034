//! Torture: what a server goes through when everything goes wrong around it, and what its good clients notice of that.
//!
//! A *fault* is something that happens to a server from outside: clients who misbehave by the hundred, means that run out,
//! signals. It goes on for its share of the time, while a *good client* asks all the time, on connections of its own, and
//! checks every reply to the byte. When the fault is over, a good client must be served; the server must hold no more
//! descriptors, threads and processes than before and hardly more memory; and it must sleep when nobody asks.
//!
//! # What a lost request is
//!
//! A good client sends a request when the server has room for it, and waits for as long as an answer may take. The request is
//!
//! * *answered*, if a reply came within that time that is well-formed, whole, and to the byte what was asked for;
//! * *wrong*, if another one came, or bytes behind it that nobody asked for;
//! * *cut*, if a reply began and the connection ended before it did;
//! * *lost*, if there was no connection, or it ended with not a byte of a reply, or nothing whole came in time.
//!
//! One request that is wrong, cut or lost fails the fault. What is no loss:
//!
//! * *Turned away*: while a server has no descriptors, processes, threads or memory for one more client
//!   (`descriptors`, `no-processes`, `no-memory`, `flood`), newcomers may wait in the kernel's queue, or find their connection
//!   closed before the first byte of a reply. They are counted, and after the fault a newcomer must be served. But the good
//!   client who was let in before the shortage is served on, and a reply that has begun is never cut, not even a newcomer's.
//! * In `kill-workers` the client of the worker that was killed loses its request by our own hand: it is not a good client,
//!   and the good one never has a worker that is killed.
//! * In `terminate` a request that was on its way when SIGTERM came may find its connection closed before the first byte of
//!   a reply, since a client can ask another server then (RFC 9112, 9.3.1). A reply that has begun comes whole.
//!
//! How long an answer may take is the patience (`--patience`) where the server has room for many clients. Where each client
//! has a worker of its own (`loop`, `prefork`, `prethread`, `thread-pool`), those who misbehave hold all of them, and a few
//! more wait in front of the good client: it may have to wait until their time is over, once for each round of them. Our own
//! servers are told to give up on a silent client and on an unfinished request after two seconds, so that this can be seen.
//! The table says the limit of each row.
//!
//! * `victim` starts the server; `trial` is one fault at work on it, and judges; `account` knows what it holds;
//! * `good` is the good client, `menu` what it asks for, `talk` its connection;
//! * `crowd` are those who misbehave together; `slow`, `resets`, `nonsense`, `shortage` and `signals` have the
//!   faults; `long` mixes them for as long as one likes.
//!
//! One server is tortured at a time: that it sleeps is seen by its processor time, and how soon it answers by the clock, and
//! a second one beside it would disturb both.

mod account;
mod crowd;
mod good;
mod long;
mod menu;
mod nonsense;
mod resets;
mod shortage;
mod signals;
mod slow;
mod talk;
mod trial;
mod victim;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reports::record::{GoodClient, Inflicted, TortureRow};

pub use self::victim::Target;

use self::menu::Menu;
use self::trial::{Ground, Outcome, Trial, attempt};
use self::victim::{Means, Needs, Victim};
use crate::verify::case::{Stop, Verdict, failed};

/// What holds for all faults.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long all faults of a server take together, about.
    pub time: Duration,
    /// How long an answer may take where the server has room.
    pub patience: Duration,
    /// How long what is under way may take once a server is asked to stop.
    pub grace: Duration,
    /// How many clients misbehave at once where there is room for many.
    pub at_once: usize,
    /// After how long our own servers give up on a silent client, and on a request that does not become whole.
    pub hold: Duration,
    /// What all that is by chance follows from.
    pub seed: u64,
}

/// Something that happens to a server.
pub struct Fault {
    /// The name it is asked for by: `slow-headers`.
    pub name: &'static str,
    /// One sentence: what happens, and what must hold.
    pub about: &'static str,
    /// How long it takes, compared with the others.
    weight: u32,
    /// Which server it happens to.
    setting: Setting,
    /// Which good clients are there.
    company: Company,
    act: fn(&mut Trial<'_>) -> Verdict,
}

/// Which server a fault happens to.
enum Setting {
    /// The one that goes through the others as well.
    Shared,
    /// One of its own.
    Own,
    /// One of its own with so much that it must make do with; and whether its stacks are large, also while it is looked what
    /// it needs at rest.
    Confined(fn(&Needs) -> Verdict<Means>, bool),
}

/// Which good clients there are meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Company {
    /// As many as go well together with a server of this kind.
    Usual,
    /// One who was let in before, and one who comes anew for each request and may be turned away.
    Before,
    /// None: the fault has its own.
    None,
}

/// All faults, in the order in which they happen.
pub fn faults() -> &'static [Fault] {
    &FAULTS
}

/// A fault that happens to the server that others use as well.
const fn shared(
    name: &'static str,
    about: &'static str,
    weight: u32,
    act: fn(&mut Trial<'_>) -> Verdict,
) -> Fault {
    Fault { name, about, weight, setting: Setting::Shared, company: Company::Usual, act }
}

/// One that happens to a server with little of something.
const fn confined(
    name: &'static str,
    about: &'static str,
    means: fn(&Needs) -> Verdict<Means>,
    act: fn(&mut Trial<'_>) -> Verdict,
) -> Fault {
    Fault { name, about, weight: 3, setting: Setting::Confined(means, false), company: Company::Before, act }
}

static FAULTS: [Fault; 15] = [
    shared(
        "slow-headers",
        "Clients (--at-once) send a head a byte at a time and never end it; whoever is thrown out comes again.",
        6,
        slow::headers,
    ),
    shared(
        "slow-bodies",
        "The same with a body that is announced and comes a byte at a time.",
        4,
        slow::bodies,
    ),
    shared(
        "slow-readers",
        "Clients ask for 10 MB each and read a byte at a time: what they do not read must not pile up in the server.",
        6,
        slow::readers,
    ),
    shared(
        "half-open",
        "Clients connect and say nothing, some of them half closed, some behind half a request.",
        4,
        slow::half_open,
    ),
    shared(
        "resets-in-reply",
        "Clients read a reply up to each of its bytes in turn and reset the connection there, and within large replies.",
        4,
        resets::within_replies,
    ),
    shared(
        "resets-in-request",
        "Clients send requests up to each of their bytes in turn and reset the connection there.",
        3,
        resets::within_requests,
    ),
    shared(
        "garbage",
        "Clients send random bytes (--seed): what comes back, if anything, is well-formed HTTP, and then the end.",
        3,
        nonsense::garbage,
    ),
    shared(
        "mutations",
        "Clients send valid requests with a few bytes changed at random (--seed): every reply is well-formed HTTP.",
        4,
        nonsense::mutations,
    ),
    shared(
        "stop-cont",
        "All processes of the server are held (SIGSTOP) and let go on (SIGCONT): every request that waited is answered.",
        3,
        signals::hold,
    ),
    Fault {
        name: "kill-workers",
        about: "The worker process of a client is killed (SIGKILL), again and again: that client is lost and nobody else, and \
                a worker that was made beforehand is replaced.",
        weight: 3,
        setting: Setting::Own,
        company: Company::Usual,
        act: signals::kill_workers,
    },
    confined(
        "flood",
        "Waves of 600 clients, more than the server has descriptors for, ask and leave by a reset: who is in is served on.",
        shortage::flood_descriptors,
        shortage::flood,
    ),
    confined(
        "descriptors",
        "The server has 16 descriptors more than it needs at rest (RLIMIT_NOFILE) and 64 clients come: it neither turns \
         without sleeping nor stops, and serves on when they leave.",
        shortage::few_descriptors,
        shortage::outlast,
    ),
    confined(
        "no-processes",
        "The server may make 8 processes or threads (RLIMIT_NPROC) and 64 clients come: who can't be served is turned away, \
         and nobody else.",
        shortage::few_tasks,
        shortage::outlast,
    ),
    Fault {
        name: "no-memory",
        about: "The server has addresses for a few stacks (RLIMIT_AS) and 64 clients come: who can't be served is turned away, \
                and nobody else.",
        weight: 3,
        setting: Setting::Confined(shortage::few_addresses, true),
        company: Company::Before,
        act: shortage::outlast,
    },
    Fault {
        name: "terminate",
        about: "SIGTERM comes while many ask as fast as they can: no reply that has begun is cut, and the server ends in \
                order, within its grace (--grace).",
        weight: 3,
        setting: Setting::Own,
        company: Company::None,
        act: signals::terminate,
    },
];

/// One server, and what happens to it.
pub struct Torture<'a> {
    /// Who is tortured.
    pub target: Target,
    /// By what.
    pub faults: Vec<&'static Fault>,
    /// How.
    pub settings: Settings,
    /// Set when somebody wants it all to end.
    pub stop: &'a AtomicBool,
}

/// What a server is known to be like.
struct Known {
    victim: Victim,
    menu: Arc<Menu>,
    at_rest: Needs,
}

impl Torture<'_> {
    /// Has everything happen, one after the other, and tells of each as it is over.
    pub fn run(&self, mut tell: impl FnMut(&TortureRow)) -> Vec<TortureRow> {
        let weights: u32 = self.faults.iter().map(|fault| fault.weight).sum();
        let mut shared: Option<Known> = None;
        let mut rows = Vec::new();
        for (index, fault) in self.faults.iter().enumerate() {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let begun = Instant::now();
            let share = self.settings.time * fault.weight / weights.max(1);
            let seed = self.settings.seed.wrapping_add(index as u64);
            let outcome = self.happen(fault, &mut shared, share, seed);
            let row = outcome.row(self.target.name(), fault.name, begun.elapsed().as_secs_f64());
            tell(&row);
            rows.push(row);
        }
        if let Some(mut known) = shared {
            let _ = known.victim.stop(self.settings.grace); // how it ends is what `terminate` is about
        }
        rows
    }

    fn happen(&self, fault: &Fault, shared: &mut Option<Known>, share: Duration, seed: u64) -> Outcome {
        match self.try_fault(fault, shared, share, seed) {
            Ok(outcome) => outcome,
            Err(stop) => nothing_done(stop),
        }
    }

    fn try_fault(
        &self,
        fault: &Fault,
        shared: &mut Option<Known>,
        share: Duration,
        seed: u64,
    ) -> Result<Outcome, Stop> {
        if shared.is_none() {
            *shared = Some(self.start(&Means::default())?);
        }
        let Some(known) = shared else { return Err(Stop::Skipped(String::new())) };
        let (at_rest, menu) = (known.at_rest.clone(), Arc::clone(&known.menu));
        let mut own = match fault.setting {
            Setting::Shared => None,
            // Patient, so that whose worker is killed is not given up before that is found.
            Setting::Own => Some(self.start(&Means { is_patient: true, ..Means::default() })?.victim),
            Setting::Confined(means, false) => Some(self.start_victim(&means(&at_rest)?)?),
            Setting::Confined(means, true) => {
                Some(self.start_victim(&means(&self.needs_with_large_stacks()?)?)?)
            }
        };
        let is_shared = own.is_none();
        let ground = Ground {
            victim: own.as_mut().unwrap_or(&mut known.victim),
            menu,
            settings: &self.settings,
            space: self.target.space(),
            is_ours: self.target.is_ours(),
            at_rest,
            seed,
            share,
            stop: self.stop,
        };
        let outcome = attempt(fault, ground);
        if let Some(mut own) = own {
            let _ = own.stop(self.settings.grace);
        }
        if is_shared && matches!(outcome.verdict, Err(Stop::Failed(_))) {
            *shared = None; // who knows in which state it is: the next fault gets another one
        }
        Ok(outcome)
    }

    fn start(&self, means: &Means) -> Verdict<Known> {
        let victim = self.start_victim(means)?;
        let menu = Menu::of(&victim, self.target.is_ours())?;
        let at_rest = victim.needs()?;
        Ok(Known { victim, menu: Arc::new(menu), at_rest })
    }

    fn start_victim(&self, means: &Means) -> Verdict<Victim> {
        self.target.start(&self.settings, means).or_else(|error| failed(format!("{error:#}")))
    }

    /// What a server with large stacks needs at rest.
    fn needs_with_large_stacks(&self) -> Verdict<Needs> {
        let mut known = self.start(&Means { large_stacks: true, ..Means::default() })?;
        let _ = known.victim.stop(self.settings.grace); // it has said what it was asked
        Ok(known.at_rest)
    }
}

fn nothing_done(stop: Stop) -> Outcome {
    Outcome {
        verdict: Err(stop),
        done: Inflicted::default(),
        good: GoodClient::default(),
        pss_peak_bytes: None,
        after: None,
    }
}
