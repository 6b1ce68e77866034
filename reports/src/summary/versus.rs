//! Two runs, row by row: what became faster or slower from the earlier to the later one.
//!
//! The rounds of two runs have nothing in common, so a row's two samples are independent: the ratio of their medians has a
//! bootstrap interval over both. A row is slower (or faster) if that interval lies beyond the threshold, and if chance alone
//! would show such a change in any of the rows with a probability below 5% (Welch's test on the logarithms, Holm's correction
//! for all rows). It is the same if the interval lies within. Everything else can't be told, and says why. Only rounds are
//! taken in which the processors of server and generator were equally far apart ([`distance`]).
//!
//! What the same server measured twice in one run differed from itself by does not hold what differs between runs: another
//! build, the machine's state that day, all that the rounds of one run have in common. No run shows it. So the threshold is
//! wider by [`BETWEEN_RUNS`], and Welch's test takes a run to move a row by half of that, as a standard deviation.

use std::collections::BTreeMap;

use serde::Serialize;

use super::again::{Pairs, Threshold};
use super::conditions::{self, Conditions};
use super::counted::Counted;
use super::row::Estimate;
use super::setting::{Key, Setting};
use super::timed::{self, TimedAlone, TimedRow};
use super::{Suite, gravest, groups_of, label, row};
use crate::distance;
use crate::record::{Run, ServerCell, Verdict};
use crate::statistics::moderated::LEAST_SD;
use crate::statistics::ratio::logs;
use crate::statistics::student::welch;
use crate::statistics::{Ratio, SIGNIFICANCE, holm};
use crate::units::plural;

/// With fewer rounds of a side nothing is called faster, slower or the same: the range of two holds its median in half of
/// all cases only.
const LEAST_ROUNDS: usize = 3;

/// Why nothing is compared where both runs have rounds that count.
const NOWHERE_ALIKE: &str =
    "the processors of server and load generator were not equally far apart in any round of both";

/// How far two runs of the same may differ beyond what is seen within them: 2%. It is an allowance and was not measured; it
/// covers runs that move a row's ratio by 1% (the standard deviation), which is what the tests try.
pub const BETWEEN_RUNS: f64 = 1.02;

/// How a run differs from an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Versus {
    /// The earlier run.
    pub old: Compared,
    /// The later run.
    pub new: Compared,
    /// What differs between the hosts of the two, in words; empty for the same host.
    pub hosts_differ: Vec<String>,
    /// What differs in where server and load generator ran, in words; empty for the same placement.
    pub placements_differ: Vec<String>,
    /// What else a reader of the ratios must know: that a run is not complete, that windows were not equally long. One
    /// sentence each.
    pub warnings: Vec<String>,
    /// What the threshold of each row is multiplied by for what differs between runs: [`BETWEEN_RUNS`].
    pub between_runs: f64,
    /// What both runs have.
    pub rows: Vec<VersusRow>,
    /// What only the earlier run has.
    pub only_old: Vec<Alone>,
    /// What only the later run has.
    pub only_new: Vec<Alone>,
    /// What both runs have of tasks and probes.
    pub timed: Vec<TimedRow>,
    /// What only the earlier run has of them.
    pub timed_only_old: Vec<TimedAlone>,
    /// What only the later run has of them.
    pub timed_only_new: Vec<TimedAlone>,
}

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Where its record lies, as it was given; empty where nobody said.
    pub path: String,
    /// When it started, in UTC (RFC 3339).
    pub started: String,
    /// The version of concur that measured.
    pub concur: String,
    /// Whether it holds every planned cell.
    pub complete: bool,
}

impl Compared {
    pub(crate) fn of(run: &Run) -> Self {
        Self {
            path: String::new(),
            started: run.started.clone(),
            concur: run.concur.clone(),
            complete: run.complete,
        }
    }
}

/// One server in one setting, in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersusRow {
    /// What it was measured for.
    pub suite: Suite,
    /// What it was measured in.
    pub setting: Setting,
    /// The model with its options.
    pub model: String,
    /// How far from itself the same server was within a run in such a setting: the larger of the two runs' own.
    pub threshold: Threshold,
    /// What became of it, judged by CPU time per request.
    pub outcome: Outcome,
    /// Why it can't be told, in words; absent where it can.
    pub reason: Option<String>,
    /// Processor time of the server's process tree per request, in microseconds.
    pub cpu_us: Option<Change>,
    /// How likely it is that chance alone changed that so much in any row, from 0 to 1.
    pub p_value: Option<f64>,
    /// Requests a second.
    pub rate: Option<Change>,
    /// 99 in 100 latencies were at most this, in microseconds.
    pub p99_us: Option<Change>,
    /// Rounds that count and are compared, of the earlier run and of the later one.
    pub rounds: [usize; 2],
    /// What the later run lost of it, in words: it has no figures any more, or not all of its rounds went well.
    pub lost: Option<String>,
}

