//! Whatever bytes come over a connection, and however they are split: the session answers each request that is well-formed,
//! in order and as its documentation says, and the first thing that is not with at most one refusal, after which it is silent.
//!
//! What is well-formed says a reader of requests that shares no code with the session and is as strict as RFC 9112 can be read
//! ([`requests`]). Where that reader is lenient and the session is not, or the other way round, one of them is wrong.

pub(crate) mod replies;
mod requests;

use std::time::{Duration, SystemTime};

use workloads::http::Http;
use workloads::{Limits, Value, Work};

use self::requests::Reading;
use crate::talk::{Ending, Talk, shown, split, talk};

/// Above so many bytes of output the session is to wait until they are sent. Few, so that much is sent in pieces.
const OUTPUT_BYTES: usize = 2_048;

/// Tries any bytes.
pub(crate) fn check(bytes: &[u8]) {
    let limits = Limits { output_bytes: OUTPUT_BYTES, ..Limits::default() };
    let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let service = Http { clock, limits, ..Http::default() };
    let whole = talk(&service, &[bytes], computed);
    answers_are_right(bytes, &whole);
    for pieces in split(bytes) {
        is_the_same(&whole, &talk(&service, &pieces, computed), bytes);
    }
}

/// What all work comes to: which number it is makes no difference here.
fn computed(_: Work) -> Value {
    7
}

/// What was heard is the same but for the 100s: whether a client is told to go on rightly depends on whether it already has.
pub(crate) fn is_the_same(whole: &Talk, split: &Talk, bytes: &[u8]) {
    let (one, other) = (replies::without_continues(&whole.heard), replies::without_continues(&split.heard));
    if whole.ending == Ending::Left || split.ending == Ending::Left {
        // A client that has heard enough leaves at a place that depends on how it asked.
        let both = one.len().min(other.len());
        assert!(one[..both] == other[..both], "{}", shown(bytes));
        return;
    }
    assert!(one == other, "{}\nat once: {}\nsplit: {}", shown(bytes), shown(&one), shown(&other));
    assert_eq!(whole.ending, split.ending, "{}", shown(bytes));
}

/// Compares what was heard with what the reference reader makes of the bytes.
fn answers_are_right(bytes: &[u8], talk: &Talk) {
    let told = || format!("{}\nis answered with {}", shown(bytes), shown(&talk.heard));
    let mut heard = &talk.heard[..];
    let mut requests = bytes;
    loop {
        match requests::read(requests) {
            Reading::Request { expected, length } => {
                heard = match replies::read(heard, expected.head_only) {
                    Ok(Some((reply, rest))) => {
                        assert!(expected.allows(&reply), "{expected:?} is not {reply:?}: {}", told());
                        rest
                    }
                    Ok(None) if talk.ending == Ending::Left => return,
                    other => panic!("{expected:?} is not {other:?}: {}", told()),
                };
                if expected.closes {
                    assert!(heard.is_empty(), "something follows a last reply: {}", told());
                    assert_ne!(talk.ending, Ending::Open, "{}", told());
                    return;
                }
                requests = &requests[length..];
            }
            Reading::Nothing => {
                assert!(heard.is_empty(), "there is an answer to nothing: {}", told());
                assert_eq!(talk.ending, Ending::Closed, "{}", told());
                return;
            }
            Reading::Unsure { head_only } => {
                return every_reply_is_well_formed(heard, head_only, talk, &told);
            }
            Reading::Wrong { head_only, may_have_begun } => {
                match replies::read(heard, head_only) {
                    Ok(Some((reply, rest))) => {
                        assert!(reply.is_refusal(), "{reply:?} to what is no request: {}", told());
                        assert!(rest.is_empty(), "something follows a refusal: {}", told());
                    }
                    // It can only be cut short, or go on as far as the request did.
                    Ok(None) if may_have_begun && replies::begins_well(heard) => {}
                    Ok(None) if talk.ending == Ending::Left => {}
                    other => panic!("{other:?} to what is no request: {}", told()),
                }
                assert_ne!(talk.ending, Ending::Open, "{}", told());
                return;
            }
        }
    }
}

/// Where the reference reader can't say what is right, the replies must still be replies.
fn every_reply_is_well_formed(mut heard: &[u8], head_only: bool, talk: &Talk, told: &dyn Fn() -> String) {
    if head_only || heard.is_empty() {
        return; // whose heads come without bodies is what it can't say
    }
    match replies::read(heard, false) {
        Ok(Some((_, rest))) => heard = rest,
        Ok(None) => {
            assert_ne!(talk.ending, Ending::Open, "{}", told());
            return;
        }
        Err(what) => panic!("{what}: {}", told()),
    }
    assert!(heard.is_empty() || heard.starts_with(b"HTTP/1.1 "), "{}", told());
}
