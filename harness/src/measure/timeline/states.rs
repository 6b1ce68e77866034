//! From what the kernel said at each look to a letter for each: above all, which of those that could run did.
//!
//! The kernel calls both `R`. How long each has run and waited for a processor stands in `schedstat`; these times move when a thread
//! comes and goes, and at the kernel's ticks in between. So of the looks at which a thread could run, it is said to have run at the
//! share of them for which it did run about then, as near to it as whole looks allow; and of those that share a processor one at
//! most at each look.

use std::time::{Duration, Instant};

/// What a look at a thread saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glimpse {
    /// The letter of its state, of those of the record without `r`.
    pub(super) state: char,
    /// The processor that it was on last, or is queued for.
    pub(super) processor: Option<i32>,
    /// None where the kernel does not say.
    pub(super) schedule: Option<Schedule>,
}

/// How long a thread has run and waited for a processor so far, in nanoseconds (Documentation/scheduler/sched-stats.rst).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Schedule {
    pub(super) ran: u64,
    pub(super) queued: u64,
}

impl Schedule {
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let mut numbers = std::str::from_utf8(line).ok()?.split_ascii_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self { ran: next()?, queued: next()? })
    }
}

/// How much a thread that could run has to make good before it is said to have run: shares of looks are rounded, and what that
/// gives or takes is carried over.
const ENOUGH: f64 = 0.5;
/// More than this is not carried over.
const CARRIED_AT_MOST: f64 = 1.5;

/// A thread that could run at a look.
struct Ready {
    thread: usize,
    place: usize,
    processor: Option<i32>,
}

/// The letters of each thread, from the look at which it was first seen. There were so many `looks`.
pub(super) fn letters(threads: &[(usize, &[Glimpse])], looks: usize) -> Vec<Vec<char>> {
    let mut letters: Vec<Vec<char>> =
        threads.iter().map(|(_, glimpses)| glimpses.iter().map(|glimpse| glimpse.state).collect()).collect();
    let mut carried = vec![0.0; threads.len()];
    for look in 0..looks {
        let ready = ready(threads, look);
        for Ready { thread, place, .. } in &ready {
            let share = share(threads[*thread].1, *place);
            carried[*thread] = f64::min(carried[*thread] + share, CARRIED_AT_MOST);
            letters[*thread][*place] = 'r';
        }
        for one in &ready {
            let mine = carried[one.thread];
            let is_ahead = |other: &Ready| {
                let theirs = carried[other.thread];
                theirs > mine || (theirs >= mine && other.thread < one.thread)
            };
            let shares_mine = |other: &&Ready| one.processor.is_some() && other.processor == one.processor;
            let outdone = ready.iter().filter(shares_mine).any(is_ahead);
            if mine >= ENOUGH && !outdone {
                letters[one.thread][one.place] = 'R';
            }
        }
        for Ready { thread, place, .. } in ready {
            carried[thread] -= if letters[thread][place] == 'R' { 1.0 } else { 0.0 };
        }
    }
    letters
}

/// The threads that could run at this look.
fn ready(threads: &[(usize, &[Glimpse])], look: usize) -> Vec<Ready> {
    let seen = threads.iter().enumerate().filter_map(|(thread, (first, glimpses))| {
        let place = look.checked_sub(*first)?;
        let glimpse = glimpses.get(place).filter(|glimpse| glimpse.state == 'R')?;
        Some(Ready { thread, place, processor: glimpse.processor })
    });
    seen.collect()
}

/// For which part of the time about a look in which a thread could run it did: from the look before to the look after, or further
/// apart, as long as neither time went on. Nothing where the kernel does not say.
fn share(glimpses: &[Glimpse], place: usize) -> f64 {
    for reach in 1..glimpses.len() {
        let before = glimpses[place.saturating_sub(reach)].schedule;
        let after = glimpses[(place + reach).min(glimpses.len() - 1)].schedule;
        let Some((before, after)) = before.zip(after) else { return 0.0 };
        let (ran, queued) =
            (after.ran.saturating_sub(before.ran), after.queued.saturating_sub(before.queued));
        if ran + queued > 0 {
            return ran as f64 / (ran + queued) as f64;
        }
    }
    0.0
}

