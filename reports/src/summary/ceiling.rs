//! The two ends between which a run's figures lie: what a request costs at the least, and what the load generator asks for at the
//! most.
//!
//! A generator was seen to do what it once did, so its ceiling is the greater of what it came to when it was tried before the run
//! and of the greatest rate that counts of the run itself: a machine's speed changes, and another load asks less of it. Both are
//! of one processor; of a generator on several none is known.

use crate::record::{Cell, Floor, Run, ServerCell, Verdict};

/// The two ends of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Ends {
    /// Processor time of a request at the least, in microseconds.
    pub(crate) cpu_us: Option<f64>,
    /// Requests a second at the most.
    pub(crate) ceiling: Option<Ceiling>,
}

impl Ends {
    pub(crate) fn of(run: &Run) -> Self {
        Self { cpu_us: run.floor.map(|floor| floor.cpu_us), ceiling: Ceiling::of(run) }
    }
}

/// What the load generator asks for at the most on one processor, in requests a second: beyond it a rate says nothing of the server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ceiling {
    /// What it came to before the run, and no cell to more.
    Tried(f64),
    /// What a cell came to, which is more than was tried; without a trial the generator was the limit of some cell.
    Met(f64),
}

impl Ceiling {
    /// That of `run`; none where nothing was tried and the generator was never the limit.
    pub(crate) fn of(run: &Run) -> Option<Self> {
        let cells = || run.cells.iter().filter_map(Cell::server).filter(|cell| counts(cell));
        let met = cells().map(|cell| cell.requests_per_second).fold(0.0, f64::max);
        let was_limit = || cells().any(|cell| cell.verdict == Verdict::ClientBound);
        match tried(run.floor) {
            Some(tried) if tried >= met => Some(Self::Tried(tried)),
            Some(_) => Some(Self::Met(met)),
            None => (met > 0.0 && was_limit()).then_some(Self::Met(met)),
        }
    }

    /// Requests a second.
    pub fn per_second(self) -> f64 {
        match self {
            Self::Tried(rate) | Self::Met(rate) => rate,
        }
    }
}

fn tried(floor: Option<Floor>) -> Option<f64> {
    floor.map(|floor| floor.ceiling_per_second).filter(|ceiling| *ceiling > 0.0)
}

/// Whether a cell's rate says something of a generator on one processor.
fn counts(cell: &ServerCell) -> bool {
    let has_rate = matches!(cell.verdict, Verdict::Valid | Verdict::ClientBound);
    has_rate && is_on_one(cell) && cell.requests_per_second.is_finite()
}

/// Whether its load generator had one processor.
pub(super) fn is_on_one(cell: &ServerCell) -> bool {
    cell.placement.client.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Placement;

    fn cell(client: &[usize], rate: f64, verdict: Verdict) -> Cell {
        Cell::Servers(Box::new(ServerCell {
            placement: Placement { server: vec![0], client: client.to_vec() },
            requests_per_second: rate,
            verdict,
            ..ServerCell::default()
        }))
    }

    fn of(tried: f64, cells: Vec<Cell>) -> Option<Ceiling> {
        let floor = (tried > 0.0).then(|| Floor { ceiling_per_second: tried, ..Floor::default() });
        Ceiling::of(&Run { floor, cells, ..Run::default() })
    }

    #[test]
    fn it_is_what_was_tried_or_what_a_cell_came_to_whichever_is_more() {
        let cells =
            || vec![cell(&[1], 180_000.0, Verdict::Valid), cell(&[1], 90_000.0, Verdict::ClientBound)];
        assert_eq!(of(150_000.0, cells()), Some(Ceiling::Met(180_000.0)));
        assert_eq!(of(200_000.0, cells()), Some(Ceiling::Tried(200_000.0)));
        assert_eq!(of(0.0, cells()), Some(Ceiling::Met(180_000.0)));
    }

    #[test]
    fn cells_on_more_processors_and_such_as_do_not_count_are_not_looked_at() {
        let cells = vec![
            cell(&[1, 2], 300_000.0, Verdict::Valid),
            cell(&[1], 300_000.0, Verdict::Errors),
            cell(&[1], f64::INFINITY, Verdict::Valid),
        ];
        assert_eq!(of(150_000.0, cells), Some(Ceiling::Tried(150_000.0)));
    }

    #[test]
    fn without_a_trial_there_is_one_only_where_the_generator_was_the_limit() {
        assert_eq!(of(0.0, vec![cell(&[1], 90_000.0, Verdict::Valid)]), None);
        assert_eq!(of(0.0, vec![cell(&[1], 90_000.0, Verdict::ClientBound)]), Some(Ceiling::Met(90_000.0)));
    }
}
