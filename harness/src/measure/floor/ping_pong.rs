//! How long a request and its reply take at the least: one after the other over one connection, between two threads that do
//! nothing but recv(2) and send(2).

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use hdrhistogram::Histogram;
use reports::record::Placement;

use super::connection::{MESSAGE_BYTES, connected, joined, receive_all, send_all};
use crate::measure::placement::{bind_thread, first};

/// The first part of the time does not count: caches are cold, and processors asleep.
const WARM_UP_SHARE: f64 = 0.2;
/// The longest round that is told apart.
const LONGEST: Duration = Duration::from_secs(10);

/// Plays for `how_long`; gives the median of the rounds.
pub(super) fn round_trip(placement: &Placement, how_long: Duration) -> anyhow::Result<Duration> {
    let (asking, answering) = connected()?;
    thread::scope(|scope| {
        let answering =
            thread::Builder::new().name("answering".to_owned()).spawn_scoped(scope, move || {
                bind_thread(first(&placement.server))?;
                answer(&answering)
            })?;
        // A thread of its own, so that the caller is bound nowhere afterwards.
        let asking = thread::Builder::new().name("asking".to_owned()).spawn_scoped(scope, move || {
            bind_thread(first(&placement.client))?;
            // That it closes its end is what ends the other one, also where this fails.
            ask(&asking, how_long)
        });
        let rounds = asking.map_err(anyhow::Error::from).and_then(|asking| joined(asking.join()));
        joined(answering.join())?;
        let rounds = rounds?;
        ensure!(!rounds.is_empty(), "no round was played in {how_long:?}");
        Ok(Duration::from_nanos(rounds.value_at_quantile(0.5)))
    })
}

/// Asks until the time is over; gives how long the rounds took after the warm-up, in nanoseconds.
fn ask(stream: &TcpStream, how_long: Duration) -> anyhow::Result<Histogram<u64>> {
    let mut rounds = Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3)?;
    let mut message = [0; MESSAGE_BYTES];
    let begun = Instant::now();
    let counted_from = begun + how_long.mul_f64(WARM_UP_SHARE);
    let mut now = begun;
    while now < begun + how_long {
        send_all(stream, &message)?;
        ensure!(receive_all(stream, &mut message)?, "the connection ended early");
        let answered = Instant::now();
        if now >= counted_from {
            rounds.saturating_record((answered - now).as_nanos() as u64);
        }
        now = answered;
    }
    Ok(rounds)
}

/// Answers until the other side closes its end.
fn answer(stream: &TcpStream) -> anyhow::Result<()> {
    let mut message = [0; MESSAGE_BYTES];
    while receive_all(stream, &mut message)? {
        send_all(stream, &message)?;
    }
    Ok(())
}
