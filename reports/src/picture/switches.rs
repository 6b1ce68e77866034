//! Context switches and system calls per request: how often a server stops and waits, and how often it asks the kernel.

use super::cpu::{label, tables};
use super::parts::{axis, bar, bars, paragraph};
use super::{Bar, Bars, Picture, Scale};
use crate::document::title::{self, Open};
use crate::summary::{ServerRow, ServerTable, Summary};
use crate::units::{per_request, percent};

pub(super) fn pictures(summary: &Summary) -> Vec<Picture> {
    let switches = tables(summary).filter_map(switches);
    switches.chain(tables(summary).filter_map(calls)).collect()
}

fn switches(table: &ServerTable) -> Option<Picture> {
    let bar = |row: &ServerRow| {
        let all = row.switches_per_request?;
        let lengths = match row.involuntary_share {
            Some(share) => vec![all * (1.0 - share), all * share, 0.0],
            None => vec![0.0, 0.0, all],
        };
        Some(Bar { label: label(row), value: per_request(all), lengths, interval: None })
    };
    let drawing = Bars {
        axis: axis("context switches per request", "", Scale::Linear),
        parts: ["it waited", "it was taken off", "either"].map(str::to_owned).to_vec(),
        rows: table.rows.iter().filter_map(bar).collect(),
    };
    let title = format!("Context switches per request: {}", title::of(&table.setting, Open::Nothing));
    bars("switches-per-request", title, switches_notice(table)?, drawing, 1)
}

fn switches_notice(table: &ServerTable) -> Option<String> {
    let (least, most) = ends(table, |row| row.switches_per_request)?;
    let taken = most.0.involuntary_share.map(|share| {
        format!(
            "Of those of {} the kernel took the processor away in {}, the others are waits.",
            most.0.model,
            percent(share)
        )
    });
    let why = "Who waits for one client at a time stops for each reply; who waits for many takes up what has come meanwhile.";
    let said = if std::ptr::eq(least.0, most.0) {
        format!("{} leaves its processor {} times a request. {why}", most.0.model, per_request(most.1))
    } else if per_request(least.1) == per_request(most.1) {
        format!("All leave their processor as often, {} times a request. {why}", per_request(most.1))
    } else {
        format!(
            "{} leaves its processor {} times a request, {} {} times. {why}",
            most.0.model,
            per_request(most.1),
            least.0.model,
            per_request(least.1)
        )
    };
    Some(paragraph([Some(said), taken]))
}

fn calls(table: &ServerTable) -> Option<Picture> {
    let rows = || table.rows.iter().filter(|row| row.calls_per_request.is_some());
    let apart = rows().any(|row| row.epoll_ctls_per_request.is_some());
    let one = |row: &ServerRow| {
        let all = row.calls_per_request?;
        if !apart {
            return Some(bar(label(row), per_request(all), all, None));
        }
        let changes = row.epoll_ctls_per_request.unwrap_or(0.0).min(all);
        Some(Bar { lengths: vec![all - changes, changes], ..bar(label(row), per_request(all), all, None) })
    };
    let parts: &[&str] = if apart { &["other calls", "epoll_ctl"] } else { &["calls"] };
    let drawing = Bars {
        axis: axis("system calls per request", "", Scale::Linear),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        rows: rows().filter_map(one).collect(),
    };
    let title = format!("System calls per request: {}", title::of(&table.setting, Open::Nothing));
    bars("calls-per-request", title, calls_notice(table)?, drawing, 1)
}

fn calls_notice(table: &ServerTable) -> Option<String> {
    let (least, most) = ends(table, |row| row.calls_per_request)?;
    let why = "A receive and a send are two; what is beyond is waiting for readiness, accepting and saying what to watch, and fewer \
               means that one call did for several requests.";
    Some(if std::ptr::eq(least.0, most.0) {
        format!("{} makes {} system calls a request. {why}", most.0.model, per_request(most.1))
    } else if per_request(least.1) == per_request(most.1) {
        format!("All make as many system calls, {} a request. {why}", per_request(most.1))
    } else {
        format!(
            "{} makes {} system calls a request, {} {}. {why}",
            least.0.model,
            per_request(least.1),
            most.0.model,
            per_request(most.1)
        )
    })
}

/// A row with its figure.
type End<'a> = (&'a ServerRow, f64);

/// The rows with the least and the most of something.
fn ends(table: &ServerTable, of: impl Fn(&ServerRow) -> Option<f64>) -> Option<(End<'_>, End<'_>)> {
    let known: Vec<End<'_>> = table.rows.iter().filter_map(|row| Some((row, of(row)?))).collect();
    let by = |one: &&End<'_>, other: &&End<'_>| one.1.total_cmp(&other.1);
    Some((*known.iter().min_by(by)?, *known.iter().max_by(by)?))
}
