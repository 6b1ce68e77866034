//! The room: who is in it, under which name, and who hears what. Free of IO and of clocks.
//!
//! Whoever drives it says what came from whom and when, and gives it a way to say things. Whatever is said in one call is
//! said before the call returns, so who holds a lock around that gives all members everything in one and the same order.
//!
//! ```
//! use std::time::Instant;
//! use workloads::chat::{Room, Rules};
//!
//! let mut room = Room::new(Rules::default(), "");
//! let mut heard = Vec::new();
//! let mut say = |to: &u8, line: &[u8]| heard.push((*to, String::from_utf8_lossy(line).into_owned()));
//! for (from, line) in [(1, "L anna"), (2, "L bob"), (1, "C anna hello"), (2, "Q anna")] {
//!     room.hear(&from, line.as_bytes(), Instant::now(), &mut say);
//! }
//! let heard: Vec<_> = heard.iter().map(|(to, line)| (*to, &line[..])).collect();
//! assert_eq!(heard[..3], [(1, "OK"), (2, "OK"), (1, "bob entered")]);
//! assert_eq!(heard[3..], [(2, "anna said: hello"), (2, "NO that name is not yours")]);
//! assert_eq!(room.counts().spoofed, 1);
//! ```

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::time::{Duration, Instant};

use super::command::{Command, Refusal};
use super::{ADMINISTRATOR, Rules, name, text};

/// Says a line to whoever is at an address.
pub type Say<'a, A> = dyn FnMut(&A, &[u8]) + 'a;

/// Who is in the room, by addresses of type `A`: over UDP those of sockets, over a stream the connections.
pub struct Room<A> {
    rules: Rules,
    /// What stands behind each line that is said.
    ending: &'static str,
    members: HashMap<A, Member>,
    /// Who has which name, by its folded form.
    names: HashMap<String, A>,
    /// Nobody has been silent for too long before this.
    nobody_expires_before: Option<Instant>,
    is_closing: bool,
    counts: Counts,
}

struct Member {
    name: String,
    /// When something last came from there.
    heard: Instant,
}

/// What has happened in a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many members there are.
    pub members: usize,
    /// How many there have been at once, at most.
    pub most_members: usize,
    /// How many lines were said to all, by members and the administrator.
    pub lines: u64,
    /// How many commands were refused, for whatever reason.
    pub refused: u64,
    /// How many of those were to speak or leave under a name that is somebody else's.
    pub spoofed: u64,
    /// How many members were silent for too long; over a stream the model disconnects those, as it does all idle clients,
    /// and they count as gone.
    pub expired: u64,
}

/// As it is said on the console when the room has closed.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { most_members, lines, refused, spoofed, expired, .. } = self;
        write!(
            f,
            "the room is closed: {most_members} member(s) at most, {lines} line(s), {refused} refused, {spoofed} of them \
             for somebody else, {expired} member(s) silent for too long"
        )
    }
}

/// Whether somebody is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// In the room or before its door.
    Here,
    /// They said that they leave, and were told `EXIT`.
    Gone,
}

impl<A: Clone + Eq + Hash> Room<A> {
    /// An empty room. `ending` is put behind each line: nothing over UDP, a line's end over a stream.
    pub fn new(rules: Rules, ending: &'static str) -> Self {
        Self {
            rules,
            ending,
            members: HashMap::new(),
            names: HashMap::new(),
            nobody_expires_before: None,
            is_closing: false,
            counts: Counts::default(),
        }
    }

    /// Takes one line, or datagram, that came from somebody.
    pub fn hear(&mut self, from: &A, line: &[u8], now: Instant, say: &mut Say<'_, A>) -> Stays {
        if let Some(member) = self.members.get_mut(from) {
            member.heard = now;
        }
        match Command::parse(line).and_then(|command| self.obey(from, command, now, say)) {
            Ok(stays) => stays,
            Err(refusal) => {
                self.counts.refused += 1;
                self.tell(from, &format!("NO {refusal}"), say);
                Stays::Here
            }
        }
    }

    fn obey(
        &mut self,
        from: &A,
        command: Command<'_>,
        now: Instant,
        say: &mut Say<'_, A>,
    ) -> Result<Stays, Refusal> {
        match command {
            Command::Enter(name) => self.enter(from, name, now, say)?,
            Command::Speak { name, text } => self.speak(from, name, text, say)?,
            Command::Leave(name) => {
                self.leave(from, name, say)?;
                return Ok(Stays::Gone);
            }
            Command::Status => self.tell(from, &self.status(), say),
        }
        Ok(Stays::Here)
    }

    /// Who asks again, since the answer was lost, gets it again; the others have heard of it already.
    fn enter(&mut self, from: &A, name: &str, now: Instant, say: &mut Say<'_, A>) -> Result<(), Refusal> {
        name::check(name)?;
        let folded = name::folded(name);
        match (self.members.get(from), self.names.get(&folded)) {
            (Some(member), _) if member.name == name => {
                self.tell(from, "OK", say);
                return Ok(());
            }
            (Some(_), _) => return Err(Refusal::HasAnother),
            (None, Some(_)) => return Err(Refusal::NameTaken),
            (None, None) if self.members.len() >= self.rules.members => return Err(Refusal::Full),
            (None, None) => {}
        }
        self.names.insert(folded, from.clone());
        self.members.insert(from.clone(), Member { name: name.to_owned(), heard: now });
        self.counts.most_members = self.counts.most_members.max(self.members.len());
        self.tell(from, "OK", say);
        self.tell_others(from, &format!("{name} entered"), say);
        Ok(())
    }

