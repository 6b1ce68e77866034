//! Pictures of records: what is in them and what is not, and that each number is the record's own.

mod known;
mod limits;
mod page;
mod probes;
mod servers;
mod tasks;

use insta::assert_snapshot;
use reports::picture::{self, Bar, Drawing, Picture, Point, Series};
use reports::record::Run;
use reports::summary::Summary;

use crate::sample;

/// All pictures of a record.
fn pictures(run: &Run) -> Vec<Picture> {
    picture::all(run, &Summary::of(run))
}

/// Those of a kind.
fn of<'a>(pictures: &'a [Picture], kind: &str) -> Vec<&'a Picture> {
    let own = pictures.iter().filter(|picture| is_of(picture, kind)).collect::<Vec<_>>();
    assert!(!own.is_empty(), "there is no picture {kind}");
    own
}

/// Of several of a kind each has more words behind it.
fn is_of(picture: &Picture, kind: &str) -> bool {
    picture.id.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn series(picture: &Picture) -> &[Series] {
    match &picture.drawing {
        Drawing::Lines(lines) => &lines.series,
        other => panic!("{}: {other:?}", picture.id),
    }
}

fn bars(picture: &Picture) -> &[Bar] {
    match &picture.drawing {
        Drawing::Bars(bars) => &bars.rows,
        other => panic!("{}: {other:?}", picture.id),
    }
}

/// The one line of this name.
fn line<'a>(picture: &'a Picture, name: &str) -> &'a Series {
    let found = series(picture).iter().find(|series| series.name == name);
    found.unwrap_or_else(|| panic!("{} has no line {name}", picture.id))
}

/// The one bar of this label.
fn bar<'a>(picture: &'a Picture, label: &str) -> &'a Bar {
    let found = bars(picture).iter().find(|bar| bar.label == label);
    found.unwrap_or_else(|| panic!("{} has no bar {label}", picture.id))
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

/// Of three rounds the middle one, the least and the greatest.
fn of_rounds(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    assert_eq!(values.len(), 3, "{values:?}");
    [values[1], values[0], values[2]]
}

/// That a point is at `x` and is the median of these rounds with their range.
fn assert_point(point: &Point, x: f64, rounds: Vec<f64>) {
    let [median, least, greatest] = of_rounds(rounds);
    let (low, high) = point.interval.expect("three rounds have an interval");
    let is = [point.x, point.y, low, high];
    assert!(is.iter().zip([x, median, least, greatest]).all(|(is, should)| close(*is, should)), "{is:?}");
}

/// That these are the lengths of a bar.
fn assert_lengths(bar: &Bar, lengths: &[f64]) {
    let same = bar.lengths.len() == lengths.len()
        && bar.lengths.iter().zip(lengths).all(|(one, other)| close(*one, *other));
    assert!(same, "{bar:?}: {lengths:?}");
}

#[test]
fn the_pictures() {
    assert_snapshot!(serde_json::to_string_pretty(&pictures(&sample::course::run())).unwrap());
}

#[test]
fn every_kind_has_something_to_draw_in_the_sample_and_a_name_of_its_own() {
    let pictures = pictures(&sample::course::run());
    let places = sample::course::KINDS
        .map(|kind| pictures.iter().position(|picture| is_of(picture, kind)).expect(kind));
    assert!(places.is_sorted(), "{places:?}");
    assert!(pictures.iter().any(|picture| is_of(picture, "timeline-of-threads")));
    let mut ids: Vec<&str> = pictures.iter().map(|picture| picture.id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
    assert!(pictures.iter().all(|picture| picture.notice.ends_with('.') && !picture.title.is_empty()));
}
