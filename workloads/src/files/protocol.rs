//! The lines of the protocol, as both sides write and read them. docs/protocols.md has the whole of it.

use std::fmt;

use super::{Name, Refusal};

/// How long a line may be, in bytes, its LF included; of both sides.
pub const LINE_BYTES: usize = 300;
/// How long the line is that ends a file's bytes: `SUM `, eight digits and LF.
pub const SUM_BYTES: usize = 13;
/// How long the list of files may be, in bytes.
pub const LIST_BYTES: u64 = 4 << 20;
/// What asks for the list.
pub const LIST: &[u8] = b"L\n";
/// What ends the conversation.
pub const QUIT: &[u8] = b"Q\n";
/// The answer to it.
pub const BYE: &[u8] = b"OK 0\n";

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Which files there are.
    List,
    /// This file.
    Get(Name),
    /// To keep a file of so many bytes under this name.
    Put(u64, Name),
    /// The end.
    Quit,
}

impl Command {
    /// Reads a line, without its LF.
    ///
    /// # Errors
    /// If it is no command, or what it names can't be a file.
    pub fn read(line: &[u8]) -> Result<Self, Refusal> {
        match line {
            b"L" => Ok(Self::List),
            b"Q" => Ok(Self::Quit),
            [b'G', b' ', name @ ..] => Ok(Self::Get(Name::new(name).ok_or(Refusal::Name)?)),
            [b'P', b' ', rest @ ..] => {
                let (length, name) = split(rest).ok_or(Refusal::Command)?;
                Ok(Self::Put(length, Name::new(name).ok_or(Refusal::Name)?))
            }
            _ => Err(Refusal::Command),
        }
    }
}

/// As it goes over the wire.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List => f.write_str("L\n"),
            Self::Get(name) => writeln!(f, "G {name}"),
            Self::Put(length, name) => writeln!(f, "P {length} {name}"),
            Self::Quit => f.write_str("Q\n"),
        }
    }
}

/// What a server answers with first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It is done; or so many bytes and their checksum follow.
    Ok(u64),
    /// So many bytes and their checksum may be sent.
    Go(u64),
    /// It won't be done.
    No {
        /// Why, in a word for programs.
        word: String,
        /// Why, in a sentence for people.
        sentence: String,
    },
}

impl Status {
    /// Reads a line, without its LF; none if it is no answer.
    pub fn read(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok().filter(|text| !text.chars().any(char::is_control))?;
        let (status, rest) = text.split_once(' ')?;
        match status {
            "OK" => number(rest.as_bytes()).map(Self::Ok),
            "GO" => number(rest.as_bytes()).map(Self::Go),
            "NO" => {
                let (word, sentence) = rest.split_once(' ')?;
                Some(Self::No { word: word.to_owned(), sentence: sentence.to_owned() })
            }
            _ => None,
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::No { word: refusal.word().to_owned(), sentence: refusal.to_string() }
    }
}

/// As it goes over the wire.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(bytes) => writeln!(f, "OK {bytes}"),
            Self::Go(bytes) => writeln!(f, "GO {bytes}"),
            Self::No { word, sentence } => writeln!(f, "NO {word} {sentence}"),
        }
    }
}

/// A file as the list has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// What it is called.
    pub name: Name,
    /// How large it is, in bytes.
    pub bytes: u64,
}

impl Listed {
    /// Reads a line of the list, without its LF; none if it is no such line.
    pub fn read(line: &[u8]) -> Option<Self> {
        let (bytes, name) = split(line)?;
        Some(Self { name: Name::new(name)?, bytes })
    }
}

/// As it goes over the wire.
impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.bytes, self.name)
    }
}

/// The line that ends a file's bytes.
pub fn sum_line(sum: u32) -> String {
    format!("SUM {sum:08x}\n")
}

/// Reads that line, with its LF; none if it is no such line.
pub fn read_sum(line: &[u8]) -> Option<u32> {
    let digits = line.strip_prefix(b"SUM ")?.strip_suffix(b"\n")?;
    let is_right = digits.len() == 8 && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    u32::from_str_radix(std::str::from_utf8(digits).ok().filter(|_| is_right)?, 16).ok()
}

/// A number, and what follows the blank behind it.
fn split(line: &[u8]) -> Option<(u64, &[u8])> {
    let blank = line.iter().position(|byte| *byte == b' ')?;
    Some((number(&line[..blank])?, &line[blank + 1..]))
}

