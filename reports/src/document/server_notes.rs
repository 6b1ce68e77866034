//! What is said below a servers' table: of single rows, and of what tells rows apart.

use super::facts::name;
use super::notes;
use super::servers::{label, range};
use crate::record::Verdict;
use crate::summary::{Figure, Obstacle, Outlier, ServerRow, ServerTable, Standing, Threshold};
use crate::units::{figure, percent, plural, times};

/// At most this many rounds of a row that stand out are told; the record has them all.
const OUTLIERS_TOLD: usize = 2;

/// All notes on a table.
pub(super) fn of(table: &ServerTable) -> Vec<String> {
    let connections = table.setting.connections;
    let mut notes: Vec<String> = table.rows.iter().filter_map(|row| note(row, connections)).collect();
    notes.extend(single_rounds(&table.rows));
    notes.extend(told_apart(table));
    notes.extend(certainty(&table.rows));
    notes.extend(moved(table));
    notes
}

/// What a client-bound row is worth among others.
const CLIENT_BOUND: &str =
    "not ranked, as the load generator was the limit: the rate is a lower bound, CPU per request stands";

fn note(row: &ServerRow, connections: usize) -> Option<String> {
    notes::sentence(&label(row), &parts(row, connections, CLIENT_BOUND))
}

/// What there is to say of a row; `client_bound` is said where the load generator was the limit.
pub(super) fn parts(row: &ServerRow, connections: usize, client_bound: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut expected = if row.client_bound { Verdict::ClientBound } else { Verdict::Valid };
    match row.standing {
        Standing::Unranked(Obstacle::Starved { served }) => {
            parts.push(format!("not ranked, as connections starved: {served} of {connections} were served"));
        }
        Standing::Unranked(Obstacle::NoCpuTime) => {
            parts.push("not ranked, as the server's CPU time was not measured".to_owned());
        }
        Standing::Unranked(Obstacle::Void(verdict)) => {
            parts.push(name(verdict).to_owned());
            expected = verdict;
        }
        Standing::Unranked(Obstacle::ClientBound | Obstacle::SingleRound | Obstacle::Again)
        | Standing::Ranked(_) => {}
    }
    if row.client_bound {
        parts.push(client_bound.to_owned());
    }
    parts.extend(notes::rounds_left_out(row.rounds));
    parts.extend(row.outliers.iter().take(OUTLIERS_TOLD).map(outlier));
    if row.outliers.len() > OUTLIERS_TOLD {
        parts.push(format!("{} that stand out", plural(row.outliers.len() - OUTLIERS_TOLD, "more figure")));
    }
    parts.extend(notes::reasons(&row.remarks, row.rounds, expected));
    parts.extend(notes::errors(&row.errors));
    parts
}

fn outlier(outlier: &Outlier) -> String {
    let (value, median) = (figure(outlier.value), figure(outlier.median));
    match outlier.figure {
        Figure::CpuPerRequest => {
            format!("round {} stands out: {value} µs of CPU/req beside a median of {median}", outlier.round)
        }
        Figure::Rate => {
            format!("round {} stands out: {value} req/s beside a median of {median}", outlier.round)
        }
    }
}

/// Why medians may lie far apart where ratios do not.
fn moved(table: &ServerTable) -> Option<String> {
    let [least, most] = table.moved_ns?;
    Some(format!(
        "The processors of server and load generator were {least:.0} ns apart in some cells and {most:.0} ns in others, and a \
         request costs more where they are further apart. So the medians lie in wide intervals; × first compares only cells of a \
         round that met them equally far apart.",
    ))
}

/// One sentence for all rows that have no rank because they have but one round.
fn single_rounds(rows: &[ServerRow]) -> Option<String> {
    let single = |row: &&ServerRow| row.standing == Standing::Unranked(Obstacle::SingleRound);
    let models: Vec<&str> = rows.iter().filter(single).map(|row| row.model.as_str()).collect();
    (!models.is_empty()).then(|| {
        format!(
            "Not ranked, as one round says nothing of the spread; measure more with --rounds: {}.",
            models.join(", ")
        )
    })
}

/// How far apart the same thing was, and so how far apart two rows must be.
fn told_apart(table: &ServerTable) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for again in &table.again {
        notes.push(format!(
            "{}, measured twice, came to {} times itself ({}).",
            again.model,
            times(again.ratio.value),
            range(again.ratio.interval, times)
        ));
    }
    let ranked = table.rows.iter().filter(|row| matches!(row.standing, Standing::Ranked(_))).count();
    if ranked < 2 {
        return notes;
    }
    notes.push(least_difference(table.threshold));
    notes
}

/// What counts as a difference, and where that comes from.
fn least_difference(threshold: Threshold) -> String {
    let least = percent(threshold.ratio - 1.0);
    if threshold.pairs == 0 {
        return format!(
            "Nothing was measured twice under such a load in this run, so how far a server is from itself is not known; \
             {least} is taken as the least difference."
        );
    }
    format!("Differences of {least} or less are none: {}.", why(threshold))
}

/// Where a threshold comes from: how far the same server was from itself, or the least that is taken.
pub(super) fn why(threshold: Threshold) -> String {
    let apart = percent(threshold.apart - 1.0);
    let pairs = match (threshold.here, threshold.pairs) {
        (true, _) => "what was measured twice here".to_owned(),
        (false, 1) => "the one pair of another setting of this pace".to_owned(),
        (false, pairs) => format!("the {pairs} pairs of other settings of this pace"),
    };
    if threshold.ratio > threshold.apart {
        format!("the least that is taken; {pairs} came within {apart} of itself")
    } else {
        format!("as far from itself was {pairs}")
    }
}

/// How certain the intervals of few rounds are.
fn certainty(rows: &[ServerRow]) -> Option<String> {
    let known = |row: &ServerRow| Some((row.rounds.counted, row.cpu_us?.interval.coverage));
    notes::certainty(rows.iter().filter_map(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_that_is_the_least_one_is_not_said_to_be_measured() {
        let said = |ratio, apart, here| least_difference(Threshold { ratio, pairs: 2, apart, here });
        assert_eq!(
            said(1.01, 1.004, true),
            "Differences of 1.0% or less are none: the least that is taken; what was measured twice here came within 0.4% of \
             itself."
        );
        let far =
            "Differences of 4.0% or less are none: as far from itself was what was measured twice here.";
        assert_eq!(said(1.04, 1.04, true), far);
        assert!(said(1.04, 1.04, false).ends_with("the 2 pairs of other settings of this pace."));
    }
}
