//! One server under one fault: what the fault may use, and what is judged when it is over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use reports::record::{Endured, GoodClient, Inflicted, TortureRow};

use super::account::{After, Before};
use super::good::{Good, Role, Tally};
use super::menu::Menu;
use super::talk::Talk;
use super::victim::{Needs, Space, Victim};
use super::{Company, Fault, Settings};
use crate::measure::sampler::{Sampler, Sampling};
use crate::measure::tree::Tree;
use crate::verify::case::{Stop, Verdict, Within, failed};

/// How many are few: so many more than a server has workers, where each has one client.
const MORE_THAN_WORKERS: usize = 2;
/// Of a fault's share this is left for what comes before and after.
const AROUND: Duration = Duration::from_millis(900);
/// A fault goes on for so long at least.
const AT_LEAST: Duration = Duration::from_millis(400);
/// Time for a server that is about to end, which may be why a fault has failed.
const LAST_BREATH: Duration = Duration::from_millis(50);

/// A fault at work on a server.
pub(super) struct Trial<'a> {
    pub(super) victim: &'a mut Victim,
    pub(super) menu: Arc<Menu>,
    pub(super) settings: &'a Settings,
    pub(super) space: Space,
    pub(super) is_ours: bool,
    /// What the server needs at rest.
    pub(super) at_rest: Needs,
    pub(super) rng: Rng,
    pub(super) good: Good,
    pub(super) done: Inflicted,
    /// What others saw besides the good client.
    seen: Tally,
    share: Duration,
    until: Instant,
    stop: &'a AtomicBool,
}

/// All that a trial begins with.
pub(super) struct Ground<'a> {
    pub(super) victim: &'a mut Victim,
    pub(super) menu: Arc<Menu>,
    pub(super) settings: &'a Settings,
    pub(super) space: Space,
    pub(super) is_ours: bool,
    pub(super) at_rest: Needs,
    pub(super) seed: u64,
    pub(super) share: Duration,
    pub(super) stop: &'a AtomicBool,
}

/// What came of a trial.
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) done: Inflicted,
    pub(super) good: GoodClient,
    pub(super) pss_peak_bytes: Option<u64>,
    pub(super) after: Option<After>,
}

impl Trial<'_> {
    pub(super) fn address(&self) -> SocketAddr {
        self.victim.address()
    }

    pub(super) fn tree(&self) -> Tree {
        self.victim.tree()
    }

    pub(super) fn pid(&self) -> i32 {
        self.victim.pid()
    }

    /// Whether the fault goes on.
    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < self.until && !self.is_interrupted() && self.victim.is_running()
    }

    /// Somebody wants it all to end.
    pub(super) fn is_interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// How long the fault goes on.
    pub(super) fn share(&self) -> Duration {
        self.share
    }

    /// How many clients misbehave at once.
    pub(super) fn many(&self) -> usize {
        self.space.many(self.settings.at_once)
    }

    /// How long an answer may take.
    pub(super) fn limit(&self) -> Duration {
        self.space.limit(self.settings)
    }

    /// Somebody else than the good client has seen this, of good requests all the same.
    pub(super) fn saw(
        &mut self,
        answered: u64,
        [wrong, cut, lost]: [u64; 3],
        slowest: Duration,
        first: Option<String>,
    ) {
        let slowest_ms = slowest.as_secs_f64() * 1e3;
        let counts = GoodClient { answered, wrong, cut, lost, slowest_ms, ..GoodClient::default() };
        self.seen.join(&Tally { counts, first });
    }
}

impl Space {
    /// How many clients misbehave at once: of `asked` so many as the server has room for; where each client has a worker, a
    /// few more than there are workers, since those wait in the kernel's queue, in front of the good one.
    pub(super) fn many(&self, asked: usize) -> usize {
        self.workers.map_or(asked, |workers| workers + MORE_THAN_WORKERS).min(self.at_most)
    }

    /// How long an answer may take: where there is room, the patience. Where workers are held by others the good client
    /// waits until the time of those in front of it is over.
    pub(super) fn limit(&self, settings: &Settings) -> Duration {
        let Some(workers) = self.workers else { return settings.patience };
        let served_at_once = if self.dealt_out { 1 } else { workers };
        let rounds = self.many(settings.at_once).div_ceil(served_at_once) + 1;
        settings.patience + settings.hold * u32::try_from(rounds).unwrap_or(u32::MAX)
    }

    /// Which good clients there are.
    pub(super) fn roles(&self, company: Company) -> &'static [Role] {
        match (company, self.workers) {
            (Company::None, _) => &[],
            (Company::Before, _) => &[Role::Kept, Role::Newcomer],
            (Company::Usual, Some(_)) => &[Role::Fresh],
            (Company::Usual, None) => &[Role::Kept, Role::Kept, Role::Fresh],
        }
    }
}

