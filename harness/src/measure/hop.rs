//! How far apart a processor of the server's and one of the generator's are: how long a line of the cache takes from one to the
//! other and back.
//!
//! A hypervisor may move its processors about, and over loopback every request goes from one side to the other. On the virtual
//! machine that this was written on they were 140 ns or 210 ns apart (less 40 ns for the clock, which was read once a trip),
//! for seconds or minutes at a time; a request then cost 5.5 or 7.5 us of processor time, the floor was 3.7 or 4.9 us, and a
//! spin took as long as ever.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use reports::record::Placement;

use super::placement::bind_thread;

/// So many round trips are timed together: reading the clock takes a part of one.
const AT_ONCE: u32 = 10;
const TIMES: usize = 100;
/// One in so many may be shorter than what is given.
const ONE_IN: usize = 10;
/// Both sides need their processors at the same time, which on a busy machine may take a while.
const WITHIN: Duration = Duration::from_millis(50);
/// How often somebody waiting looks at the clock, in turns of its loop.
const LOOK_EVERY: u32 = 4096;

/// The first decile of some round trips between the first processors of both sides; none where these are the same, where one
/// side has none, or where the two never ran at the same time.
pub fn round_trip(Placement { server, client }: &Placement) -> Option<Duration> {
    let (server, client) = (server.get(..1)?, client.get(..1)?);
    if server == client {
        return None;
    }
    let (line, until) = (AtomicU64::new(0), Instant::now() + WITHIN);
    thread::scope(|scope| {
        let answering = thread::Builder::new().name("answering".to_owned()).spawn_scoped(scope, || {
            bind_thread(server).ok()?;
            for turn in 0..u64::from(AT_ONCE) * TIMES as u64 {
                wait_for(&line, 2 * turn + 1, until)?;
                line.store(2 * turn + 2, Ordering::Release);
            }
            Some(())
        });
        let asking = thread::Builder::new().name("asking".to_owned()).spawn_scoped(scope, || {
            bind_thread(client).ok()?;
            let mut times = Vec::with_capacity(TIMES);
            for batch in 0..TIMES as u64 {
                let begun = Instant::now();
                for turn in batch * u64::from(AT_ONCE)..(batch + 1) * u64::from(AT_ONCE) {
                    line.store(2 * turn + 1, Ordering::Release);
                    wait_for(&line, 2 * turn + 2, until)?;
                }
                times.push(begun.elapsed() / AT_ONCE);
            }
            times.sort_unstable();
            Some(times[TIMES / ONE_IN])
        });
        answering.ok()?.join().ok()??;
        asking.ok()?.join().ok()?
    })
}

fn wait_for(line: &AtomicU64, value: u64, until: Instant) -> Option<()> {
    let mut turns = 0_u32;
    while line.load(Ordering::Acquire) != value {
        spin_loop();
        turns = turns.wrapping_add(1);
        if turns.is_multiple_of(LOOK_EVERY) && Instant::now() >= until {
            return None;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_takes_some_time_and_is_told_only_between_two_processors() {
        let processors = super::super::placement::processors().unwrap();
        let of = |server: &[usize], client: &[usize]| {
            round_trip(&Placement { server: server.into(), client: client.into() })
        };
        assert_eq!((of(&processors[..1], &processors[..1]), of(&[], &processors)), (None, None));
        if let [one, other, ..] = processors[..] {
            // On a busy machine the two may not run at the same time.
            assert!(of(&[one], &[other]).is_none_or(|time| time > Duration::from_nanos(10)));
        }
    }
}
