//! CPU time per request of two runs beside each other, the rows that changed most first.

use super::{Axis, Bar, Bars, Drawing, Picture, Scale};
use crate::summary::{Change, Outcome, Versus, VersusRow};
use crate::units::{figure, times};

/// At most so many rows, two bars each.
const ROWS: usize = 20;

/// Which run a bar is of.
const RUNS: [&str; 2] = ["earlier", "later"];

/// Two bars for each row; none where no row has figures in both runs.
pub(crate) fn of(versus: &Versus) -> Option<Picture> {
    let mut rows: Vec<(&VersusRow, Change)> =
        versus.rows.iter().filter_map(|row| Some((row, row.cpu_us?))).collect();
    let far = |change: &Change| change.ratio.ln().abs();
    rows.sort_by(|(one, a), (other, b)| one.outcome.cmp(&other.outcome).then(far(b).total_cmp(&far(a))));
    let shown = rows.len().min(ROWS);
    let left_out = if rows.len() > ROWS {
        format!(" The {ROWS} rows that changed most of {} are drawn.", rows.len())
    } else {
        String::new()
    };
    (shown > 0).then(|| Picture {
        id: "changes".to_owned(),
        title: "CPU time per request of both runs".to_owned(),
        notice: format!("{}{left_out}", notice(rows[0].0, rows[0].1)),
        drawing: Drawing::Bars(Bars {
            axis: Axis {
                title: "CPU time per request".to_owned(),
                unit: "µs".to_owned(),
                scale: Scale::Linear,
            },
            parts: RUNS.map(str::to_owned).to_vec(),
            rows: rows[..shown].iter().flat_map(|(row, change)| bars(row, *change)).collect(),
        }),
    })
}

fn notice(row: &VersusRow, change: Change) -> String {
    match row.outcome {
        Outcome::Slower | Outcome::Faster => format!(
            "{} changed most for sure: a request takes {} times as much CPU time in the later run.",
            row.model,
            times(change.ratio)
        ),
        Outcome::CantTell | Outcome::Same => {
            "No row changed for sure: bars of one row that differ do so within what chance or the machine may do."
                .to_owned()
        }
    }
}

fn bars(row: &VersusRow, change: Change) -> [Bar; 2] {
    let connections = row.setting.connections;
    let bar = |lengths: [f64; 2], which: usize| Bar {
        label: format!("{}, {connections} connections, {}", row.model, RUNS[which]),
        value: format!("{} µs", figure(lengths[which])),
        lengths: lengths.to_vec(),
        interval: None,
    };
    [bar([change.old, 0.0], 0), bar([0.0, change.new], 1)]
}
