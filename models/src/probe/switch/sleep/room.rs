//! For how many there is room, so that a probe takes no more of a machine than others can spare.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use procfs::sys::kernel::{pid_max, threads_max};
use procfs::sys::vm::max_map_count;

use super::super::super::Trouble;
use super::super::super::available::memory_bytes;

/// Longer than that nobody is made.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// After so many it is looked whether there is still time and memory.
const EVERY: u64 = 64;
/// What those take who are on their way to sleep when they have said so.
const SETTLED: Duration = Duration::from_millis(20);

/// A bound on the number of sleepers, and what it is, in words that go before "is in the way".
pub(super) type Bound = (u64, &'static str);

/// A third of the process numbers: other programs need some as well, and 10,000 fit into it as Linux comes.
pub(super) fn third_of_numbers() -> Bound {
    (
        pid_max().map_or(u64::MAX, |most| most as u64 / 3),
        "a third of the machine's process numbers (kernel.pid_max)",
    )
}

/// Half of the threads that there can be, each of which has a number as processes have.
pub(super) fn half_of_threads() -> Bound {
    let numbers = pid_max().map_or(u64::MAX, |most| most as u64);
    let most = threads_max().map_or(numbers, |most| numbers.min(most.into()));
    (most / 2, "half of the machine's threads (kernel.pid_max, kernel.threads-max)")
}

/// As many as can be mapped if each takes so many mappings; the last tenth is left for the allocator.
pub(super) fn mapped(mappings_each: u64) -> Bound {
    let most = max_map_count().map_or(u64::MAX, |most| most / mappings_each / 10 * 9);
    (most, "the number of mappings that a process may have (vm.max_map_count)")
}

/// How many there are, and why not more.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) number: u64,
    pub(super) wanted: u64,
    pub(super) in_the_way: Option<String>,
}

/// Room for so many, within bounds.
pub(super) struct Room<'a> {
    wanted: u64,
    bounds: &'a [Bound],
    until: Instant,
    /// Half of what was there in the beginning.
    memory_to_leave: u64,
}

impl<'a> Room<'a> {
    pub(super) fn for_so_many(wanted: u64, bounds: &'a [Bound]) -> Self {
        let memory_to_leave = memory_bytes().unwrap_or(0) / 2;
        Self { wanted, bounds, until: Instant::now() + PATIENCE, memory_to_leave }
    }

    /// Makes one after another until there are enough or something is in the way.
    pub(super) fn fill(&self, mut make: impl FnMut() -> io::Result<()>) -> Filled {
        let filled = |number, in_the_way| Filled { number, wanted: self.wanted, in_the_way };
        for number in 0..self.wanted {
            if let Some(why) = self.in_the_way(number) {
                return filled(number, Some(why));
            }
            if let Err(error) = make() {
                return filled(number, Some(format!("the system refused one more than {number}: {error}")));
            }
        }
        filled(self.wanted, None)
    }

    fn in_the_way(&self, number: u64) -> Option<String> {
        if let Some((most, what)) = self.bounds.iter().find(|(most, _)| number >= *most) {
            return Some(format!("there are no more than {most} since {what} is in the way"));
        }
        if !number.is_multiple_of(EVERY) {
            None
        } else if Instant::now() > self.until {
            Some(format!(
                "there are no more than {number} since that is what {} s were enough for",
                PATIENCE.as_secs()
            ))
        } else if memory_bytes().is_some_and(|available| available < self.memory_to_leave) {
            Some(format!("there are no more than {number} since half of the free memory is taken"))
        } else {
            None
        }
    }
}

/// Waits until so many have said that they go to sleep, and a moment longer until they do.
///
/// # Errors
/// Some don't come to it in a time in which all could be made.
pub(super) fn wait_for(arrived: &AtomicU64, number: u64) -> Result<(), Trouble> {
    let until = Instant::now() + PATIENCE;
    while arrived.load(Ordering::Acquire) < number {
        if Instant::now() > until {
            return Err(Trouble::Failed(
                "some of them did not come to sleep; try again, or fewer".to_owned(),
            ));
        }
        sleep(Duration::from_millis(1));
    }
    sleep(SETTLED);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_were_asked_for() {
        let mut made = 0;
        let filled = Room::for_so_many(200, &[(200, "nothing")]).fill(|| {
            made += 1;
            Ok(())
        });
        assert_eq!((made, filled.number, filled.in_the_way), (200, 200, None));
    }

    #[test]
    fn a_bound_is_not_passed_and_said() {
        let filled = Room::for_so_many(200, &[(500, "this"), (30, "that")]).fill(|| Ok(()));
        assert_eq!((filled.number, filled.wanted), (30, 200));
        assert_eq!(filled.in_the_way.unwrap(), "there are no more than 30 since that is in the way");
    }

    #[test]
    fn the_first_refusal_ends_it_and_is_said() {
        let mut made = 0;
        let filled = Room::for_so_many(200, &[]).fill(|| {
            made += 1;
            if made > 7 { Err(io::Error::other("no room")) } else { Ok(()) }
        });
        assert_eq!((made, filled.number), (8, 7));
        assert_eq!(filled.in_the_way.unwrap(), "the system refused one more than 7: no room");
    }

    #[test]
    fn half_of_the_memory_is_left() {
        let room =
            Room { wanted: 200, bounds: &[], until: Instant::now() + PATIENCE, memory_to_leave: u64::MAX };
        assert!(room.fill(|| Ok(())).in_the_way.unwrap().contains("half of the free memory"));
    }

    #[test]
    fn time_ends_it() {
        let until = Instant::now().checked_sub(Duration::from_millis(1)).unwrap();
        let room = Room { wanted: 200, bounds: &[], until, memory_to_leave: 0 };
        assert!(room.fill(|| Ok(())).in_the_way.unwrap().contains("were enough for"));
    }
}
