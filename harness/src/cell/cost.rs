//! What a server cost in the window, from the readings at both its edges and the samples in between.

use reports::record::Cost;

use crate::load::Outcome;
use crate::measure::census::Lost;
use crate::measure::reading::Reading;
use crate::measure::sampler::Peaks;
use crate::plan::ServerStep;

/// What the server cost in the window. Where threads or processes came and went, their switches went with them: then
/// the switches of its whole life are shared out over its requests.
pub(super) fn cost(readings: &[Reading], peaks: &Peaks, life: &Cost, outcome: &Outcome) -> Cost {
    let [opens, closes] = readings else { return peaks.complete(Cost::default()) };
    let window = opens.until(closes);
    let share = outcome.requests as f64 / outcome.requests_in_all.max(1) as f64;
    let shared = |switches: Option<u64>| switches.map(|switches| (switches as f64 * share).round() as u64);
    let cost = peaks.complete(Cost {
        voluntary_switches: window.voluntary_switches.or_else(|| shared(life.voluntary_switches)),
        involuntary_switches: window.involuntary_switches.or_else(|| shared(life.involuntary_switches)),
        ..window
    });
    if cost.processes_peak > Some(1) { divided_as(life, cost) } else { cost }
}

/// Why the processor time of some of its children is in nobody's account, if it is not.
pub(super) fn lost(step: &ServerStep, peaks: &Peaks) -> Option<Lost> {
    // With each request a connection, and perhaps a child, comes and goes.
    let churning = !step.keep_alive;
    let known = churning && step.subject.makes_orphans();
    peaks.census.lost(churning).or(known.then_some(Lost::Orphaned))
}

/// A cost without the figures that miss what children used; they would be far too low.
pub(super) fn without_time(cost: Cost) -> Cost {
    Cost { user_s: None, system_s: None, voluntary_switches: None, involuntary_switches: None, ..cost }
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
    use super::*;
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
}
