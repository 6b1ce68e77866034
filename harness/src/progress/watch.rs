//! Looks at what is measured just now, for the view.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::feed::{Feed, Subject};
use super::state::{Crowd, Member, Now, State};
use crate::load::Replies;
use crate::measure::crowd::{self, Process};

/// As many processes are told apart.
const MEMBERS: usize = 32;
/// How often processes are looked at: that takes longer than all the rest.
const PROCESSES_EVERY: Duration = Duration::from_millis(500);

/// Looks, and what the last look at each thing saw: what is new since then is a rate.
pub(super) struct Watch {
    feed: Feed,
    /// Which subject the last looks were at.
    since: Option<Instant>,
    replies: Option<(Instant, u64)>,
    processes: Option<Seen>,
}

/// What a look at processes saw.
struct Seen {
    at: Instant,
    cpu: Duration,
    of_each: BTreeMap<i32, Duration>,
}

impl Watch {
    pub(super) fn new(feed: Feed) -> Self {
        Self { feed, since: None, replies: None, processes: None }
    }

    /// Adds what is to be seen now.
    pub(super) fn look(&mut self, state: &mut State) {
        let subject = self.feed.subject();
        let since = subject.as_ref().map(|subject| subject.since);
        if self.since != since {
            (self.since, self.replies, self.processes) = (since, None, None);
        }
        let (Some(now), Some(Subject { tree, replies, .. })) = (&mut state.now, subject) else { return };
        if let Some(replies) = &replies {
            self.look_at_replies(replies, now);
        }
        if self.processes.as_ref().is_none_or(|seen| seen.at.elapsed() >= PROCESSES_EVERY) {
            // Who has just ended is seen no more.
            if let Ok(seen) = crowd::look(tree) {
                self.look_at_processes(&seen, now);
            }
        }
    }

    fn look_at_replies(&mut self, replies: &Replies, now: &mut Now) {
        let (at, answered) = (Instant::now(), replies.so_far());
        if let Some((before, had)) = self.replies.replace((at, answered)) {
            let span = at.duration_since(before).as_secs_f64();
            if span > 0.0 {
                now.add_rate(answered.saturating_sub(had) as f64 / span);
            }
        }
        now.seconds = replies.seconds().into();
    }

    fn look_at_processes(&mut self, seen: &[Process], now: &mut Now) {
        let (at, cpu) = (Instant::now(), crowd::cpu(seen));
        let last = self.processes.take();
        let share = |cpu: Duration, before: Option<Duration>| {
            let span = at.duration_since(last.as_ref()?.at).as_secs_f64();
            Some(cpu.saturating_sub(before?).as_secs_f64() / span)
        };
        let before = |pid| last.as_ref()?.of_each.get(&pid).copied();
        let member = |process: &Process| Member {
            pid: process.pid,
            name: process.name.clone(),
            state: process.state,
            threads: process.threads,
            share: share(process.cpu, before(process.pid)),
        };
        now.processes = Some(Crowd {
            processes: seen.len() as u64,
            threads: seen.iter().map(|process| process.threads).sum(),
            share: share(cpu, last.as_ref().map(|last| last.cpu)),
            members: seen.iter().take(MEMBERS).map(member).collect(),
        });
        let of_each = seen.iter().map(|process| (process.pid, process.cpu)).collect();
        self.processes = Some(Seen { at, cpu, of_each });
    }
}

#[cfg(test)]
mod tests {
    use std::process;

    use super::*;
    use crate::measure::tree::Tree;

    fn state() -> State {
        let mut state = State::default();
        state.begins("a step".to_owned(), true);
        state
    }

    #[test]
    fn what_is_shown_is_seen_with_its_processes_and_a_rate_from_the_second_look_on() {
        let feed = Feed::default();
        let (mut watch, mut state) = (Watch::new(feed.clone()), state());
        let _shown = feed.shows(Tree::new(process::id()), Some(Replies::default()));
        watch.look(&mut state);
        let now = state.now.as_ref().unwrap();
        assert!(now.rates.is_empty() && now.processes.as_ref().unwrap().processes >= 1, "{now:?}");
        watch.look(&mut state);
        assert_eq!(state.now.unwrap().rates, [0.0]);
    }

    #[test]
    fn of_another_subject_nothing_is_known_yet() {
        let feed = Feed::default();
        let (mut watch, mut state) = (Watch::new(feed.clone()), state());
        for _ in 0..2 {
            let _shown = feed.shows(Tree::new(process::id()), Some(Replies::default()));
            watch.look(&mut state);
        }
        assert!(state.now.unwrap().rates.is_empty());
    }
}
