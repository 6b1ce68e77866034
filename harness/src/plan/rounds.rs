//! How many rounds a run has: a number, or as many as it takes until every figure is known well enough.

use std::time::Duration;

use reports::record::{Cell, Run, Verdict};
use reports::summary::{
    Estimate, Obstacle, ProbeRow, ProbeTable, ServerRow, Setting, Standing, Summary, TaskRow,
};

use super::ServerSuite;

/// With fewer rounds an interval of a median says too little.
const ROUNDS_AT_LEAST: u32 = 5;

/// How many rounds there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rounds {
    /// So many.
    Fixed(u32),
    /// Until the interval of every row reaches no further than this share of its median, to both sides.
    Until {
        /// 0.02 for 2%.
        share: f64,
        /// How long the run may take.
        budget: Duration,
        /// The most rounds.
        at_most: u32,
    },
}

/// What is to be done after a round.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// There is another one.
    Another,
    /// The plan is fulfilled.
    Done,
    /// The budget is used up, and this is what is left to be wished for.
    GivenUp(String),
}

impl Rounds {
    /// How many rounds there are at least.
    pub fn at_least(self) -> u32 {
        match self {
            Self::Fixed(rounds) => rounds,
            Self::Until { at_most, .. } => ROUNDS_AT_LEAST.min(at_most),
        }
    }

    /// What follows after this round of `run`. `elapsed`: how long it has taken so far.
    pub fn next(self, round: u32, run: &Run, elapsed: Duration) -> Next {
        let Self::Until { share, budget, at_most } = self else {
            return if round >= self.at_least() { Next::Done } else { Next::Another };
        };
        if round >= self.at_least() && shortfall(run, share).is_none() {
            return Next::Done;
        }
        // The next round will take as long as those so far did.
        if elapsed + elapsed / round <= budget && round < at_most {
            return Next::Another;
        }
        let rounds = if round == 1 { "1 round".to_owned() } else { format!("{round} rounds") };
        Next::GivenUp(self.given_up(&format!("After {rounds}"), run))
    }

    /// Whether the budget allows what should take so long.
    pub fn have_time_for(self, expected: Duration, elapsed: Duration) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Until { budget, .. } => elapsed + expected <= budget,
        }
    }

    /// What is to be said of `run` if it ends now: when that is, and what is left to be wished for.
    pub fn given_up(self, when: &str, run: &Run) -> String {
        let Self::Until { share, .. } = self else { return format!("{when} the run was ended.") };
        let asked = format!("{}%", (share * 100.0) as f32); // as it was typed, and not 7.000000000000001%
        let what = shortfall(run, share).unwrap_or_else(|| "there are too few rounds".to_owned());
        format!(
            "{when} the figures are not all as precise as --until {asked} asks: {what}. A larger --budget allows more rounds."
        )
    }
}

/// How well a row is known.
struct Precision {
    name: String,
    /// The rounds that its figures are taken from.
    counted: usize,
    /// How far its interval reaches to one side, as a part of its median; none without figures.
    width: Option<f64>,
}

impl Precision {
    fn new(name: String, counted: usize, figure: Option<Estimate>) -> Self {
        let width = figure.map(|Estimate { median, interval }| {
            (interval.high - median).max(median - interval.low) / median
        });
        Self { name, counted, width }
    }

    /// What it lacks, and how grave that is; none if it is known well enough. A median of 0 has no such width.
    fn lacks(&self, share: f64) -> Option<(f64, String)> {
        let Self { name, counted, width } = self;
        match width {
            None => Some((f64::INFINITY, format!("no round of {name} counts"))),
            Some(_) if *counted < ROUNDS_AT_LEAST as usize => {
                Some((f64::MAX, format!("only {counted} rounds of {name} count")))
            }
            Some(width) if *width <= share => None,
            Some(width) if width.is_finite() => {
                Some((*width, format!("the interval of {name} is ±{:.1}%", width * 100.0)))
            }
            Some(_) => {
                Some((f64::MAX, format!("the median of {name} is 0, and no interval is a part of that")))
            }
        }
    }
}

/// What is to be wished for of the row that is known least, and how many others are not known well enough.
fn shortfall(run: &Run, share: f64) -> Option<String> {
    let lacking: Vec<_> = precisions(run).iter().filter_map(|row| row.lacks(share)).collect();
    let (_, worst) = lacking.iter().max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    Some(match lacking.len() - 1 {
        0 => worst.clone(),
        1 => format!("{worst}, and 1 more row is not known well enough"),
        more => format!("{worst}, and {more} more rows are not known well enough"),
    })
}

