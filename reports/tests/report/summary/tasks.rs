//! Executors over tasks: their figures, their speed-ups and their values.

use reports::Interval;
use reports::record::{Cost, Noise, TaskCell, Verdict};
use reports::summary::{Comparison, Rounds};

use super::rows::{estimate_close, task_rows};
use crate::sample::task;

#[test]
fn a_speed_up_is_the_median_of_the_ratios_within_rounds() {
    // The machine was slow in the second round. The ratio of medians would be 4 by 2.
    let cells = vec![
        task("line", "primes", 1, 3.0, 1),
        task("line", "primes", 2, 12.0, 2),
        task("line", "primes", 3, 4.0, 3),
        task("threads", "primes", 3, 1.0, 4),
        task("threads", "primes", 2, 4.0, 5),
        task("threads", "primes", 1, 2.0, 6),
    ];
    let rows = task_rows(cells);
    let within = |speed_up, low, high, ratio| {
        let interval = Some(Interval { low, high, coverage: 0.75 });
        let ratio_interval = Some(Interval { low: 1.0 / high, high: 1.0 / low, coverage: 0.75 });
        Some(Comparison { speed_up, interval, ratio, ratio_interval, within_rounds: true })
    };
    assert_eq!(rows[0].comparison, within(1.0, 1.0, 1.0, 1.0));
    assert_eq!(rows[1].comparison, within(3.0, 1.5, 4.0, 1.0 / 3.0));
}

#[test]
fn without_a_common_round_the_medians_are_compared() {
    let rows = task_rows(vec![task("line", "primes", 1, 3.0, 1), task("threads", "primes", 2, 2.0, 2)]);
    assert_eq!(
        rows[1].comparison,
        Some(Comparison {
            speed_up: 1.5,
            interval: None,
            ratio: 2.0 / 3.0,
            ratio_interval: None,
            within_rounds: false
        })
    );
}

#[test]
fn a_task_that_was_disturbed_counts_as_it_was_measured_again() {
    let disturbed = TaskCell {
        verdict: Verdict::Unstable,
        reason: Some("the machine was disturbed".into()),
        ..task("threads", "primes", 1, 9.0, 1)
    };
    let again = TaskCell { attempt: Some(2), ..task("threads", "primes", 1, 2.0, 2) };
    let row = &task_rows(vec![disturbed, again])[0];
    assert_eq!((row.rounds.counted, row.rounds.all), (1, 1));
    assert_eq!(row.seconds.map(|seconds| seconds.median), Some(2.0));
    assert!(row.remarks[0].superseded, "{:?}", row.remarks);
}

#[test]
fn a_task_is_compared_with_line_at_the_same_task_and_number_of_jobs() {
    let rows = task_rows(vec![
        task("line", "primes", 1, 3.0, 1),
        task("threads", "count", 1, 2.0, 2),
        TaskCell { jobs: 20, ..task("threads", "primes", 1, 2.0, 3) },
    ]);
    let compared: Vec<_> = rows.iter().map(|row| (row.task.as_str(), row.comparison.is_some())).collect();
    assert_eq!(compared, [("count", false), ("primes", true), ("primes", false)]);
}

#[test]
fn every_figure_of_a_task_is_the_median_of_its_own_field() {
    let cell = |round, seconds, user_s, system_s, pss| TaskCell {
        cost: Some(Cost {
            user_s: Some(user_s),
            system_s: Some(system_s),
            pss_peak_bytes: Some(pss),
            ..Cost::default()
        }),
        ..task("threads", "disk", round, seconds, 1)
    };
    let rows = task_rows(vec![
        cell(1, 2.0, 10.0, 0.5, 7_000),
        cell(2, 1.0, 11.0, 1.5, 9_000),
        cell(3, 4.0, 12.0, -0.5, 8_000),
    ]);
    let row = &rows[0];
    assert_eq!((row.task.as_str(), row.family.as_str(), row.executor.as_str()), ("disk", "io", "threads"));
    assert_eq!((row.jobs, row.workers), (10, 10));
    estimate_close(row.seconds, [2.0, 1.0, 4.0]);
    assert_eq!(row.cpu_s, Some(11.5));
    assert_eq!(row.pss_peak_bytes, Some(8_000.0));
    assert_eq!(row.value_ok, Some(true));
    assert_eq!(row.void, None);
}

#[test]
fn the_last_attempt_at_a_round_of_a_task_counts() {
    let disturbed = |executor, seconds| TaskCell {
        verdict: Verdict::Unstable,
        noise: Some(Noise { disturbed: true, ..Noise::default() }),
        ..task(executor, "primes", 1, seconds, 1)
    };
    let again = |executor, seconds| TaskCell { attempt: Some(2), ..task(executor, "primes", 1, seconds, 2) };
    let rows = task_rows(vec![
        disturbed("line", 90.0),
        again("line", 4.0),
        disturbed("threads", 80.0),
        again("threads", 2.0),
    ]);
    estimate_close(rows[1].seconds, [2.0, 2.0, 2.0]);
    assert_eq!(rows[1].comparison.map(|comparison| comparison.speed_up), Some(2.0));
    assert_eq!(rows[1].rounds, Rounds { counted: 1, all: 1 });
    assert!(rows[1].remarks[0].superseded);
}

#[test]
fn a_wrong_value_in_one_round_is_told_and_does_not_count() {
    let wrong = TaskCell { verdict: Verdict::Errors, value: None, ..task("threads", "primes", 2, 9.0, 2) };
    let rows = task_rows(vec![task("threads", "primes", 1, 2.0, 1), wrong]);
    assert_eq!(rows[0].value_ok, Some(false));
    estimate_close(rows[0].seconds, [2.0, 2.0, 2.0]);
    assert_eq!(rows[0].rounds, Rounds { counted: 1, all: 2 });
}

#[test]
fn an_executor_that_never_ran_has_no_values_to_judge() {
    let unsupported = TaskCell {
        verdict: Verdict::Unsupported,
        value: None,
        cost: None,
        ..task("threads", "primes", 1, 0.0, 2)
    };
    let rows = task_rows(vec![unsupported]);
    assert_eq!((rows[0].value_ok, rows[0].void), (None, Some(Verdict::Unsupported)));
}

#[test]
fn executors_stand_in_the_order_of_the_course_notes() {
    let executors = ["processes", "coroutine", "line", "threads"];
    let rows = task_rows(executors.map(|executor| task(executor, "primes", 1, 1.0, 1)).to_vec());
    let order: Vec<_> = rows.iter().map(|row| row.executor.as_str()).collect();
    assert_eq!(order, ["line", "threads", "processes", "coroutine"]);
}
