//! Whether a page is sent, given what the client has of it (RFC 9110, 8.8 and 13).

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::asked::{Asked, Single};

/// A file that was written to within this time may be written to again without its times telling: the kernel's clock for
/// them moves every few milliseconds.
const SETTLED_AFTER: Duration = Duration::from_secs(1);
/// The last second that a date can name: the end of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// What tells one state of a file from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Validators {
    /// An entity tag with its quotes, from when the file was last written to, its size and its number.
    pub(super) tag: String,
    /// It has rested long enough that whoever has these has these very bytes. Else the tag is a weak one.
    pub(super) is_settled: bool,
    /// When it was last written to, in whole seconds since 1970, and not later than now (RFC 9110, 8.8.2.1). None where no
    /// date can say it.
    pub(super) modified: Option<u64>,
}

impl Validators {
    /// Those of a file, as they are now.
    pub(super) fn of(metadata: &Metadata, now: SystemTime) -> Self {
        let written = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        let sign = if written < 0 { "-" } else { "" };
        let written_at = written.unsigned_abs();
        let now_s = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let modified = u64::try_from(metadata.mtime()).ok().map(|second| second.min(now_s));
        let rested = metadata.modified().ok().and_then(|modified| now.duration_since(modified).ok());
        Self {
            tag: format!("\"{sign}{written_at:x}-{:x}-{:x}\"", metadata.size(), metadata.ino()),
            is_settled: rested.is_some_and(|rested| rested >= SETTLED_AFTER),
            modified: modified.filter(|second| *second <= LAST_SECOND),
        }
    }

    /// The `ETag` field's value.
    pub(super) fn etag(&self) -> String {
        if self.is_settled { self.tag.clone() } else { format!("W/{}", self.tag) }
    }

    /// The `Last-Modified` field's value.
    pub(super) fn last_modified(&self) -> Option<String> {
        self.modified.map(|second| httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second)))
    }

    /// Strong comparison: both are strong and the same (RFC 9110, 8.8.3.2).
    fn is_strongly(&self, tag: Tag<'_>) -> bool {
        self.is_settled && !tag.is_weak && tag.opaque == self.tag.as_bytes()
    }

    /// Weak comparison: both are the same but for their weakness.
    fn is_weakly(&self, tag: Tag<'_>) -> bool {
        tag.opaque == self.tag.as_bytes()
    }
}

/// What the conditions come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The page is sent.
    Go,
    /// 304: the client has it.
    NotModified,
    /// 412: the client has something else.
    Failed,
}

/// Goes through the conditions of a GET or HEAD in the order of RFC 9110, 13.2.2. The file is there.
pub(super) fn outcome(asked: &Asked<'_>, has: &Validators) -> Outcome {
    if !asked.if_match.is_empty() {
        if !any_tag(&asked.if_match, |tag| has.is_strongly(tag)) {
            return Outcome::Failed;
        }
    } else if let (Some(since), Some(modified)) = (date(asked.if_unmodified_since), has.modified)
        && modified > since
    {
        return Outcome::Failed;
    }
    if !asked.if_none_match.is_empty() {
        if any_tag(&asked.if_none_match, |tag| has.is_weakly(tag)) {
            return Outcome::NotModified;
        }
    } else if let (Some(since), Some(modified)) = (date(asked.if_modified_since), has.modified)
        && modified <= since
    {
        return Outcome::NotModified;
    }
    Outcome::Go
}

/// Whether a range may be sent, for who has the rest: `If-Range` is not there, or names this very state (RFC 9110, 13.1.5).
pub(super) fn range_holds(asked: &Asked<'_>, has: &Validators) -> bool {
    match asked.if_range {
        Single::Absent => true,
        Single::Several => false,
        Single::One(value) if value.starts_with(b"\"") || value.starts_with(b"W/") => {
            matches!(tag(value), Some((tag, b"")) if has.is_strongly(tag))
        }
        // A date is a weak thing, but for a file that has rested since.
        Single::One(_) => has.is_settled && has.modified.is_some() && date(asked.if_range) == has.modified,
    }
}

/// An entity tag: `"x"` or `W/"x"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tag<'a> {
    is_weak: bool,
    /// With its quotes.
    opaque: &'a [u8],
}

/// Whether a list of tags has one that matches, or is `*`, which any file does. What is no list of tags matches nothing.
fn any_tag(values: &[&[u8]], matches: impl Fn(Tag<'_>) -> bool) -> bool {
    if let [value] = values
        && value.trim_ascii() == b"*"
    {
        return true;
    }
    values
        .iter()
        .map(|value| tags(value))
        .collect::<Option<Vec<_>>>()
        .is_some_and(|lists| lists.concat().into_iter().any(matches))
}

/// The tags of a list, whose places may be empty (RFC 9110, 5.6.1.2).
fn tags(mut value: &[u8]) -> Option<Vec<Tag<'_>>> {
    let mut found = Vec::new();
    loop {
        value = value.trim_ascii_start();
        match value {
            [] => return Some(found),
            [b',', rest @ ..] => value = rest,
            _ => {
                let (tag, rest) = tag(value)?;
                found.push(tag);
                let rest = rest.trim_ascii_start();
                value = if rest.is_empty() { rest } else { rest.strip_prefix(b",")? };
            }
        }
    }
}

/// The tag at the front, and what follows (RFC 9110, 8.8.3).
fn tag(value: &[u8]) -> Option<(Tag<'_>, &[u8])> {
    let (is_weak, quoted) = match value {
        [b'W', b'/', rest @ ..] => (true, rest),
        _ => (false, value),
    };
    let inner = quoted.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| *byte == b'"')?;
    let is_right = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
    let (opaque, rest) = quoted.split_at(end + 2);
    inner[..end].iter().all(is_right).then_some((Tag { is_weak, opaque }, rest))
}

/// The date of a field in seconds since 1970, if it is one (RFC 9110, 5.6.7: any of the three forms).
fn date(value: Single<'_>) -> Option<u64> {
    let text = std::str::from_utf8(value.one()?).ok()?;
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests;
