//! Fairness over connections and workers: which part of the replies the least served connections got, and of the work the least busy threads.

use super::parts::{axis, lines, measured, point, reference};
use super::shown::{self, Shown};
use super::{Lines, Picture, Scale};
use crate::document::title::{self, Open};
use crate::record::{Fairness, Run};
use crate::statistics::fairness::{jain, lorenz};
use crate::summary::Summary;
use crate::units::{percent, plural};

/// What is shared out, and among whom.
struct Kind {
    id: &'static str,
    title: &'static str,
    x: &'static str,
    y: &'static str,
    noun: &'static str,
    why: &'static str,
    of: fn(&Fairness) -> Vec<f64>,
}

const CONNECTIONS: Kind = Kind {
    id: "fairness-of-connections",
    title: "Fairness over connections",
    x: "connections, the least served first",
    y: "replies",
    noun: "connection",
    why: "A server that stays with a client as long as it asks lets the others wait.",
    of: |fairness| fairness.connection_requests.iter().map(|requests| *requests as f64).collect(),
};

const WORKERS: Kind = Kind {
    id: "fairness-of-workers",
    title: "Fairness over workers",
    x: "threads, the least busy first",
    y: "processor time",
    noun: "thread",
    why: "A thread that only accepts, and workers that others were quicker than, have little to do; threads that used no time are left out.",
    // Who had nothing to do is not treated unfairly.
    of: |fairness| fairness.thread_cpu_s.iter().copied().filter(|seconds| *seconds > 0.0).collect(),
};

pub(super) fn pictures(run: &Run, summary: &Summary) -> Vec<Picture> {
    let settings = shown::settings(run, summary, |cell| cell.fairness.is_some());
    let of = |kind: &'static Kind| settings.iter().filter_map(move |shown| picture(shown, kind));
    of(&CONNECTIONS).chain(of(&WORKERS)).collect()
}

/// One model's shares.
struct Own<'a> {
    name: &'a str,
    shares: Vec<f64>,
    index: f64,
}

fn picture(shown: &Shown<'_>, kind: &Kind) -> Option<Picture> {
    let own = shown.cells.iter().filter_map(|(name, cell)| {
        let shares = (kind.of)(cell.fairness.as_ref()?);
        // One alone shares with nobody.
        let index = jain(&shares).filter(|_| shares.len() > 1)?;
        Some(Own { name, shares, index })
    });
    let mut own: Vec<Own<'_>> = own.collect();
    own.sort_by(|one, other| other.index.total_cmp(&one.index));
    let curves = own.iter().filter_map(|own| {
        let points = lorenz(&own.shares)?.into_iter().map(|(x, y)| point(x * 100.0, y * 100.0));
        measured(&format!("{}, {:.3}", own.name, own.index), points.collect())
    });
    let even = reference("even".to_owned(), vec![point(0.0, 0.0), point(100.0, 100.0)]);
    let drawing = Lines {
        x: axis(kind.x, "%", Scale::Linear),
        y: axis(kind.y, "%", Scale::Linear),
        series: curves.chain([even]).collect(),
        areas: Vec::new(),
    };
    let title = format!("{}: {}", kind.title, title::of(&shown.setting, Open::Nothing));
    lines(kind.id, title, notice(&own, kind)?, drawing)
}

fn notice(own: &[Own<'_>], kind: &Kind) -> Option<String> {
    let (first, last) = (own.first()?, own.last()?);
    let half = half(&last.shares)?;
    let what = kind.y;
    let index = "The number behind a name is Jain's index (1984): 1 where all have the same, 1/n where one of n has all.";
    let remarks = format!("{} {index}", kind.why);
    Some(if own.len() == 1 {
        format!(
            "Of {} of {} the lower half got {half} of the {what} (Jain's index {:.3}). {remarks}",
            plural(last.shares.len(), kind.noun),
            last.name,
            last.index
        )
    } else if format!("{:.3}", first.index) == format!("{:.3}", last.index) {
        format!(
            "All share as evenly (Jain's index {:.3}): of {} of {} the lower half got {half} of the {what}. {remarks}",
            first.index,
            plural(last.shares.len(), kind.noun),
            last.name
        )
    } else {
        format!(
            "{} shares most evenly (Jain's index {:.3}) and {} least ({:.3}): of its {} the lower half got {half} of the {what}. {remarks}",
            first.name,
            first.index,
            last.name,
            last.index,
            plural(last.shares.len(), kind.noun)
        )
    })
}

/// Which part of all the half with least got; of an odd number the one in the middle is not in it.
fn half(shares: &[f64]) -> Option<String> {
    let curve = lorenz(shares)?;
    Some(percent(curve[shares.len() / 2].1))
}
