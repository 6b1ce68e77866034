//! What a server cost in the window, from the looks at both its edges and the samples in between.
//!
//! There are two accounts of processor time. That of the server's control group has everything in it, and is taken where
//! there is a group. That of its processes, by their clocks and by what they inherit from children, lacks some; it is a
//! check of the other, and takes its place where there is no group.
//!
//! Both looks are taken a little late, by a thread that has to wake on the generator's processors. Requests are counted in the
//! window to the very moment, so what lies between the looks is brought to the window's requests before anything is divided.

use std::time::Duration;

use reports::record::{Calls, Cost};

use super::watch::{Look, Seen};
use crate::load::Outcome;
use crate::measure::after::{After, REQUESTS_AT_LEAST};
use crate::measure::census::Lost;
use crate::measure::group::Used;
use crate::measure::sampler::Peaks;
use crate::plan::ServerStep;

/// With less processor time than this in a window, the two accounts are not compared.
const COMPARED_FROM_S: f64 = 0.1;
/// By which part they may differ, and by how much besides: children's times come in ticks of 10 ms, one for each mode.
const MAY_DIFFER: (f64, f64) = (0.03, 0.02);

/// The system calls, for the record.
pub(super) fn calls(after: &After) -> Option<Calls> {
    Some(Calls {
        seconds: after.counted.took.as_secs_f64(),
        requests: after.requests,
        syscalls: after.counted.calls?,
        epoll_ctls: after.counted.epoll_ctls,
    })
}

/// What the server cost in the window; `life` is what it cost from its start to its end.
pub(super) fn cost(seen: &Seen, lost: Option<Lost>, life: &Cost, outcome: &Outcome) -> Cost {
    let Some([opens, closes]) = &seen.window else { return seen.peaks.complete(Cost::default()) };
    let part = part_in_window(opens, closes, outcome);
    let clocked = scaled(opens.reading.until(&closes.reading), part);
    let clocked = if lost.is_some() { without_time(clocked) } else { clocked };
    let cost = match used(opens, closes) {
        Some(used) => Cost {
            user_s: Some(used.user.as_secs_f64() * part),
            system_s: Some(used.system.as_secs_f64() * part),
            clocked_cpu_s: clocked.cpu_s(),
            ..clocked
        },
        None if seen.peaks.processes > Some(1) => divided_as(life, clocked),
        None => clocked,
    };
    let counted = || seen.after.map(|after| after.over(after.counted.switches, outcome.requests));
    let switches = clocked.switches().or_else(counted);
    let syscalls = seen.after.and_then(|after| Some(after.over(after.counted.calls?, outcome.requests)));
    let cost = Cost { switches, syscalls, ..cost };
    let cost = if switches.is_none() && lost.is_none() { shared_out(life, outcome, cost) } else { cost };
    seen.peaks.complete(cost)
}

/// What the window is to what lies between the looks, by requests: the cost of each then is that of the very requests
/// between the looks, also where the load stood still about an edge. Few requests say little of that, since those under way
/// at an edge cost something on both its sides; then it is by time.
fn part_in_window(opens: &Look, closes: &Look, outcome: &Outcome) -> f64 {
    let requests = closes.requests.saturating_sub(opens.requests);
    if requests >= REQUESTS_AT_LEAST {
        outcome.requests as f64 / requests as f64
    } else {
        outcome.seconds / closes.at.saturating_duration_since(opens.at).as_secs_f64()
    }
}

/// What each thread of the server used in the window, in seconds, of those that were there at both its edges.
pub(super) fn thread_cpu_s(seen: &Seen, outcome: &Outcome) -> Vec<f64> {
    let Some([opens, closes]) = &seen.window else { return Vec::new() };
    let part = part_in_window(opens, closes, outcome);
    let each = opens.reading.each_thread_until(&closes.reading);
    each.into_iter().map(|used| used.as_secs_f64() * part).collect()
}

/// A cost as a part of it, as far as it grows with time.
fn scaled(cost: Cost, part: f64) -> Cost {
    let time = |seconds: Option<f64>| seconds.map(|seconds| seconds * part);
    let number = |count: Option<u64>| count.map(|count| (count as f64 * part).round() as u64);
    Cost {
        user_s: time(cost.user_s),
        system_s: time(cost.system_s),
        clocked_cpu_s: time(cost.clocked_cpu_s),
        run_queue_wait_s: time(cost.run_queue_wait_s),
        switches: number(cost.switches),
        voluntary_switches: number(cost.voluntary_switches),
        involuntary_switches: number(cost.involuntary_switches),
        syscalls: number(cost.syscalls),
        ..cost
    }
}

