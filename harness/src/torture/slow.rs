//! Clients who are slow on purpose, by the hundred, and clients who say nothing at all.
//!
//! One alone costs a server a connection; hundreds cost it everything where a client has a worker, until its time is over
//! (that is the attack of slowhttptest and of Slowloris before it).

#![allow(
    clippy::unnecessary_wraps,
    reason = "all faults have one form, whether or not they can fail by themselves"
)]

use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use super::account::memory;
use super::crowd::{Crowd, Turn};
use super::menu::get;
use super::trial::Trial;
use crate::verify::case::{Verdict, ensure, skipped};
use crate::verify::common::mebibytes;

/// Each sends or reads a byte in each turn.
const TURN: Duration = Duration::from_millis(100);
/// What a slow reader asks for: more than two sockets hold.
const LARGE_BYTES: usize = 10_000_000;
/// So little is taken before somebody reads.
const SMALL_BUFFER: usize = 4_096;
/// So much more a server may hold for each slow reader, a process of its own among it, and that is less than half of a reply ...
const UNREAD_BYTES_AT_MOST: u64 = 4 << 20;
/// ... and so much for all of them together.
const UNREAD_BYTES_BESIDES: u64 = 32 << 20;
/// What a slow body says of its length.
const BODY_BYTES: usize = 100_000;

/// A byte of a head now and then.
pub(super) fn headers(trial: &mut Trial<'_>) -> Verdict {
    let head = [b"GET /hello HTTP/1.1\r\nHost: torture.test\r\nX-Slow: ".as_slice(), &[b'a'; 8_000]].concat();
    dribble(trial, &head)
}

/// A head, and then a byte of the body now and then.
pub(super) fn bodies(trial: &mut Trial<'_>) -> Verdict {
    let head = format!("POST /echo HTTP/1.1\r\nHost: torture.test\r\nContent-Length: {BODY_BYTES}\r\n\r\n");
    let request = [head.as_bytes(), &[b'b'; 8_000]].concat();
    let at_once = head.len();
    let mut crowd = Crowd::new(trial.address(), trial.many(), None);
    while trial.goes_on() {
        crowd.turn(&mut trial.done, |member, done| {
            if member.is_thrown_out()? {
                return Ok(Turn::Over);
            }
            let to = if member.at == 0 { at_once } else { member.at + 1 };
            member.at += member.send(&request[member.at..to.min(request.len())], done)?;
            Ok(Turn::Stays)
        });
        thread::sleep(TURN);
    }
    crowd.reset(&mut trial.done);
    Ok(())
}

fn dribble(trial: &mut Trial<'_>, request: &[u8]) -> Verdict {
    let mut crowd = Crowd::new(trial.address(), trial.many(), None);
    while trial.goes_on() {
        crowd.turn(&mut trial.done, |member, done| {
            if member.is_thrown_out()? {
                return Ok(Turn::Over);
            }
            let to = (member.at + 1).min(request.len());
            member.at += member.send(&request[member.at..to], done)?;
            Ok(Turn::Stays)
        });
        thread::sleep(TURN);
    }
    crowd.reset(&mut trial.done);
    Ok(())
}

/// A large reply, of which a byte is read now and then.
pub(super) fn readers(trial: &mut Trial<'_>) -> Verdict {
    if !trial.menu.has_bytes {
        return skipped("the server has no /bytes/N");
    }
    let request = get(&format!("/bytes/{LARGE_BYTES}"), true);
    let before = memory(trial.tree())?;
    let mut crowd = Crowd::new(trial.address(), trial.many(), Some(SMALL_BUFFER));
    while trial.goes_on() {
        crowd.turn(&mut trial.done, |member, done| {
            if member.at == 0 {
                member.at = member.send(&request, done)?;
                return Ok(Turn::Stays);
            }
            member.hear(1)
        });
        thread::sleep(TURN);
    }
    let now = memory(trial.tree());
    crowd.reset(&mut trial.done);
    let (now, many) = (now?, trial.many());
    let most = UNREAD_BYTES_BESIDES + UNREAD_BYTES_AT_MOST * many as u64;
    ensure(now <= before + most, || {
        format!(
            "what nobody reads piles up: its memory grew from {} to {} for {many} clients; {} more would be the most",
            mebibytes(before),
            mebibytes(now),
            mebibytes(most)
        )
    })
}

/// Connections on which nothing is said: open, half closed, or half a request and half closed, by turns.
pub(super) fn half_open(trial: &mut Trial<'_>) -> Verdict {
    let mut crowd = Crowd::new(trial.address(), trial.many(), None);
    while trial.goes_on() {
        crowd.turn(&mut trial.done, |member, done| {
            if member.at == 0 {
                member.at = 1;
                if member.index % 3 == 2 {
                    member.send(b"GET /hel", done)?;
                }
                if member.index % 3 > 0 {
                    member.socket.shutdown(Shutdown::Write)?;
                }
            }
            member.hear(64)
        });
        thread::sleep(TURN);
    }
    crowd.reset(&mut trial.done);
    Ok(())
}