impl VersusRow {
    pub(crate) fn judged(&mut self) -> Judged<'_> {
        Judged {
            cost: self.cpu_us,
            missing: "CPU time was not measured in both",
            threshold: self.threshold,
            rounds: self.rounds,
            p_value: &mut self.p_value,
            outcome: &mut self.outcome,
            reason: &mut self.reason,
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It costs more.
    Slower,
    /// It costs less.
    Faster,
    /// The rounds do not say.
    CantTell,
    /// It costs the same.
    Same,
}

impl Outcome {
    /// Whether something changed for sure.
    pub(crate) fn is_change(self) -> bool {
        matches!(self, Self::Slower | Self::Faster)
    }
}

/// One figure of a row in both runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// The median of the earlier run.
    pub old: f64,
    /// The median of the later run.
    pub new: f64,
    /// The ends of the intervals around both medians, which are of one value where there is one round.
    pub ends: [[f64; 2]; 2],
    /// The later by the earlier.
    pub ratio: f64,
    /// The lower end of the ratio's interval.
    pub low: f64,
    /// The upper end of the ratio's interval.
    pub high: f64,
    /// In which part of all cases such an interval holds the true ratio, from 0 to 1; at least.
    pub coverage: f64,
}

/// A row without a partner in the other run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alone {
    /// What it was measured for.
    pub suite: Suite,
    /// What it was measured in.
    pub setting: Setting,
    /// The model with its options.
    pub model: String,
}

/// Which row it is, in both runs.
pub(crate) type Name = (Suite, Key, String);

/// One row of one run.
pub(crate) struct Side<'a> {
    pub(crate) setting: Setting,
    pub(crate) cells: Counted<'a>,
}

impl Versus {
    /// Compares `new` with `old`.
    pub fn of(old: &Run, new: &Run) -> Self {
        let mut versus = Self::unjudged(old, new);
        judge(versus.judged());
        versus
    }

    /// All rows, to be judged.
    pub(crate) fn judged(&mut self) -> impl Iterator<Item = Judged<'_>> {
        let servers = self.rows.iter_mut().map(VersusRow::judged);
        servers.chain(self.timed.iter_mut().map(TimedRow::judged))
    }

    /// The same without a word on any row: those of several comparisons are judged together.
    pub(crate) fn unjudged(old: &Run, new: &Run) -> Self {
        let (old_groups, new_groups) = (groups_of(old), groups_of(new));
        let pairs = [Pairs::of(&old_groups), Pairs::of(&new_groups)];
        let (mut before, mut after) = (sides(old_groups), sides(new_groups));
        let shared: Vec<Name> = before.keys().filter(|name| after.contains_key(*name)).cloned().collect();
        let (mut rows, mut conditions) = (Vec::with_capacity(shared.len()), Conditions::default());
        for name in shared {
            if let (Some(old), Some(new)) = (before.remove(&name), after.remove(&name)) {
                conditions.note(&old.cells.last, &new.cells.last);
                rows.push(compare(name, &old, &new, &pairs));
            }
        }
        let (timed, [timed_only_old, timed_only_new]) = timed::compare(old, new);
        let runs = (Compared::of(old), Compared::of(new));
        let mut warnings = conditions::of_runs(old, new);
        warnings.extend(conditions.warnings());
        Self {
            old: runs.0,
            new: runs.1,
            hosts_differ: conditions::hosts_differ(&old.host, &new.host),
            placements_differ: conditions.placements.into_iter().collect(),
            warnings,
            between_runs: BETWEEN_RUNS,
            rows,
            only_old: alone(before),
            only_new: alone(after),
            timed,
            timed_only_old,
            timed_only_new,
        }
    }

    /// The same, each run named by where its record lies.
    #[must_use]
    pub fn named(mut self, old: String, new: String) -> Self {
        (self.old.path, self.new.path) = (old, new);
        self
    }

    /// Whether any row has its figure in both runs; what was slower can't be known otherwise.
    pub fn compares_anything(&self) -> bool {
        let servers = self.rows.iter().any(|row| row.cpu_us.is_some());
        servers || self.timed.iter().any(|row| row.figure.is_some())
    }

    /// How many rows both runs have.
    pub fn number_of_rows(&self) -> usize {
        self.rows.len() + self.timed.len()
    }

    /// The rows that the later run lost, each with what became of it: those that are gone, and those that say so.
    pub fn lost(&self) -> Vec<String> {
        let servers = self.only_old.iter().map(|row| &row.model);
        let gone = servers.chain(self.timed_only_old.iter().map(|row| &row.name));
        let gone = gone.map(|name| format!("{name} (not in the later run)"));
        gone.chain(self.lost_rows().map(|(name, what)| format!("{name} ({what})"))).collect()
    }

    /// Of the rows of both runs those that the later one lost something of, and what.
    pub fn lost_rows(&self) -> impl Iterator<Item = (&str, &str)> {
        let servers = self.rows.iter().map(|row| (row.model.as_str(), row.lost.as_deref()));
        let timed = self.timed.iter().map(|row| (row.name.as_str(), row.lost.as_deref()));
        servers.chain(timed).filter_map(|(name, lost)| Some((name, lost?)))
    }

    /// How many rows came to `outcome`.
    pub fn count(&self, outcome: Outcome) -> usize {
        let servers = self.rows.iter().map(|row| row.outcome);
        servers.chain(self.timed.iter().map(|row| row.outcome)).filter(|other| *other == outcome).count()
    }
}