/// What the server's control group has used in the window, if it has one.
fn used(opens: &Look, closes: &Look) -> Option<Used> {
    Some(opens.used?.until(closes.used?))
}

/// Why the processor time of some of its children is in no account of its processes, if it is not.
pub(super) fn lost(step: &ServerStep, peaks: &Peaks) -> Option<Lost> {
    // With each request a connection, and perhaps a child, comes and goes.
    let churning = !step.keep_alive;
    let known = churning && step.subject.makes_orphans();
    peaks.census.lost(churning).or(known.then_some(Lost::Orphaned))
}

/// What a reader should know of the processor time: that some is missing, or that the two accounts differ.
pub(super) fn doubt(seen: &Seen, lost: Option<Lost>) -> Option<String> {
    let [opens, closes] = seen.window.as_ref()?;
    match (used(opens, closes), lost) {
        (None, Some(lost)) => Some(format!("the server's CPU time is not known: {}", lost.why())),
        (Some(used), None) => {
            let clocked_s = opens.reading.until(&closes.reading).cpu_s()?;
            let threads_ended = opens.reading.threads_ended_until(&closes.reading);
            let blur = opens.reading.took() + closes.reading.took();
            disagreement(used.sum().as_secs_f64(), clocked_s, threads_ended, blur)
        }
        _ => None,
    }
}

/// Says that the accounts differ. Where threads have ended, the clocks may lack some: the end of each.
fn disagreement(charged_s: f64, clocked_s: f64, threads_ended: bool, blur: Duration) -> Option<String> {
    let larger = charged_s.max(clocked_s);
    let (part, besides) = MAY_DIFFER;
    let agree = (charged_s - clocked_s).abs() <= part * larger + besides + blur.as_secs_f64();
    let explained = threads_ended && clocked_s < charged_s;
    (larger >= COMPARED_FROM_S && !agree && !explained).then(|| {
        format!(
            "the server's CPU time is {charged_s:.2} s by its control group and {clocked_s:.2} s by its processes' clocks"
        )
    })
}

/// A cost without the figures that miss what children used; they would be far too low.
pub(super) fn without_time(cost: Cost) -> Cost {
    Cost {
        user_s: None,
        system_s: None,
        run_queue_wait_s: None,
        switches: None,
        voluntary_switches: None,
        involuntary_switches: None,
        ..cost
    }
}

/// Where threads or processes came and went and nobody counted, their switches went with them: then the switches of the
/// whole life are shared out over its requests.
fn shared_out(life: &Cost, outcome: &Outcome, cost: Cost) -> Cost {
    let share = outcome.requests as f64 / outcome.requests_in_all.max(1) as f64;
    let shared = |switches: Option<u64>| switches.map(|switches| (switches as f64 * share).round() as u64);
    Cost {
        switches: shared(life.switches()),
        voluntary_switches: shared(life.voluntary_switches),
        involuntary_switches: shared(life.involuntary_switches),
        ..cost
    }
}