/// A number in digits, 20 at most, with no zero in front. One that is too large for anything is the largest there is.
fn number(digits: &[u8]) -> Option<u64> {
    let is_number = matches!(digits.len(), 1..=20) && digits.iter().all(u8::is_ascii_digit);
    let is_plain = digits.len() == 1 || digits.first() != Some(&b'0');
    let add = |number: u64, digit: &u8| number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    (is_number && is_plain).then(|| digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_command_is_what_it_says_and_nothing_near_it() {
        assert_eq!(Command::read(b"L"), Ok(Command::List));
        assert_eq!(Command::read(b"G two words"), Ok(Command::Get(name("two words"))));
        assert_eq!(Command::read(b"P 12 two words"), Ok(Command::Put(12, name("two words"))));
        assert_eq!(Command::read(b"P 0 a"), Ok(Command::Put(0, name("a"))));
        assert_eq!(Command::read(b"P 99999999999999999999 a"), Ok(Command::Put(u64::MAX, name("a"))));
        for line in [
            "",
            "l",
            "L ",
            " L",
            "LL",
            "L a",
            "Q ",
            "QUIT",
            "g a",
            "G",
            "GET a",
            "P",
            "P ",
            "P a",
            "P 1",
            "P -1 a",
            "P +1 a",
            "P 01 a",
            "P 1a a",
            "P 0x1 a",
            "P  1 a",
            "P 1.0 a",
            "P 100000000000000000000 a",
            "P a 1",
            "X",
            "\u{feff}L",
        ] {
            assert_eq!(Command::read(line.as_bytes()), Err(Refusal::Command), "{line:?}");
        }
        for line in ["G ", "G  a", "G a\r", "G ../a", "P 1 ", "P 1 .a", "P 1 a\r", "P 1  a"] {
            assert_eq!(Command::read(line.as_bytes()), Err(Refusal::Name), "{line:?}");
        }
        assert_eq!(Command::read(b"L\r"), Err(Refusal::Command));
    }

    #[test]
    fn an_answer_is_one_of_three() {
        assert_eq!(Status::read(b"OK 5"), Some(Status::Ok(5)));
        assert_eq!(Status::read(b"GO 0"), Some(Status::Go(0)));
        let refused = Status::from(Refusal::Missing);
        assert_eq!(Status::read(refused.to_string().trim_end().as_bytes()), Some(refused));
        for line in
            ["", "OK", "OK ", "OK a", "OK 5 ", "OK 05", "ok 5", "NO", "NO missing", "NO a \u{1b}[2J", "HI 5"]
        {
            assert_eq!(Status::read(line.as_bytes()), None, "{line:?}");
        }
    }

    #[test]
    fn a_checksum_has_eight_small_digits() {
        assert_eq!(sum_line(0xab).len(), SUM_BYTES);
        assert_eq!(read_sum(sum_line(0xab).as_bytes()), Some(0xab));
        for line in [
            "SUM 000000ab",
            "SUM 000000AB\n",
            "SUM 00000ab\n",
            "sum 000000ab\n",
            "SUM  00000ab\n",
            "SUM +00000ab\n",
        ] {
            assert_eq!(read_sum(line.as_bytes()), None, "{line:?}");
        }
    }

    #[test]
    fn no_line_is_longer_than_a_line_may_be() {
        let longest = name(&"x".repeat(crate::files::NAME_BYTES));
        assert!(Command::Put(u64::MAX, longest.clone()).to_string().len() <= LINE_BYTES);
        assert!(Listed { name: longest, bytes: u64::MAX }.to_string().len() <= LINE_BYTES);
        for refusal in [Refusal::Name, Refusal::Size(u64::MAX), Refusal::List(u64::MAX), Refusal::Checksum] {
            assert!(Status::from(refusal).to_string().len() <= LINE_BYTES);
        }
    }

    proptest! {
        #[test]
        fn what_one_side_writes_the_other_reads(bytes in any::<u64>(), text in "[^/. \\pC\\pZ][^/\\pC\\pZ]{0,60}") {
            let name = name(&text);
            for command in [Command::Get(name.clone()), Command::Put(bytes, name.clone())] {
                let line = command.to_string();
                prop_assert_eq!(Command::read(line.strip_suffix('\n').unwrap().as_bytes()), Ok(command));
            }
            let listed = Listed { name, bytes };
            let line = listed.to_string();
            prop_assert_eq!(Listed::read(line.strip_suffix('\n').unwrap().as_bytes()), Some(listed));
        }

        #[test]
        fn any_line_is_read_or_refused(line in prop::collection::vec(any::<u8>(), 0..LINE_BYTES)) {
            if let Ok(command) = Command::read(&line) {
                let (written, whole) = (command.to_string(), [&line[..], b"\n"].concat());
                prop_assert_eq!(written.as_bytes(), whole);
            }
            let _ = (Status::read(&line), Listed::read(&line), read_sum(&line));
        }
    }
}