/// All rows of a run but the second ones of A/A pairs.
pub(crate) fn sides(groups: Vec<(Suite, super::servers::Group<'_>)>) -> BTreeMap<Name, Side<'_>> {
    let mut sides = BTreeMap::new();
    for (suite, group) in groups {
        let key = group.setting.key();
        for cells in group.rows.iter().filter(|cells| !row::is_again(cells[0])) {
            let name = (suite, key.clone(), label(&cells[0].model, &cells[0].options));
            sides.insert(name, Side { setting: group.setting.clone(), cells: Counted::of(cells) });
        }
    }
    sides
}

fn alone(sides: BTreeMap<Name, Side<'_>>) -> Vec<Alone> {
    let alone = |((suite, _, model), side): (Name, Side<'_>)| Alone { suite, setting: side.setting, model };
    sides.into_iter().map(alone).collect()
}

/// Lays a row's two sides beside each other. What is to be thought of it comes later, with all others.
fn compare((suite, _, model): Name, old: &Side<'_>, new: &Side<'_>, pairs: &[Pairs; 2]) -> VersusRow {
    let [one, other] = pairs.each_ref().map(|pairs| pairs.threshold(suite, &new.setting));
    let distance = |cell: &&ServerCell| row::distance_ns(cell);
    let (before, after) = distance::in_common(&old.cells.counted, &new.cells.counted, distance);
    let change = |figure: fn(&ServerCell) -> Option<f64>| change_of(&before, &after, figure);
    let [old_us, new_us] = [&before, &after].map(|cells| values(cells, row::cpu_us));
    let void = |side: &Side<'_>, which| {
        let verdicts = side.cells.last.iter().map(|cell| super::counted::verdict(cell));
        void(side.cells.counted.is_empty(), gravest(verdicts), which)
    };
    VersusRow {
        suite,
        setting: new.setting.clone(),
        model,
        threshold: one.or_larger(other),
        outcome: Outcome::CantTell,
        reason: void(old, "earlier")
            .or_else(|| void(new, "later"))
            .or_else(|| (before.is_empty() || after.is_empty()).then(|| NOWHERE_ALIKE.to_owned())),
        cpu_us: change(row::cpu_us),
        p_value: chance(&old_us, &new_us),
        rate: change(|cell| Some(cell.requests_per_second)),
        p99_us: change(|cell| cell.latency_us?.p99),
        rounds: [old_us.len(), new_us.len()],
        lost: lost(old, new),
    }
}

/// How likely chance alone makes two samples differ so much; none where either is too small.
pub(crate) fn chance(old: &[f64], new: &[f64]) -> Option<f64> {
    welch(&logs(new)?, &logs(old)?, LEAST_SD, BETWEEN_RUNS.ln() / 2.0)
}

/// What the later run lost. Errors always are a loss; what neither run could measure is none.
fn lost(old: &Side<'_>, new: &Side<'_>) -> Option<String> {
    let had = |side: &Side<'_>| !values(&side.cells.counted, row::cpu_us).is_empty();
    let verdicts: Vec<Verdict> = new.cells.last.iter().map(|cell| super::counted::verdict(cell)).collect();
    lost_rounds(&verdicts)
        .or_else(|| (had(old) && !had(new)).then(|| "no round has CPU time that counts".to_owned()))
}

/// How many rounds came to errors, if any did.
pub(crate) fn lost_rounds(verdicts: &[Verdict]) -> Option<String> {
    let errors = verdicts.iter().filter(|verdict| **verdict == Verdict::Errors).count();
    (errors > 0).then(|| format!("{errors} of {} came to errors", plural(verdicts.len(), "round")))
}

/// Why a side has no figures, if it has none: by the gravest verdict on its rounds.
pub(crate) fn void(is_empty: bool, gravest: Verdict, which: &str) -> Option<String> {
    let why = match gravest {
        Verdict::Errors => "errors",
        Verdict::Unsupported => "unsupported",
        Verdict::Unstable => "unstable",
        Verdict::Valid | Verdict::ClientBound => "nothing counts",
    };
    is_empty.then(|| format!("no round of the {which} run counts: {why}"))
}

fn values(cells: &[&ServerCell], figure: fn(&ServerCell) -> Option<f64>) -> Vec<f64> {
    cells.iter().filter_map(|cell| figure(cell)).collect()
}

/// One figure of both sides; none unless all rounds that are compared have it, and it is positive.
fn change_of(
    old: &[&ServerCell],
    new: &[&ServerCell],
    figure: fn(&ServerCell) -> Option<f64>,
) -> Option<Change> {
    let all = |cells: &[&ServerCell]| {
        let values = values(cells, figure);
        (values.len() == cells.len()).then_some(values)
    };
    change(&all(old)?, &all(new)?)
}

/// Two samples of one figure; none unless all of it is positive.
pub(crate) fn change(old: &[f64], new: &[f64]) -> Option<Change> {
    let ratio = Ratio::of_samples(new, old)?;
    let [old, new] = [old, new].map(|values| Estimate::of(values.iter().copied()));
    Some(Change {
        ends: [old?, new?].map(|of| [of.interval.low, of.interval.high]),
        old: old?.median,
        new: new?.median,
        ratio: ratio.value,
        low: ratio.interval.low,
        high: ratio.interval.high,
        coverage: ratio.interval.coverage,
    })
}

/// What is judged of a row, whatever it is of.
pub(crate) struct Judged<'a> {
    /// What it costs in both runs.
    pub(crate) cost: Option<Change>,
    /// What is said of a row that has no such figure.
    pub(crate) missing: &'static str,
    pub(crate) threshold: Threshold,
    pub(crate) rounds: [usize; 2],
    pub(crate) p_value: &'a mut Option<f64>,
    pub(crate) outcome: &'a mut Outcome,
    pub(crate) reason: &'a mut Option<String>,
}

/// Corrects the p-values for the number of rows, and says what became of each.
pub(crate) fn judge<'a>(rows: impl Iterator<Item = Judged<'a>>) {
    let mut rows: Vec<Judged<'_>> = rows.collect();
    let p_values: Vec<f64> = rows.iter().filter_map(|row| *row.p_value).collect();
    let mut adjusted = holm::adjusted(&p_values).into_iter();
    for row in &mut rows {
        *row.p_value = row.p_value.and_then(|_| adjusted.next());
        match row.comes_to() {
            Ok(outcome) => *row.outcome = outcome,
            Err(reason) => *row.reason = row.reason.take().or(Some(reason)),
        }
    }
}

impl Judged<'_> {
    /// What became of a row, or why it can't be told.
    fn comes_to(&self) -> Result<Outcome, String> {
        let threshold = self.threshold.between_runs();
        let Some(change) = self.cost else {
            return Err(self.missing.to_owned());
        };
        if self.rounds.iter().any(|rounds| *rounds < LEAST_ROUNDS) {
            return Err(format!("fewer than {LEAST_ROUNDS} rounds on a side; measure more with --rounds"));
        }
        let (slower, faster) = (change.low > threshold.ratio, change.high < 1.0 / threshold.ratio);
        if slower || faster {
            return if self.p_value.is_some_and(|p| p < SIGNIFICANCE) {
                Ok(if slower { Outcome::Slower } else { Outcome::Faster })
            } else {
                Err("a change beyond the threshold that may be chance among so many rows".to_owned())
            };
        }
        let within = |ratio| !threshold.is_exceeded_by(ratio);
        if within(change.low) && within(change.high) {
            Ok(Outcome::Same)
        } else {
            Err("the interval reaches over the threshold; measure more rounds".to_owned())
        }
    }
}
