//! CPU time per request of two runs beside each other, the rows that changed most first.

use super::{Axis, Bar, Bars, Drawing, Picture, Scale};
use crate::summary::{Change, Outcome, Versus, VersusRow};
use crate::units::{figure, times};

/// At most so many rows, two bars each.
const ROWS: usize = 20;

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
            parts: vec!["CPU time per request".to_owned()],
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
    let bar = |which: &str, us: f64| Bar {
        label: format!("{}, {connections} connections, {which}", row.model),
        value: format!("{} µs", figure(us)),
        lengths: vec![us],
        interval: None,
    };
    [bar("earlier", change.old), bar("later", change.new)]
}
