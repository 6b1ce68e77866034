//! How far apart the processors of server and generator were, and which cells may be compared for it.
//!
//! Over loopback a request goes from one to the other and back. A hypervisor moves its processors about, and what a request
//! costs moves with them, by up to a third: far more than most servers differ by. So two cells are compared only if they met
//! their processors about equally far apart. The distance is the way of a line of the cache there and back
//! ([`Noise::hop_before_ns`]).

use crate::record::Noise;

/// By how much two distances may differ and be the same, as a share of the shorter one. In 53 looks on a virtual machine they
/// were 130 to 140 ns or 210 to 211 ns, some 40 ns of it the clock.
const SHARE: f64 = 0.2;

/// The distance that a cell met, in nanoseconds: the mean of what it was before and after, or the one that was measured.
pub fn of(noise: &Noise) -> Option<f64> {
    match (noise.hop_before_ns, noise.hop_after_ns) {
        (Some(before), Some(after)) => Some(f64::midpoint(before, after)),
        (before, after) => before.or(after),
    }
}

/// Whether two distances are the same. One that is not known is held to be: nothing speaks against it.
pub fn alike(one: Option<f64>, other: Option<f64>) -> bool {
    let Some((one, other)) = one.zip(other) else { return true };
    one.max(other) <= one.min(other) * (1.0 + SHARE)
}

/// Of two samples those cells that may be compared: of one distance, which is the one that leaves most of the smaller sample,
/// and then most of both. `distance` tells an element's.
pub(crate) fn in_common<T: Copy>(
    one: &[T],
    other: &[T],
    distance: impl Fn(&T) -> Option<f64>,
) -> (Vec<T>, Vec<T>) {
    let at = |sample: &[T], place| -> Vec<T> {
        sample.iter().copied().filter(|element| alike(distance(element), place)).collect()
    };
    let places = one.iter().chain(other).map(&distance);
    let samples = places.map(|place| (at(one, place), at(other, place)));
    let kept = |(one, other): &(Vec<T>, Vec<T>)| (one.len().min(other.len()), one.len() + other.len());
    // The first of equals: max_by_key would take the last.
    samples.reduce(|best, next| if kept(&next) > kept(&best) { next } else { best }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cells_distance_is_what_was_measured_of_it() {
        let noise = |before, after| Noise { hop_before_ns: before, hop_after_ns: after, ..Noise::default() };
        assert_eq!(of(&noise(Some(130.0), Some(140.0))), Some(135.0));
        assert_eq!(of(&noise(None, Some(140.0))), Some(140.0));
        assert_eq!(of(&noise(None, None)), None);
    }

    #[test]
    fn distances_are_alike_up_to_a_fifth_and_unless_something_speaks_against_it() {
        assert!(alike(Some(130.0), Some(156.0)) && alike(Some(156.0), Some(130.0)));
        assert!(!alike(Some(130.0), Some(157.0)) && !alike(Some(210.0), Some(140.0)));
        assert!(alike(None, Some(140.0)) && alike(None, None));
    }

    #[test]
    fn of_two_samples_the_distance_is_taken_that_both_have_most_of() {
        let common = |one: &[f64], other: &[f64]| in_common(one, other, |place| Some(*place));
        let (near, far) = (140.0, 210.0);
        assert_eq!(common(&[near, near, near], &[near, far, far]), (vec![near; 3], vec![near]));
        assert_eq!(common(&[near, near, far, far], &[near, far, far]), (vec![far; 2], vec![far; 2]));
        assert_eq!(common(&[near; 3], &[far; 3]), (vec![near; 3], vec![]));
        assert_eq!(in_common(&[1, 2], &[3], |_| None), (vec![1, 2], vec![3]));
        assert_eq!(common(&[], &[]), (vec![], vec![]));
    }
}
