//! The replies that show a page, or say why it is not shown.

use std::fmt::Write;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use bytes::BytesMut;

use super::super::date;
use super::super::reply::{Persistence, Status};
use super::conditions::Validators;
use super::place::Place;
use super::sending::{Part, Parts};

/// A page is what its type says, whatever it looks like.
const NO_GUESSING: &str = "X-Content-Type-Options: nosniff\r\n";
/// A listing is text and links, and whatever name a file has, nothing in it is loaded, run or sent anywhere.
const ONLY_TEXT: &str = "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain";

/// One reply.
#[derive(Debug)]
pub(in crate::http) struct PageReply {
    status: Status,
    /// The fields that are this reply's own, each with its line end.
    fields: String,
    pub(in crate::http) body: Body,
}

/// What follows the head.
#[derive(Debug)]
pub(in crate::http) enum Body {
    /// Nothing, and no length either: 304 (RFC 9110, 15.4.5).
    None,
    /// What is at hand.
    Text(String),
    /// Parts of a file.
    Parts(Parts),
}

impl PageReply {
    /// Appends the head.
    pub(in crate::http) fn write_head(
        &self,
        date: date::Field,
        persistence: Persistence,
        output: &mut BytesMut,
    ) {
        output.extend_from_slice(self.status.line().as_bytes());
        output.extend_from_slice(&date);
        output.extend_from_slice(persistence.field().as_bytes());
        output.extend_from_slice(self.fields.as_bytes());
        if let Some(length) = self.body.length() {
            output.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
        }
        output.extend_from_slice(b"\r\n");
    }

    fn of_parts(status: Status, fields: String, parts: Parts) -> Self {
        Self { status, fields, body: Body::Parts(parts) }
    }

    fn text(status: Status, kind: &str, more: &str, body: impl Into<String>) -> Self {
        let fields = format!("Content-Type: {kind}\r\n{more}");
        Self { status, fields, body: Body::Text(body.into()) }
    }
}

impl Body {
    /// How many bytes it has.
    fn length(&self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Text(text) => Some(text.len() as u64),
            Self::Parts(parts) => Some(parts.length()),
        }
    }
}

/// What is known of a file that is shown.
pub(super) struct Page<'a> {
    pub(super) kind: String,
    pub(super) validators: &'a Validators,
    pub(super) length: u64,
}

impl Page<'_> {
    /// 200: all of it.
    pub(super) fn whole(&self, file: Arc<File>) -> PageReply {
        let fields = format!("Content-Type: {}\r\n{}", self.kind, self.about());
        PageReply::of_parts(Status::Ok, fields, Parts::one(file, 0..self.length))
    }

    /// 206: a part of it.
    pub(super) fn part(&self, file: Arc<File>, range: Range<u64>) -> PageReply {
        let fields = format!(
            "Content-Type: {}\r\nContent-Range: {}\r\n{}",
            self.kind,
            self.content_range(&range),
            self.about()
        );
        PageReply::of_parts(Status::PartialContent, fields, Parts::one(file, range))
    }

    /// 206: several parts of it, with a line between them that is in none (RFC 9110, 14.6).
    pub(super) fn parts(&self, file: Arc<File>, ranges: &[Range<u64>], boundary: &str) -> PageReply {
        let mut line_end = "";
        let parts = ranges.iter().map(|range| {
            let before = format!(
                "{line_end}--{boundary}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                self.kind,
                self.content_range(range)
            );
            line_end = "\r\n";
            Part { before, bytes: range.clone() }
        });
        let parts = Parts::new(file, parts.collect(), format!("\r\n--{boundary}--\r\n"));
        let fields = format!("Content-Type: multipart/byteranges; boundary={boundary}\r\n{}", self.about());
        PageReply::of_parts(Status::PartialContent, fields, parts)
    }

    /// 416: it is not that long.
    pub(super) fn out_of_range(&self) -> PageReply {
        let length = format!("Content-Range: bytes */{}\r\n", self.length);
        PageReply::text(Status::RangeNotSatisfiable, TEXT, &length, "The page does not have these bytes.\n")
    }

    fn content_range(&self, range: &Range<u64>) -> String {
        format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), self.length)
    }

    /// The fields of every reply that has some of the page in it.
    fn about(&self) -> String {
        let mut fields = format!("ETag: {}\r\nAccept-Ranges: bytes\r\n{NO_GUESSING}", self.validators.etag());
        if let Some(date) = self.validators.last_modified() {
            let _ = write!(fields, "Last-Modified: {date}\r\n"); // a String takes everything
        }
        fields
    }
}

/// 304: the client has it.
pub(super) fn not_modified(validators: &Validators) -> PageReply {
    let fields = format!("ETag: {}\r\n", validators.etag());
    PageReply { status: Status::NotModified, fields, body: Body::None }
}

/// 412: the client has something else.
pub(super) fn failed() -> PageReply {
    PageReply::text(Status::PreconditionFailed, TEXT, "", "The page is not the one that was meant.\n")
}

/// 301: a directory is asked for with a slash at its end, since its page's links count from there.
pub(super) fn moved(place: &Place, query: &str) -> PageReply {
    let location = format!("Location: {}/{query}\r\n", place.link());
    PageReply::text(
        Status::MovedPermanently,
        TEXT,
        &location,
        "This is a directory: its name ends in a slash.\n",
    )
}

/// 200: what is in a directory.
pub(super) fn listing(page: String) -> PageReply {
    PageReply::text(Status::Ok, HTML, &format!("{ONLY_TEXT}{NO_GUESSING}"), page)
}
