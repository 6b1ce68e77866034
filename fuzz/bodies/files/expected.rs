//! What docs/protocols.md says of the file service, taken literally: which answers some bytes get that are all that comes, and
//! which files there are then.

use super::{Library, MOST_BYTES, MOST_FILES, SECRET};

/// The longest line, its end included.
const LINE_BYTES: usize = 300;
/// How long the line is that ends a file's bytes.
const SUM_BYTES: usize = 13;
/// Names that are there and are no files.
const TAKEN: [&str; 2] = ["folder", "link"];

/// One answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// These bytes.
    Exactly(Vec<u8>),
    /// `NO`, this word and a sentence.
    No(&'static str),
}

impl Answer {
    /// What follows this answer in what was heard; none if something else stands there.
    pub(super) fn follow<'a>(&self, heard: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Exactly(bytes) => heard.strip_prefix(&bytes[..]),
            Self::No(word) => {
                let sentence = heard.strip_prefix(format!("NO {word} ").as_bytes())?;
                let end = sentence.iter().position(|byte| *byte == b'\n').filter(|end| *end < LINE_BYTES)?;
                let is_text = std::str::from_utf8(&sentence[..end]).is_ok_and(|text| text.ends_with('.'));
                (is_text && !contains(&sentence[..end], SECRET)).then_some(&sentence[end + 1..])
            }
        }
    }

    /// The most bytes that it takes.
    pub(super) fn most_bytes(&self) -> usize {
        match self {
            Self::Exactly(bytes) => bytes.len(),
            Self::No(_) => LINE_BYTES,
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Hands the answers on one by one, until `next` wants no more, and does in `library` what is asked for; whether all were wanted.
pub(super) fn answers(
    mut input: &[u8],
    library: &mut Library,
    mut next: impl FnMut(&Answer) -> bool,
) -> bool {
    while !input.is_empty() {
        let Some(end) = input.iter().take(LINE_BYTES).position(|byte| *byte == b'\n') else {
            return next(&Answer::No(if input.len() < LINE_BYTES { "short" } else { "line" }));
        };
        let (line, rest) = (&input[..end], &input[end + 1..]);
        let goes_on = match line {
            b"L" => next(&list(library)).then_some(rest),
            b"Q" => return next(&Answer::Exactly(b"OK 0\n".to_vec())),
            [b'G', b' ', name @ ..] => next(&get(name, library)).then_some(rest),
            [b'P', b' ', what @ ..] => match put(what, rest, library, &mut next) {
                Put::Whole(rest) => Some(rest),
                Put::Ends(answer) => return next(&answer),
                Put::Enough => None,
            },
            _ => return next(&Answer::No("command")),
        };
        let Some(rest) = goes_on else { return false };
        input = rest;
    }
    true
}

fn list(library: &Library) -> Answer {
    let lines: Vec<String> =
        library.iter().map(|(name, bytes)| format!("{} {name}\n", bytes.len())).collect();
    with_sum(lines.concat().as_bytes())
}

fn get(name: &[u8], library: &Library) -> Answer {
    match self::name(name) {
        None => Answer::No("name"),
        Some(name) => library.get(name).map_or(Answer::No("missing"), |bytes| with_sum(bytes)),
    }
}

/// How an upload goes on.
enum Put<'a> {
    /// The next command follows.
    Whole(&'a [u8]),
    /// With this answer the connection ends.
    Ends(Answer),
    /// No more answers are wanted.
    Enough,
}

fn put<'a>(
    what: &[u8],
    rest: &'a [u8],
    library: &mut Library,
    next: &mut impl FnMut(&Answer) -> bool,
) -> Put<'a> {
    let ends = |word| Put::Ends(Answer::No(word));
    let Some(space) = what.iter().position(|byte| *byte == b' ') else { return ends("command") };
    let Some(length) = number(&what[..space]) else { return ends("command") };
    let Some(name) = name(&what[space + 1..]) else { return ends("name") };
    if length > MOST_BYTES {
        return ends("size");
    }
    if TAKEN.contains(&name) {
        return ends("taken");
    }
    if !library.contains_key(name) && library.len() >= MOST_FILES {
        return ends("files");
    }
    if !next(&Answer::Exactly(format!("GO {length}\n").into_bytes())) {
        return Put::Enough;
    }
    let Some((bytes, rest)) = rest.split_at_checked(length as usize) else { return ends("short") };
    let Some((line, rest)) = rest.split_at_checked(SUM_BYTES) else { return ends("short") };
    let Some(sum) = sum(line) else { return ends("checksum") };
    let answer = if sum == crc32(bytes) {
        library.insert(name.to_owned(), bytes.to_vec());
        Answer::Exactly(format!("OK {length}\n").into_bytes())
    } else {
        Answer::No("checksum")
    };
    if next(&answer) { Put::Whole(rest) } else { Put::Enough }
}

/// `SUM` and eight small hexadecimal digits.
fn sum(line: &[u8]) -> Option<u32> {
    let digits = line.strip_prefix(b"SUM ")?.strip_suffix(b"\n")?;
    let are_right = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|_| are_right)
}

/// Decimal, of 20 digits at most, without a sign, a blank or a zero in front.
fn number(digits: &[u8]) -> Option<u64> {
    let is_right = digits == b"0" || (digits.iter().all(u8::is_ascii_digit) && !digits.starts_with(b"0"));
    let text = std::str::from_utf8(digits).ok().filter(|text| is_right && (1..=20).contains(&text.len()))?;
    Some(text.parse().unwrap_or(u64::MAX))
}

fn name(bytes: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(bytes).ok()?;
    let steers =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_right = (1..=255).contains(&name.len())
        && !name.starts_with(['.', ' '])
        && !name.ends_with(' ')
        && !name.chars().any(|c| c == '/' || c.is_control() || steers(c));
    is_right.then_some(name)
}

fn with_sum(bytes: &[u8]) -> Answer {
    let mut answer = format!("OK {}\n", bytes.len()).into_bytes();
    answer.extend_from_slice(bytes);
    answer.extend_from_slice(format!("SUM {:08x}\n", crc32(bytes)).as_bytes());
    Answer::Exactly(answer)
}

/// That of gzip and PNG (RFC 1952), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}