/// All rows of all suites but those that can't be measured here: no round would ever change that.
fn precisions(run: &Run) -> Vec<Precision> {
    let suites = [ServerSuite::Servers, ServerSuite::Idle, ServerSuite::Stevens];
    let servers = suites.into_iter().flat_map(|suite| {
        let tables = Summary::of(&alone(run, suite)).servers;
        let several = tables.len() > 1;
        let rows = tables.into_iter().flat_map(|table| {
            let setting = several.then_some(table.setting);
            table.rows.into_iter().map(move |row| (row, setting.clone()))
        });
        rows.filter_map(|(row, setting)| of_server(&row, setting.as_ref())).collect::<Vec<_>>()
    });
    let tasks = run.cells.iter().filter(|cell| matches!(cell, Cell::Tasks(_))).cloned().collect();
    let tasks = Summary::of(&Run { cells: tasks, ..Run::default() }).tasks;
    let probes = Summary::of(&Run { cells: probe_cells(run), ..Run::default() }).probes;
    let probes = probes.iter().flat_map(|table| table.rows.iter().filter_map(|row| of_probe(table, row)));
    servers.chain(tasks.iter().filter_map(of_task)).chain(probes).collect()
}

/// The cells of one suite as if they were plain comparisons: so that each of their settings has rows.
fn alone(run: &Run, suite: ServerSuite) -> Run {
    let cells = run.cells.iter().filter_map(|cell| match (suite, cell) {
        (ServerSuite::Servers, Cell::Servers(cell))
        | (ServerSuite::Idle, Cell::Idle(cell))
        | (ServerSuite::Stevens, Cell::Stevens(cell)) => Some(Cell::Servers(cell.clone())),
        _ => None,
    });
    Run { cells: cells.collect(), ..Run::default() }
}

/// A server's row. Where its processor time is not known its rate has to do.
fn of_server(row: &ServerRow, setting: Option<&Setting>) -> Option<Precision> {
    if matches!(row.standing, Standing::Unranked(Obstacle::Void(Verdict::Unsupported))) {
        return None;
    }
    let again = if row.again { " (again)" } else { "" };
    let place = setting.map(place).unwrap_or_default();
    Some(Precision::new(format!("{}{again}{place}", row.model), row.rounds.counted, row.cpu_us.or(row.rate)))
}

/// Where several settings were measured, the one that is meant.
fn place(setting: &Setting) -> String {
    let Setting { request, transport, connections, rate, shape, .. } = setting;
    let rate = rate.map(|rate| format!(" at {rate:.0} requests/s")).unwrap_or_default();
    let idle = shape.idle_connections.map(|idle| format!(" beside {idle} idle ones")).unwrap_or_default();
    format!(" for {request} over {transport} with {connections} connections{idle}{rate}")
}

fn of_task(row: &TaskRow) -> Option<Precision> {
    let name = format!("{} on {}", row.executor, row.task);
    (row.void != Some(Verdict::Unsupported)).then(|| Precision::new(name, row.rounds.counted, row.seconds))
}

fn probe_cells(run: &Run) -> Vec<Cell> {
    run.cells.iter().filter(|cell| cell.probe().is_some()).cloned().collect()
}

fn of_probe(table: &ProbeTable, row: &ProbeRow) -> Option<Precision> {
    let name = format!("{} ({})", row.name(), table.setting());
    (row.void != Some(Verdict::Unsupported)).then(|| Precision::new(name, row.rounds.counted, row.figure()))
}

#[cfg(test)]
mod tests {
    use reports::record::{Cost, Latency, ProbeCell, ServerCell, Shape};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const UNTIL: Rounds = Rounds::Until { share: 0.02, budget: MINUTE, at_most: 50 };

    /// The cells of a row whose requests cost so many microseconds in each round.
    fn row(model: &str, cpu_us: &[f64]) -> Vec<ServerCell> {
        let cell = |(index, cpu_us): (usize, &f64)| {
            let server = Cost { user_s: Some(cpu_us / 1e3), system_s: Some(0.0), ..Cost::default() };
            ServerCell {
                model: model.into(),
                keep_alive: true,
                round: index as u32 + 1,
                requests: 1_000,
                server: Some(server),
                ..ServerCell::default()
            }
        };
        cpu_us.iter().enumerate().map(cell).collect()
    }

    fn of(cells: Vec<ServerCell>, suite: fn(Box<ServerCell>) -> Cell) -> Run {
        Run { cells: cells.into_iter().map(|cell| suite(Box::new(cell))).collect(), ..Run::default() }
    }

    fn run(cpu_us: &[f64]) -> Run {
        of(row("epoll", cpu_us), Cell::Servers)
    }

    /// What is wished for when the budget is used up after five rounds.
    fn wished(run: &Run) -> String {
        let Next::GivenUp(why) = UNTIL.next(5, run, MINUTE) else { panic!("the budget is used up") };
        why
    }

    #[test]
    fn a_fixed_number_of_rounds_ends_there() {
        let run = run(&[1.0, 9.0]);
        assert_eq!(Rounds::Fixed(3).next(2, &run, MINUTE), Next::Another);
        assert_eq!(Rounds::Fixed(3).next(3, &run, MINUTE), Next::Done);
    }

