//! Markers: what tells lines apart where there is no colour.

use super::at;

/// Markers of a size that fits a line, each around its own middle, in the order of the colours.
const SHAPES: [&str; super::COLOURS] = [
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "m-3.5 -3.5h7v7h-7z",
    "m0 -4.6l4.4 7.8h-8.8z",
    "m0 -4.8l4.8 4.8l-4.8 4.8l-4.8 -4.8z",
    "m0 4.6l4.4 -7.8h-8.8z",
    "m-1.4 -4.4h2.8v3h3v2.8h-3v3h-2.8v-3h-3v-2.8h3z",
    "m-4.4 -1.5h8.8v3h-8.8z",
    "m-1.5 -4.4h3v8.8h-3z",
];

/// The marker number `index` at a place, as a piece of a path.
pub(super) fn marker(index: usize, x: f64, y: f64) -> String {
    format!("M{} {}{}", at(x), at(y), SHAPES[index % SHAPES.len()])
}
