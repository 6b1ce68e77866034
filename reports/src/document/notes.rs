//! What is said below a table: one sentence for each row with something to say.

use super::facts::name;
use crate::record::{Errors, Verdict};
use crate::summary::{Remark, Rounds};
use crate::units::{count, percent, plural};

/// Intervals that are surer than this are as sure as any.
const SURE: f64 = 0.9;

/// How certain the intervals of few rounds are: of those from fewest, given as how many rounds each is from and its coverage.
pub(super) fn certainty(intervals: impl Iterator<Item = (usize, f64)>) -> Option<String> {
    let (rounds, coverage) = intervals.filter(|(rounds, _)| *rounds > 1).min_by_key(|(rounds, _)| *rounds)?;
    (coverage < SURE).then(|| {
        format!(
            "An interval from {} is their range; it holds the true median in {} of all cases.",
            plural(rounds, "round"),
            percent(coverage)
        )
    })
}

/// At most this many different reasons of a row are told; the record has them all.
const TOLD: usize = 3;

/// `label: this. That.`; none if there is nothing to say.
pub(super) fn sentence(label: &str, parts: &[String]) -> Option<String> {
    let (first, others) = parts.split_first()?;
    let mut sentences = vec![format!("{label}: {first}")];
    sentences.extend(others.iter().map(|part| capitalised(part)));
    Some(sentences.join(". ") + ".")
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// That some rounds do not count, unless all or none do.
pub(super) fn rounds_left_out(rounds: Rounds) -> Option<String> {
    let some = 0 < rounds.counted && rounds.counted < rounds.all;
    some.then(|| format!("{} of {} rounds count", rounds.counted, rounds.all))
}

/// What went wrong, by class, as the record names them.
pub(super) fn errors(errors: &Errors) -> Option<String> {
    let classes = [
        (errors.connect, "connect"),
        (errors.reset, "reset"),
        (errors.timeout, "timeout"),
        (errors.short, "short"),
        (errors.wrong, "wrong"),
    ];
    let told: Vec<String> = classes
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, class)| format!("{} {class}", count(*number as f64)))
        .collect();
    (!told.is_empty()).then(|| format!("errors over all rounds: {}", told.join(", ")))
}

/// The reasons that the cells give. `expected` is the verdict that the row's standing has already told.
pub(super) fn reasons(remarks: &[Remark], rounds: Rounds, expected: Verdict) -> Vec<String> {
    let mut told: Vec<String> =
        remarks.iter().filter_map(|remark| reason(remark, rounds, expected)).take(TOLD + 1).collect();
    if told.len() > TOLD {
        told.truncate(TOLD);
        told.push(format!("{} in the record", plural(remarks.len() - TOLD, "more remark")));
    }
    told
}

fn reason(remark: &Remark, rounds: Rounds, expected: Verdict) -> Option<String> {
    let reason = remark.reason.as_deref().map(|reason| reason.trim().trim_end_matches('.'));
    let verdict = if remark.superseded {
        Some("measured again")
    } else {
        (remark.verdict != expected).then(|| name(remark.verdict))
    };
    let what = match (verdict, reason) {
        (Some(verdict), Some(reason)) => format!("{verdict}: {reason}"),
        (Some(verdict), None) => verdict.to_owned(),
        (None, Some(reason)) => reason.to_owned(),
        (None, None) => return None,
    };
    if remark.rounds.len() == rounds.all {
        return Some(what);
    }
    let listed = remark.rounds.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    Some(match remark.rounds.len() {
        1 => format!("{what} (round {listed})"),
        _ => format!("{what} (rounds {listed})"),
    })
}
