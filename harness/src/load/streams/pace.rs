//! How measured connections keep the pace: after their replies, after pauses, or by a schedule.

use std::time::Instant;

use super::super::pacer::Pacer;
use super::{Loop, Past, Role};

impl Loop<'_> {
    /// Has requests leave whose time has come.
    pub(super) fn keep_pace(&mut self, now: Instant) -> anyhow::Result<()> {
        match &self.pacer {
            Pacer::Replies => Ok(()),
            Pacer::Pauses { .. } => self.end_pauses(now),
            Pacer::Schedule { .. } => self.keep_schedule(now),
        }
    }

    /// A connection has heard something: it may be free for more.
    pub(super) fn answered(&mut self, index: usize) -> anyhow::Result<()> {
        match &self.pacer {
            Pacer::Replies => Ok(()),
            Pacer::Pauses { .. } => {
                self.pause(index, self.shared.received);
                Ok(())
            }
            Pacer::Schedule { .. } => {
                self.offer(index, self.shared.received);
                self.keep_schedule(self.shared.received)
            }
        }
    }

    /// A slot has no connection, after one that ended in order or a while after one that failed.
    pub(super) fn go_on(&mut self, index: usize) -> anyhow::Result<()> {
        let slot = &self.slots[index];
        let paced = slot.past == Past::Served && slot.role == Role::Measured;
        let now = Instant::now();
        match &self.pacer {
            Pacer::Pauses { .. } if paced => self.pause(index, now),
            Pacer::Schedule { .. } if paced => self.offer(index, now),
            _ => {
                self.slots[index].free_since = now;
                self.open(index, None)?;
            }
        }
        Ok(())
    }

    /// Has a slot pause before each request that it has room for.
    fn pause(&mut self, index: usize, now: Instant) {
        let slot = &mut self.slots[index];
        let Pacer::Pauses { think, ends } = &mut self.pacer else { return };
        if slot.role != Role::Measured || slot.past != Past::Served || slot.backing_off {
            return;
        }
        // One that is closed begins with one request, and a new one per request has one all its life.
        let room = slot.connection.as_ref().map_or(1, |connection| connection.room(&self.shared));
        for _ in slot.pauses..room {
            slot.pauses += 1;
            ends.push_back((now + *think, index));
        }
    }

    fn end_pauses(&mut self, now: Instant) -> anyhow::Result<()> {
        while let Pacer::Pauses { ends, .. } = &mut self.pacer
            && let Some((_, index)) = ends.front().copied().filter(|(end, _)| *end <= now)
        {
            ends.pop_front();
            let slot = &mut self.slots[index];
            slot.pauses -= 1;
            match &mut slot.connection {
                Some(connection) if connection.room(&self.shared) > 0 => {
                    connection.ask(None, now, &self.shared);
                    if let Err(failure) = connection.send(&mut self.shared) {
                        self.fail(index, failure);
                    }
                }
                None if !slot.backing_off => {
                    slot.free_since = now;
                    self.open(index, None)?;
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Puts a slot in line if it has room for a request. It has been free since `now` if it was not in line before.
    fn offer(&mut self, index: usize, now: Instant) {
        let slot = &mut self.slots[index];
        let Pacer::Schedule { line, .. } = &mut self.pacer else { return };
        let can =
            slot.role == Role::Measured && slot.past == Past::Served && !slot.backing_off && !slot.in_line;
        if can && slot.connection.as_ref().is_none_or(|connection| connection.room(&self.shared) > 0) {
            slot.in_line = true;
            slot.free_since = now;
            line.push_back(index);
        }
    }

    /// Has the requests leave that are due, as far as connections are free.
    fn keep_schedule(&mut self, now: Instant) -> anyhow::Result<()> {
        let opened = self.opened == self.slots.len();
        let all_answered = self.settled == self.opened || now >= self.next_batch;
        self.pacer.begin(now, opened && all_answered);
        while let Pacer::Schedule { agenda, line, given, .. } = &mut self.pacer
            && agenda.due().is_some_and(|due| due <= now)
            && let Some(index) = line.pop_front()
        {
            let slot = &mut self.slots[index];
            slot.in_line = false;
            let room = slot.connection.as_ref().map(|connection| connection.room(&self.shared));
            if slot.backing_off || room == Some(0) {
                continue;
            }
            let Some(due) = agenda.take(now) else { continue };
            let Some(connection) = &mut slot.connection else {
                self.open(index, Some(due))?;
                continue;
            };
            if !connection.has_new_requests() {
                given.push(index);
            }
            connection.ask(Some(due), due.max(slot.free_since), &self.shared);
            if room > Some(1) {
                slot.in_line = true; // free as it was
                line.push_back(index);
            }
        }
        self.send_given();
        Ok(())
    }

    /// Writes what was given to connections, for each all at once.
    fn send_given(&mut self) {
        while let Pacer::Schedule { given, .. } = &mut self.pacer
            && let Some(index) = given.pop()
        {
            if let Some(connection) = &mut self.slots[index].connection
                && let Err(failure) = connection.send(&mut self.shared)
            {
                self.fail(index, failure);
            }
        }
    }

    /// Nobody waits any longer for what was due in the window.
    pub(super) fn count_unanswered(&mut self, now: Instant) {
        if let Pacer::Schedule { .. } = &self.pacer {
            for slot in &self.slots {
                let waiting = slot.connection.iter().flat_map(super::Connection::scheduled);
                waiting.for_each(|(due, _)| self.shared.tally.unanswered(due, now));
            }
        }
        self.pacer.never_sent(now, &mut self.shared.tally);
    }
}
