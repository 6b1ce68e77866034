//! The two ends between which a machine's figures lie: what a request costs at the least, and how many requests the load
//! generator can ask for at the most.
//!
//! On a noisy machine they differ by some percent from one time to the next, as all figures do, and on one that changes its
//! speed by a third. So the floor is measured again when all else has been: rows are read against the lower of both, which
//! says what this machine can do, and the other one is kept beside it.

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
    Ok(Floor {
        cpu_us: us(cost::of_a_request(placement, share).context("the machine's floor can't be measured")?),
        cpu_us_most: None,
        round_trip_us: us(
            ping_pong::round_trip(placement, share).context("the least latency can't be measured")?
        ),
        ceiling_per_second: ceiling::per_second(placement, how_long.saturating_sub(share * 2), stop)
            .context("the load generator's ceiling can't be measured")?,
    })
}

/// Measures what a request costs again, in about a fifth of `how_long` as [`measure`] does, and adds that to what there is.
///
/// # Errors
/// As those of [`measure`].
pub fn again(floor: Floor, placement: &Placement, how_long: Duration) -> anyhow::Result<Floor> {
    let cpu = cost::of_a_request(placement, how_long.mul_f64(SHARE));
    Ok(with(floor, us(cpu.context("the machine's floor can't be measured again")?)))
}

/// A floor with one more measurement of its processor time.
fn with(floor: Floor, cpu_us: f64) -> Floor {
    let most = floor.cpu_us_most.unwrap_or(floor.cpu_us).max(cpu_us);
    Floor { cpu_us: floor.cpu_us.min(cpu_us), cpu_us_most: Some(most), ..floor }
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_against_the_lower_of_two_floors_and_the_other_is_kept() {
        let before = Floor { cpu_us: 5.1, round_trip_us: 12.0, ..Floor::default() };
        let both = |after| {
            let floor = with(before, after);
            assert_eq!(Floor { cpu_us: before.cpu_us, cpu_us_most: None, ..floor }, before);
            (floor.cpu_us, floor.cpu_us_most)
        };
        assert_eq!(both(3.9), (3.9, Some(5.1)));
        assert_eq!(both(5.4), (5.1, Some(5.4)));
    }
}
