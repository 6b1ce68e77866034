//! Clients who reset their connections: at every byte of a reply, and at every byte of a request.

use std::thread;
use std::time::{Duration, Instant};

use super::menu::{get, request};
use super::talk::{Talk, Trouble};
use super::trial::Trial;
use crate::verify::case::{Verdict, failed};

/// The whole round through all bytes may take so many times its share of the time, where a machine is slow.
const SHARES_AT_MOST: u32 = 10;
/// How much of a large reply is read at most before the reset.
const LARGE_BYTES: usize = 300_000;
/// Every so many resets one falls into a large reply.
const LARGE_EVERY: usize = 8;
/// Between two clients who wait for no reply: those that the server has not got to by then fill the kernel's queue, and
/// where that is full a good client's packets are dropped before the server can know of it (listen(2)).
const BETWEEN: Duration = Duration::from_millis(1);

/// Reads `/hello` up to each of its bytes and resets, and now and then somewhere in a large reply.
pub(super) fn within_replies(trial: &mut Trial<'_>) -> Verdict {
    let asked = get("/hello", true);
    let large = get(&format!("/bytes/{LARGE_BYTES}"), true);
    let bytes = trial.menu.hello_bytes;
    round(trial, bytes, |trial, index| {
        if index % LARGE_EVERY == 0 && trial.menu.has_bytes {
            let at = trial.rng.usize(0..LARGE_BYTES);
            read_and_reset(trial, &large, at)?;
        }
        read_and_reset(trial, &asked, index)
    })
}

fn read_and_reset(trial: &mut Trial<'_>, asked: &[u8], bytes: usize) -> Verdict {
    let limit = trial.limit();
    let until = Instant::now() + limit;
    let outcome = (|| {
        let mut talk = Talk::connect(trial.address(), limit)?;
        trial.done.connections += 1;
        let _ = talk.send(asked); // how that went shows in what comes
        trial.done.sent_bytes += asked.len() as u64;
        talk.read_just(bytes, until)?;
        talk.reset();
        trial.done.resets += 1;
        Ok(())
    })();
    outcome.or_else(|trouble: Trouble| {
        failed(format!(
            "a client who wanted to reset after {bytes} bytes did not get them: {}",
            trouble.words()
        ))
    })
}

/// Sends requests up to each of their bytes and resets.
pub(super) fn within_requests(trial: &mut Trial<'_>) -> Verdict {
    let chunked =
        request("POST", "/echo", "Transfer-Encoding: chunked\r\n", true, b"5\r\nHello\r\n0\r\n\r\n");
    let sized = request("POST", "/echo", "Content-Length: 12\r\n", true, b"Hello World\n");
    let whole = [get("/hello", true), chunked, sized].concat();
    let limit = trial.limit();
    round(trial, whole.len(), |trial, index| {
        let outcome = Talk::connect(trial.address(), limit).map(|mut talk| {
            let _ = talk.send(&whole[..index]); // it may be refused on the way
            talk.reset();
        });
        trial.done.connections += 1;
        trial.done.resets += 1;
        trial.done.sent_bytes += index as u64;
        thread::sleep(BETWEEN);
        outcome.or_else(|trouble| failed(trouble.words()))
    })
}

/// Goes through `0..=bytes` once at least, and then again for as long as the fault goes on.
fn round(
    trial: &mut Trial<'_>,
    bytes: usize,
    mut act: impl FnMut(&mut Trial<'_>, usize) -> Verdict,
) -> Verdict {
    let deadline = Instant::now() + (trial.share() * SHARES_AT_MOST).max(Duration::from_secs(10));
    let mut index = 0;
    let mut is_first = true;
    while is_first || trial.goes_on() {
        if index > bytes {
            (index, is_first) = (0, false);
            continue;
        }
        if trial.is_interrupted() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return failed(format!(
                "only {index} of {bytes} bytes were tried within the time; try more --seconds"
            ));
        }
        act(trial, index)?;
        index += 1;
    }
    Ok(())
}
