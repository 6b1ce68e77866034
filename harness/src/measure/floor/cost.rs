//! What a request costs who answers it at the least: recv(2) and send(2), and nobody to wait for.
//!
//! A thread that sleeps until a request is there pays for going to sleep and for waking, and a busy server seldom sleeps. So one
//! side first sends a request over each of some connections, and then sleeps while the other side answers all of them.
//!
//! Each such round is a slice of a third of a millisecond with a figure of its own. What disturbs one makes it dearer, never
//! cheaper, so a low quantile of them is nearer to the least than their median; the very least is one in hundreds, and
//! would fall with their number.

use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use reports::record::Placement;

use super::connection::{MESSAGE_BYTES, PATIENCE, connected, joined, receive_all, send_all};
use crate::measure::frugal::processor_time;
use crate::measure::placement::{bind_thread, first};

/// As many as the quick comparison's servers have.
const CONNECTIONS: usize = 64;
/// One round in so many may be cheaper than what is given.
const ONE_IN: usize = 10;
/// The first rounds do not count: caches are cold.
const WARM_UP: usize = 5;

/// Asks and answers for `how_long`; gives the answering side's processor time a request, the first decile over the rounds.
pub(super) fn of_a_request(placement: &Placement, how_long: Duration) -> anyhow::Result<Duration> {
    let ends = (0..CONNECTIONS).map(|_| connected()).collect::<anyhow::Result<Vec<_>>>();
    let ends = ends.context("64 connections can't be had; try ulimit -n 400")?;
    let (asking, answering): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
    // Room for one, and at most one is under way: nobody waits for room.
    let (asked, requests) = sync_channel(1);
    let (answered, replies) = sync_channel(1);
    thread::scope(|scope| {
        let answering =
            thread::Builder::new().name("answering".to_owned()).spawn_scoped(scope, move || {
                bind_thread(first(&placement.server))?;
                answer(&answering, &requests, &answered)
            })?;
        let asking = thread::Builder::new().name("asking".to_owned()).spawn_scoped(scope, move || {
            bind_thread(first(&placement.client))?;
            // That its end of the channel goes is what ends the other side, also where this fails.
            ask(&asking, how_long, &asked, &replies)
        });
        let asked = asking.map_err(anyhow::Error::from).and_then(|asking| joined(asking.join()));
        let mut rounds = joined(answering.join())?;
        asked?;
        ensure!(rounds.len() > WARM_UP, "too few rounds were played in {how_long:?}");
        rounds.drain(..WARM_UP);
        Ok(low(rounds) / CONNECTIONS as u32)
    })
}

/// What one round in ten does not exceed.
fn low(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / ONE_IN]
}

fn ask(
    streams: &[TcpStream],
    how_long: Duration,
    asked: &SyncSender<()>,
    replies: &Receiver<()>,
) -> anyhow::Result<()> {
    let mut message = [0; MESSAGE_BYTES];
    let begun = Instant::now();
    while begun.elapsed() < how_long {
        for stream in streams {
            send_all(stream, &message)?;
        }
        if asked.send(()).is_err() || replies.recv_timeout(PATIENCE).is_err() {
            bail!("the answering side ended early");
        }
        for stream in streams {
            ensure!(receive_all(stream, &mut message)?, "a connection ended early");
        }
    }
    Ok(())
}

/// Gives the processor time of each round.
fn answer(
    streams: &[TcpStream],
    requests: &Receiver<()>,
    answered: &SyncSender<()>,
) -> anyhow::Result<Vec<Duration>> {
    let mut message = [0; MESSAGE_BYTES];
    let mut rounds = Vec::new();
    loop {
        match requests.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(rounds),
            Err(RecvTimeoutError::Timeout) => bail!("the asking side asked for nothing"),
        }
        let before = processor_time()?;
        for stream in streams {
            ensure!(receive_all(stream, &mut message)?, "a connection ended early");
            send_all(stream, &message)?;
        }
        rounds.push(processor_time()?.saturating_sub(before));
        if answered.send(()).is_err() {
            return Ok(rounds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_what_disturbs_most_rounds_nor_the_cheapest_of_them_makes_the_floor() {
        let ms = Duration::from_millis;
        let rounds = |times: &[u64]| low(times.iter().copied().map(ms).collect());
        assert_eq!(rounds(&[7, 9, 5, 1, 6, 7, 8, 30, 7, 9, 40, 5]), ms(5));
        assert_eq!(rounds(&[3]), ms(3));
    }
}