/// Divides a cost into user and system time as `life` is divided. The kernel tells the two apart by looking once a tick,
/// and many processes with a tick or two each leave nothing to go by in a short window; a whole life has more.
fn divided_as(life: &Cost, cost: Cost) -> Cost {
    let share = life.system_s.zip(life.cpu_s()).filter(|(_, all)| *all > 0.0);
    let Some(((system_s, all), sum)) = share.zip(cost.cpu_s()) else { return cost };
    let system_s = sum * system_s / all;
    Cost { user_s: Some(sum - system_s), system_s: Some(system_s), ..cost }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::measure::after::Counted;
    use crate::measure::noise;
    use crate::measure::tree::Tree;
    use crate::plan::tests::step;
    use crate::subject::Subject;

    #[test]
    fn the_time_of_many_processes_is_divided_as_that_of_their_whole_lives() {
        let time =
            |user_s, system_s| Cost { user_s: Some(user_s), system_s: Some(system_s), ..Cost::default() };
        let divided = divided_as(&time(1.0, 4.0), time(0.5, 0.0));
        let (user_s, system_s) = (divided.user_s.unwrap(), divided.system_s.unwrap());
        assert!((user_s - 0.1).abs() < 1e-9 && (system_s - 0.4).abs() < 1e-9, "{divided:?}");
    }

    #[test]
    fn a_double_fork_loses_time_where_children_end_within_the_window_and_not_where_they_stay() {
        let lost = |model: &str, keep_alive| {
            let choice = model.parse().unwrap();
            let model = models::server::server("fork").unwrap();
            let subject = Subject::Model { model, choice };
            lost(&ServerStep { subject, keep_alive, ..step("fork", 8) }, &Peaks::default())
        };
        assert_eq!(lost("fork:reap=double-fork", false), Some(Lost::Orphaned));
        assert_eq!(lost("fork:reap=double-fork", true), None);
        assert_eq!(lost("fork", false), None);
    }

    fn outcome(seconds: f64, requests: u64) -> Outcome {
        Outcome {
            seconds,
            requests,
            requests_in_all: requests,
            connects: 1,
            connections_served: 1,
            ..Outcome::of_nobody()
        }
    }

    /// What a window of 500 ms comes to whose looks were late by so much; 100 requests came in a millisecond and the server's
    /// processor was never idle.
    fn cost_seen_late(by_ms: [u64; 2], each_ms: u64) -> Cost {
        let (opened, tree) = (Instant::now(), Tree::new(std::process::id()));
        let look = |ms: u64| Look {
            at: opened + Duration::from_millis(ms),
            requests: ms * each_ms,
            used: Some(Used { user: Duration::from_millis(ms), system: Duration::from_millis(ms) }),
            reading: tree.reading().unwrap(),
        };
        let [opens, closes] = by_ms;
        let seen = Seen {
            window: Some([look(opens), look(500 + closes)]),
            peaks: Peaks::default(),
            after: None,
            timeline: Ok(None),
            met: noise::Seen::default(),
        };
        let outcome = outcome(0.5, 500 * each_ms);
        cost(&seen, None, &Cost::default(), &outcome)
    }

    #[test]
    fn late_looks_cost_the_window_nothing() {
        for late in [[0, 0], [0, 30], [25, 0], [3, 4]] {
            // Once scaled by requests, once by time.
            for each_ms in [100, 0] {
                let cost = cost_seen_late(late, each_ms);
                let [user_s, system_s] = [cost.user_s, cost.system_s].map(Option::unwrap);
                let right = |seconds: f64| (seconds - 0.5).abs() < 1e-9;
                assert!(right(user_s) && right(system_s), "{late:?}: {cost:?}");
            }
        }
    }

    #[test]
    fn of_a_part_of_the_time_there_is_a_part_of_every_count_and_all_of_the_memory() {
        let whole = Cost {
            user_s: Some(2.0),
            run_queue_wait_s: Some(4.0),
            voluntary_switches: Some(10),
            involuntary_switches: Some(6),
            pss_bytes: Some(1_000),
            ..Cost::default()
        };
        let part = scaled(whole, 0.5);
        assert_eq!((part.user_s, part.run_queue_wait_s, part.system_s), (Some(1.0), Some(2.0), None));
        assert_eq!((part.switches(), part.pss_bytes), (Some(8), Some(1_000)));
    }

    #[test]
    fn what_was_counted_after_the_window_is_multiplied_with_its_requests() {
        let took = Duration::from_millis(100);
        let counted = Counted { took, switches: 50, calls: Some(400), epoll_ctls: None };
        let after = After { counted, requests: 200 };
        let of_record = calls(&after).unwrap();
        assert_eq!((of_record.requests, of_record.syscalls, of_record.epoll_ctls), (200, 400, None));
        assert_eq!(after.over(50, 1_000), 250);
    }

    #[test]
    fn accounts_that_differ_by_more_than_they_may_are_said_to() {
        let differ = |charged_s, clocked_s, threads_ended| {
            disagreement(charged_s, clocked_s, threads_ended, Duration::ZERO).is_some()
        };
        assert!(differ(1.06, 1.0, false));
        assert!(differ(1.0, 1.06, false), "a process is not in the group");
        assert!(!differ(1.04, 1.0, false), "3% and a tick for each mode");
        assert!(!differ(0.09, 0.05, false), "too little to be compared");
        assert!(!differ(1.10, 1.0, true), "the clocks lack the end of each thread");
        assert!(differ(1.0, 1.10, true), "and never have more");
    }

    #[test]
    fn a_disagreement_names_both_figures() {
        let said = disagreement(1.5, 1.0, false, Duration::ZERO).unwrap();
        assert_eq!(
            said,
            "the server's CPU time is 1.50 s by its control group and 1.00 s by its processes' clocks"
        );
    }
}
