//! The other side: what a member says, and what it hears means.

use std::time::Duration;

/// What a line from the server means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard<'a> {
    /// `OK`: the sender is in.
    In,
    /// `EXIT`: the sender is out.
    Out,
    /// `NO`, and why.
    Refused(&'a str),
    /// `STATUS`: how the room stands.
    Status(Status),
    /// Anything else is to be read by people.
    Line(&'a str),
}

/// How a room stands, as far as the server says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// How many members there are.
    pub members: Option<u64>,
    /// How many lines were said.
    pub lines: Option<u64>,
    /// How many commands were refused.
    pub refused: Option<u64>,
    /// How many of them were for somebody else.
    pub spoofed: Option<u64>,
    /// How many members were silent for too long.
    pub expired: Option<u64>,
    /// After so long a silence a member is taken for gone.
    pub silence: Option<Duration>,
}

impl<'a> Heard<'a> {
    /// Reads a line, with its end or without one.
    pub fn of(line: &'a str) -> Self {
        let line = line.trim_end_matches(['\r', '\n']);
        match line.split_once(' ') {
            _ if line == "OK" => Self::In,
            _ if line == "EXIT" => Self::Out,
            Some(("NO", reason)) => Self::Refused(reason),
            Some(("STATUS", fields)) => Self::Status(Status::of(fields)),
            _ => Self::Line(line),
        }
    }
}

impl Status {
    fn of(fields: &str) -> Self {
        let field = |name: &str| {
            let values = fields.split(' ').filter_map(|field| field.split_once('='));
            values.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse().ok())
        };
        Self {
            members: field("members"),
            lines: field("lines"),
            refused: field("refused"),
            spoofed: field("spoofed"),
            expired: field("expired"),
            silence: field("silence_ms").map(Duration::from_millis),
        }
    }
}

/// The command to enter.
pub fn enter(name: &str) -> String {
    format!("L {name}")
}

/// The command to say something.
pub fn speak(name: &str, text: &str) -> String {
    format!("C {name} {text}")
}

/// The command to leave.
pub fn leave(name: &str) -> String {
    format!("Q {name}")
}

/// The command that asks how the room stands.
pub const STATUS: &str = "S";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_room_says_is_understood() {
        assert_eq!(Heard::of("OK\n"), Heard::In);
        assert_eq!(Heard::of("EXIT"), Heard::Out);
        assert_eq!(Heard::of("NO that name is taken"), Heard::Refused("that name is taken"));
        assert_eq!(Heard::of("OK said: x"), Heard::Line("OK said: x"));
        let status = Heard::of("STATUS members=3 lines=0 refused=2 spoofed=1 silence_ms=1500 more=x");
        let expected = Status {
            members: Some(3),
            lines: Some(0),
            refused: Some(2),
            spoofed: Some(1),
            expired: None,
            silence: Some(Duration::from_millis(1_500)),
        };
        assert_eq!(status, Heard::Status(expected));
    }
}
