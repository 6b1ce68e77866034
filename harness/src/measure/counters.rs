//! The kernel's counters over a control group: an event on each processor, that counts while one of the group's threads
//! runs there (`perf_event_open(2)`).
//!
//! Counters that follow the children of a process instead were tried first, and found wanting: they let go of a process
//! before it has taken its memory apart, and lack what lies between two threads. See ARCHITECTURE.md, "Accounts".

use std::fs::File;
use std::io;

use nix::errno::Errno;
use perf_event::events::Event;
use perf_event::{Builder, Counter};

use super::group::Group;

/// The processors there are, as the kernel lists them.
const ONLINE: &str = "/sys/devices/system/cpu/online";

/// One event, counted on every processor while they are open.
#[derive(Debug)]
pub struct Counters {
    of: Vec<Counter>,
}

impl Counters {
    /// Begins to count an event.
    ///
    /// # Errors
    /// The kernel has no counters, this process may not use them, or a group can't be counted here.
    pub fn begin(event: impl Event + Copy, group: &Group) -> io::Result<Self> {
        let mut of = Vec::new();
        for processor in online()? {
            match counter(event, group.directory(), processor) {
                Ok(counter) => of.push(counter),
                // It was taken away between the two looks.
                Err(error) if error.raw_os_error() == Some(Errno::ENODEV as i32) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { of })
    }

    /// How often it has happened since.
    pub fn read(&mut self) -> io::Result<u64> {
        self.of.iter_mut().map(Counter::read).sum()
    }
}

fn counter(event: impl Event, group: &File, processor: usize) -> io::Result<Counter> {
    let mut builder = Builder::new(event);
    // What is counted here happens in the kernel.
    builder.include_kernel().observe_cgroup(group).one_cpu(processor).enabled(true);
    builder.build()
}

fn online() -> io::Result<Vec<usize>> {
    let list = std::fs::read_to_string(ONLINE)?;
    listed(&list).ok_or_else(|| io::Error::other(format!("{ONLINE} says '{}'", list.trim())))
}

/// The numbers in a list such as `0-3,6`.
fn listed(list: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for part in list.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (usize, usize) = (from.parse().ok()?, to.parse().ok()?);
        numbers.extend(from..=to);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_processors_has_ranges() {
        assert_eq!(listed("0-2,5\n"), Some(vec![0, 1, 2, 5]));
        assert_eq!(listed("0"), Some(vec![0]));
        assert_eq!(listed(""), None);
    }
}
