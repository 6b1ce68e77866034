//! The two ends between which a machine's figures lie: what a request costs at the least, and how many requests the load
//! generator can ask for at the most.
//!
//! On a noisy machine they differ by some percent from one time to the next, as all figures do.

mod ceiling;
mod connection;
mod cost;
mod ping_pong;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;
use reports::record::{Floor, Placement};

/// So much of the time goes to each of the first two, which come to rest sooner than the generator.
const SHARE: f64 = 0.2;

/// Measures all of it, in about `how_long`; half a second is enough on a quiet machine.
///
/// # Errors
/// The machine refuses a socket, a thread or a processor, or the generator met a wrong reply; and `stop`.
pub fn measure(placement: &Placement, how_long: Duration, stop: &AtomicBool) -> anyhow::Result<Floor> {
    let share = how_long.mul_f64(SHARE);
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    Ok(Floor {
        cpu_us: us(cost::of_a_request(placement, share).context("the machine's floor can't be measured")?),
        round_trip_us: us(
            ping_pong::round_trip(placement, share).context("the least latency can't be measured")?
        ),
        ceiling_per_second: ceiling::per_second(placement, how_long.saturating_sub(share * 2), stop)
            .context("the load generator's ceiling can't be measured")?,
    })
}

/// The first of a side's processors: each side is one thread here. None where it is not bound.
fn first(processors: &[usize]) -> &[usize] {
    processors.get(..1).unwrap_or_default()
}
