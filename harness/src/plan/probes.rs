//! The suites of probes: every way in every setting, for so long each that a suite takes about as long as another.

use std::fmt;
use std::time::Duration;

use models::probe::{Operation, Probe, Setting, Sides, Suite};
use reports::grouped;

/// How long the rounds of one suite are to take together. What goes with measuring, and what has to be repeated, comes on top
/// of that: then it is under three minutes.
const SUITE: Duration = Duration::from_secs(140);
/// What goes with each probe besides its time: starting a process, looking how fast the machine is.
const OVERHEAD: Duration = Duration::from_millis(50);
/// How long touching memory takes for each mebibyte: 256 pages that are faulted in, filled with zeros and taken apart; and ten
/// forks at least beside them. Some 0.7 ms on a virtual machine.
const TOUCHING: Duration = Duration::from_millis(1);
/// A crowd of more than this that sleeps takes long to make and end, and what it holds differs little from round to round.
const CROWD: u64 = 1_000;
/// So a run with a fixed number of rounds has so many of it at most.
const CROWD_ROUNDS: u32 = 3;
/// Probes give up making more that sleep after about this long.
const SLEEPERS_AT_MOST: Duration = Duration::from_secs(10);
/// Less time than this gives too few samples of what takes long.
const AT_LEAST: Duration = Duration::from_millis(20);
/// With more nothing becomes surer: what differs from round to round does not average out within one.
const AT_MOST: Duration = Duration::from_millis(300);

/// A probe in a setting.
#[derive(Clone)]
pub struct ProbeStep {
    /// The way.
    pub probe: &'static Probe,
    /// What is measured of it.
    pub setting: Setting,
    /// 2 for the second of an A/A pair: the same once more.
    pub copy: Option<u32>,
    /// For how long.
    pub time: Duration,
    /// Which round this is, from 1.
    pub round: u32,
}

impl ProbeStep {
    /// How long it will take, as far as that can be said beforehand.
    pub fn expected(&self) -> Duration {
        self.besides() + if self.is_timed() { self.time } else { Duration::ZERO }
    }

    /// Whether it is in this round of a run that has a fixed number of them.
    pub(super) fn is_in(&self, round: u32) -> bool {
        let crowd = self.setting.number.is_some_and(|number| number > CROWD);
        !crowd || round <= CROWD_ROUNDS
    }

    /// Whether it takes the time that it is given.
    fn is_timed(&self) -> bool {
        self.setting.operation != Operation::Sleep
    }

    /// What it takes besides its time.
    fn besides(&self) -> Duration {
        let times = |each: Duration, number: u64| each * u32::try_from(number).unwrap_or(u32::MAX);
        let touching = times(TOUCHING, self.setting.touched_bytes.unwrap_or(0) >> 20);
        let sleepers =
            times(sleeper(self.probe.family), self.setting.number.unwrap_or(0)).min(SLEEPERS_AT_MOST);
        OVERHEAD + touching + sleepers
    }
}

/// About how long it takes to make and end one that sleeps.
fn sleeper(family: &str) -> Duration {
    Duration::from_micros(match family {
        "processes" => 600,
        "threads" => 70,
        "coroutines" => 40,
        _ => 5,
    })
}

/// A round of these ways. `twice`: one way of each suite is measured a second time, to see how far apart the same thing comes
/// out. `time`: how long each is measured; none: as the suite's own length in so many rounds allows.
pub fn probe_steps(
    ways: &[&'static Probe],
    twice: bool,
    time: Option<Duration>,
    rounds: u32,
) -> Vec<ProbeStep> {
    Suite::ALL.into_iter().flat_map(|suite| of_suite(suite, ways, twice, time, rounds)).collect()
}

fn of_suite(
    suite: Suite,
    ways: &[&'static Probe],
    twice: bool,
    time: Option<Duration>,
    rounds: u32,
) -> Vec<ProbeStep> {
    let ways: Vec<&'static Probe> = ways.iter().copied().filter(|probe| probe.suite == suite).collect();
    let again = ways.iter().find(|probe| probe.name == usual(suite)).or(ways.first()).filter(|_| twice);
    let again = again.map(|probe| probe.name);
    let mut steps: Vec<ProbeStep> =
        ways.into_iter().flat_map(|probe| of_way(probe, again == Some(probe.name))).collect();
    let time = time.unwrap_or_else(|| time_of(&steps, rounds));
    for step in &mut steps {
        step.time = time;
    }
    steps
}

/// The way that is measured twice if it is there: one that is neither the fastest nor the slowest.
fn usual(suite: Suite) -> &'static str {
    match suite {
        Suite::Spawn => "thread",
        Suite::Switch => "pipe-processes",
        Suite::Ipc => "pipe",
    }
}

fn of_way(probe: &'static Probe, twice: bool) -> Vec<ProbeStep> {
    let step = |setting, copy| ProbeStep { probe, setting, copy, time: Duration::ZERO, round: 1 };
    let settings = (probe.settings)();
    // What is not timed does not differ from itself by the moment.
    let copies = settings.iter().filter(|setting| twice && setting.operation != Operation::Sleep).cloned();
    let copies: Vec<ProbeStep> = copies.map(|setting| step(setting, Some(2))).collect();
    settings.into_iter().map(|setting| step(setting, None)).chain(copies).collect()
}

/// How long each of a suite's probes is measured if so many rounds are to take [`SUITE`].
fn time_of(steps: &[ProbeStep], rounds: u32) -> Duration {
    let in_all = |step: &ProbeStep| (1..=rounds).filter(|round| step.is_in(*round)).count() as u32;
    let besides: Duration = steps.iter().map(|step| step.besides() * in_all(step)).sum();
    let timed: u32 = steps.iter().filter(|step| step.is_timed()).map(in_all).sum();
    (SUITE.saturating_sub(besides) / timed.max(1)).clamp(AT_LEAST, AT_MOST)
}

/// As the progress line shows it.
impl fmt::Display for ProbeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { operation, touched_bytes, stack_bytes, message_bytes, number, sides } = &self.setting;
        let again = if self.copy.is_some() { " (again)" } else { "" };
        write!(f, "{}{again}, {}", self.probe.name, operation.name())?;
        if let Some(bytes) = touched_bytes {
            write!(f, ", {} MiB touched", grouped(bytes >> 20))?;
        }
        if let Some(bytes) = stack_bytes {
            write!(f, ", stack of {} KiB", grouped(bytes >> 10))?;
        }
        match message_bytes {
            None => {}
            Some(1) => f.write_str(", 1 byte")?,
            Some(bytes) => write!(f, ", {} bytes", grouped(*bytes))?,
        }
        if let Some(number) = number {
            write!(f, ", {} of them", grouped(*number))?;
        }
        match sides {
            None => {}
            Some(Sides::Together) => f.write_str(", both sides on one processor")?,
            Some(Sides::Apart) => f.write_str(", both sides on two processors")?,
        }
        write!(f, ", round {}", self.round)
    }
}

