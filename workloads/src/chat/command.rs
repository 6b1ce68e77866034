//! What a client may say, and why it can be refused.

use std::fmt;

use super::{ADMINISTRATOR, LINE_BYTES, name, text};

/// A command, as it came: the name in it may be anybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// `L name`: to enter.
    Enter(&'a str),
    /// `C name text`: to speak.
    Speak {
        /// Who says that it speaks.
        name: &'a str,
        /// What it says.
        text: &'a str,
    },
    /// `Q name`: to leave.
    Leave(&'a str),
    /// `S`: how the room stands.
    Status,
}

impl<'a> Command<'a> {
    /// Reads a line, with its end or without one.
    ///
    /// # Errors
    /// It is no command: too long, not UTF-8, or none of the four.
    pub fn parse(line: &'a [u8]) -> Result<Self, Refusal> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > LINE_BYTES {
            return Err(Refusal::LineTooLong);
        }
        let line = str::from_utf8(line).map_err(|_| Refusal::NotUtf8)?;
        let (letter, rest) = line.split_once(' ').unwrap_or((line, ""));
        match letter {
            "L" => Ok(Self::Enter(rest)),
            "Q" => Ok(Self::Leave(rest)),
            "S" => Ok(Self::Status),
            "C" => {
                let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
                Ok(Self::Speak { name, text })
            }
            _ => Err(Refusal::Unknown),
        }
    }
}

/// Why a command is refused. What it displays goes over the wire behind `NO`, in English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The line or datagram has more than [`LINE_BYTES`].
    LineTooLong,
    /// It is not UTF-8.
    NotUtf8,
    /// It begins with none of the commands.
    Unknown,
    /// There is no name.
    NameEmpty,
    /// The name is longer than [`name::CHARACTERS`] or [`name::BYTES`].
    NameTooLong,
    /// The name has something in it that can't be seen, or a blank.
    NameInvisible,
    /// The name could be taken for the administrator's.
    NameOfAdministrator,
    /// The name is a word that the server itself begins its lines with.
    NameReserved,
    /// Somebody else is in the room under this name.
    NameTaken,
    /// The sender is in the room already, under another name.
    HasAnother,
    /// There are as many members as there may be.
    Full,
    /// The sender has not entered.
    NotIn,
    /// The name is somebody else's.
    Anothers,
    /// There is nothing to be said.
    TextEmpty,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineTooLong => write!(f, "that is too long: a line has {LINE_BYTES} bytes at most"),
            Self::NotUtf8 => f.write_str("that is not UTF-8"),
            Self::Unknown => f.write_str("there are L name, C name text, Q name and S"),
            Self::NameEmpty => f.write_str("a name is wanted"),
            Self::NameTooLong => {
                let (characters, bytes) = (name::CHARACTERS, name::BYTES);
                write!(f, "that name is too long: {characters} characters and {bytes} bytes at most")
            }
            Self::NameInvisible => f.write_str("a name has no blanks and nothing that can't be seen"),
            Self::NameOfAdministrator => write!(f, "a name can't have '{ADMINISTRATOR}' in it"),
            Self::NameReserved => f.write_str("that word is the server's own; try another name"),
            Self::NameTaken => f.write_str("that name is taken; try another"),
            Self::HasAnother => f.write_str("you are here already, under another name"),
            Self::Full => f.write_str("the room is full; try again later"),
            Self::NotIn => f.write_str("you are not in the room; enter with L name"),
            Self::Anothers => f.write_str("that name is not yours"),
            Self::TextEmpty => {
                write!(f, "there is nothing to say in that; up to {} bytes are said", text::BYTES)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_read_with_any_end_of_line() {
        for end in ["", "\n", "\r\n"] {
            let parse = |line: &str| Command::parse(format!("{line}{end}").into_bytes().leak());
            assert_eq!(parse("L anna"), Ok(Command::Enter("anna")));
            assert_eq!(
                parse("C anna hello  there"),
                Ok(Command::Speak { name: "anna", text: "hello  there" })
            );
            assert_eq!(parse("Q anna"), Ok(Command::Leave("anna")));
            assert_eq!(parse("S"), Ok(Command::Status));
            assert_eq!(parse("C anna"), Ok(Command::Speak { name: "anna", text: "" }));
            assert_eq!(parse("L"), Ok(Command::Enter("")));
        }
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for line in ["", "X anna", "l anna", "Lanna", " L anna"] {
            assert_eq!(Command::parse(line.as_bytes()), Err(Refusal::Unknown), "{line}");
        }
        assert_eq!(Command::parse(b"L \xff"), Err(Refusal::NotUtf8));
        assert_eq!(Command::parse(&[b'C'; LINE_BYTES + 1]), Err(Refusal::LineTooLong));
    }
}
