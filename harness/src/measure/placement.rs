//! Which processors the server and the load generator get, so that neither runs in the other's time.
//!
//! * With two cores or more the server gets the first half of the cores and the client the others; of an odd
//!   number the client gets the larger part, since checking every reply makes it the busier side.
//! * With one core of two hardware threads each side gets one. They still share the core's units.
//! * With one processor both share it, and every figure is a figure of the two together.
//!
//! Hardware threads of one core always go to the same side: they would slow each other down otherwise. Memory
//! nodes are not looked at.

use std::collections::BTreeMap;
use std::io;

use models::probe::siblings;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use reports::record::Placement;

/// The calling thread, for the affinity calls.
const THIS_THREAD: Pid = Pid::from_raw(0);

/// The numbers of the processors that the calling thread may run on. Ask before binding any thread.
///
/// # Errors
/// On a machine with more processors than the 1,024 that the C library's set holds.
pub fn processors() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(THIS_THREAD)?;
    Ok((0..CpuSet::count()).filter(|number| set.is_set(*number).unwrap_or(false)).collect())
}

/// Divides `processors` between server and client; of none, neither is bound.
pub fn place(processors: &[usize]) -> Placement {
    divide(&cores(processors, siblings))
}

/// The first of a side's processors, for a side that is one thread. None where it is not bound.
pub(super) fn first(processors: &[usize]) -> &[usize] {
    processors.get(..1).unwrap_or_default()
}

/// Binds the calling thread, and the threads and processes it starts from now on, to `processors`; to none:
/// leaves it as it is (`sched_setaffinity(2)`).
pub fn bind_thread(processors: &[usize]) -> io::Result<()> {
    if processors.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    for processor in processors {
        set.set(*processor)?;
    }
    Ok(sched_setaffinity(THIS_THREAD, &set)?)
}

/// While it lives, the thread that made it is bound; afterwards it is free to run where it could before.
#[derive(Debug)]
pub struct Bound {
    before: CpuSet,
}

impl Bound {
    /// Binds the calling thread to `processors`; to none: leaves it as it is.
    pub fn to(processors: &[usize]) -> io::Result<Self> {
        let before = sched_getaffinity(THIS_THREAD)?;
        bind_thread(processors)?;
        Ok(Self { before })
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        // It could run there a moment ago, so the kernel has no reason to refuse.
        let _ = sched_setaffinity(THIS_THREAD, &self.before);
    }
}

/// Puts processors with the same siblings together, in the order of their first ones.
fn cores(processors: &[usize], siblings: impl Fn(usize) -> Option<String>) -> Vec<Vec<usize>> {
    let mut place_of = BTreeMap::new();
    let mut cores: Vec<Vec<usize>> = Vec::new();
    for processor in processors {
        // What the kernel does not tell is a core of its own.
        let name = siblings(*processor).unwrap_or_else(|| processor.to_string());
        let place = *place_of.entry(name.trim().to_owned()).or_insert(cores.len());
        if place == cores.len() {
            cores.push(Vec::new());
        }
        cores[place].push(*processor);
    }
    cores
}

fn divide(cores: &[Vec<usize>]) -> Placement {
    let halves = |cores: &[Vec<usize>]| {
        let (server, client) = cores.split_at(cores.len() / 2);
        Placement { server: server.concat(), client: client.concat() }
    };
    match cores {
        [] => Placement::default(),
        [core] if core.len() == 1 => Placement { server: core.clone(), client: core.clone() },
        [core] => halves(&core.iter().map(|thread| vec![*thread]).collect::<Vec<_>>()),
        _ => halves(cores),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(processors: &[usize], siblings: impl Fn(usize) -> Option<String>) -> (Vec<usize>, Vec<usize>) {
        let placement = divide(&cores(processors, siblings));
        (placement.server, placement.client)
    }

    #[test]
    fn one_processor_is_shared() {
        assert_eq!(placed(&[3], |_| None), (vec![3], vec![3]));
    }

    #[test]
    fn two_processors_are_one_each() {
        assert_eq!(placed(&[1, 2], |_| None), (vec![1], vec![2]));
    }

    #[test]
    fn of_an_odd_number_the_client_gets_more() {
        assert_eq!(placed(&[0, 1, 2], |_| None), (vec![0], vec![1, 2]));
    }

    #[test]
    fn hardware_threads_of_a_core_stay_on_one_side() {
        let siblings = |processor| Some(format!("{},{}\n", processor % 2, processor % 2 + 2));
        assert_eq!(placed(&[0, 1, 2, 3], siblings), (vec![0, 2], vec![1, 3]));
    }

    #[test]
    fn the_hardware_threads_of_a_single_core_are_divided() {
        assert_eq!(placed(&[0, 1], |_| Some("0-1".to_owned())), (vec![0], vec![1]));
    }

    #[test]
    fn a_thread_is_bound_for_a_while_only() {
        let before = processors().unwrap();
        let bound = Bound::to(&before[..1]).unwrap();
        assert_eq!(processors().unwrap(), before[..1]);
        drop(bound);
        assert_eq!(processors().unwrap(), before);
    }

    #[test]
    fn no_processor_binds_nobody() {
        assert_eq!(place(&[]), Placement::default());
    }
}
