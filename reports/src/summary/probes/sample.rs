//! The rows of a run's probes for who compares runs.

use std::collections::BTreeMap;

use super::super::timed::{Measure, Name, Sample, TimedSetting, TimedSuite};
use super::groups::{Key, groups};
use super::{Pairs, ProbeSuite, cells_of, row};
use crate::record::{ProbeCell, Run, Verdict};
use crate::statistics::ratio::Reading;

/// A figure of a cell.
type Figure = fn(&ProbeCell) -> Option<f64>;

/// What may be measured of a row; what comes first is what it is compared by.
const MEASURES: [(Measure, Figure); 3] = [
    (Measure::TimeUs, |cell| Some(cell.time_us?.p50)),
    (Measure::BytesPerSecond, |cell| cell.bytes_per_second),
    (Measure::BytesEach, |cell| cell.bytes_each),
];

/// All rows but the second ones of A/A pairs.
pub(crate) fn samples(run: &Run) -> BTreeMap<Name, Sample> {
    let mut samples = BTreeMap::new();
    let suites = [
        (ProbeSuite::Spawn, TimedSuite::Spawn),
        (ProbeSuite::Switch, TimedSuite::Switch),
        (ProbeSuite::Ipc, TimedSuite::Ipc),
    ];
    for (suite, timed) in suites {
        let groups = groups(cells_of(run, suite));
        let pairs = Pairs::of(&groups);
        for group in &groups {
            let threshold = pairs.threshold(&group.key);
            for cells in group.rows.iter().filter(|cells| cells[0].copy.is_none_or(|copy| copy < 2)) {
                let (measure, counted, verdicts) = readings(cells);
                let name = (timed, setting(&group.key), row::row(cells).name());
                samples.insert(name, Sample { measure, threshold, counted, verdicts });
            }
        }
    }
    samples
}

fn setting(key: &Key) -> TimedSetting {
    TimedSetting {
        what: key.operation.name.clone(),
        family: None,
        size: None,
        jobs: None,
        touched_bytes: key.touched_bytes,
        message_bytes: key.message_bytes,
        number: key.number,
    }
}

/// What was measured of a row, the figures of its rounds that count, and what is to be thought of each round.
fn readings(cells: &[&ProbeCell]) -> (Measure, Vec<Reading>, Vec<Verdict>) {
    let last = row::last(cells);
    let counted: Vec<&ProbeCell> = last.iter().copied().filter(|cell| row::counts(cell)).collect();
    let has = |of: Figure| counted.iter().any(|cell| of(cell).is_some());
    let found = MEASURES.into_iter().find(|(_, of)| has(*of));
    let (measure, of) = found.unwrap_or(MEASURES[0]);
    let reading = |cell: &&ProbeCell| Some(Reading { value: of(cell)?, distance_ns: row::distance_ns(cell) });
    let readings = counted.iter().filter_map(reading).collect();
    (measure, readings, last.iter().map(|cell| cell.verdict).collect())
}
