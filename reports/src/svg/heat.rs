//! A heat map: the more there are in a cell, the stronger its colour, in classes that each hold ten times what the last one does
//! or a share of it.

use super::frame::Frame;
use super::scale::Mapping;
use super::{Key, at, swatch};
use crate::picture::{Heat, Scale};
use crate::units::grouped;

/// How many classes there are at most.
const CLASSES: usize = 6;

/// Its height, what is in it, and its key.
pub(super) fn draw(heat: &Heat) -> (f64, String, Vec<Key>) {
    let ends = |edges: &[f64]| (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0));
    let ((left, right), (bottom, top)) = (ends(&heat.x_edges), ends(&heat.y_edges));
    // A logarithmic axis can't begin at nought.
    let is_endless = heat.y.scale == Scale::Logarithmic && bottom <= 0.0;
    let bottom = if is_endless { first_edge(&heat.y_edges).unwrap_or(1.0) } else { bottom };
    let frame =
        Frame::new(Mapping::between(heat.x.scale, left, right), Mapping::between(heat.y.scale, bottom, top));
    let bounds = classes(heat.counts.iter().flatten().copied().max().unwrap_or(0));
    let mut paths = vec![String::new(); bounds.len()];
    let class = |count: u64| bounds.iter().position(|bound| count <= *bound).unwrap_or(bounds.len() - 1);
    for (row, edges) in heat.y_edges.windows(2).enumerate() {
        let counts = heat.counts.iter().map(|column| column.get(row).copied().unwrap_or(0));
        let classes: Vec<Option<usize>> = counts.map(|count| (count > 0).then(|| class(count))).collect();
        // Cells beside each other that look the same are drawn as one.
        let mut first = 0;
        for run in classes.chunk_by(|one, other| one == other) {
            let (from, to) = (heat.x_edges.get(first), heat.x_edges.get(first + run.len()));
            first += run.len();
            if let (Some(class), Some(from), Some(to)) = (run[0], from, to) {
                let (x, y) = (frame.at_x(*from), frame.at_y(edges[1]));
                let (width, height) = (frame.at_x(*to) - x, frame.at_y(edges[0]) - y);
                paths[class] += &format!("M{} {}h{}v{}h-{}z", at(x), at(y), at(width), at(height), at(width));
            }
        }
    }
    let style = |class: usize| {
        if bounds.len() > 1 { class * (CLASSES - 1) / (bounds.len() - 1) } else { CLASSES - 1 }
    };
    let cells = paths.iter().enumerate().filter(|(_, path)| !path.is_empty());
    let cells: String =
        cells.map(|(class, path)| format!("<path class=\"h{}\" d=\"{path}\"/>", style(class))).collect();
    let key = (0..bounds.len()).map(|class| Key {
        swatch: swatch(&format!("<path class=\"h{}\" d=\"M0 0h24v14h-24z\"/>", style(class))),
        name: range(class.checked_sub(1).map_or(1, |last| bounds[last] + 1), bounds[class]),
    });
    let key = key.collect();
    (Frame::height(), cells + &frame.draw(&heat.x, &heat.y), key)
}

/// An edge as far below the first one that is above nought as the next is above it.
fn first_edge(edges: &[f64]) -> Option<f64> {
    let mut above = edges.iter().copied().filter(|edge| *edge > 0.0);
    let (first, second) = (above.next()?, above.next()?);
    Some(first * first / second)
}

fn range(from: u64, to: u64) -> String {
    if from == to { grouped(from) } else { format!("{}–{}", grouped(from), grouped(to)) }
}

/// The upper bounds of the classes, rising; the last is `most`.
fn classes(most: u64) -> Vec<u64> {
    let number = CLASSES.min(most.max(1) as usize);
    let step = (most.max(1) as f64).powf(1.0 / number as f64);
    let mut bounds: Vec<u64> = (1..number).map(|class| step.powf(class as f64).round() as u64).collect();
    bounds.push(most.max(1));
    bounds.dedup();
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_rise_by_ratios_and_end_at_the_most() {
        assert_eq!(classes(1_000_000), [10, 100, 1_000, 10_000, 100_000, 1_000_000]);
        assert_eq!(classes(1), [1]);
        assert_eq!(classes(0), [1]);
        for most in 1..500 {
            let bounds = classes(most);
            assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{bounds:?}");
            assert_eq!(bounds.last(), Some(&most));
        }
    }
}