    #[test]
    fn what_is_known_well_enough_ends_the_run_and_not_before_the_fifth_round() {
        let run = run(&[5.0; 5]);
        assert_eq!(UNTIL.next(4, &run, MINUTE / 2), Next::Another);
        assert_eq!(UNTIL.next(5, &run, MINUTE / 2), Next::Done);
    }

    #[test]
    fn what_is_not_goes_on_while_the_budget_allows_another_round() {
        let run = run(&[5.0, 5.5, 4.5, 5.2, 4.8]);
        assert_eq!(UNTIL.next(5, &run, MINUTE / 2), Next::Another);
        let why = wished(&run);
        assert!(
            why.starts_with("After 5 rounds") && why.contains("--until 2%") && why.contains("of epoll is ±"),
            "{why}"
        );
    }

    #[test]
    fn the_budget_is_kept_before_the_fifth_round_too() {
        let run = run(&[5.0; 2]);
        assert!(matches!(UNTIL.next(2, &run, MINUTE), Next::GivenUp(_)));
        assert!(UNTIL.have_time_for(MINUTE / 2, MINUTE / 2) && !UNTIL.have_time_for(MINUTE / 2, MINUTE));
        assert!(UNTIL.given_up("Now", &run).contains("--until 2% asks"));
        let fine = Rounds::Until { share: 1e-6, budget: MINUTE, at_most: 50 };
        assert!(fine.given_up("Now", &run).contains("--until 0.0001% asks"));
        assert!(Rounds::Fixed(1).have_time_for(MINUTE, MINUTE * 100));
    }

    #[test]
    fn rows_of_all_suites_are_looked_at() {
        for suite in [Cell::Servers, Cell::Idle, Cell::Stevens] {
            assert_eq!(UNTIL.next(5, &of(row("poll", &[5.0; 5]), suite), MINUTE / 2), Next::Done);
            let wide = of(row("poll", &[5.0, 5.5, 4.5, 5.2, 4.8]), suite);
            assert_eq!(UNTIL.next(5, &wide, MINUTE / 2), Next::Another);
        }
    }

    #[test]
    fn a_probe_is_known_well_enough_by_its_time_its_rate_or_its_memory() {
        let of = |figures: [f64; 5], figure: fn(f64) -> ProbeCell| {
            let cell = |(round, value)| Cell::Ipc(Box::new(ProbeCell { round, ..figure(value) }));
            Run { cells: (1..).zip(figures).map(cell).collect(), ..Run::default() }
        };
        let us = |p50| ProbeCell {
            way: "pipe".into(),
            operation: "round-trip".into(),
            message_bytes: Some(64),
            time_us: Some(Latency { p50, ..Latency::default() }),
            ..ProbeCell::default()
        };
        let rate = |rate| ProbeCell { bytes_per_second: Some(rate), ..ProbeCell::default() };
        let bytes = |bytes| ProbeCell { bytes_each: Some(bytes), ..ProbeCell::default() };
        for figure in [us, rate, bytes] {
            assert_eq!(UNTIL.next(5, &of([5.0; 5], figure), MINUTE / 2), Next::Done);
        }
        let wide = of([5.0, 5.5, 4.5, 5.2, 4.8], us);
        assert_eq!(UNTIL.next(5, &wide, MINUTE / 2), Next::Another);
        assert!(wished(&wide).contains("the interval of pipe (round-trip, 64 B) is ±"), "{}", wished(&wide));
    }

    #[test]
    fn each_setting_has_rows_of_its_own_and_a_wide_one_is_named() {
        let beside = |cell: ServerCell, idle| {
            let shape = Shape { idle_connections: Some(idle), ..Shape::default() };
            ServerCell { shape, ..cell }
        };
        let known = row("poll", &[5.0; 5]).into_iter().map(|cell| beside(cell, 100));
        let wide = row("poll", &[5.0, 5.5, 4.5, 5.2, 4.8]).into_iter().map(|cell| beside(cell, 900));
        let why = wished(&of(known.chain(wide).collect(), Cell::Idle));
        assert!(why.contains("beside 900 idle ones is ±"), "{why}");
    }

    #[test]
    fn a_row_without_enough_rounds_that_count_is_not_known() {
        let with = |verdict: Verdict, voided: usize| {
            let mut cells = row("epoll", &[5.0; 5]);
            cells.iter_mut().take(voided).for_each(|cell| cell.verdict = verdict);
            cells.extend(row("poll", &[5.0; 5]));
            of(cells, Cell::Servers)
        };
        assert!(wished(&with(Verdict::Unstable, 1)).contains("only 4 rounds of epoll count"));
        assert!(wished(&with(Verdict::Errors, 5)).contains("no round of epoll counts"));
        // What can't be measured here will not be by another round.
        assert_eq!(UNTIL.next(5, &with(Verdict::Unsupported, 5), MINUTE / 2), Next::Done);
    }

    #[test]
    fn a_median_of_nothing_is_not_precise() {
        let why = wished(&run(&[0.0; 5]));
        assert!(why.contains("the median of epoll is 0"), "{why}");
    }
}
