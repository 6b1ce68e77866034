//! One thread's part of a load.

use super::log::Intervals;
use super::schedule::Part;
use super::{Company, Load};

/// What one thread has to do.
pub(super) struct Share {
    pub(super) part: Part,
    pub(super) connections: usize,
    pub(super) company: Company,
    pub(super) processor: Option<usize>,
    /// Where its latencies go second by second, if they are logged.
    pub(super) intervals: Option<Intervals>,
}

/// Spreads the connections evenly; no thread goes without.
pub(super) fn shares(load: &Load) -> impl Iterator<Item = Share> {
    let threads = load.threads.min(load.connections);
    let spread = move |number: usize, thread| number / threads + usize::from(thread < number % threads);
    (0..threads).map(move |thread| Share {
        part: Part { thread, threads },
        connections: spread(load.connections, thread),
        company: Company {
            idle: spread(load.company.idle, thread),
            slow: spread(load.company.slow, thread),
            beside: spread(load.company.beside, thread),
        },
        processor: load.processors.get(thread % load.processors.len().max(1)).copied(),
        intervals: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(connections: usize, threads: usize, processors: &[usize]) -> Load {
        Load { connections, threads, processors: processors.to_vec(), ..Load::default() }
    }

    #[test]
    fn connections_are_spread_evenly() {
        let spread = |connections, threads| {
            shares(&load(connections, threads, &[])).map(|share| share.connections).collect::<Vec<_>>()
        };
        assert_eq!(spread(10, 3), [4, 3, 3]);
        assert_eq!(spread(2, 8), [1, 1]);
    }

    #[test]
    fn company_is_spread_evenly_even_where_there_is_little() {
        let load = Load { company: Company { idle: 5, slow: 1, beside: 0 }, ..load(4, 2, &[]) };
        let spread: Vec<_> = shares(&load).map(|share| share.company).collect();
        let company = |idle, slow| Company { idle, slow, beside: 0 };
        assert_eq!(spread, [company(3, 1), company(2, 0)]);
    }

    #[test]
    fn threads_take_the_processors_in_turn() {
        let bound = |processors: &[usize]| {
            shares(&load(9, 3, processors)).map(|share| share.processor).collect::<Vec<_>>()
        };
        assert_eq!(bound(&[4, 6]), [Some(4), Some(6), Some(4)]);
        assert_eq!(bound(&[]), [None; 3]);
    }
}
