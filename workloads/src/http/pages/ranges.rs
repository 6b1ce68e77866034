//! Which parts of a page are sent (RFC 9110, 14).

use std::ops::Range;

use super::super::head::number;

/// The most ranges that are answered with just these. Whoever asks for more gets the whole page, as the RFC allows (14.2).
pub(super) const RANGES_AT_MOST: usize = 8;

/// What is wanted of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: also where the field can't be understood, or asks for too much at once.
    All,
    /// Nothing that it has: 416.
    Nothing,
    /// One range of bytes, which is not empty.
    One(Range<u64>),
    /// Several that do not overlap, in the order in which they were asked for.
    Several(Vec<Range<u64>>),
}

/// One of the ranges that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spec {
    /// `FIRST-` or `FIRST-LAST`, the last byte included.
    From(u64, Option<u64>),
    /// `-N`: the last N bytes.
    Last(u64),
}

/// What a `Range` field wants of a page of `size` bytes.
pub(super) fn wanted(value: &[u8], size: u64) -> Wanted {
    let Some(specs) = specs(value) else { return Wanted::All };
    if size == 0 && specs.iter().any(|spec| matches!(spec, Spec::Last(1..))) {
        return Wanted::All; // its last bytes are none, and no Content-Range can say that
    }
    let mut ranges: Vec<Range<u64>> = specs.into_iter().filter_map(|spec| spec.within(size)).collect();
    match ranges.len() {
        0 => Wanted::Nothing,
        1 => Wanted::One(ranges.remove(0)),
        _ if overlap(&ranges) => Wanted::All,
        _ => Wanted::Several(ranges),
    }
}

/// The ranges of a field; none if it is not valid, has another unit, or too many of them.
fn specs(value: &[u8]) -> Option<Vec<Spec>> {
    let (unit, set) = value.split_at_checked(b"bytes=".len())?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let texts = set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|text| !text.is_empty());
    let specs = texts.take(RANGES_AT_MOST + 1).map(spec).collect::<Option<Vec<_>>>()?;
    (1..=RANGES_AT_MOST).contains(&specs.len()).then_some(specs)
}

fn spec(text: &[u8]) -> Option<Spec> {
    let dash = text.iter().position(|byte| *byte == b'-')?;
    let (first, last) = (&text[..dash], &text[dash + 1..]);
    match (first, last) {
        ([], last) => Some(Spec::Last(number(last)?)),
        (first, []) => Some(Spec::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::From(first, Some(last)))
        }
    }
}

impl Spec {
    /// The bytes of it that a page of this size has; none if there are none.
    fn within(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first, last) => first..last.map_or(size, |last| last.saturating_add(1).min(size)),
            Self::Last(bytes) => size.saturating_sub(bytes)..size,
        };
        (!range.is_empty()).then_some(range)
    }
}

