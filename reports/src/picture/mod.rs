//! Pictures: what a record shows that a table can't, as data with a sentence that says what to notice. Nothing here is drawn:
//! [`html`](crate::html) makes lines, bars and areas of it, and whoever can't see them is told in the sentence.
//!
//! One file a picture, which goes from a record and its summary to a [`Picture`], or to none where the record has nothing for it.

mod bounds;
pub(crate) mod changes;
mod cpu;
mod errors;
mod fairness;
mod heat;
mod idle;
mod knees;
mod memory;
mod messages;
mod notes;
mod parts;
mod percentiles;
mod probes;
mod rates;
pub(crate) mod series;
mod shown;
mod sleepers;
mod spawn;
mod speed_up;
mod stevens;
mod switches;
mod timeline;

use serde::Serialize;

use crate::record::Run;
use crate::summary::Summary;

/// All pictures of a record, in the order of reading: what servers do, what that costs, how it went, how executors scale, and what
/// the models are made of.
pub fn all(run: &Run, summary: &Summary) -> Vec<Picture> {
    let kinds = [
        rates::pictures(&summary.connections, summary.ceiling),
        knees::pictures(&summary.rates),
        percentiles::pictures(run, summary),
        heat::pictures(run, summary),
        memory::pictures(summary),
        cpu::pictures(summary),
        switches::pictures(summary),
        timeline::pictures(run, summary),
        speed_up::pictures(summary, run.host.cores),
        spawn::pictures(summary),
        idle::pictures(&summary.idle),
        errors::pictures(run),
        fairness::pictures(run, summary),
        notes::pictures(summary),
        stevens::pictures(&summary.stevens),
        probes::pictures(&summary.probes),
        messages::pictures(&summary.probes),
        sleepers::pictures(&summary.probes),
    ];
    bounds::kept(&kinds.concat())
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// What it is called on a page, to be linked to: `rate-by-connections`; one of several of a kind has more words behind it.
    pub id: String,
    /// What it shows, with what the rows have in common: `Rate by connections: http, /hello, tcp`.
    pub title: String,
    /// What to notice, with this record's figures, and why it is so; one or two sentences.
    pub notice: String,
    /// What is drawn.
    pub drawing: Drawing,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Drawing {
    /// Lines over an axis of numbers.
    Lines(Lines),
    /// Bars beside each other, in parts.
    Bars(Bars),
    /// A heat map.
    Heat(Heat),
    /// Who did what when.
    Tracks(Tracks),
}

/// Lines over an axis of numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lines {
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// One line each.
    pub series: Vec<Series>,
    /// Parts of the plane that mean something.
    pub areas: Vec<Area>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Axis {
    /// What is on it.
    pub title: String,
    /// In which unit; empty where there is none.
    pub unit: String,
    /// How numbers lie on it.
    pub scale: Scale,
}

/// How numbers lie on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Equal differences are equally far; from nought.
    Linear,
    /// Equal ratios are equally far. A nought stands at the edge.
    Logarithmic,
    /// Percentiles, below 100: 90, 99 and 99.9 are equally far.
    Nines,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// Whose it is.
    pub name: String,
    /// From left to right.
    pub points: Vec<Point>,
    /// How it is drawn.
    pub style: Style,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// What was measured: points, joined.
    Measured,
    /// What was measured, points alone.
    Points,
    /// What a law or somebody else says: a dashed line.
    Reference,
}

/// A point with what is known of where it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
    /// The ends of its interval, if it has one.
    pub interval: Option<(f64, f64)>,
}

/// A part of the plane, over all of the other axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Area {
    /// What it means: `beyond the load generator`.
    pub name: String,
    /// On which axis its ends are.
    pub on: On,
    /// Where it begins.
    pub from: f64,
    /// Where it ends; none: at the edge.
    pub to: Option<f64>,
}

/// An axis of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// That to the right.
    X,
    /// That upwards.
    Y,
}

/// Bars beside each other, from left to right, from top to bottom.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bars {
    /// What their lengths are.
    pub axis: Axis,
    /// What their parts are: `user`, `system`; one name where they are in one piece.
    pub parts: Vec<String>,
    /// The bars, from top to bottom.
    pub rows: Vec<Bar>,
}

/// A bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// Whose it is.
    pub label: String,
    /// Its figure in words: `8.50 µs ±6%`.
    pub value: String,
    /// The length of each part.
    pub lengths: Vec<f64>,
    /// The ends of the interval of the whole, if it has one.
    pub interval: Option<(f64, f64)>,
}

/// A heat map: how many in each cell of a grid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Heat {
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// Where columns begin, and where the last one ends.
    pub x_edges: Vec<f64>,
    /// Where rows begin, from the bottom, and where the last one ends.
    pub y_edges: Vec<f64>,
    /// The columns from left to right, each from the bottom.
    pub counts: Vec<Vec<u64>>,
}

/// Who did what when: a bar for each, in pieces of a state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tracks {
    /// How far apart the looks are, in milliseconds.
    pub every_ms: f64,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// One in [`Tracks`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Who it is.
    pub label: String,
    /// The first look at which it was there.
    pub first: usize,
    /// A letter for each look from then on, as in [`Track::states`](crate::record::Track::states).
    pub states: String,
}
