//! Each picture as the page has it: the rows below it, the same to take away, what its script draws, and the drawing itself all hold
//! the picture's own numbers, which other tests here compare with the record.

mod blocks;
mod plane;
mod read;

use reports::document::Document;
use reports::html;
use reports::language::Language;
use reports::picture::{Bars, Drawing, Heat, Lines, Picture, Tracks};
use reports::record::Run;
use serde_json::Value;

use super::known;
use crate::sample::course;
use read::{Rows, between, figures, key, shown, to_take};

/// Whether a text is a number, to the five digits that rows have.
fn is(text: &str, value: f64) -> bool {
    text.parse::<f64>().is_ok_and(|told| (told - value).abs() <= 6e-5 * value.abs().max(1e-9))
}

/// The rows are those of the picture.
fn holds(rows: &Rows, picture: &Picture) {
    match &picture.drawing {
        Drawing::Lines(lines) => holds_lines(rows, lines),
        Drawing::Bars(bars) => holds_bars(rows, bars),
        Drawing::Heat(heat) => holds_heat(rows, heat),
        Drawing::Tracks(tracks) => holds_tracks(rows, tracks),
    }
}

/// With intervals a row is a point; without them it is a place, with a column for each line.
fn holds_lines(rows: &Rows, lines: &Lines) {
    let points =
        || lines.series.iter().flat_map(|series| series.points.iter().map(move |point| (series, point)));
    if points().any(|(_, point)| point.interval.is_some()) {
        assert_eq!(rows.rows.len(), points().count());
        for (row, (series, point)) in rows.rows.iter().zip(points()) {
            assert!(
                row[0] == series.name && is(&row[1], point.x) && is(&row[2], point.y),
                "{row:?} {point:?}"
            );
            match point.interval {
                Some((low, high)) => assert!(is(&row[3], low) && is(&row[4], high), "{row:?} {point:?}"),
                None => assert!(row[3..].iter().all(String::is_empty), "{row:?}"),
            }
        }
        return;
    }
    for (series, point) in points() {
        let is_own = |heading: &String| heading.starts_with(&format!("{}: ", series.name));
        let column = rows.headings.iter().position(is_own).expect("each line has a column");
        let row = rows.rows.iter().find(|row| is(&row[0], point.x)).expect("each place has a row");
        assert!(is(&row[column], point.y), "{row:?} {point:?}");
    }
    let filled = rows.rows.iter().flat_map(|row| &row[1..]).filter(|text| !text.is_empty()).count();
    assert_eq!(filled, points().count());
}

fn holds_bars(rows: &Rows, bars: &Bars) {
    assert_eq!(rows.rows.len(), bars.rows.len());
    for (row, bar) in rows.rows.iter().zip(&bars.rows) {
        assert_eq!(row[..2], [bar.label.clone(), bar.value.clone()]);
        if bars.parts.len() > 1 {
            assert_eq!(rows.headings[2..], bars.parts);
            assert!(
                row[2..].iter().zip(&bar.lengths).all(|(text, length)| is(text, *length)),
                "{row:?} {bar:?}"
            );
        }
    }
}

fn holds_heat(rows: &Rows, heat: &Heat) {
    assert_eq!(rows.rows.len(), heat.counts.len());
    for ((row, edges), counts) in rows.rows.iter().zip(heat.x_edges.windows(2)).zip(&heat.counts) {
        assert!(is(&row[0], edges[0]) && is(&row[1], edges[1]), "{row:?} {edges:?}");
        assert_eq!(row[2..], counts.iter().map(u64::to_string).collect::<Vec<_>>());
    }
}

fn holds_tracks(rows: &Rows, tracks: &Tracks) {
    assert_eq!(rows.rows.len(), tracks.rows.len());
    for (row, track) in rows.rows.iter().zip(&tracks.rows) {
        let from = track.first as f64 * tracks.every_ms;
        assert!((&row[0], &row[3]) == (&track.label, &track.states), "{row:?} {track:?}");
        assert!(is(&row[1], from) && is(&row[2], tracks.every_ms), "{row:?} {track:?}");
    }
}