fn overlap(ranges: &[Range<u64>]) -> bool {
    let mut sorted: Vec<_> = ranges.iter().map(|range| (range.start, range.end)).collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[1].0 < pair[0].1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_ten(value: &str) -> Wanted {
        wanted(format!("bytes={value}").as_bytes(), 10)
    }

    #[test]
    fn one_range_is_cut_to_what_there_is() {
        for (value, range) in [
            ("0-0", 0..1),
            ("0-9", 0..10),
            ("3-", 3..10),
            ("9-", 9..10),
            ("3-99999999999999999999999", 3..10),
            ("-1", 9..10),
            ("-10", 0..10),
            ("-99999999999999999999999", 0..10),
            ("00003-0004", 3..5),
            (" 3-4 ,", 3..5),
            (",, 3-4", 3..5),
            ("50-60, 3-4", 3..5),
            ("3-4,-0", 3..5),
        ] {
            assert_eq!(of_ten(value), Wanted::One(range), "{value}");
        }
    }

    #[test]
    fn what_is_beyond_the_end_is_nothing() {
        for value in ["10-", "10-20", "99999999999999999999999-", "-0", "10-,11-,-0"] {
            assert_eq!(of_ten(value), Wanted::Nothing, "{value}");
        }
        assert_eq!(wanted(b"bytes=0-", 0), Wanted::Nothing);
        assert_eq!(wanted(b"bytes=-5", 0), Wanted::All);
        assert_eq!(wanted(b"bytes=-0", 0), Wanted::Nothing);
    }

    #[test]
    fn several_stay_in_their_order_and_may_touch() {
        assert_eq!(of_ten("0-1,4-5"), Wanted::Several(vec![0..2, 4..6]));
        assert_eq!(of_ten("-2, 0-3"), Wanted::Several(vec![8..10, 0..4]));
        assert_eq!(of_ten("0-1,2-3,20-30"), Wanted::Several(vec![0..2, 2..4]));
        assert_eq!(wanted(b"BYTES=0-1,4-5", 10), Wanted::Several(vec![0..2, 4..6]));
    }

    #[test]
    fn what_is_not_understood_or_too_much_is_all() {
        for value in [
            "",
            ",",
            "x",
            "-",
            "1",
            "3-2",
            "1-2-3",
            "+1-2",
            "1- 2",
            "1 -2",
            "--1",
            "0x1-2",
            "1-2;3",
            "0-5,3-6",
            "0-,-1",
            "0-1,x",
            "0-0,2-2,4-4,6-6,8-8,1-1,3-3,5-5,7-7",
        ] {
            assert_eq!(of_ten(value), Wanted::All, "{value}");
        }
        for value in ["lines=0-1", "bytes 0-1", "bytes =0-1", "bytes= ", "byte=0-1", "", " bytes=0-1"] {
            assert_eq!(wanted(value.as_bytes(), 10), Wanted::All, "{value}");
        }
        let eight = "0-0,2-2,4-4,6-6,8-8,1-1,3-3,5-5";
        assert!(matches!(of_ten(eight), Wanted::Several(ranges) if ranges.len() == RANGES_AT_MOST));
    }

    /// Which bytes a list of ranges has, byte by byte.
    fn naive(specs: &[(Option<u64>, Option<u64>)], size: u64) -> Vec<Vec<u64>> {
        let has = |&(first, last): &(Option<u64>, Option<u64>), byte: u64| match (first, last) {
            (Some(first), Some(last)) => first <= byte && byte <= last,
            (Some(first), None) => first <= byte,
            (None, Some(last)) => byte + last >= size,
            (None, None) => false,
        };
        let of = |spec| (0..size).filter(|byte| has(spec, *byte)).collect::<Vec<_>>();
        specs.iter().map(of).filter(|bytes| !bytes.is_empty()).collect()
    }

    proptest! {
        #[test]
        fn ranges_are_those_of_a_naive_reading(
            specs in prop::collection::vec(
                prop_oneof![
                    (0_u64..40, 0_u64..40).prop_map(|(a, b)| (Some(a.min(b)), Some(a.max(b)))),
                    (0_u64..40).prop_map(|first| (Some(first), None)),
                    (0_u64..40).prop_map(|last| (None, Some(last))),
                ],
                1..11,
            ),
            size in 1_u64..40,
        ) {
            let text = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
            let list: Vec<_> = specs.iter().map(|(a, b)| format!("{}-{}", text(*a), text(*b))).collect();
            let found = wanted(format!("bytes={}", list.join(",")).as_bytes(), size);
            let expected = naive(&specs, size);
            let bytes: Vec<u64> = expected.concat();
            let distinct: std::collections::BTreeSet<_> = bytes.iter().collect();
            match found {
                Wanted::All => prop_assert!(specs.len() > RANGES_AT_MOST || distinct.len() < bytes.len()),
                Wanted::Nothing => prop_assert!(expected.is_empty()),
                Wanted::One(range) => prop_assert_eq!(vec![range.collect::<Vec<_>>()], expected),
                Wanted::Several(ranges) => {
                    let ranges: Vec<Vec<u64>> = ranges.into_iter().map(Iterator::collect).collect();
                    prop_assert_eq!(ranges, expected);
                }
            }
        }

        #[test]
        fn no_value_makes_it_panic_or_go_beyond_the_end(value in ".{0,40}", digits in "[0-9,-]{0,30}", size in any::<u64>()) {
            for value in [value, format!("bytes={digits}")] {
                match wanted(value.as_bytes(), size) {
                    Wanted::One(range) => prop_assert!(range.start < range.end && range.end <= size),
                    Wanted::Several(ranges) => prop_assert!(ranges.iter().all(|range| range.end <= size)),
                    Wanted::All | Wanted::Nothing => {}
                }
            }
        }
    }
}
