//! Drawings of blocks: bars in parts, the cells of a heat map, the states of a timeline.

use reports::picture::{Bars, Heat, Tracks};

use super::plane::{Axis, numbers, texts, to_the_right, upwards};
use super::read::{between, plain};

/// How long something may be off, in the drawing's units.
const NEAR: f64 = 0.5;

/// Every part of every bar is as long as its number says, and begins where the one before ends.
pub(super) fn draws_bars(svg: &str, bars: &Bars) {
    let axis = to_the_right(svg, bars.axis.scale);
    let groups = between(svg, "<g>", "</g>");
    assert_eq!(groups.len(), bars.rows.len());
    for (group, bar) in groups.iter().zip(&bars.rows) {
        assert_eq!(plain(between(group, "<title>", "</title>")[0]), format!("{}: {}", bar.label, bar.value));
        let written = |class: &str| texts(group, &[class]).into_iter().map(|text| text.2).collect::<String>();
        let label = written("halo");
        // A long name is cut.
        assert!(bar.label.starts_with(label.trim_end_matches('…')) && !label.is_empty(), "{label}: {bar:?}");
        assert_eq!(written("halo e"), bar.value);
        let mut sum = 0.0;
        // Five looks take turns.
        let mut drawn: Vec<_> = (0..5)
            .map(|look| between(group, &format!("<path class=\"p{look}\" d=\""), "\"").into_iter())
            .collect();
        for (part, length) in bar.lengths.iter().enumerate() {
            sum += length;
            // A part that has no length has no path either.
            if *length == 0.0 {
                continue;
            }
            let path = drawn[part % 5].next().unwrap();
            let [from, _, width, ..] = numbers(&path.replace(['h', 'v'], " "))[..] else { panic!("{path}") };
            let is_there = axis.is_at(sum, from + width) || !axis.has(sum) || sum <= 0.0;
            assert!(is_there, "{}: {from} {width}, {sum}", bar.label);
        }
        assert!(drawn.into_iter().flatten().next().is_none(), "more parts than {bar:?}");
        if let Some((low, high)) =
            bar.interval.filter(|(low, high)| axis.at(*high) - axis.at(*low) > 1.0 + 0.1)
        {
            let path = between(group, "<path class=\"interval\" d=\"M", "\"").concat();
            let ends = numbers(&path.replace(['v', 'm', 'H'], " "));
            // What is less than nothing ends at the edge, where nothing is.
            assert!(
                axis.is_at(low.max(0.0), ends[0]) && axis.is_at(high, ends[5]),
                "{}: {ends:?} {low} {high}",
                bar.label
            );
        }
    }
}

/// Rectangles of a path: left, top, width, height.
fn rectangles(path: &str) -> Vec<[f64; 4]> {
    let of = |piece: &str| match numbers(&piece.replace(['h', 'v'], " "))[..] {
        [x, y, width, height, _] => [x, y, width, height],
        ref other => panic!("{other:?}"),
    };
    path.split('M').skip(1).map(of).collect()
}

/// A class of counts, and the rectangles that are drawn in its colour.
struct Class {
    from: u64,
    to: u64,
    drawn: Vec<[f64; 4]>,
}

/// The classes that the key explains.
fn classes(svg: &str, figure: &str) -> Vec<Class> {
    let entries = between(figure, "<ul class=\"entries\">", "</ul>").concat();
    let class = |entry: &str| {
        let name = between(entry, "<path class=\"", "\"")[0];
        let range = plain(between(entry, "<span>", "</span>")[0]).replace(',', "");
        let (from, to) = range.split_once('–').unwrap_or((&range, &range));
        let paths = between(svg, &format!("<path class=\"{name}\" d=\""), "\"");
        let drawn = paths.into_iter().flat_map(rectangles).collect();
        Class { from: from.parse().unwrap(), to: to.parse().unwrap(), drawn }
    };
    between(&entries, "<li>", "</li>").into_iter().map(class).collect()
}

