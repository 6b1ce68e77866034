//! Looks at what is measured just now, for the view.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::feed::{Feed, Subject};
use super::state::{Crowd, Member, State};
use crate::load::Replies;
use crate::measure::crowd::{self, Process};

/// As many processes are told apart.
const MEMBERS: usize = 32;

/// Looks, and what the last one saw: what is new since then is a rate.
pub(super) struct Watch {
    feed: Feed,
    last: Option<Seen>,
}

/// What a look saw.
struct Seen {
    since: Instant,
    at: Instant,
    replies: u64,
    cpu: Duration,
    of_each: BTreeMap<i32, Duration>,
}

impl Watch {
    pub(super) fn new(feed: Feed) -> Self {
        Self { feed, last: None }
    }

    /// Adds what is to be seen now.
    pub(super) fn look(&mut self, state: &mut State) {
        let subject = self.feed.subject();
        let (Some(now), Some(subject)) = (&mut state.now, subject) else {
            self.last = None;
            return;
        };
        let last = self.last.take().filter(|last| last.since == subject.since);
        let Subject { tree, replies, since } = subject;
        let at = Instant::now();
        let answered = replies.as_ref().map_or(0, Replies::so_far);
        let span =
            last.as_ref().map(|last| at.duration_since(last.at).as_secs_f64()).filter(|span| *span > 0.0);
        if let Some(replies) = &replies {
            let before = last.as_ref().map(|last| last.replies);
            now.rates_since(before, answered, span);
            now.seconds = replies.seconds().into();
        }
        // Who has just ended is seen no more.
        let Ok(seen) = crowd::look(tree) else { return };
        let share =
            |cpu: Duration, before: Option<Duration>| Some(cpu.saturating_sub(before?).as_secs_f64() / span?);
        let member = |process: &Process| Member {
            pid: process.pid,
            name: process.name.clone(),
            state: process.state,
            threads: process.threads,
            share: share(process.cpu, last.as_ref().and_then(|last| last.of_each.get(&process.pid).copied())),
        };
        now.processes = Some(Crowd {
            processes: seen.len() as u64,
            threads: seen.iter().map(|process| process.threads).sum(),
            share: share(crowd::cpu(&seen), last.as_ref().map(|last| last.cpu)),
            members: seen.iter().take(MEMBERS).map(member).collect(),
        });
        let of_each = seen.iter().map(|process| (process.pid, process.cpu)).collect();
        self.last = Some(Seen { since, at, replies: answered, cpu: crowd::cpu(&seen), of_each });
    }
}
