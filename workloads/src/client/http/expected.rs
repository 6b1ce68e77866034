//! What the body of a right reply is.

use std::sync::OnceLock;

use crate::client::difference::difference;
use crate::http::routes::{self, Route};
use crate::http::{pattern, primes_below};

/// The longest body that is learned, in bytes. Every connection that is waiting for its first reply may hold one.
pub(super) const MAX_LEARNED_BYTES: usize = 4 * 1024 * 1024;

/// The right body.
#[derive(Debug)]
pub(super) enum Expected {
    /// So many bytes of the pattern, of which none are kept.
    Pattern(u64),
    /// These bytes: known beforehand, or learned from the first reply.
    Bytes(OnceLock<Vec<u8>>),
}

impl Expected {
    /// What the reply for a path must be.
    pub(super) fn at(path: &str) -> Self {
        match routes::route(path) {
            Route::Bytes(length) => Self::Pattern(length),
            Route::Hello => Self::known(routes::HELLO.to_owned()),
            Route::Cpu(n) => Self::known(routes::counted(primes_below(n))),
            Route::Wait(ms) => Self::known(routes::waited(ms)),
            Route::Index | Route::Echo | Route::TooMuch(_) | Route::Unknown | Route::NotAPath => {
                Self::Bytes(OnceLock::new())
            }
        }
    }

    fn known(text: String) -> Self {
        Self::Bytes(OnceLock::from(text.into_bytes()))
    }

    /// How long the body must be, once that is known.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Pattern(length) => Some(*length),
            Self::Bytes(bytes) => bytes.get().map(|bytes| bytes.len() as u64),
        }
    }

    pub(super) fn is_to_be_learned(&self) -> bool {
        self.length().is_none()
    }

    /// Compares a part of a body, which begins at `offset`, with the right one.
    pub(super) fn check(&self, offset: u64, got: &[u8]) -> Result<(), String> {
        let right = self.length().unwrap_or_default();
        let end = offset + got.len() as u64;
        if end > right {
            return Err(format!("the reply's body is longer than {right} bytes"));
        }
        let different = match self {
            Self::Pattern(_) => difference_from_pattern(offset, got),
            Self::Bytes(bytes) => {
                let bytes = bytes.get().map(Vec::as_slice).unwrap_or_default();
                difference(offset, got, &bytes[offset as usize..end as usize])
            }
        };
        different.map_or(Ok(()), Err)
    }

    /// A body ended after `seen` bytes, all of them right or `learned`. Gives whether that was all of it.
    pub(super) fn finish(&self, seen: u64, learned: Option<Vec<u8>>) -> Result<bool, String> {
        if let (Self::Bytes(bytes), Some(learned)) = (self, learned)
            && let Err(learned) = bytes.set(learned)
        {
            self.check(0, &learned)?; // another connection's reply was the first
        }
        Ok(self.length() == Some(seen))
    }
}

fn difference_from_pattern(mut offset: u64, mut got: &[u8]) -> Option<String> {
    while !got.is_empty() {
        let right = pattern::piece(offset, got.len());
        let (now, later) = got.split_at(right.len());
        if let Some(sentence) = difference(offset, now, right) {
            return Some(sentence);
        }
        offset += right.len() as u64;
        got = later;
    }
    None
}

/// Takes in a part of a body that nothing is known about.
pub(super) fn learn(learned: &mut Vec<u8>, bytes: &[u8]) -> Result<(), String> {
    if learned.len() + bytes.len() > MAX_LEARNED_BYTES {
        return Err(format!(
            "the reply's body is longer than {MAX_LEARNED_BYTES} bytes, too long to be learned; ask for /bytes/N"
        ));
    }
    learned.extend_from_slice(bytes);
    Ok(())
}
