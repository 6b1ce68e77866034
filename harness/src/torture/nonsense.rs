//! What is no request, and what was one before a few of its bytes were changed: whatever comes back is well-formed HTTP, and
//! the server is as before.

use std::time::Instant;

use fastrand::Rng;

use super::menu::{get, request};
use super::talk::{Talk, Trouble};
use super::trial::Trial;
use crate::verify::case::{Verdict, failed};
use crate::verify::client::quoted;

/// The longest garbage, in bytes.
const GARBAGE_AT_MOST: usize = 6_000;
/// How many changes a request gets at most.
const CHANGES_AT_MOST: usize = 4;
/// Replies to one connection, at most: who gets more is answered more often than it asked.
const REPLIES_AT_MOST: usize = 64;

/// Bytes by chance.
pub(super) fn garbage(trial: &mut Trial<'_>) -> Verdict {
    while trial.goes_on() {
        let bytes = trial.rng.usize(1..GARBAGE_AT_MOST);
        let mut sent: Vec<u8> = (0..bytes).map(|_| trial.rng.u8(..)).collect();
        if trial.rng.u8(..4) == 0 {
            sent.splice(0..0, *b"GET / HTTP/1.1\r\n"); // so that it is garbage further in
        }
        say(trial, &sent)?;
    }
    Ok(())
}

/// Valid requests with a few bytes changed.
pub(super) fn mutations(trial: &mut Trial<'_>) -> Verdict {
    let seeds = seeds();
    while trial.goes_on() {
        let mut sent = seeds[trial.rng.usize(..seeds.len())].clone();
        for _ in 0..trial.rng.usize(1..=CHANGES_AT_MOST) {
            change(&mut sent, &mut trial.rng);
        }
        say(trial, &sent)?;
    }
    Ok(())
}

fn seeds() -> Vec<Vec<u8>> {
    let chunked = b"5\r\nHello\r\n6;a=b\r\n World\r\n0\r\nX: y\r\n\r\n";
    vec![
        get("/hello", true),
        get("/", false),
        get("/bytes/1000", true),
        [get("/hello", true), get("/bytes/10", true), get("/hello", false)].concat(),
        request("POST", "/echo", "Content-Length: 12\r\n", true, b"Hello World\n"),
        request("POST", "/echo", "Transfer-Encoding: chunked\r\n", true, chunked),
        request("POST", "/echo", "Content-Length: 5\r\nExpect: 100-continue\r\n", true, b"Hello"),
        request("OPTIONS", "*", "", true, b""),
        request("GET", "http://torture.test/hello?a=%41#b", "X-Y: z\r\nX-Y: w\r\n", true, b""),
        b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_vec(),
    ]
}

/// Changes something: a byte, a piece, a line.
fn change(bytes: &mut Vec<u8>, rng: &mut Rng) {
    const SPECIAL: [u8; 12] = [0, b'\r', b'\n', b' ', b'\t', b':', b',', b'%', b'/', 0x7f, 0x80, 0xff];
    if bytes.is_empty() {
        return bytes.push(rng.u8(..));
    }
    let at = rng.usize(..bytes.len());
    let end = (at + rng.usize(1..32)).min(bytes.len());
    match rng.u8(..8) {
        0 => bytes[at] ^= 1 << rng.u8(..8),
        1 => bytes[at] = SPECIAL[rng.usize(..SPECIAL.len())],
        2 => bytes.insert(at, SPECIAL[rng.usize(..SPECIAL.len())]),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        5 => bytes.truncate(at),
        6 => {
            let digit = bytes.iter().position(u8::is_ascii_digit).filter(|_| rng.bool());
            bytes.insert(digit.unwrap_or(at), b'0' + rng.u8(..10));
        }
        _ => {
            let other = rng.usize(..bytes.len());
            bytes.swap(at, other);
        }
    }
}

/// Sends it all, says that no more will come, and hears the server out: a well-formed reply after the other, and an end.
fn say(trial: &mut Trial<'_>, sent: &[u8]) -> Verdict {
    let limit = trial.limit();
    let until = Instant::now() + limit;
    let mut talk = match Talk::connect(trial.address(), limit) {
        Ok(talk) => talk,
        Err(trouble) => return failed(trouble.words()),
    };
    trial.done.connections += 1;
    trial.done.sent_bytes += sent.len() as u64;
    let _ = talk.send(sent); // a server need not take it all
    talk.half_close();
    match hear(&mut talk, sent, until) {
        // A reset is a way to end a connection that brought nonsense, and so is an end within what is no reply to one of ours.
        // And a number in a path may have become a large one.
        Ok(()) | Err(Trouble::Unanswered(_) | Trouble::Cut(_) | Trouble::Long(_)) => Ok(()),
        Err(Trouble::Late(words)) => {
            failed(format!("no end of the connection: {words}, to {}", quoted(sent)))
        }
        Err(trouble) => failed(format!("{}, in reply to {}", trouble.words(), quoted(sent))),
    }
}

fn hear(talk: &mut Talk, sent: &[u8], until: Instant) -> Result<(), Trouble> {
    // Changed or not, it may have become a HEAD, whose reply has a length and no body.
    let to_head = sent.starts_with(b"HEAD ");
    for _ in 0..REPLIES_AT_MOST {
        if talk.is_at_its_end(until)? {
            return Ok(());
        }
        talk.reply(to_head, until)?;
    }
    Err(Trouble::Wrong("replies without end".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_follow_from_the_seed_and_change_something() {
        let changed = |seed| {
            let mut rng = Rng::with_seed(seed);
            let mut bytes = get("/hello", true);
            (0..50).for_each(|_| change(&mut bytes, &mut rng));
            bytes
        };
        assert_eq!(changed(7), changed(7));
        assert_ne!(changed(7), changed(8));
        assert_ne!(changed(7), get("/hello", true));
    }
}
