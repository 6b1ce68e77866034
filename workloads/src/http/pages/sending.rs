//! How the bytes of a page go out: a part after the other, which the model sends from the file by itself.

use std::collections::VecDeque;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use bytes::BytesMut;

use super::super::reply::Persistence;
use crate::file_part::FilePart;

/// Parts of a file, with text before and behind them.
#[derive(Debug)]
pub(in crate::http) struct Parts {
    file: Arc<File>,
    left: VecDeque<Part>,
    behind: String,
}

/// A part of a file, and what stands before it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) before: String,
    pub(super) bytes: Range<u64>,
}

/// Parts on their way out.
#[derive(Debug)]
pub(in crate::http) struct Sending {
    parts: Parts,
    persistence: Persistence,
}

impl Parts {
    pub(super) fn new(file: Arc<File>, left: VecDeque<Part>, behind: String) -> Self {
        Self { file, left, behind }
    }

    /// One part with nothing around it.
    pub(super) fn one(file: Arc<File>, bytes: Range<u64>) -> Self {
        Self::new(file, [Part { before: String::new(), bytes }].into(), String::new())
    }

    /// How many bytes that is in all.
    pub(super) fn length(&self) -> u64 {
        let of = |part: &Part| part.before.len() as u64 + (part.bytes.end - part.bytes.start);
        self.left.iter().map(of).sum::<u64>() + self.behind.len() as u64
    }
}

impl Sending {
    pub(in crate::http) fn new(parts: Parts, persistence: Persistence) -> Self {
        Self { parts, persistence }
    }

    /// What becomes of the connection when all is sent.
    pub(in crate::http) fn persistence(&self) -> Persistence {
        self.persistence
    }

    /// Appends the text that comes next, and gives the part of the file that follows it; none at the end.
    pub(in crate::http) fn go_on(&mut self, output: &mut BytesMut) -> Option<FilePart> {
        let parts = &mut self.parts;
        while let Some(part) = parts.left.front_mut() {
            output.extend_from_slice(std::mem::take(&mut part.before).as_bytes());
            let left = part.bytes.end - part.bytes.start;
            if left > 0 {
                let next = FilePart::new(Arc::clone(&parts.file), part.bytes.start, left);
                part.bytes.start += next.length();
                return Some(next);
            }
            parts.left.pop_front();
        }
        output.extend_from_slice(std::mem::take(&mut parts.behind).as_bytes());
        None
    }
}
