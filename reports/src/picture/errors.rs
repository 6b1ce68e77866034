//! Errors by class: what went wrong with whom, in all cells of a record, whether or not they count.

use std::collections::BTreeMap;

use super::parts::{axis, bars};
use super::{Bar, Bars, Picture, Scale};
use crate::record::{Cell, Errors, Run};
use crate::summary::label;
use crate::units::{grouped, plural};

/// The classes as the record names them.
const CLASSES: [&str; 5] = ["connect", "reset", "timeout", "short", "wrong"];

fn by_class(errors: &Errors) -> [u64; 5] {
    [errors.connect, errors.reset, errors.timeout, errors.short, errors.wrong]
}

/// What a model's cells came to.
#[derive(Default)]
struct Sum {
    classes: [u64; 5],
    cells: usize,
    all_cells: usize,
}

impl Sum {
    fn total(&self) -> u64 {
        self.classes.iter().sum()
    }
}

pub(super) fn pictures(run: &Run) -> Vec<Picture> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for cell in run.cells.iter().filter_map(Cell::server) {
        let sum = sums.entry(label(&cell.model, &cell.options)).or_default();
        let classes = by_class(&cell.errors);
        sum.classes.iter_mut().zip(classes).for_each(|(sum, number)| *sum += number);
        sum.cells += usize::from(cell.errors.total() > 0);
        sum.all_cells += 1;
    }
    let mut wrong: Vec<(&String, &Sum)> = sums.iter().filter(|(_, sum)| sum.total() > 0).collect();
    wrong.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.total()));
    picture(&wrong, sums.len()).into_iter().collect()
}

fn picture(wrong: &[(&String, &Sum)], models: usize) -> Option<Picture> {
    let bar = |(model, sum): &(&String, &Sum)| Bar {
        label: (*model).clone(),
        value: format!("{} in {} of {}", grouped(sum.total()), sum.cells, plural(sum.all_cells, "cell")),
        lengths: sum.classes.map(|number| number as f64).to_vec(),
        interval: None,
    };
    let drawing = Bars {
        axis: axis("errors", "", Scale::Linear),
        parts: CLASSES.map(str::to_owned).to_vec(),
        rows: wrong.iter().map(bar).collect(),
    };
    bars("errors", "Errors by class, over all cells".to_owned(), notice(wrong, models)?, drawing, 1)
}

fn notice(wrong: &[(&String, &Sum)], models: usize) -> Option<String> {
    let (model, most) = wrong.first()?;
    let (class, number) = CLASSES.iter().zip(most.classes).max_by_key(|(_, number)| *number)?;
    Some(format!(
        "{} of {} had errors. {model} had most, {}, of which {} were {class}. connect: no connection; reset: it broke; timeout: no \
         reply in time; short: it ended within a reply; wrong: another reply than asked for. A cell with a wrong or missing reply does not count.",
        wrong.len(),
        plural(models, "model"),
        grouped(most.total()),
        grouped(number)
    ))
}
