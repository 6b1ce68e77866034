//! Latency over time as a heat map: whether slow replies came evenly or all at once.

use super::bounds::add;
use super::parts::{axis, paragraph};
use super::shown::{self, Shown};
use super::{Drawing, Heat, Picture, Scale};
use crate::document::title::{self, Open};
use crate::record::{OverTime, Run, ServerCell};
use crate::summary::{Setting, Summary};
use crate::units::{figure, latency};

/// How many in a hundred of a slice's replies are as fast as what is said of it.
const SHARE: f64 = 0.99;

pub(super) fn pictures(run: &Run, summary: &Summary) -> Vec<Picture> {
    let settings = shown::settings(run, summary, |cell| cell.over_time.is_some());
    let Some((Shown { setting, cells }, left_out)) = shown::few(settings) else { return Vec::new() };
    let of = |(name, cell): &(String, &ServerCell)| picture(&setting, name, cell.over_time.as_ref()?);
    let mut pictures: Vec<Picture> = cells.iter().filter_map(of).collect();
    if let Some((last, said)) = pictures.last_mut().zip(left_out) {
        add(last, &said);
    }
    pictures
}

fn picture(setting: &Setting, name: &str, of: &OverTime) -> Option<Picture> {
    let rising = of.bounds_us.windows(2).all(|pair| pair[0] < pair[1]);
    let positive = of.bounds_us.first().is_some_and(|bound| *bound > 0.0);
    let used = classes(of).filter(|_| rising && positive)?;
    let columns = of.replies.iter().map(|slice| {
        used.clone().map(|class| class_of(slice, of.bounds_us.len(), class)).collect::<Vec<u64>>()
    });
    let edges = (0..=of.replies.len()).map(|slice| slice as f64 * of.slice_s);
    let heat = Heat {
        x: axis("time", "s", Scale::Linear),
        y: axis("latency", "µs", Scale::Logarithmic),
        x_edges: edges.collect(),
        y_edges: std::iter::once(lower(of, used.start))
            .chain(used.clone().map(|class| of.bounds_us[class]))
            .collect(),
        counts: columns.collect(),
    };
    Some(Picture {
        id: "latency-over-time".to_owned(),
        title: format!("Latency over time: {name}, {}", title::of(setting, Open::Nothing)),
        notice: notice(name, of),
        drawing: Drawing::Heat(heat),
    })
}

/// From the first class that has a reply to the last; none where no slice has any, or where there are no bounds for them.
fn classes(of: &OverTime) -> Option<std::ops::Range<usize>> {
    let is_used =
        |class: &usize| of.replies.iter().any(|slice| class_of(slice, of.bounds_us.len(), *class) > 0);
    let used: Vec<usize> = (0..of.bounds_us.len()).filter(is_used).collect();
    Some(*used.first()?..used.last()? + 1)
}

/// The replies of a slice in a class; what lies beyond the last bound counts as in the last class.
fn class_of(slice: &[u64], classes: usize, class: usize) -> u64 {
    let beyond = if class + 1 == classes { slice.iter().skip(classes).sum() } else { 0 };
    slice.get(class).copied().unwrap_or(0) + beyond
}

/// Where a class begins: at the bound before it. The first has none, so it is as wide as the next one, as a ratio.
fn lower(of: &OverTime, class: usize) -> f64 {
    let bounds = &of.bounds_us;
    match (class.checked_sub(1), bounds.get(1)) {
        (Some(before), _) => bounds[before],
        (None, Some(second)) => bounds[0] * bounds[0] / second,
        (None, None) => bounds[0] / 2.0,
    }
}

/// By what all but a hundredth of a slice's replies were there; none where it has none.
fn slow_us(of: &OverTime, slice: &[u64]) -> Option<f64> {
    let classes = of.bounds_us.len();
    let all: u64 = slice.iter().sum();
    let wanted = (all as f64 * SHARE).ceil() as u64;
    let mut sum = 0;
    let reached = |class: &usize| {
        sum += class_of(slice, classes, *class);
        sum >= wanted
    };
    (0..classes).find(reached).filter(|_| all > 0).map(|class| of.bounds_us[class])
}

fn notice(name: &str, of: &OverTime) -> String {
    let slices = of.replies.iter().enumerate();
    let mut known: Vec<(usize, f64)> =
        slices.filter_map(|(slice, replies)| Some((slice, slow_us(of, replies)?))).collect();
    let silent = of.replies.len() - known.len();
    known.sort_by(|one, other| one.1.total_cmp(&other.1).then(other.0.cmp(&one.0)));
    let said = known.last().map(|(slice, worst)| {
        let usual = known[known.len() / 2].1;
        if *worst > usual {
            format!(
                "Usually 99 in 100 replies of {name} were there within {}; in the slice from {} s on that took up to {}. A column that \
                 reaches higher has late replies that came together. The server may have stood still for all its clients, or kept some \
                 of them waiting, or the machine had given its processor away: this picture alone does not tell which.",
                latency(usual),
                figure(*slice as f64 * of.slice_s),
                latency(*worst)
            )
        } else {
            format!(
                "In no slice did {name} take longer than usual: 99 in 100 replies were there within {} all along, so what is slow is \
                 spread over the window and no stall.",
                latency(usual)
            )
        }
    });
    let silence = (silent > 0).then(|| format!("Slices without any reply: {silent}."));
    paragraph([said, silence])
}
