//! The tasks: one row for each task and executor, compared with the work done in line.

use std::collections::BTreeMap;

use super::counted::{superseded, told};
use super::rank;
use super::{Estimate, Rank, Remark, Rounds, Threshold, distinct, gravest, label, remarks};
use crate::course_notes::{BASELINE, WAYS};
use crate::record::{TaskCell, Verdict};
use crate::statistics::ratio::{ByRound, Reading};
use crate::statistics::{Interval, median};

/// One executor over one task, over all its rounds. Figures are medians over the valid rounds.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// The task's name.
    pub task: String,
    /// What it mostly uses: `cpu` or `io`.
    pub family: String,
    /// How many jobs were run.
    pub jobs: usize,
    /// The executor with its options.
    pub executor: String,
    /// How long the jobs were: `full` or `short`, where the record says so.
    pub size: Option<String>,
    /// How many jobs could run at once.
    pub workers: usize,
    /// How many rounds the figures are taken from.
    pub rounds: Rounds,
    /// How long it took.
    pub seconds: Option<Estimate>,
    /// Its place among the lab's own executors at the same task with as many jobs, by time; none for an interpreter's way, and where
    /// fewer than two rounds count.
    pub rank: Option<Rank>,
    /// How that compares with the work done in line.
    pub comparison: Option<Comparison>,
    /// Of a task that computes: its speed-up by the processors that it could use, its workers or all there are.
    pub efficiency: Option<f64>,
    /// Processor time, user and system, child processes included, in seconds.
    pub cpu_s: Option<f64>,
    /// The peak of the proportional set size.
    pub pss_peak_bytes: Option<f64>,
    /// Whether every job of every round came to the right value; none if no round ran at all.
    pub value_ok: Option<bool>,
    /// The gravest verdict, if no round counts.
    pub void: Option<Verdict>,
    /// What the cells say beside their figures.
    pub remarks: Vec<Remark>,
}

/// An executor's time beside that of the same work done in line: by the lab, or by the interpreter whose row it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Line's time by this one's: above 1 it is faster than line.
    pub speed_up: f64,
    /// Where the speed-up is, as far as the rounds tell; none without a round that has both.
    pub interval: Option<Interval>,
    /// This one's time by line's, as in the course notes: below 1 it is faster than line.
    pub ratio: f64,
    /// Where that is; none where the speed-up has none.
    pub ratio_interval: Option<Interval>,
    /// Whether these are medians of ratios within rounds. If not, no round has both, and they are ratios of
    /// medians.
    pub within_rounds: bool,
}

/// Groups `cells` by task and executor and sums each group up. `cores`: how many processors there were.
pub(super) fn rows(cells: &[&TaskCell], cores: usize) -> Vec<TaskRow> {
    let mut tasks: BTreeMap<_, BTreeMap<_, Vec<&TaskCell>>> = BTreeMap::new();
    for &cell in cells {
        let executor = (order(&cell.executor), &cell.options, cell.workers);
        tasks
            .entry((&cell.family, &cell.task, &cell.size, cell.jobs))
            .or_default()
            .entry(executor)
            .or_default()
            .push(cell);
    }
    tasks
        .into_values()
        .flat_map(|executors| task(&executors.into_values().collect::<Vec<_>>(), cores))
        .collect()
}

/// How executors are sorted: the lab's own first, then each interpreter's ways. Among either those of the course notes stand first, in
/// the notes' order.
pub(super) fn order(executor: &str) -> (Option<&str>, usize, &str) {
    let (interpreter, way) = match executor.rsplit_once(':') {
        Some((interpreter, way)) => (Some(interpreter), way),
        None => (None, executor),
    };
    (interpreter, WAYS.iter().position(|known| known.executor == way).unwrap_or(WAYS.len()), way)
}

fn task(executors: &[Vec<&TaskCell>], cores: usize) -> Vec<TaskRow> {
    let line = |of: &str| -> Vec<&TaskCell> {
        let line = executors.iter().flat_map(|cells| last_attempts(cells));
        line.filter(|cell| cell.executor == of && counts(cell)).collect()
    };
    let row = |cells: &Vec<&TaskCell>| row(cells, &line(&baseline(&cells[0].executor)), cores);
    let mut rows: Vec<TaskRow> = executors.iter().map(row).collect();
    rank(&mut rows, executors);
    rows
}

