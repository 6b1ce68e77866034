//! Each picture as the page has it: the rows below it, the same to take away, what its script draws, and the drawing itself all hold
//! the picture's own numbers, which other tests here compare with the record.

mod blocks;
mod plane;

use reports::document::Document;
use reports::html;
use reports::language::Language;
use reports::picture::{Bars, Drawing, Heat, Lines, Picture, Tracks};
use reports::record::Run;
use serde_json::Value;

use super::known;

/// Rows of texts below headings.
#[derive(Debug, PartialEq)]
struct Rows {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// What stands between `open` and the next `close`, for each `open`.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).map(|rest| rest.split(close).next().unwrap_or_default()).collect()
}

fn plain(text: &str) -> String {
    let marks =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    marks.iter().fold(text.trim().to_owned(), |text, (escaped, mark)| text.replace(escaped, mark))
}

/// Each picture that the page shows, with its figure.
fn figures<'a>(document: &'a Document, page: &'a str) -> Vec<(&'a Picture, &'a str)> {
    let figure = |picture: &'a Picture| {
        let start = format!("<figure class=\"picture\" id=\"{}\">", picture.id);
        Some((picture, *between(page, &start, "</figure>").first()?))
    };
    document.pictures.iter().filter_map(figure).collect()
}

/// Whether a text is a number, to the five digits that rows have.
fn is(text: &str, value: f64) -> bool {
    text.parse::<f64>().is_ok_and(|told| (told - value).abs() <= 6e-5 * value.abs().max(1e-9))
}

/// The rows of the table below a picture; none where they are so many that they can only be taken away.
fn shown(figure: &str) -> Option<Rows> {
    let table = *between(figure, "<table class=\"points\">", "</table>").first()?;
    let headings = between(table, "<th scope=\"col\">", "</th>").into_iter().map(plain).collect();
    let body = between(table, "<tbody>", "</tbody>").concat();
    let row = |row: &str| row.split("<td>").skip(1).map(plain).collect();
    Some(Rows { headings, rows: body.split("<tr>").skip(1).map(row).collect() })
}

/// The rows to take away.
fn to_take(figure: &str) -> Rows {
    let link = between(figure, "href=\"data:text/csv;charset=utf-8,", "\"").concat();
    let mut bytes = Vec::new();
    let mut rest = link.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = behind;
            }
            _ => bytes.push(*first),
        }
    }
    let mut reader = ::csv::Reader::from_reader(&bytes[..]);
    let texts = |record: &::csv::StringRecord| record.iter().map(str::to_owned).collect();
    let headings = texts(reader.headers().unwrap());
    Rows { headings, rows: reader.records().map(|record| texts(&record.unwrap())).collect() }
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
