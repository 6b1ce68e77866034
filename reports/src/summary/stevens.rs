//! Stevens' comparison of servers: what process control costs, beside the figures of his book.
//!
//! W. R. Stevens, B. Fenner and A. M. Rudoff, UNIX Network Programming, volume 1, third edition (2004), chapter 30. He takes
//! the CPU time of a server for 5,000 connections less that of the iterative server, which controls nothing: the difference
//! is what processes and threads cost. His clients (30.3): two hosts, each with five processes that make 500 connections one
//! after another, and on each ask for 4,000 bytes; so at most ten at once. The iterative server had one client at a time.

use super::counted::Counted;
use super::row::{self, Estimate, cpu_us};
use super::servers::{Group, Row};
use super::setting::Setting;
use super::sweep::{Model, Sweep, full_name, sweeps};
use crate::record::{ServerCell, Verdict};
use crate::statistics::median;
use crate::statistics::ratio::{ByRound, within_rounds};

/// The connections that the book counts for.
pub const CONNECTIONS: f64 = 5_000.0;
/// The model that all others are measured from.
pub(crate) const BASELINE: &str = "loop";
/// The model that the book's others are compared with.
pub(crate) const FORK: &str = "fork";

/// A row of the book's Figure 30.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BookRow {
    /// Its number there.
    pub number: u32,
    /// What kind of server it is, in our words.
    pub server: &'static str,
    /// Process control, in seconds of CPU time for 5,000 connections.
    pub seconds: f64,
}

/// Figure 30.1, "process control CPU time". The clients above were checked against the book's text; these figures could not
/// be, and are cited from memory of the third edition.
pub const BOOK: [BookRow; 9] = [
    BookRow { number: 0, server: "iterative", seconds: 0.0 },
    BookRow { number: 1, server: "a fork for each client", seconds: 20.90 },
    BookRow { number: 2, server: "preforked, each calls accept", seconds: 1.80 },
    BookRow { number: 3, server: "preforked, accept behind a file lock", seconds: 2.07 },
    BookRow { number: 4, server: "preforked, accept behind a mutex", seconds: 1.75 },
    BookRow { number: 5, server: "preforked, descriptors are passed", seconds: 2.58 },
    BookRow { number: 6, server: "a thread for each client", seconds: 0.99 },
    BookRow { number: 7, server: "prethreaded, accept behind a mutex", seconds: 1.93 },
    BookRow { number: 8, server: "prethreaded, the main thread accepts", seconds: 2.05 },
];

/// All models under Stevens' load.
#[derive(Debug, Clone, PartialEq)]
pub struct StevensTable {
    /// What they were measured in. The iterative server may have had fewer connections at once.
    pub setting: Setting,
    /// The book's kinds in its order, then the others, the cheapest first.
    pub rows: Vec<StevensRow>,
}

/// One model under Stevens' load.
#[derive(Debug, Clone, PartialEq)]
pub struct StevensRow {
    /// The model with its options.
    pub model: String,
    /// The book's row of its kind.
    pub book: Option<BookRow>,
    /// CPU time per connection, in microseconds.
    pub cpu_us: Option<Estimate>,
    /// Process control, in seconds of CPU time for 5,000 connections; none without the baseline.
    pub control_s: Option<Estimate>,
    /// That by what it is for a fork for each client.
    pub by_fork: Option<f64>,
    /// The gravest verdict, if nothing counts.
    pub void: Option<Verdict>,
}

impl BookRow {
    /// Its seconds by those of a fork for each client.
    pub fn by_fork(&self) -> f64 {
        self.seconds / BOOK[1].seconds
    }
}

/// All of Stevens' comparisons among `groups`.
pub(crate) fn tables<'s, 'a: 's>(groups: impl Iterator<Item = &'s Group<'a>>) -> Vec<StevensTable> {
    // The iterative server may have had one client at a time, as in the book.
    let sweeps = sweeps(groups, |setting| setting.connections = 0, 1);
    let most = |sweep: &Sweep<'_, '_>| sweep.steps.last().map_or(0, |group| group.setting.connections);
    let setting = |sweep: &Sweep<'_, '_>| Setting { connections: most(sweep), ..sweep.setting.clone() };
    sweeps.iter().map(|sweep| table(setting(sweep), &sweep.models(full_name))).collect()
}

fn table(setting: Setting, models: &[Model<'_, '_>]) -> StevensTable {
    let find = |name: &str| models.iter().find(|(model, _)| model == name).and_then(|(_, rows)| last(rows));
    let base = find(BASELINE).map(|row| row::cpu_by_round(row)).unwrap_or_default();
    let control = |row: &Row<'_>| control_by_round(&row::cpu_by_round(row), &base);
    let fork = find(FORK).map(control).unwrap_or_default();
    let rows = models.iter().filter_map(|(model, rows)| {
        let row = last(rows)?;
        let own = control(row);
        let by_fork = within_rounds(&own, &fork, |own, fork| (fork > 0.0).then(|| own / fork));
        let counted = Counted::of(row).counted;
        Some(StevensRow {
            model: model.clone(),
            book: kind(row[0]),
            cpu_us: Estimate::of(counted.iter().filter_map(|cell| cpu_us(cell))),
            control_s: Estimate::of(values(&own)),
            by_fork: median(values(&by_fork)),
            void: counted.is_empty().then(|| row::void(row)),
        })
    });
    let mut rows: Vec<StevensRow> = rows.collect();
    let number = |row: &StevensRow| row.book.map_or(u32::MAX, |book| book.number);
    let cost = |row: &StevensRow| row.cpu_us.map_or(f64::INFINITY, |cpu_us| cpu_us.median);
    rows.sort_by(|one, other| number(one).cmp(&number(other)).then(cost(one).total_cmp(&cost(other))));
    StevensTable { setting, rows }
}

/// Of a model at several numbers of connections the most count: Stevens' ten.
fn last<'s, 'a>(rows: &[Option<&'s Row<'a>>]) -> Option<&'s Row<'a>> {
    rows.iter().rev().find_map(|row| *row)
}

/// What a model costs beyond the baseline in each round that has both, in seconds for all connections.
fn control_by_round(own: &ByRound, base: &ByRound) -> ByRound {
    within_rounds(own, base, |own, base| Some((own - base) * CONNECTIONS / 1e6))
}

fn values(readings: &ByRound) -> impl Iterator<Item = f64> {
    readings.values().map(|reading| reading.value)
}

/// The book's row of the same kind.
fn kind(cell: &ServerCell) -> Option<BookRow> {
    let option = |key: &str| {
        let value = |option: &'_ str| {
            option.split_once('=').filter(|(name, _)| *name == key).map(|it| it.1.to_owned())
        };
        cell.options.split(',').find_map(value)
    };
    let accept = option("accept");
    let number = match (cell.model.as_str(), accept.as_deref()) {
        (BASELINE, _) => 0,
        (FORK, _) => 1,
        ("prefork", None | Some("shared")) => 2,
        ("prefork", Some("flock")) => 3,
        ("prefork", Some("mutex")) => 4,
        ("prefork", Some("fd-pass")) => 5,
        ("thread", _) => 6,
        ("prethread", Some("mutex")) => 7,
        ("thread-pool", _) if option("per").is_none_or(|per| per == "client") => 8,
        _ => return None,
    };
    BOOK.into_iter().find(|row| row.number == number)
}
