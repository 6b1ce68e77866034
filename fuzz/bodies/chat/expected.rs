//! What docs/chat.md says of a room, taken literally: who is in it, and who hears what.

use workloads::chat::{ADMINISTRATOR, LINE_BYTES, name};

use super::{Event, MEMBERS, SILENCE, Said};

/// The longest text that is passed on, in bytes.
const TEXT_BYTES: usize = 1_000;

/// A room.
#[derive(Default)]
pub(super) struct Model {
    members: Vec<Member>,
    spoofed: u64,
}

struct Member {
    who: u8,
    name: String,
    /// When something last came from there, in seconds.
    heard: u64,
}

/// What one hears.
#[derive(Debug)]
enum Line {
    Exactly(String),
    Refusal,
    Status,
    /// What was said under a name.
    Said(String, String),
}

impl Line {
    fn is(&self, heard: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(heard) else { return false };
        match self {
            Self::Exactly(line) => text == line,
            Self::Refusal => text.starts_with("NO ") && !text.contains(char::is_control),
            Self::Status => text.starts_with("STATUS members="),
            Self::Said(name, words) => {
                text.strip_prefix(&format!("{name} said: ")).is_some_and(|said| is_told(words, said))
            }
        }
    }
}

/// Whether this is how some words are passed on: as they are, but for what could steer a terminal, and not all if they are many.
fn is_told(words: &str, said: &str) -> bool {
    let is_safe = !said.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}'));
    let is_as_it_was =
        words.chars().zip(said.chars()).all(|(one, other)| one == other || other == '\u{fffd}');
    let is_all = words.chars().count() == said.chars().count() || words.len() > TEXT_BYTES / 3;
    is_safe && is_as_it_was && is_all && said.len() <= TEXT_BYTES
}

impl Model {
    /// How many members there are, and how often somebody spoke or left for somebody else.
    pub(super) fn counts(&self) -> (usize, u64) {
        (self.members.len(), self.spoofed)
    }

    /// Compares what was said after an event with what is to be said.
    pub(super) fn compare(&mut self, event: Event<'_>, said: &Said, now: u64) {
        let expected = match event {
            Event::Command(who, command) => self.hear(who, command, now),
            Event::Console(words) => self.proclaim(words),
            Event::TimePasses => return self.expire(said, now),
        };
        assert_eq!(said.len(), expected.len(), "{event:?}: {expected:?} is not {said:?}");
        for (who, line) in &expected {
            let is_heard = said.iter().any(|(to, heard)| to == who && line.is(heard));
            assert!(is_heard, "{event:?}: {who} is to hear {line:?}, and what is said is {said:?}");
        }
    }

    fn hear(&mut self, who: u8, command: &[u8], now: u64) -> Vec<(u8, Line)> {
        if let Some(member) = self.members.iter_mut().find(|member| member.who == who) {
            member.heard = now;
        }
        self.obey(who, command, now).unwrap_or_else(|| vec![(who, Line::Refusal)])
    }

    /// Who hears what; none if it is refused.
    fn obey(&mut self, who: u8, command: &[u8], now: u64) -> Option<Vec<(u8, Line)>> {
        let command = command.strip_suffix(b"\r").unwrap_or(command);
        let line = std::str::from_utf8(command).ok().filter(|line| line.len() <= LINE_BYTES)?;
        let (letter, rest) = line.split_once(' ').unwrap_or((line, ""));
        match letter {
            "L" => self.enter(who, rest, now),
            "C" => {
                let (name, words) = rest.split_once(' ').unwrap_or((rest, ""));
                let name = self.own_name(who, name).ok()?;
                let told = Line::Said(name, words.to_owned());
                if words.trim().is_empty() { None } else { Some(self.others(who, &told)) }
            }
            "Q" => self.leave(who, rest),
            "S" => Some(vec![(who, Line::Status)]),
            _ => None,
        }
    }

    fn enter(&mut self, who: u8, name: &str, now: u64) -> Option<Vec<(u8, Line)>> {
        name::check(name).ok()?;
        let lower = name.to_lowercase();
        let is_fit = (1..=32).contains(&name.chars().count())
            && !name.contains(|c: char| c.is_whitespace() || c.is_control())
            && !lower.contains(ADMINISTRATOR)
            && !["ok", "no", "exit", "status"].contains(&&*lower);
        assert!(is_fit, "{name:?} is a name");
        let ok = (who, Line::Exactly("OK".to_owned()));
        if let Some(member) = self.members.iter().find(|member| member.who == who) {
            return (member.name == name).then(|| vec![ok]);
        }
        if self.members.len() == MEMBERS || self.owner(name).is_some() {
            return None;
        }
        let mut told = self.others(who, &Line::Exactly(format!("{name} entered")));
        told.push(ok);
        self.members.push(Member { who, name: name.to_owned(), heard: now });
        Some(told)
    }

    fn leave(&mut self, who: u8, name: &str) -> Option<Vec<(u8, Line)>> {
        let mut told = match self.own_name(who, name) {
            Ok(name) => self.others(who, &Line::Exactly(format!("{name} left"))),
            Err(is_somebodys) if is_somebodys => return None,
            Err(_) => Vec::new(),
        };
        self.members.retain(|member| member.who != who);
        told.push((who, Line::Exactly("EXIT".to_owned())));
        Some(told)
    }

    /// The name of `who`, if it is this one; else whether it is not theirs to use.
    fn own_name(&mut self, who: u8, said: &str) -> Result<String, bool> {
        let is_in = self.members.iter().any(|member| member.who == who);
        match self.owner(said) {
            Some(owner) if owner.who == who => return Ok(owner.name.clone()),
            None if !is_in => return Err(false),
            _ => {}
        }
        self.spoofed += 1;
        Err(true)
    }

    fn owner(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name.to_lowercase() == name.to_lowercase())
    }

    /// All others hear this.
    fn others(&self, who: u8, line: &Line) -> Vec<(u8, Line)> {
        let copy = || match line {
            Line::Said(name, words) => Line::Said(name.clone(), words.clone()),
            Line::Exactly(line) => Line::Exactly(line.clone()),
            Line::Refusal | Line::Status => Line::Refusal,
        };
        self.members.iter().filter(|member| member.who != who).map(|member| (member.who, copy())).collect()
    }

    fn proclaim(&self, words: &str) -> Vec<(u8, Line)> {
        let words = words.trim_end_matches(['\r', '\n']);
        let told = Line::Said(ADMINISTRATOR.to_owned(), words.to_owned());
        if words.trim().is_empty() { Vec::new() } else { self.others(0, &told) }
    }

    /// Who has been silent for too long hears `EXIT` once, and who stays that they left.
    fn expire(&mut self, said: &Said, now: u64) {
        let (silent, here): (Vec<Member>, Vec<Member>) =
            self.members.drain(..).partition(|member| now - member.heard >= SILENCE.as_secs());
        let heard = |who, line: &str| {
            said.iter().filter(|(to, heard)| *to == who && heard == line.as_bytes()).count()
        };
        for gone in &silent {
            assert_eq!(heard(gone.who, "EXIT"), 1, "{} is told: {said:?}", gone.name);
            for member in &here {
                assert_eq!(
                    heard(member.who, &format!("{} left", gone.name)),
                    1,
                    "of {}: {said:?}",
                    gone.name
                );
            }
        }
        assert!(!silent.is_empty() || said.is_empty(), "nobody has left: {said:?}");
        self.members = here;
    }
}
