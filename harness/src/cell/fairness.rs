//! How evenly a server served: what each connection got, and what each thread had to do.

use reports::record::Fairness;

/// More connections than this are thinned out.
const CONNECTIONS_AT_MOST: usize = 1_000;
/// Of more threads than this the busiest are kept.
const THREADS_AT_MOST: usize = 256;

/// `connection_requests` in ascending order; `thread_cpu_s` in any. None where neither is known.
pub(super) fn fairness(connection_requests: &[u64], mut thread_cpu_s: Vec<f64>) -> Option<Fairness> {
    thread_cpu_s.sort_unstable_by(|one, other| other.total_cmp(one));
    thread_cpu_s.truncate(THREADS_AT_MOST);
    let known = !(connection_requests.is_empty() && thread_cpu_s.is_empty());
    known.then(|| Fairness { connection_requests: thinned_out(connection_requests), thread_cpu_s })
}

/// At equal distances, with both ends.
fn thinned_out(requests: &[u64]) -> Vec<u64> {
    let (all, kept) = (requests.len(), requests.len().min(CONNECTIONS_AT_MOST));
    (0..kept).map(|place| requests[place * (all - 1) / (kept - 1).max(1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_connections_got_is_thinned_out_with_the_least_and_the_most_kept() {
        let many: Vec<u64> = (0..2_500).collect();
        let kept = fairness(&many, Vec::new()).unwrap().connection_requests;
        assert_eq!((kept.len(), kept[0], kept[999]), (1_000, 0, 2_499));
        assert!(kept.is_sorted());
    }

    #[test]
    fn what_few_connections_got_is_kept_as_it_is() {
        for few in [&[7][..], &[1, 2, 3]] {
            assert_eq!(fairness(few, Vec::new()).unwrap().connection_requests, few);
        }
    }

    #[test]
    fn of_many_threads_the_busiest_are_kept() {
        let kept = fairness(&[], (0..300).map(f64::from).collect()).unwrap().thread_cpu_s;
        assert_eq!((kept.len(), kept[0], kept[255]), (256, 299.0, 44.0));
    }

    #[test]
    fn where_nothing_is_known_nothing_is_said() {
        assert_eq!(fairness(&[], Vec::new()), None);
    }
}