/// What the script draws of lines.
fn is_in_the_script(figure: &str, lines: &Lines) {
    let json = between(figure, "<script type=\"application/json\">", "</script>").concat();
    let chart: Value = serde_json::from_str(&json).expect("it is JSON");
    let all = chart["series"].as_array().unwrap();
    assert_eq!(all.len(), lines.series.len());
    for (drawn, series) in all.iter().zip(&lines.series) {
        assert_eq!(drawn["name"], series.name.as_str());
        let points = drawn["points"].as_array().unwrap();
        assert_eq!(points.len(), series.points.len());
        for (drawn, point) in points.iter().zip(&series.points) {
            let told: Vec<String> = drawn.as_array().unwrap().iter().map(ToString::to_string).collect();
            let ends = point.interval.map(|(low, high)| [low, high]);
            let expected = [point.x, point.y].into_iter().chain(ends.into_iter().flatten());
            let expected: Vec<f64> = expected.collect();
            let same = told.len() == expected.len()
                && told.iter().zip(&expected).all(|(text, value)| is(text, *value));
            assert!(same, "{told:?} {expected:?}");
        }
    }
    let areas = chart["areas"].as_array().unwrap();
    assert_eq!(areas.len(), lines.areas.len());
    for (drawn, area) in areas.iter().zip(&lines.areas) {
        assert!(
            drawn["name"] == area.name.as_str() && is(&drawn["from"].to_string(), area.from),
            "{drawn} {area:?}"
        );
        let ends = area.to.map_or(drawn["to"].is_null(), |to| is(&drawn["to"].to_string(), to));
        assert!(ends, "{drawn} {area:?}");
    }
}

/// A picture's numbers stand everywhere on the page where they should, in either language.
fn shows(run: &Run, kinds: &[&str]) {
    let english = Document::of(run);
    let chinese = english.clone().translated(Language::Chinese);
    assert_eq!(english.pictures.len(), chinese.pictures.len());
    for document in [english, chinese] {
        shows_its_own(&document, kinds);
    }
}

fn shows_its_own(document: &Document, kinds: &[&str]) {
    let page = html::draw(document).unwrap();
    let figures = figures(document, &page);
    for kind in kinds {
        assert!(figures.iter().any(|(picture, _)| picture.id.starts_with(kind)), "{kind} is not on the page");
    }
    for (picture, figure) in figures {
        let to_take = to_take(figure);
        holds(&to_take, picture);
        if let Some(shown) = shown(figure) {
            assert_eq!(shown.rows, to_take.rows, "{}", picture.id);
            // A file that programs read has the columns of its own in English.
            let same = shown.headings == to_take.headings;
            assert!(same || document.language == Language::Chinese, "{}: {:?}", picture.id, shown.headings);
        }
        let svg = between(figure, "<svg class=\"drawing\"", "</svg>")[0];
        match &picture.drawing {
            Drawing::Lines(lines) => {
                let names = lines.series.iter().map(|series| series.name.clone());
                assert_eq!(
                    key(figure),
                    names.chain(lines.areas.iter().map(|area| area.name.clone())).collect::<Vec<_>>()
                );
                is_in_the_script(figure, lines);
                plane::draws_lines(svg, lines);
            }
            Drawing::Bars(bars) => blocks::draws_bars(svg, bars),
            Drawing::Heat(heat) => blocks::draws_heat(svg, figure, heat),
            Drawing::Tracks(tracks) => blocks::draws_tracks(svg, tracks),
        }
    }
}

#[test]
fn pictures_of_servers_are_drawn_from_their_own_numbers() {
    let kinds = [
        "rate-by-connections",
        "p99-by-rate",
        "latency-by-rate",
        "latency-by-percentile",
        "latency-over-time",
        "memory-per-connection",
        "cpu-per-request",
        "switches-per-request",
        "timeline",
        "idle-connections",
        "errors",
        "fairness",
        "stevens",
    ];
    shows(&known::servers(), &kinds);
}

/// With all that a picture may have: parts of the plane that mean something, rows without an interval, classes without an error.
#[test]
fn pictures_of_the_sample_are_drawn_from_their_own_numbers() {
    shows(&course::run(), &["rate-by-connections", "latency-by-rate", "speed-up", "calls-per-request"]);
}

#[test]
fn pictures_of_executors_are_drawn_from_their_own_numbers() {
    shows(&known::tasks(), &["speed-up", "timeline-of-threads", "course-notes"]);
}

#[test]
fn pictures_of_probes_are_drawn_from_their_own_numbers() {
    let kinds = [
        "spawn-by-memory",
        "spawn-create",
        "switch",
        "ipc-round-trip",
        "bandwidth-by-size",
        "memory-of-sleepers",
    ];
    shows(&known::probes(), &kinds);
}
