//! What sets the pace of one thread's measured connections: their replies, pauses after these, or a schedule.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::schedule::Agenda;
use super::share::Share;
use super::tally::{Tally, Window};
use super::{Load, Pace};

/// What sets the pace.
pub(super) enum Pacer {
    /// A connection's next request leaves when its reply is there: connections see to that themselves.
    Replies,
    /// It leaves so much later. The ends of pauses, with whose they are, stand in order, since all are equally long.
    Pauses { think: Duration, ends: VecDeque<(Instant, usize)> },
    /// Requests leave by a schedule over whichever connection is free; these stand in line, so that all have their share.
    Schedule {
        agenda: Agenda,
        window: Window,
        line: VecDeque<usize>,
        /// Who was given requests that have yet to be written.
        given: Vec<usize>,
    },
}

impl Pacer {
    pub(super) fn new(load: &Load, share: &Share, window: Window, slots: usize) -> Self {
        let room = share.connections * load.pipeline;
        match load.pace {
            Pace::Closed { think } if think.is_zero() => Self::Replies,
            Pace::Closed { think } => Self::Pauses { think, ends: VecDeque::with_capacity(room) },
            Pace::Open { rate, schedule, seed } => Self::Schedule {
                agenda: Agenda::new((rate, schedule, seed), share.part, window.begins, window.ends, room),
                window,
                line: VecDeque::with_capacity(slots),
                given: Vec::with_capacity(slots),
            },
        }
    }

    /// When the next request can leave, if one can.
    pub(super) fn next_request(&self) -> Option<Instant> {
        match self {
            Self::Replies => None,
            Self::Pauses { ends, .. } => ends.front().map(|(end, _)| *end),
            Self::Schedule { agenda, line, .. } => agenda.due().filter(|_| !line.is_empty()),
        }
    }

    /// A schedule begins once everybody is `ready`, and with the window at the latest.
    pub(super) fn begin(&mut self, now: Instant, ready: bool) {
        if let Self::Schedule { agenda, window, .. } = self
            && !agenda.has_begun()
            && (ready || now >= window.opens)
        {
            agenda.begin(now.min(window.opens));
        }
    }

    /// A request that a schedule asked for is to leave again.
    pub(super) fn give_back(&mut self, due: Instant) {
        if let Self::Schedule { agenda, .. } = self {
            agenda.give_back(due);
        }
    }

    /// Whether all that was due in the window has come to something, now that nothing else is to leave any more.
    pub(super) fn is_done(&mut self, tally: &Tally) -> bool {
        let Self::Schedule { agenda, window, .. } = self else { return true };
        agenda.end(window.closes);
        tally.kept.awaited == 0 && agenda.due().is_none()
    }

    /// Nobody waits any longer for what was due in the window and could not leave.
    pub(super) fn never_sent(&mut self, now: Instant, tally: &mut Tally) {
        if let Self::Schedule { agenda, .. } = std::mem::replace(self, Self::Replies) {
            agenda.never_sent(|due, count| tally.never_sent(due, count, now));
        }
    }
}
