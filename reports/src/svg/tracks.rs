//! Who did what when: a row for each, in pieces of a state, which have a height of their own as well as a colour.

use super::frame::spaced;
use super::scale::Mapping;
use super::{Key, WIDTH, at, labels, swatch};
use crate::picture::{Axis, Row, Scale, Tracks};

/// How high a row is, and how much room labels have.
const ROW: f64 = 17.0;
const LABEL: f64 = 180.0;
const RIGHT: f64 = 26.0;
const BELOW: f64 = 42.0;
/// The highest piece.
const BAR: f64 = 12.0;

/// A state: its letter, its class, what it is, and how high its piece is.
struct State {
    letter: char,
    class: &'static str,
    name: &'static str,
    height: f64,
}

/// The states of [`Track::states`](crate::record::Track::states).
const STATES: [State; 6] = [
    State { letter: 'R', class: "t-run", name: "running", height: BAR },
    State { letter: 'r', class: "t-able", name: "able to run", height: 8.0 },
    State { letter: 'S', class: "t-wait", name: "waiting", height: 2.0 },
    State { letter: 'D', class: "t-disk", name: "waiting for a disk", height: 5.0 },
    State { letter: 'T', class: "t-stop", name: "stopped", height: 3.5 },
    State { letter: 'Z', class: "t-gone", name: "ended, and not waited for", height: 3.5 },
];

/// What lies to the right.
const TIME: &str = "time";

/// The words of these drawings.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    STATES.iter().map(|state| state.name).chain([TIME])
}

/// Its height, what is in it, and its key.
pub(super) fn draw(tracks: &Tracks, words: &dyn Fn(&str) -> String) -> (f64, String, Vec<Key>) {
    let looks =
        tracks.rows.iter().map(|row| row.first + row.states.chars().count()).max().unwrap_or(1).max(1);
    let whole_ms = looks as f64 * tracks.every_ms;
    let time = Mapping::between(Scale::Linear, 0.0, whole_ms);
    let bottom = ROW * tracks.rows.len() as f64 + 4.0;
    let mut paths: Vec<String> = vec![String::new(); STATES.len()];
    let mut names = String::new();
    for (index, row) in tracks.rows.iter().enumerate() {
        let middle = ROW * index as f64 + ROW / 2.0 + 2.0;
        let label = labels::cut(&row.label, LABEL - 10.0);
        names += &format!(
            "<g><title>{}</title>{}</g>",
            labels::escaped(&row.label),
            labels::text(2.0, middle + 4.0, "", &label)
        );
        for (state, own) in paths.iter_mut().enumerate() {
            *own += &strokes(&pieces(row), state, &time, tracks.every_ms, middle);
        }
    }
    let used = || STATES.iter().zip(&paths).filter(|(_, path)| !path.is_empty());
    let stroke = |state: &State, path: &str| {
        format!("<path class=\"track {}\" stroke-width=\"{}\" d=\"{path}\"/>", state.class, at(state.height))
    };
    let bars: String = used().map(|(state, path)| stroke(state, path)).collect();
    let key =
        used().map(|(state, _)| Key { swatch: swatch(&stroke(state, "M0 7h24")), name: words(state.name) });
    let key = key.collect();
    (bottom + BELOW, scale(&time, bottom, words(TIME)) + &bars + &names, key)
}

/// The pieces of one state in a row, as strokes along its middle: each from where the last one ended, since there may be thousands.
fn strokes(
    pieces: &[(usize, usize, usize)],
    state: usize,
    time: &Mapping,
    every_ms: f64,
    middle: f64,
) -> String {
    let mut path = String::new();
    let mut end = None;
    for (_, from, to) in pieces.iter().filter(|(own, ..)| *own == state) {
        // Rounded before they are subtracted, so that errors don't add up.
        let [from, to] = [from, to].map(|look| (x(time, *look as f64 * every_ms) * 10.0).round() / 10.0);
        path += &match end {
            None => format!("M{} {}", at(from), at(middle)),
            Some(end) => format!("m{} 0", at(from - end)),
        };
        path += &format!("h{}", at(to - from));
        end = Some(to);
    }
    path
}

fn x(time: &Mapping, ms: f64) -> f64 {
    LABEL + time.place(ms) * (WIDTH - LABEL - RIGHT)
}

fn scale(time: &Mapping, bottom: f64, title: String) -> String {
    let (mut grid, mut texts) = (String::new(), String::new());
    for tick in &spaced(&time.ticks(6), WIDTH - LABEL - RIGHT) {
        let x = x(time, tick.value);
        grid += &format!("M{} 0V{}", at(x), at(bottom + 4.0));
        texts += &labels::text(x, bottom + 18.0, "m", &labels::tick(tick));
    }
    let axis = Axis { title, unit: "ms".into(), scale: Scale::Linear };
    let name = labels::axis(f64::midpoint(LABEL, WIDTH - RIGHT), bottom + 36.0, "name m", &axis);
    format!("<path class=\"grid\" d=\"{grid}\"/>{texts}{name}")
}

/// The pieces of a row: the state, the first look that it was seen at, and the first that it was not any more. A letter that is
/// none of a state leaves a gap.
fn pieces(row: &Row) -> Vec<(usize, usize, usize)> {
    let mut pieces: Vec<(usize, usize, usize)> = Vec::new();
    for (look, letter) in row.states.chars().enumerate() {
        let look = row.first + look;
        let Some(state) = STATES.iter().position(|state| state.letter == letter) else { continue };
        match pieces.last_mut().filter(|(last, _, to)| *last == state && *to == look) {
            Some((_, _, to)) => *to = look + 1,
            None => pieces.push((state, look, look + 1)),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_the_same_state_make_one_piece() {
        let row = Row { label: "server".into(), first: 2, states: "RRS?SS".into() };
        assert_eq!(pieces(&row), [(0, 2, 4), (2, 4, 5), (2, 6, 8)]);
    }
}
