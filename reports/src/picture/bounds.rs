//! Keeps pictures small, however long the run was: how many there are of a kind, how many lines and bars one has, and how many
//! points a line. What is left out is said, and stands in the record.

use std::collections::{BTreeMap, BTreeSet};

use super::{Drawing, Heat, Lines, Picture, Tracks};

/// Pictures of one kind: the first and the last ones are kept.
const PICTURES: usize = 4;
/// Lines or bars of a picture.
const SERIES: usize = 40;
/// Points of a line.
const POINTS: usize = 200;
/// Tracks of a timeline, each of which may be in many pieces.
const TRACKS: usize = 16;
/// Looks of a track.
const LOOKS: usize = 160;
/// Columns and rows of a heat map.
const CELLS: usize = 200;

/// The pictures that are drawn, each small enough and with a name of its own. Those of a kind have the same `id` and stand together.
pub(super) fn kept(pictures: &[Picture]) -> Vec<Picture> {
    let kinds = pictures.chunk_by(|one, other| one.id == other.id);
    let mut kept: Vec<Picture> = kinds.flat_map(of_a_kind).map(small).collect();
    name_apart(&mut kept);
    kept
}

fn of_a_kind(pictures: &[Picture]) -> Vec<Picture> {
    let mut kept = first_and_last(pictures, PICTURES);
    let left_out = pictures.len() - kept.len();
    if let Some(last) = kept.last_mut().filter(|_| left_out > 0) {
        add(
            last,
            &format!(
                "Pictures like this one that are not drawn, as there would be many: {left_out}; run.json has their figures."
            ),
        );
    }
    kept
}

/// Says a sentence more of a picture.
pub(super) fn add(picture: &mut Picture, sentence: &str) {
    picture.notice.push(' ');
    picture.notice.push_str(sentence);
}

/// At most so many of `all`: half of them the first, half the last.
pub(super) fn first_and_last<T: Clone>(all: &[T], most: usize) -> Vec<T> {
    if all.len() <= most {
        return all.to_vec();
    }
    let last = most / 2;
    [&all[..most - last], &all[all.len() - last..]].concat()
}

/// One of several of a kind has behind its name what sets it apart: `cpu-per-request-echo-64-b-over-tcp`.
fn name_apart(pictures: &mut [Picture]) {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for picture in pictures.iter() {
        *kinds.entry(picture.id.clone()).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    for picture in pictures {
        if kinds[&picture.id] > 1 {
            picture.id = format!("{}-{}", picture.id, slug(&picture.title));
        }
        let bare = picture.id.clone();
        let mut number = 2;
        while !taken.insert(picture.id.clone()) {
            picture.id = format!("{bare}-{number}");
            number += 1;
        }
    }
}

/// What stands behind the colon of a title, as letters, digits and hyphens.
pub(super) fn slug(title: &str) -> String {
    let what = title.split_once(": ").map_or(title, |(_, what)| what).to_lowercase();
    let words = what.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn small(mut picture: Picture) -> Picture {
    let left_out = match &mut picture.drawing {
        Drawing::Lines(lines) => small_lines(lines),
        Drawing::Bars(bars) => cut(&mut bars.rows, SERIES),
        Drawing::Heat(heat) => small_heat(heat),
        Drawing::Tracks(tracks) => small_tracks(tracks),
    };
    if left_out > 0 {
        add(&mut picture, &format!("Not drawn, as there would be many: {left_out} more; run.json has them."));
    }
    picture
}

/// How many of `rows` were more than `most`.
fn cut<T>(rows: &mut Vec<T>, most: usize) -> usize {
    let left_out = rows.len().saturating_sub(most);
    rows.truncate(most);
    left_out
}

fn small_lines(lines: &mut Lines) -> usize {
    for series in &mut lines.series {
        // A record by others may hold what is no number, which has no place.
        series.points.retain(|point| point.x.is_finite() && point.y.is_finite());
        series.points = thinned(&series.points, POINTS);
    }
    lines.series.retain(|series| !series.points.is_empty());
    cut(&mut lines.series, SERIES)
}

/// At most so many of `all` at equal distances, the first and the last among them.
pub(super) fn thinned<T: Clone>(all: &[T], most: usize) -> Vec<T> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|index| all[index * (all.len() - 1) / (most - 1)].clone()).collect()
}

