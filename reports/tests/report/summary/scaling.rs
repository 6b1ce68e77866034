//! How executors scale: by what, over which points, and how certain that is.

use reports::record::TaskCell;
use reports::summary::{ScalingRow, Summary};

use super::rows::estimate_close;
use crate::sample::{run_of, task, tasks_cell};

fn cell(executor: &str, jobs: usize, at_once: usize, round: u32, seconds: f64) -> TaskCell {
    TaskCell { jobs, workers: at_once, at_once: Some(at_once), ..task(executor, "primes", round, seconds, 1) }
}

fn summary(cells: Vec<TaskCell>) -> Summary {
    Summary::of(&run_of(cells.into_iter().map(tasks_cell).collect()))
}

fn only_row(cells: Vec<TaskCell>) -> ScalingRow {
    let mut rows = summary(cells).scaling;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// Line, which takes more than in proportion, and threads with these seconds for 1, 2 and 4 jobs.
fn round(round: u32, slower: f64, threads: [f64; 3]) -> Vec<TaskCell> {
    let line = [(1, 1.0), (2, 2.2), (4, 4.8)];
    let line = line.map(|(jobs, seconds)| cell("line", jobs, 1, round, seconds * slower));
    let threads = [1, 2, 4].into_iter().zip(threads);
    let threads = threads.map(|(jobs, seconds)| cell("threads", jobs, jobs, round, seconds * slower));
    line.into_iter().chain(threads).collect()
}

#[test]
fn a_speed_up_is_by_line_with_as_many_jobs_in_the_same_round() {
    // Twice as slow a round changes nothing.
    let row = only_row([round(1, 1.0, [1.0, 1.1, 1.2]), round(2, 2.0, [1.0, 1.1, 1.2])].concat());
    estimate_close(row.speed_ups.get(&2).copied(), [2.0, 2.0, 2.0]);
    estimate_close(row.speed_ups.get(&4).copied(), [4.0, 4.0, 4.0]);
}

#[test]
fn a_law_is_fitted_in_each_round_and_its_figures_are_medians_with_intervals() {
    // Amdahl's law with a share of 0.1, 0.3 and 0.2.
    let with = |number, share: f64| {
        round(number, 1.0, [1.0, 2.2 / (2.0 / (1.0 + share)), 4.8 / (4.0 / (1.0 + 3.0 * share))])
    };
    let laws = only_row([with(1, 0.1), with(2, 0.3), with(3, 0.2)].concat()).laws.unwrap();
    estimate_close(Some(laws.serial), [0.2, 0.1, 0.3]);
    assert!((laws.serial.interval.coverage - 0.75).abs() < 1e-9);
    assert!(laws.off_amdahl < 1e-6 && laws.kappa.median < 1e-6, "{laws:?}");
}

#[test]
fn numbers_that_no_round_has_together_are_not_fitted() {
    let mut cells = round(1, 1.0, [1.0, 1.1, 1.2]);
    cells.retain(|cell| cell.jobs != 4);
    let mut others = round(2, 1.0, [1.0, 1.1, 1.2]);
    others.retain(|cell| cell.jobs != 2);
    cells.extend(others);
    let row = only_row(cells);
    assert_eq!((row.speed_ups.len(), row.laws), (3, None));
}

#[test]
fn a_number_at_once_that_several_settings_come_to_is_one_point() {
    let mut cells = Vec::new();
    for (jobs, seconds) in [(2, 1.1), (4, 2.0), (8, 4.0)] {
        cells.push(cell("line", jobs, 1, 1, 1.1 * jobs as f64));
        cells.push(cell("thread-pool", jobs, 2, 1, seconds));
    }
    cells.extend([cell("line", 1, 1, 1, 1.0), cell("thread-pool", 1, 1, 1, 1.0)]);
    let row = only_row(cells);
    assert_eq!(row.speed_ups.keys().copied().collect::<Vec<_>>(), [1, 2]);
    estimate_close(row.speed_ups.get(&2).copied(), [2.2, 2.2, 2.2]); // 2, 2.2 and 2.2
}

#[test]
fn who_loses_nothing_is_fitted_at_the_same_numbers_on_as_many_processors() {
    let summary = summary(round(1, 1.0, [1.0, 1.1, 2.4]));
    let (row, lossless) = (&summary.scaling[0], &summary.lossless);
    assert_eq!((lossless.len(), lossless[0].processors), (1, 2));
    let (own, reference) = (row.laws.unwrap(), lossless[0].laws);
    assert!((own.serial.median - reference.serial.median).abs() < 1e-9, "{own:?}, {reference:?}");
    assert!((own.kappa.median - reference.kappa.median).abs() < 1e-9, "{own:?}, {reference:?}");
}