#[cfg(test)]
mod tests {
    use models::probe;

    use super::*;
    use crate::plan::Plan;
    use crate::plan::rounds::Rounds;
    use crate::plan::tests::TIMING;

    fn settings() -> Vec<Setting> {
        let sleep = |number| Setting { number: Some(number), ..Setting::of(Operation::Sleep) };
        let touched = Setting { touched_bytes: Some(1 << 30), ..Setting::of(Operation::Create) };
        vec![Setting::of(Operation::Create), touched, sleep(100), sleep(100_000)]
    }

    const WAY: Probe = Probe {
        suite: Suite::Spawn,
        name: "way",
        family: "threads",
        summary: "a way of a test's own",
        settings,
        measure: |_, _| Ok(probe::Measured::default()),
    };

    fn steps(twice: bool, time: Option<Duration>, rounds: u32) -> Vec<ProbeStep> {
        probe_steps(&[&WAY], twice, time, rounds)
    }

    #[test]
    fn every_setting_of_a_way_is_a_step_and_what_is_timed_may_be_measured_twice() {
        let texts = |twice| steps(twice, None, 5).iter().map(ToString::to_string).collect::<Vec<_>>();
        let once = [
            "way, create, round 1",
            "way, create, 1,024 MiB touched, round 1",
            "way, sleep, 100 of them, round 1",
            "way, sleep, 100,000 of them, round 1",
        ];
        assert_eq!(texts(false), once);
        let copies = ["way (again), create, round 1", "way (again), create, 1,024 MiB touched, round 1"];
        assert_eq!(texts(true)[4..], copies);
    }

    #[test]
    fn the_time_of_each_follows_from_how_many_there_are_and_how_often() {
        let time = |rounds| steps(false, None, rounds)[0].time;
        assert_eq!(time(1), AT_MOST);
        assert_eq!(time(1_000), AT_LEAST);
        let ways = vec![&WAY; 5];
        let few: Duration = probe_steps(&ways, false, None, 2).iter().map(ProbeStep::expected).sum();
        assert!(few * 2 <= SUITE + Duration::from_secs(1), "{few:?} a round");
        assert_eq!(steps(false, Some(Duration::from_secs(2)), 1_000)[0].time, Duration::from_secs(2));
    }

    #[test]
    fn all_probes_there_are_fit_into_three_minutes_a_suite() {
        let ways: Vec<_> = probe::probes().collect();
        for suite in Suite::ALL {
            let steps = of_suite(suite, &ways, true, None, 5);
            let plan = Plan::new(Vec::new(), Vec::new(), Rounds::Fixed(5), TIMING, 1).with_probes(steps);
            let expected = plan.expected_at_least();
            assert!(expected < Duration::from_secs(180), "{}: {expected:?}", suite.name());
        }
    }

    #[test]
    fn a_crowd_that_sleeps_is_not_in_every_one_of_many_rounds() {
        let of =
            |rounds| Plan::new(Vec::new(), Vec::new(), rounds, TIMING, 1).with_probes(steps(false, None, 5));
        let mut plan = of(Rounds::Fixed(5));
        let blocks: Vec<usize> = (1..=5).map(|round| plan.block(round).len()).collect();
        assert_eq!(blocks, [4, 4, 4, 3, 3]);
        assert_eq!(plan.cells_at_least(), 18);
        let budget = Duration::from_secs(600);
        let mut until = of(Rounds::Until { share: 0.02, budget, at_most: 9 });
        assert_eq!(until.block(5).len(), 4, "each row is to have as many rounds as it takes");
    }

    #[test]
    fn both_sides_are_in_the_progress_line() {
        let setting = Setting {
            message_bytes: Some(65_536),
            sides: Some(Sides::Apart),
            ..Setting::of(Operation::RoundTrip)
        };
        let step = ProbeStep { setting, ..steps(false, None, 1)[0].clone() };
        assert_eq!(step.to_string(), "way, round-trip, 65,536 bytes, both sides on two processors, round 1");
    }
}
