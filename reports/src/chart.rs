//! Bars as shares of the longest bar: of CPU time per request, split into user and system, or of any one figure.

use serde::Serialize;

use crate::summary::{Obstacle, ServerRow, Standing};
use crate::units::figure;

/// How much room one bar with its caption takes, in CSS pixels.
const BAR_HEIGHT: usize = 40;

/// A bar for each row that has the figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// What it shows, for those who do not see it.
    pub title: String,
    /// Whether its bars are CPU time in two parts.
    pub split: bool,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
    /// The height of all of them, in CSS pixels.
    pub height: usize,
}

/// One row's bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// Whose it is.
    pub label: String,
    /// The whole figure.
    pub value: String,
    /// The part in user mode, or all of it if it is in one piece, in percent of the longest bar.
    pub user: f64,
    /// The part in the kernel, in percent of the longest bar.
    pub system: f64,
    /// Where it stands, in CSS pixels from the top.
    pub top: usize,
}

impl Chart {
    /// The chart of `rows`; none if fewer than two have the figure.
    ///
    /// Medians of the parts need not add up to the median of the whole, so the whole is split by the median share.
    pub fn of(title: &str, rows: &[ServerRow]) -> Option<Self> {
        let figures: Vec<(String, f64, f64)> =
            rows.iter().filter_map(|row| Some((label(row), row.cpu_us?.median, row.user_share?))).collect();
        let longest = figures.iter().map(|(_, cpu_us, _)| *cpu_us).fold(0.0, f64::max);
        if figures.len() < 2 || longest <= 0.0 {
            return None;
        }
        let bars: Vec<Bar> = figures
            .into_iter()
            .enumerate()
            .map(|(index, (label, cpu_us, user_share))| Bar {
                label,
                value: format!("{} µs", figure(cpu_us)),
                user: percent(cpu_us * user_share, longest),
                system: percent(cpu_us * (1.0 - user_share), longest),
                top: index * BAR_HEIGHT,
            })
            .collect();
        Some(Self { title: title.to_owned(), split: true, height: bars.len() * BAR_HEIGHT, bars })
    }

    /// The chart of bars in one piece: whose each is, its figure in words, and how long it is; none of fewer than two.
    pub(crate) fn plain(title: &str, figures: Vec<(String, String, f64)>) -> Option<Self> {
        let longest = figures.iter().map(|(_, _, length)| *length).fold(0.0, f64::max);
        if figures.len() < 2 || longest <= 0.0 {
            return None;
        }
        let bars: Vec<Bar> = figures
            .into_iter()
            .enumerate()
            .map(|(index, (label, value, length))| Bar {
                label,
                value,
                user: percent(length, longest),
                system: 0.0,
                top: index * BAR_HEIGHT,
            })
            .collect();
        Some(Self { title: title.to_owned(), split: false, height: bars.len() * BAR_HEIGHT, bars })
    }
}

/// A part of the longest bar in percent, to hundredths.
fn percent(part: f64, longest: f64) -> f64 {
    (part / longest * 1e4).round() / 100.0
}

fn label(row: &ServerRow) -> String {
    match row.standing {
        Standing::Ranked(_) => row.model.clone(),
        Standing::Unranked(Obstacle::Again) => format!("{} (again)", row.model),
        Standing::Unranked(_) => format!("{} (not ranked)", row.model),
    }
}