/// Gives the rows their places, as servers have them. Nothing is run twice, so the least difference is what is taken without that.
fn rank(rows: &mut [TaskRow], executors: &[Vec<&TaskCell>]) {
    let is_ranked = |row: &TaskRow| row.rounds.counted > 1 && !row.executor.contains(':');
    let mut ranked: Vec<usize> = (0..rows.len()).filter(|place| is_ranked(&rows[*place])).collect();
    let seconds = |place: usize| rows[place].seconds.map_or(f64::INFINITY, |seconds| seconds.median);
    ranked.sort_by(|one, other| seconds(*one).total_cmp(&seconds(*other)));
    let by_round: Vec<ByRound> = ranked.iter().map(|place| seconds_by_round(&executors[*place])).collect();
    let threshold = Threshold::of(std::iter::empty(), false);
    for (place, rank) in rank::ranked(&by_round.iter().collect::<Vec<_>>(), threshold) {
        rows[ranked[place]].rank = Some(rank);
    }
}

fn seconds_by_round(cells: &[&TaskCell]) -> ByRound {
    let counted = last_attempts(cells).into_iter().filter(|cell| counts(cell));
    counted.map(|cell| (cell.round, Reading { value: cell.seconds, distance_ns: None })).collect()
}

/// What an executor is compared with: an interpreter's ways, `cpython-3.13:threads`, with its own line.
pub(super) fn baseline(executor: &str) -> String {
    match executor.rsplit_once(':') {
        Some((interpreter, _)) => format!("{interpreter}:{BASELINE}"),
        None => BASELINE.to_owned(),
    }
}

/// Of cells that differ in nothing but their round and attempt, the attempt at each round that counts.
pub(crate) fn last_attempts<'a>(cells: &[&'a TaskCell]) -> Vec<&'a TaskCell> {
    cells.iter().copied().filter(|cell| !superseded(*cell, cells)).collect()
}

pub(crate) fn counts(cell: &TaskCell) -> bool {
    cell.verdict == Verdict::Valid && cell.noise.is_none_or(|noise| !noise.disturbed)
}

fn row(cells: &[&TaskCell], line: &[&TaskCell], cores: usize) -> TaskRow {
    let first = cells[0];
    let last = last_attempts(cells);
    let counted: Vec<&TaskCell> = last.iter().copied().filter(|cell| counts(cell)).collect();
    let costs = || counted.iter().filter_map(|cell| cell.cost);
    let comparison = comparison(&counted, line);
    let processors = first.workers.min(cores) as f64;
    let efficiency = comparison.filter(|_| first.family == "cpu" && processors > 0.0);
    let mut ran = cells.iter().filter(|cell| cell.verdict != Verdict::Unsupported).peekable();
    TaskRow {
        task: first.task.clone(),
        family: first.family.clone(),
        jobs: first.jobs,
        executor: label(&first.executor, &first.options),
        size: first.size.clone(),
        workers: first.workers,
        rounds: Rounds {
            counted: distinct(counted.iter().map(|cell| cell.round)),
            all: distinct(cells.iter().map(|cell| cell.round)),
        },
        seconds: Estimate::of(counted.iter().map(|cell| cell.seconds)),
        rank: None,
        comparison,
        efficiency: efficiency.map(|comparison| comparison.speed_up / processors),
        cpu_s: median(costs().filter_map(|cost| cost.cpu_s())),
        pss_peak_bytes: median(costs().filter_map(|cost| cost.pss_peak_bytes).map(|bytes| bytes as f64)),
        value_ok: ran.peek().is_some().then(|| ran.all(|cell| cell.value.is_some())),
        void: counted.is_empty().then(|| gravest(last.iter().map(|cell| cell.verdict))),
        remarks: remarks(cells.iter().map(|cell| Remark {
            verdict: cell.verdict,
            reason: told(cell.reason.as_deref(), cell.noise),
            rounds: vec![cell.round],
            superseded: superseded(*cell, cells),
        })),
    }
}

/// Within a round the machine was in one state, so what is slow there is slow for both: ratios are taken there.
pub(super) fn comparison(cells: &[&TaskCell], line: &[&TaskCell]) -> Option<Comparison> {
    let pairs: Vec<(f64, f64)> = cells
        .iter()
        .filter_map(|cell| {
            let same = line.iter().rfind(|line| line.round == cell.round)?;
            Some((cell.seconds, same.seconds))
        })
        .collect();
    if !pairs.is_empty() {
        let speed_up = Estimate::of(pairs.iter().map(|(own, line)| line / own))?;
        let ratio = Estimate::of(pairs.iter().map(|(own, line)| own / line))?;
        return Some(Comparison {
            speed_up: speed_up.median,
            interval: Some(speed_up.interval),
            ratio: ratio.median,
            ratio_interval: Some(ratio.interval),
            within_rounds: true,
        });
    }
    let own = median(cells.iter().map(|cell| cell.seconds))?;
    let line = median(line.iter().map(|cell| cell.seconds))?;
    Some(Comparison {
        speed_up: line / own,
        interval: None,
        ratio: own / line,
        ratio_interval: None,
        within_rounds: false,
    })
}
