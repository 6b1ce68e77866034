//! Memory per connection: the slope of a line through the peaks of a server's proportional set size.
//!
//! Source: the proportional set size is the kernel's, `Pss` in `/proc/PID/smaps_rollup` (proc(5)), summed over a server's processes;
//! the line is fitted by least squares through all rounds (N. R. Draper and H. Smith, Applied Regression Analysis, 1998).

use super::parts::{axis, bar, bars, ends, lines, measured, point};
use super::{Bar, Bars, Lines, Picture, Scale};
use crate::document::servers::with_reach;
use crate::document::title::{self, Open};
use crate::statistics::Line;
use crate::summary::{ConnectionSweep, IdleTable, Summary};
use crate::units::{count, figure};

const MEBIBYTE: f64 = 1_048_576.0;

/// Models whose memory was measured at several numbers of connections.
struct Fitted<'a> {
    setting: String,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    model: &'a str,
    /// Connections and bytes.
    steps: Vec<(f64, f64)>,
    /// KiB over connections.
    line: Option<Line>,
}

pub(super) fn pictures(summary: &Summary) -> Vec<Picture> {
    let all: Vec<Fitted<'_>> =
        summary.connections.iter().map(by_connections).chain(summary.idle.iter().map(by_idle)).collect();
    all.iter().filter_map(slopes).chain(all.iter().filter_map(totals)).collect()
}

fn by_connections(sweep: &ConnectionSweep) -> Fitted<'_> {
    let rows = sweep.rows.iter().map(|row| {
        let steps = super::rates::steps(sweep, row).filter(|(_, step)| !super::rates::is_starved(step));
        let steps = steps.filter_map(|(n, step)| Some((n as f64, step.pss_peak_bytes?)));
        Row { model: &row.model, steps: steps.collect(), line: row.memory }
    });
    Fitted { setting: title::of(&sweep.setting, Open::Connections), rows: rows.collect() }
}

fn by_idle(table: &IdleTable) -> Fitted<'_> {
    let active = table.setting.connections;
    let rows = table.rows.iter().map(|row| {
        let steps = table.idle.iter().zip(&row.steps);
        let steps =
            steps.filter_map(|(idle, step)| Some(((active + idle) as f64, step.as_ref()?.pss_peak_bytes?)));
        Row { model: &row.model, steps: steps.collect(), line: row.memory }
    });
    Fitted { setting: title::of(&table.setting, Open::Idle), rows: rows.collect() }
}

/// The slopes as bars, the least first.
fn slopes(of: &Fitted<'_>) -> Option<Picture> {
    let mut fitted: Vec<(&str, Line)> =
        of.rows.iter().filter_map(|row| Some((row.model, row.line?))).collect();
    fitted.sort_by(|(_, one), (_, other)| one.slope.total_cmp(&other.slope));
    let bar = |(model, line): &(&str, Line)| {
        bar((*model).to_owned(), text(line), line.slope, line.interval.and_then(ends))
    };
    let rows: Vec<Bar> = fitted.iter().map(bar).collect();
    let drawing = Bars {
        axis: axis("memory for each connection more", "KiB", Scale::Linear),
        parts: vec!["memory".to_owned()],
        rows,
    };
    let title = format!("Memory per connection: {}", of.setting);
    bars("memory-per-connection", title, notice(&fitted)?, drawing, 1)
}

/// A slope with how sure it is: `16.1 KiB ±3%`. No connection gives memory back, so one below nought is chance and none.
fn text(line: &Line) -> String {
    let text = format!("{} KiB", figure(line.slope.max(0.0)));
    match line.interval.filter(|_| line.slope > 0.0) {
        Some(interval) => with_reach(text, line.slope, interval),
        None => text,
    }
}

fn notice(fitted: &[(&str, Line)]) -> Option<String> {
    let ((least, low), (most, high)) = (fitted.first()?, fitted.last()?);
    let source = "Each figure is the slope of a line fitted by least squares through the peaks of PSS (the kernel's smaps_rollup, pages \
                  that processes share count once) of all rounds.";
    Some(if least == most {
        format!("{least} takes {} for each connection more. {source}", text(low))
    } else {
        format!(
            "A connection more takes {} under {most} and {} under {least}. Where a process or a thread stands for it that has a \
             stack and tables of its own, in a loop it is a buffer. {source}",
            text(high),
            text(low)
        )
    })
}

fn totals(of: &Fitted<'_>) -> Option<Picture> {
    let series = of.rows.iter().filter_map(|row| {
        let points = row.steps.iter().map(|(n, bytes)| point(*n, bytes / MEBIBYTE));
        measured(row.model, points.collect()).filter(|series| series.points.len() > 1)
    });
    let drawing = Lines {
        x: axis("connections", "", Scale::Linear),
        y: axis("peak of memory (PSS)", "MiB", Scale::Linear),
        series: series.collect(),
        areas: Vec::new(),
    };
    let last = |row: &&Row<'_>| row.steps.last().map_or(0.0, |(_, bytes)| *bytes);
    let most = of.rows.iter().max_by(|one, other| last(one).total_cmp(&last(other)))?;
    let (n, bytes) = most.steps.last()?;
    let notice = format!(
        "{} has most memory, {} MiB with {} connections. How steep a line is tells what a connection costs, where it begins what the \
         server needs with none.",
        most.model,
        figure(bytes / MEBIBYTE),
        count(*n)
    );
    lines("memory-by-connections", format!("Memory by connections: {}", of.setting), notice, drawing)
}
