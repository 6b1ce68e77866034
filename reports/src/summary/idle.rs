//! What idle connections cost: the C10K question.
//!
//! A model that looks at every connection at each turn costs more for each that is open, whether or not it says anything;
//! one that is told who is ready does not. So CPU time per request is fitted as `a + b n` over thousands of idle
//! connections, and where a growing model's line comes to lie above the best flat one's is where the one had better be left
//! for the other.
//!
//! Source: D. Kegel, The C10K problem (1999); G. Banga and J. C. Mogul, Scalable Kernel Performance for Internet Servers
//! under Realistic Loads (USENIX 1998).

use super::ceiling::Ends;
use super::connections::memory;
use super::counted::Counted;
use super::row::{self, Estimate, cpu_us};
use super::servers::{Group, Row};
use super::setting::Setting;
use super::sweep::{Sweep, name_without_usual_workers, sweeps};
use crate::record::Verdict;
use crate::statistics::Line;

/// Idle connections are counted in thousands in [`IdleRow::line`].
pub const THOUSAND: f64 = 1_000.0;
/// A model grows if over what was measured its line rises by more than this part of where it begins, and its slope is
/// above zero for sure: any larger process costs a few misses in the caches more.
const GROWS_BY: f64 = 0.1;

/// All models beside several numbers of idle connections.
#[derive(Debug, Clone, PartialEq)]
pub struct IdleTable {
    /// What else they were measured in.
    pub setting: Setting,
    /// The numbers of idle connections, in ascending order.
    pub idle: Vec<usize>,
    /// The models: those that do not grow first, each kind by what it costs beside most idle connections.
    pub rows: Vec<IdleRow>,
    /// The model that does not grow and costs least.
    pub best_flat: Option<String>,
    /// Where those that grow come to cost more than it.
    pub crossings: Vec<Crossing>,
}

/// One model beside several numbers of idle connections.
#[derive(Debug, Clone, PartialEq)]
pub struct IdleRow {
    /// The model with its options.
    pub model: String,
    /// What it did beside each number.
    pub steps: Vec<Option<IdleStep>>,
    /// CPU time per request in microseconds over thousands of idle connections; none unless measured beside two numbers.
    pub line: Option<Line>,
    /// The peak of its memory in KiB over all connections, idle and active; none unless measured beside two numbers.
    pub memory: Option<Line>,
    /// Whether it grows.
    pub growth: Growth,
}

/// One model beside one number of idle connections.
#[derive(Debug, Clone, PartialEq)]
pub struct IdleStep {
    /// CPU time per request in microseconds.
    pub cpu_us: Option<Estimate>,
    /// Requests a second.
    pub rate: Option<Estimate>,
    /// The peak of the proportional set size.
    pub pss_peak_bytes: Option<f64>,
    /// The gravest verdict, if nothing counts.
    pub void: Option<Verdict>,
    /// Why, in the words of the record.
    pub reason: Option<String>,
}

/// Whether a model costs more beside more idle connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Growth {
    /// It does not.
    Flat,
    /// It does.
    Grows,
    /// There are too few figures to tell.
    Unknown,
}

/// Where one model comes to cost more than the best one that does not grow.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// The model that grows.
    pub model: String,
    /// From how many idle connections on; at or below zero it costs more from the first.
    pub idle: f64,
    /// Whether that is more than were measured with this model.
    pub beyond: bool,
}

/// All tables of idle connections among `groups`. At a rate that only one number of idle connections was measured at, as where
/// models have rates of their own, there is nothing to compare.
pub(crate) fn tables<'s, 'a: 's>(groups: impl Iterator<Item = &'s Group<'a>>) -> Vec<IdleTable> {
    let sweeps = sweeps(groups, |setting| setting.shape.idle_connections = None, 1);
    let compares = |sweep: &Sweep<'_, '_>| sweep.setting.rate.is_none() || sweep.steps.len() > 1;
    sweeps.into_iter().filter(compares).map(|sweep| table(&sweep)).collect()
}

fn table(sweep: &Sweep<'_, '_>) -> IdleTable {
    let idle: Vec<usize> =
        sweep.steps.iter().map(|group| group.setting.shape.idle_connections.unwrap_or(0)).collect();
    let mut rows: Vec<IdleRow> = sweep
        .models(name_without_usual_workers)
        .into_iter()
        .map(|(model, rows)| row(model, &rows, &idle))
        .collect();
    rows.sort_by(|one, other| {
        one.growth.cmp(&other.growth).then(last_cost(one).total_cmp(&last_cost(other)))
    });
    let flat = rows.iter().find(|row| row.growth == Growth::Flat);
    let crossings = flat.map(|flat| rows.iter().filter_map(|row| crossing(row, flat, &idle)).collect());
    IdleTable {
        setting: sweep.setting.clone(),
        best_flat: flat.map(|flat| flat.model.clone()),
        crossings: crossings.unwrap_or_default(),
        idle,
        rows,
    }
}

fn row(model: String, rows: &[Option<&Row<'_>>], idle: &[usize]) -> IdleRow {
    let points = rows.iter().zip(idle).filter_map(|(row, idle)| Some(((*row)?, *idle)));
    let points: Vec<(f64, f64)> = points
        .flat_map(|(row, idle)| {
            let cells = Counted::of(row).counted.into_iter();
            cells.filter_map(cpu_us).map(move |cpu_us| (idle as f64 / THOUSAND, cpu_us))
        })
        .collect();
    let line = Line::through(&points);
    let steps = rows.iter().map(|row| row.map(step)).collect();
    let memory = memory(rows, |cell| cell.connections + cell.shape.idle_connections.unwrap_or(0));
    IdleRow { model, steps, growth: growth(line, &points), line, memory }
}

fn step(row: &Row<'_>) -> IdleStep {
    let summed = row::row(row, Ends::default());
    let void = summed.rate.is_none().then(|| row::void(row));
    let reason = void.and_then(|_| row.iter().find_map(|cell| cell.reason.clone()));
    let pss_peak_bytes = summed.pss_peak_bytes;
    IdleStep { cpu_us: summed.cpu_us, rate: summed.rate, pss_peak_bytes, void, reason }
}

/// Whether a line through `points` grows.
pub(crate) fn growth(line: Option<Line>, points: &[(f64, f64)]) -> Growth {
    let Some((line, interval)) = line.and_then(|line| Some((line, line.interval?))) else {
        return Growth::Unknown;
    };
    let ends = points.iter().map(|(idle, _)| *idle);
    let (least, most) =
        ends.fold((f64::MAX, 0.0_f64), |(least, most), idle| (least.min(idle), most.max(idle)));
    let grows = interval.low > 0.0 && line.at(most) > (1.0 + GROWS_BY) * line.at(least);
    if grows { Growth::Grows } else { Growth::Flat }
}

fn last_cost(row: &IdleRow) -> f64 {
    let last = row.steps.iter().flatten().rev().find_map(|step| step.cpu_us);
    last.map_or(f64::INFINITY, |cpu_us| cpu_us.median)
}

fn crossing(row: &IdleRow, flat: &IdleRow, idle: &[usize]) -> Option<Crossing> {
    let (line, flat) = (row.line.filter(|_| row.growth == Growth::Grows)?, flat.line?);
    let meets = line.meets(&flat)? * THOUSAND;
    let measured = row
        .steps
        .iter()
        .zip(idle)
        .filter(|(step, _)| step.as_ref().is_some_and(|step| step.cpu_us.is_some()));
    let most = measured.map(|(_, idle)| *idle).max()?;
    Some(Crossing { model: row.model.clone(), idle: meets, beyond: meets > most as f64 })
}
