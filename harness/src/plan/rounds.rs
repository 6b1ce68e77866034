//! How many rounds a run has: a number, or as many as it takes until every figure is known well enough.

use std::time::Duration;

use reports::record::Run;
use reports::summary::Summary;

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
        if round < self.at_least() {
            return Next::Another;
        }
        let widest = widest(run).filter(|(_, width)| *width > share);
        let Some((row, width)) = widest else { return Next::Done };
        // The next round will take as long as those so far did.
        if elapsed + elapsed / round <= budget && round < at_most {
            return Next::Another;
        }
        Next::GivenUp(format!(
            "After {round} rounds the figures are not all as precise as --until {} asks: the interval of {row} is ±{:.1}%. A \
             larger --budget allows more rounds.",
            percent(share),
            width * 100.0
        ))
    }
}

fn percent(share: f64) -> String {
    format!("{}%", (share * 1e4).round() / 1e2)
}

/// The row whose interval is the widest beside its median, and how far it reaches to one side. Rows that do not count say
/// nothing, and more rounds would not make them.
fn widest(run: &Run) -> Option<(String, f64)> {
    let summary = Summary::of(run);
    let reach = |median: f64, low: f64, high: f64| (high - median).max(median - low) / median;
    let servers = summary.servers.iter().flat_map(|table| &table.rows).filter_map(|row| {
        let cpu = row.cpu_us?;
        Some((row.model.clone(), reach(cpu.median, cpu.interval.low, cpu.interval.high)))
    });
    let tasks = summary.tasks.iter().filter_map(|row| {
        let seconds = row.seconds?;
        Some((
            format!("{} on {}", row.executor, row.task),
            reach(seconds.median, seconds.interval.low, seconds.interval.high),
        ))
    });
    servers.chain(tasks).max_by(|(_, one), (_, other)| one.total_cmp(other))
}

#[cfg(test)]
mod tests {
    use reports::record::{Cell, Cost, ServerCell};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const UNTIL: Rounds = Rounds::Until { share: 0.02, budget: MINUTE, at_most: 50 };

    /// A row whose requests cost so many microseconds in each round.
    fn run(cpu_us: &[f64]) -> Run {
        let cell = |(index, cpu_us): (usize, &f64)| {
            let server = Cost { user_s: Some(cpu_us / 1e3), system_s: Some(0.0), ..Cost::default() };
            Cell::Servers(Box::new(ServerCell {
                model: "epoll".into(),
                keep_alive: true,
                round: index as u32 + 1,
                requests: 1_000,
                server: Some(server),
                ..ServerCell::default()
            }))
        };
        Run { cells: cpu_us.iter().enumerate().map(cell).collect(), ..Run::default() }
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
        let Next::GivenUp(why) = UNTIL.next(5, &run, MINUTE) else { panic!("the budget is used up") };
        assert!(
            why.starts_with("After 5 rounds") && why.contains("--until 2%") && why.contains("epoll"),
            "{why}"
        );
    }
}
