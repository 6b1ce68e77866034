//! How much memory may still be taken.

use std::fs;
use std::path::PathBuf;

use procfs::process::Process;
use procfs::{Current as _, Meminfo};

/// Bytes that the machine has to give, or that the control group of this process may still take if that is less (a container has
/// a limit of its own, and who goes beyond it is killed). None where the kernel does not say.
pub(super) fn memory_bytes() -> Option<u64> {
    let machine = Meminfo::current().ok()?.mem_available;
    [machine, left_to_group()].into_iter().flatten().min()
}

/// What is left to this process's control group of version 2. Groups above it may have less, which is not looked at.
fn left_to_group() -> Option<u64> {
    let groups = Process::myself().ok()?.cgroups().ok()?;
    let own = groups.0.into_iter().find(|group| group.hierarchy == 0)?;
    let directory = PathBuf::from("/sys/fs/cgroup").join(own.pathname.trim_start_matches('/'));
    let number = |file| fs::read_to_string(directory.join(file)).ok()?.trim().parse::<u64>().ok(); // or the word "max"
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}