/// Puts neighbours together until there are few enough. Nothing is left out by it.
fn small_heat(heat: &mut Heat) -> usize {
    while heat.counts.len() > CELLS {
        heat.counts = heat.counts.chunks(2).map(sum_of_columns).collect();
        heat.x_edges = every_other(&heat.x_edges);
    }
    while heat.y_edges.len() > CELLS + 1 {
        for column in &mut heat.counts {
            *column = column.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        heat.y_edges = every_other(&heat.y_edges);
    }
    0
}

fn sum_of_columns(columns: &[Vec<u64>]) -> Vec<u64> {
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    (0..rows).map(|row| columns.iter().filter_map(|column| column.get(row)).sum()).collect()
}

/// Every other edge, and the last one.
fn every_other(edges: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = edges.iter().step_by(2).copied().collect();
    if edges.len().is_multiple_of(2) {
        kept.extend(edges.last());
    }
    kept
}

/// Of too many looks every so manieth is kept.
fn small_tracks(tracks: &mut Tracks) -> usize {
    let looks = tracks.rows.iter().map(|row| row.first + row.states.chars().count()).max().unwrap_or(0);
    let step = looks.div_ceil(LOOKS).max(1);
    if step > 1 {
        for row in &mut tracks.rows {
            let first = row.first.div_ceil(step);
            let skipped = first * step - row.first;
            row.states = row.states.chars().skip(skipped).step_by(step).collect();
            row.first = first;
        }
        tracks.every_ms *= step as f64;
    }
    cut(&mut tracks.rows, TRACKS)
}

#[cfg(test)]
mod tests {
    use super::super::parts::{axis, lines, measured, point};
    use super::super::{Row, Scale};
    use super::*;

    fn picture(title: &str, series: usize, points: usize) -> Picture {
        let x = axis("x", "", Scale::Linear);
        let points = (0..points).map(|n| point(n as f64, 1.0)).collect::<Vec<_>>();
        let series = (0..series).filter_map(|n| measured(&n.to_string(), points.clone())).collect();
        let drawing = Lines { x: x.clone(), y: x, series, areas: Vec::new() };
        lines("kind", title.to_owned(), "Look.".to_owned(), drawing).unwrap()
    }

    fn drawn(picture: &Picture) -> &Lines {
        match &picture.drawing {
            Drawing::Lines(lines) => lines,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_of_many_points_keeps_its_ends() {
        let kept = kept(&[picture("A: b", 1, 1_001)]);
        let points = &drawn(&kept[0]).series[0].points;
        assert_eq!(points.len(), POINTS);
        assert!((points[0].x, points[POINTS - 1].x) == (0.0, 1_000.0));
        assert!(points.windows(2).all(|pair| pair[0].x < pair[1].x));
    }

    #[test]
    fn what_is_no_number_has_no_place() {
        let mut one = picture("A: b", 2, 3);
        let Drawing::Lines(lines) = &mut one.drawing else { panic!("{one:?}") };
        lines.series[0].points[1].y = f64::NAN;
        for point in &mut lines.series[1].points {
            point.x = f64::INFINITY;
        }
        let kept = kept(&[one]);
        let places: Vec<f64> = drawn(&kept[0]).series[0].points.iter().map(|point| point.x).collect();
        assert_eq!((drawn(&kept[0]).series.len(), places), (1, vec![0.0, 2.0]));
    }

    #[test]
    fn lines_beyond_the_most_are_counted_in_the_sentence() {
        let kept = kept(&[picture("A: b", SERIES + 2, 3)]);
        assert_eq!(drawn(&kept[0]).series.len(), SERIES);
        assert_eq!(kept[0].notice, "Look. Not drawn, as there would be many: 2 more; run.json has them.");
    }

    #[test]
    fn of_many_pictures_of_a_kind_the_first_and_the_last_are_kept() {
        let all: Vec<Picture> = (0..9).map(|n| picture(&format!("A: b {n}"), 1, 2)).collect();
        let kept = kept(&all);
        let ids: Vec<&str> = kept.iter().map(|picture| picture.id.as_str()).collect();
        assert_eq!(ids, ["kind-b-0", "kind-b-1", "kind-b-7", "kind-b-8"]);
        assert!(kept[3].notice.contains("not drawn, as there would be many: 5;"), "{}", kept[3].notice);
        assert_eq!(kept[2].notice, "Look.");
    }

    #[test]
    fn pictures_of_one_title_have_names_of_their_own() {
        let kept = kept(&[picture("A: b/c", 1, 2), picture("A: b c", 1, 2)]);
        assert_eq!([&*kept[0].id, &*kept[1].id], ["kind-b-c", "kind-b-c-2"]);
    }

    #[test]
    fn a_heat_map_of_many_slices_keeps_every_reply() {
        let axis = axis("x", "", Scale::Linear);
        let mut heat = Heat {
            x: axis.clone(),
            y: axis,
            x_edges: (0..=301).map(f64::from).collect(),
            y_edges: vec![1.0, 2.0, 4.0],
            counts: (0..301).map(|n| vec![n, 1]).collect(),
        };
        small_heat(&mut heat);
        assert_eq!((heat.counts.len(), heat.x_edges.len()), (151, 152));
        assert!((heat.x_edges[151] - 301.0).abs() < 1e-9);
        assert_eq!(heat.counts.iter().map(|column| column[0]).sum::<u64>(), 300 * 301 / 2);
        assert_eq!(heat.counts.iter().map(|column| column[1]).sum::<u64>(), 301);
    }

    #[test]
    fn of_many_looks_those_at_equal_distances_are_kept() {
        let row = |first, states: &str| Row { label: "a".into(), first, states: states.into() };
        let long = "RS".repeat(LOOKS);
        let mut tracks = Tracks { every_ms: 2.0, rows: vec![row(0, &long), row(3, "rSDT")] };
        small_tracks(&mut tracks);
        assert!((tracks.every_ms - 4.0).abs() < 1e-9);
        assert_eq!(tracks.rows[0].states, "R".repeat(LOOKS));
        // Looks 3 to 6: the even ones are 4 and 6.
        assert_eq!((tracks.rows[1].first, tracks.rows[1].states.as_str()), (2, "ST"));
    }
}