/// How far apart looks are on average, and for moments that are just so far apart the look that was nearest to each: where one
/// came late, its neighbours stand in for it. None of fewer than two looks.
pub(super) fn evenly(at: &[Instant]) -> Option<(Duration, Vec<usize>)> {
    let (first, last) = (at.first()?, at.last()?);
    let gaps = u32::try_from(at.len() - 1).ok().filter(|gaps| *gaps > 0)?;
    let every = last.saturating_duration_since(*first) / gaps;
    let nearest = (0..=gaps).map(|number| {
        let moment = *first + every * number;
        let after = at.partition_point(|look| *look < moment).min(at.len() - 1);
        let before = after.saturating_sub(1);
        let is_nearer =
            moment.saturating_duration_since(at[before]) < at[after].saturating_duration_since(moment);
        if is_nearer { before } else { after }
    });
    Some((every, nearest.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glimpse(state: char, processor: i32, ran: u64, queued: u64) -> Glimpse {
        Glimpse { state, processor: Some(processor), schedule: Some(Schedule { ran, queued }) }
    }

    fn told(threads: &[(usize, &[Glimpse])], looks: usize) -> Vec<String> {
        letters(threads, looks).into_iter().map(|letters| letters.into_iter().collect()).collect()
    }

    #[test]
    fn of_two_who_share_a_processor_the_one_that_got_on_ran() {
        let one =
            [glimpse('R', 0, 0, 0), glimpse('R', 0, 4, 0), glimpse('R', 0, 8, 0), glimpse('R', 0, 8, 0)];
        let two =
            [glimpse('R', 0, 0, 0), glimpse('R', 0, 0, 0), glimpse('R', 0, 0, 8), glimpse('R', 0, 4, 8)];
        assert_eq!(told(&[(0, &one), (0, &two)], 4), ["RRRr", "rrrR"]);
    }

    #[test]
    fn those_on_processors_of_their_own_both_ran() {
        let on = |processor| [glimpse('R', processor, 0, 0), glimpse('R', processor, 4, 0)];
        assert_eq!(told(&[(0, &on(0)), (0, &on(1))], 2), ["RR", "RR"]);
    }

    #[test]
    fn one_alone_that_waits_for_somebody_else_s_processor_did_not_run() {
        let seen = [
            glimpse('R', 0, 4, 0),
            glimpse('R', 0, 4, 0),
            glimpse('R', 0, 4, 0),
            glimpse('R', 0, 5, 9),
            glimpse('S', 0, 8, 9),
        ];
        assert_eq!(told(&[(0, &seen)], 5), ["rrrRS"]);
    }

    #[test]
    fn without_the_kernel_s_word_nobody_is_said_to_have_run() {
        let seen = Glimpse { state: 'R', processor: Some(0), schedule: None };
        assert_eq!(told(&[(0, &[seen, Glimpse { state: 'D', ..seen }])], 2), ["rD"]);
    }

    #[test]
    fn who_comes_later_is_compared_at_the_same_look() {
        let long = [glimpse('R', 0, 0, 0), glimpse('R', 0, 1, 0), glimpse('R', 0, 1, 5)];
        let late = [glimpse('R', 0, 0, 0), glimpse('R', 0, 5, 0)];
        assert_eq!(told(&[(0, &long), (1, &late)], 3), ["Rrr", "RR"]);
    }

    #[test]
    fn where_a_look_came_late_the_nearest_ones_stand_in() {
        let start = Instant::now();
        let at = |ms: &[u64]| ms.iter().map(|ms| start + Duration::from_millis(*ms)).collect::<Vec<_>>();
        let (every, nearest) = evenly(&at(&[0, 10, 20, 30])).unwrap();
        assert_eq!((every, nearest), (Duration::from_millis(10), vec![0, 1, 2, 3]));
        // The moments are 0, 10, 20, 30 and 40.
        let (every, nearest) = evenly(&at(&[0, 2, 28, 39, 40])).unwrap();
        assert_eq!((every, nearest), (Duration::from_millis(10), vec![0, 1, 2, 2, 4]));
        assert_eq!(evenly(&at(&[7])), None);
    }

    #[test]
    fn times_are_read_from_the_first_two_figures() {
        assert_eq!(Schedule::of(b"1500000 7 3\n"), Some(Schedule { ran: 1_500_000, queued: 7 }));
        assert_eq!(Schedule::of(b"\n"), None);
    }
}
