//! Pictures as SVG that needs nothing else: no script, no font, no colours of its own. A style sheet gives the classes colours
//! (`assets/report.css`); markers, dashes and heights tell the same apart without them.
//!
//! What explains the lines stands beside the drawing as a [`Key`], not in it: words in HTML wrap and keep their size on a phone.

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a drawing is some hundred pieces, which read best as what they are"
)]

mod bars;
mod frame;
mod heat;
mod labels;
mod lines;
mod looks;
mod marks;
mod scale;
mod ticks;
mod tracks;

use serde::Serialize;

use crate::picture::{Drawing, Picture, Series};

/// So many series have a colour and a marker of their own; the others are grey.
pub const COLOURS: usize = 8;

/// How wide a drawing is, in its own units: a phone shows them a little smaller than CSS pixels, a page a little larger.
const WIDTH: f64 = 480.0;

/// A drawing with what explains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drawn {
    /// The `<svg>` element.
    pub svg: String,
    /// What its lines, parts or classes are.
    pub key: Vec<Key>,
}

/// An entry of a drawing's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// A small `<svg>` that looks like what it explains.
    pub swatch: String,
    /// What that is.
    pub name: String,
}

/// Draws `picture`; `words` puts a drawing's own words, such as `running`, into the language of the rest. Its `<svg>` is called `id` as a whole, and has the title and the notice for those who don't see it.
pub fn draw(picture: &Picture, words: &dyn Fn(&str) -> String) -> Drawn {
    let (height, body, key) = match &picture.drawing {
        Drawing::Lines(lines) => lines::draw(lines),
        Drawing::Bars(bars) => bars::draw(bars),
        Drawing::Heat(heat) => heat::draw(heat),
        Drawing::Tracks(tracks) => tracks::draw(tracks, words),
    };
    let id = labels::escaped(&picture.id);
    let svg = format!(
        "<svg class=\"drawing\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
         <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>{body}</svg>",
        labels::escaped(&picture.title),
        labels::escaped(&picture.notice),
    );
    Drawn { svg, key }
}

/// The drawings' own words.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    tracks::words()
}

/// The classes of each line, which give it its colour and its dashes.
pub(crate) fn classes(series: &[Series]) -> Vec<String> {
    looks::looks(series).into_iter().map(looks::Look::classes).collect()
}

/// A key's swatch of what `body` draws within 24 by 14 units.
fn swatch(body: &str) -> String {
    format!("<svg class=\"swatch\" viewBox=\"0 0 24 14\" aria-hidden=\"true\">{body}</svg>")
}

/// A coordinate to tenths, without a point where it is whole.
fn at(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