    fn speak(&mut self, from: &A, name: &str, words: &str, say: &mut Say<'_, A>) -> Result<(), Refusal> {
        let name = self.own_name(from, name)?.to_owned();
        if words.trim().is_empty() {
            return Err(Refusal::TextEmpty);
        }
        self.counts.lines += 1;
        self.tell_others(from, &format!("{name} said: {}", text::fit(words)), say);
        Ok(())
    }

    /// Who has left already, and asks again since the answer was lost, gets it again.
    fn leave(&mut self, from: &A, name: &str, say: &mut Say<'_, A>) -> Result<(), Refusal> {
        match self.own_name(from, name) {
            Ok(_) | Err(Refusal::NotIn) => {}
            Err(refusal) => return Err(refusal),
        }
        self.tell(from, "EXIT", say);
        self.forget(from, say);
        Ok(())
    }

    /// The sender's name, if it is the one that the sender says.
    fn own_name(&mut self, from: &A, said: &str) -> Result<&str, Refusal> {
        let folded = name::folded(said);
        let is_own = self.names.get(&folded) == Some(from);
        let is_anothers = !is_own && self.names.contains_key(&folded);
        match self.members.get(from) {
            Some(member) if is_own => Ok(&member.name),
            None if !is_anothers => Err(Refusal::NotIn),
            _ => {
                // Somebody else's, or, from within the room, one that could be: it is not the sender's.
                self.counts.spoofed += 1;
                Err(Refusal::Anothers)
            }
        }
    }

    /// Somebody is gone without a word: a connection has ended.
    pub fn gone(&mut self, who: &A, say: &mut Say<'_, A>) {
        if self.is_closing {
            self.remove(who);
        } else {
            self.forget(who, say);
        }
    }

    /// The room will close: its members' connections are going to end, and nobody is told of each other's end any more. For a
    /// thousand members that would be half a million lines.
    pub fn begin_to_close(&mut self) {
        self.is_closing = true;
    }

    /// The console speaks to all.
    pub fn proclaim(&mut self, words: &str, say: &mut Say<'_, A>) {
        let words = words.trim_end_matches(['\r', '\n']);
        if words.trim().is_empty() {
            return;
        }
        self.counts.lines += 1;
        let line = format!("{ADMINISTRATOR} said: {}{}", text::fit(words), self.ending);
        self.members.keys().for_each(|member| say(member, line.as_bytes()));
    }

    /// Takes those who have been silent for too long for gone. They are told so, in case they do listen.
    pub fn expire(&mut self, now: Instant, say: &mut Say<'_, A>) {
        if self.nobody_expires_before.is_some_and(|time| now < time) {
            return;
        }
        let is_silent = |member: &Member| now.saturating_duration_since(member.heard) >= self.rules.silence;
        let silent: Vec<A> = self
            .members
            .iter()
            .filter(|(_, member)| is_silent(member))
            .map(|(address, _)| address.clone())
            .collect();
        // All of them go before the first is told of: a full room that falls silent would else be half a million lines.
        let gone: Vec<(A, String)> =
            silent.into_iter().filter_map(|who| self.remove(&who).map(|name| (who, name))).collect();
        for (address, name) in &gone {
            self.counts.expired += 1;
            self.tell(address, "EXIT", say);
            self.tell_others(address, &format!("{name} left"), say);
        }
        // Whoever enters later, or is heard, expires later than the one who has now been silent the longest.
        let longest = self.members.values().map(|member| member.heard).min().unwrap_or(now);
        self.nobody_expires_before = longest.checked_add(self.rules.silence);
    }

    /// The room closes: all are told, and gone.
    pub fn close(&mut self, say: &mut Say<'_, A>) {
        let line = format!("EXIT{}", self.ending);
        self.members.drain().for_each(|(member, _)| say(&member, line.as_bytes()));
        self.names.clear();
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        Counts { members: self.members.len(), ..self.counts }
    }

    /// After so long a silence a member is taken for gone.
    pub fn silence(&self) -> Duration {
        self.rules.silence
    }

    fn status(&self) -> String {
        let Counts { members, lines, refused, spoofed, expired, .. } = self.counts();
        let silence_ms = self.rules.silence.as_millis();
        format!(
            "STATUS members={members} lines={lines} refused={refused} spoofed={spoofed} expired={expired} \
             silence_ms={silence_ms}"
        )
    }

    /// Takes a member out, if it is one, and has the others hear of it.
    fn forget(&mut self, who: &A, say: &mut Say<'_, A>) {
        if let Some(name) = self.remove(who) {
            self.tell_others(who, &format!("{name} left"), say);
        }
    }

    fn remove(&mut self, who: &A) -> Option<String> {
        let Member { name, .. } = self.members.remove(who)?;
        self.names.remove(&name::folded(&name));
        Some(name)
    }

    fn tell(&self, who: &A, line: &str, say: &mut Say<'_, A>) {
        say(who, format!("{line}{}", self.ending).as_bytes());
    }

    fn tell_others(&self, but: &A, line: &str, say: &mut Say<'_, A>) {
        let line = format!("{line}{}", self.ending);
        self.members.keys().filter(|member| *member != but).for_each(|member| say(member, line.as_bytes()));
    }
}

#[cfg(test)]
mod tests;