/// Every cell that holds something is drawn in the class that its count belongs to, as the key says, and no other is drawn.
pub(super) fn draws_heat(svg: &str, figure: &str, heat: &Heat) {
    let (x, y) = (to_the_right(svg, heat.x.scale), upwards(svg, heat.y.scale));
    let classes = classes(svg, figure);
    let middle = |axis: &Axis, edges: &[f64], place: usize| {
        f64::midpoint(axis.at(edges[place]), axis.at(edges[place + 1]))
    };
    for (column, counts) in heat.counts.iter().enumerate() {
        for (row, count) in counts.iter().enumerate() {
            let (at_x, at_y) = (middle(&x, &heat.x_edges, column), middle(&y, &heat.y_edges, row));
            let holds = |[left, top, width, height]: &[f64; 4]| {
                (*left..left + width).contains(&at_x) && (*top..top + height).contains(&at_y)
            };
            let own: Vec<&Class> = classes.iter().filter(|class| class.drawn.iter().any(holds)).collect();
            let is_right = match own[..] {
                [] => *count == 0,
                [class] => (class.from..=class.to).contains(count),
                _ => false,
            };
            assert!(is_right, "column {column}, row {row}: {count} is in {} classes", own.len());
        }
    }
}

/// What each letter of a state is drawn as.
const STATES: [(char, &str); 6] =
    [('R', "t-run"), ('r', "t-able"), ('S', "t-wait"), ('D', "t-disk"), ('T', "t-stop"), ('Z', "t-gone")];

/// Every look of every row is drawn in its state, and nothing else is.
pub(super) fn draws_tracks(svg: &str, tracks: &Tracks) {
    let time = to_the_right(svg, reports::picture::Scale::Linear);
    let names: Vec<String> = between(svg, "<g><title>", "</title>").into_iter().map(plain).collect();
    assert_eq!(names, tracks.rows.iter().map(|row| row.label.clone()).collect::<Vec<_>>());
    let strokes = STATES.map(|(_, class)| strokes(svg, class));
    let heights: Vec<f64> = between(svg, "<g><title>", "</g>")
        .into_iter()
        .map(|group| between(group, " y=\"", "\"")[0].parse::<f64>().unwrap() - 4.0)
        .collect();
    let mut drawn_looks = 0.0;
    for (row, height) in tracks.rows.iter().zip(&heights) {
        for (look, letter) in row.states.chars().enumerate() {
            let state = STATES.iter().position(|(own, _)| *own == letter).unwrap();
            let middle = time.at((row.first + look) as f64 * tracks.every_ms + tracks.every_ms / 2.0);
            let holds = |(from, to, y): &&(f64, f64, f64)| {
                *from < middle && middle < *to && (y - height).abs() < NEAR
            };
            assert_eq!(strokes[state].iter().filter(holds).count(), 1, "{} {look} {letter}", row.label);
            drawn_looks += 1.0;
        }
    }
    let length: f64 = strokes.iter().flatten().map(|(from, to, _)| to - from).sum();
    let expected = drawn_looks * (time.at(tracks.every_ms) - time.at(0.0));
    assert!((length - expected).abs() < NEAR * tracks.rows.len() as f64, "{length} {expected}");
}

/// From where to where the strokes of a state go, and how high: each goes on from where the last one ended.
fn strokes(svg: &str, class: &str) -> Vec<(f64, f64, f64)> {
    let mut strokes = Vec::new();
    for element in between(svg, &format!("<path class=\"track {class}\""), "/>") {
        let (mut x, mut y) = (0.0, 0.0);
        for piece in
            between(element, " d=\"", "\"").concat().replace('M', "|M").replace('m', "|m").split('|').skip(1)
        {
            let parts = numbers(&piece[1..].replace('h', " "));
            let [to_x, to_y, length] = parts[..] else { panic!("{piece}") };
            (x, y) = if piece.starts_with('M') { (to_x, to_y) } else { (x + to_x, y + to_y) };
            strokes.push((x, x + length, y));
            x += length;
        }
    }
    strokes
}
