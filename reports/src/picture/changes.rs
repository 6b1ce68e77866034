//! CPU time per request of two runs beside each other: rows that changed for sure first, of either kind the greatest change first.

use super::{Axis, Bar, Bars, Drawing, Picture, Scale};
use crate::document::title::{self, Open};
use crate::document::versus::is_change;
use crate::summary::{Change, Setting, Versus, VersusRow};
use crate::units::{figure, times};

/// At most so many rows, two bars each.
const ROWS: usize = 20;

/// Which run a bar is of.
const RUNS: [&str; 2] = ["earlier", "later"];

/// Two bars for each row; none where no row has figures in both runs.
pub(crate) fn of(versus: &Versus) -> Option<Picture> {
    let mut rows: Vec<(&VersusRow, Change)> =
        versus.rows.iter().filter_map(|row| Some((row, row.cpu_us?))).collect();
    let order = |(row, change): &(&VersusRow, Change)| (!is_change(row), -change.ratio.ln().abs());
    rows.sort_by(|one, other| {
        let ((one, near), (other, far)) = (order(one), order(other));
        one.cmp(&other).then(near.total_cmp(&far))
    });
    let notice = notice(rows.first()?.0, rows[0].1);
    let left_out = if rows.len() > ROWS {
        format!(
            " Of {} rows {ROWS} are drawn: those that changed for sure, then those whose figures are farthest apart.",
            rows.len()
        )
    } else {
        String::new()
    };
    rows.truncate(ROWS);
    let settings: Vec<&Setting> = rows.iter().map(|(row, _)| &row.setting).collect();
    let settings = title::apart(&settings);
    let pairs = rows.iter().zip(settings);
    Some(Picture {
        id: "changes".to_owned(),
        title: "CPU time per request of both runs".to_owned(),
        notice: format!("{notice}{left_out}"),
        drawing: Drawing::Bars(Bars {
            axis: Axis {
                title: "CPU time per request".to_owned(),
                unit: "µs".to_owned(),
                scale: Scale::Linear,
            },
            parts: RUNS.map(str::to_owned).to_vec(),
            rows: pairs.flat_map(|((row, change), setting)| bars(row, &setting, *change)).collect(),
        }),
    })
}

/// What to notice of the row that stands first.
fn notice(row: &VersusRow, change: Change) -> String {
    if is_change(row) {
        format!(
            "{} changed most for sure ({}): a request takes {} times as much CPU time in the later run.",
            row.model,
            title::of(&row.setting, Open::Nothing),
            times(change.ratio)
        )
    } else {
        "No row changed for sure: bars of one row that differ do so within what chance or the machine may do."
            .to_owned()
    }
}

/// Both bars of a row, named with what sets its setting apart from the others' that are drawn.
fn bars(row: &VersusRow, setting: &[String], change: Change) -> [Bar; 2] {
    let setting: Vec<&str> = setting.iter().map(String::as_str).collect();
    let bar = |lengths: [f64; 2], which: usize| Bar {
        label: [&[row.model.as_str()], &setting[..], &[RUNS[which]]].concat().join(", "),
        value: format!("{} µs", figure(lengths[which])),
        lengths: lengths.to_vec(),
        interval: (row.rounds[which] > 1).then_some(change.ends[which].into()),
    };
    [bar([change.old, 0.0], 0), bar([0.0, change.new], 1)]
}