/// Tries a fault.
pub(super) fn attempt(fault: &Fault, ground: Ground<'_>) -> Outcome {
    let Ground { victim, menu, settings, space, is_ours, at_rest, seed, share, stop } = ground;
    let tree = victim.tree();
    let sampler = Sampler::start(tree, Sampling::default()).ok();
    let limit = space.limit(settings);
    // One that has just begun to listen may still be getting ready: its first answer says that it is.
    let is_ready = served(victim, &menu, limit).within("before the fault");
    let before = Before::of(tree, settings.patience);
    let good = Good::begin(space.roles(fault.company), victim.address(), &menu, limit, seed);
    let share = share.saturating_sub(AROUND).max(AT_LEAST);
    let mut trial = Trial {
        victim,
        menu,
        settings,
        space,
        is_ours,
        at_rest,
        rng: Rng::with_seed(seed),
        good,
        done: Inflicted::default(),
        seen: Tally::default(),
        share,
        until: Instant::now() + share,
        stop,
    };
    let mut verdict = is_ready.and_then(|()| (fault.act)(&mut trial));
    let Trial { victim, menu, done, good, seen, .. } = trial;
    let mut tally = good.end();
    tally.join(&seen);
    let mut after = None;
    if fault.company != Company::None {
        if verdict.is_ok() || matches!(verdict, Err(Stop::Skipped(_))) {
            let is_served = match fault.company {
                Company::Before => served_soon(victim, &menu, limit),
                Company::Usual | Company::None => served(victim, &menu, limit),
            };
            verdict = worse(verdict, is_served.within("when the fault was over"));
        }
        if let (Ok(()), Ok(before)) = (&verdict, before) {
            let (seen, is_back) = before.is_back(tree, limit + settings.hold);
            after = Some(seen);
            verdict = is_back.within("when the fault was over and everybody had gone");
        }
    }
    verdict = worse(verdict, lost(&tally));
    let pss_peak_bytes = sampler.and_then(|sampler| sampler.stop().pss_bytes);
    if fault.company != Company::None {
        verdict = with_end(verdict, victim);
    }
    Outcome { verdict, done, good: tally.counts, pss_peak_bytes, after }
}

/// A failure counts more than that something could not be tried.
fn worse(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Err(Stop::Failed(reason)), Err(Stop::Failed(other))) => failed(format!("{reason}; {other}")),
        (Err(Stop::Failed(reason)), _) | (_, Err(Stop::Failed(reason))) => failed(reason),
        (Err(skipped), _) => Err(skipped),
        (Ok(()), other) => other,
    }
}

/// A good client must be served now.
fn served(victim: &Victim, menu: &Menu, limit: Duration) -> Verdict {
    let until = Instant::now() + limit;
    let outcome =
        Talk::connect(victim.address(), limit).and_then(|mut talk| talk.ask(&menu.hello(false), until));
    outcome.or_else(|trouble| failed(format!("a good client is not served: {}", trouble.words())))
}

/// The same where those for whom nothing was left have only just gone: what they had comes free in a moment.
fn served_soon(victim: &Victim, menu: &Menu, limit: Duration) -> Verdict {
    let deadline = Instant::now() + limit;
    loop {
        match served(victim, menu, limit) {
            Err(Stop::Failed(_)) if Instant::now() < deadline && victim.is_running() => {
                thread::sleep(LAST_BREATH);
            }
            verdict => return verdict,
        }
    }
}

/// Not one good request may be lost.
fn lost(tally: &Tally) -> Verdict {
    let GoodClient { answered, wrong, cut, lost, .. } = tally.counts;
    let Some(first) = tally.first.as_ref().filter(|_| wrong + cut + lost > 0) else { return Ok(()) };
    failed(format!(
        "of the good client's requests {answered} were answered, {wrong} wrongly besides, {cut} were cut and {lost} lost; the \
         first of these: {first}"
    ))
}

/// Adds how the server ended, if it did so all by itself, which is a failure.
fn with_end(verdict: Verdict, victim: &mut Victim) -> Verdict {
    if matches!(verdict, Err(Stop::Failed(_))) {
        thread::sleep(LAST_BREATH);
    }
    if victim.is_running() {
        return verdict;
    }
    let end = match victim.stop(Duration::ZERO) {
        Some(Ok(ended)) => ended.trouble().unwrap_or_else(|| "ended".to_owned()),
        Some(Err(error)) => format!("ended, and {error:#}"),
        None => return verdict,
    };
    worse(failed(format!("the server {end}")), verdict)
}

impl Tally {
    /// Adds what others saw.
    pub(super) fn join(&mut self, other: &Self) {
        let (counts, more) = (&mut self.counts, other.counts);
        counts.answered += more.answered;
        counts.wrong += more.wrong;
        counts.cut += more.cut;
        counts.lost += more.lost;
        counts.turned_away += more.turned_away;
        counts.slowest_ms = counts.slowest_ms.max(more.slowest_ms);
        if self.first.is_none() {
            self.first.clone_from(&other.first);
        }
    }
}

impl Outcome {
    /// As it stands in the record.
    pub(super) fn row(self, server: String, fault: &str, seconds: f64) -> TortureRow {
        let (outcome, reason) = match self.verdict {
            Ok(()) => (Endured::Passed, None),
            Err(Stop::Failed(reason)) => (Endured::Failed, Some(reason)),
            Err(Stop::Skipped(reason)) => (Endured::NotApplicable, Some(reason)),
        };
        TortureRow {
            server,
            fault: fault.to_owned(),
            outcome,
            reason,
            seconds,
            done: self.done,
            good: self.good,
            pss_peak_bytes: self.pss_peak_bytes,
            growth_bytes: self.after.map(|after| after.growth_bytes),
            idle_cpu_s: self.after.map(|after| after.idle_cpu.as_secs_f64()),
            held: Vec::new(),
        }
    }
}
