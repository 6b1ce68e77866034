//! Spawn cost over the parent's memory: what making one costs beside what its parent has touched.

use super::parts::{axis, estimated, lines, measured, paragraph, point, reference};
use super::{Lines, Picture, Scale};
use crate::document::spawn::{fit, said};
use crate::summary::{Growth, Summary, TouchedRow, TouchedTable};

const MEBIBYTE: f64 = 1_048_576.0;

pub(super) fn pictures(summary: &Summary) -> Vec<Picture> {
    summary.touched.iter().filter_map(picture).collect()
}

fn picture(table: &TouchedTable) -> Option<Picture> {
    let own = table.rows.iter().filter_map(|row| {
        let steps = table.touched_bytes.iter().zip(&row.steps);
        let points =
            steps.filter_map(|(bytes, step)| Some(estimated(*bytes as f64 / MEBIBYTE, (*step)?.ok()?)));
        measured(&row.way, points.collect())
    });
    let fitted = table.rows.iter().filter(|row| row.growth == Growth::Grows).filter_map(|row| {
        let line = row.line?;
        let points = [0.0, most(table, row)?].map(|mebibytes| point(mebibytes, line.at(mebibytes)));
        Some(reference(format!("{}, fitted", row.way), points.to_vec()))
    });
    let drawing = Lines {
        x: axis("memory that the parent has touched", "MiB", Scale::Linear),
        y: axis("time to make one and wait for its end", "µs", Scale::Linear),
        series: own.chain(fitted).collect(),
        areas: Vec::new(),
    };
    let why = "fork copies its parent's page tables, an entry for each page that was touched; what borrows the parent's memory until it \
               becomes another program copies none.";
    let notice = paragraph(table.rows.iter().map(said).chain([Some(why.to_owned()), fit(table)]));
    lines("spawn-by-memory", "Making one, by its parent's memory".to_owned(), notice, drawing)
}

/// The most memory beside which a way has a figure, in MiB.
fn most(table: &TouchedTable, row: &TouchedRow) -> Option<f64> {
    let steps = table.touched_bytes.iter().zip(&row.steps);
    let known = steps.filter(|(_, step)| matches!(step, Some(Ok(_))));
    known.map(|(bytes, _)| *bytes as f64 / MEBIBYTE).max_by(f64::total_cmp)
}
