//! From cells to rows: the figures, the ranks and what holds a row back.

mod sample;

use reports::Spread;
use reports::record::{Cost, Errors, Latency, ServerCell, TaskCell, Verdict};
use reports::summary::{
    Comparison, Obstacle, Rank, Remark, Rounds, ServerRow, ServerTable, Standing, Summary, TaskRow,
};
use sample::{run_of, server, servers_cell, task, tasks_cell};

fn tables(cells: Vec<ServerCell>) -> Vec<ServerTable> {
    Summary::of(&run_of(cells.into_iter().map(servers_cell).collect())).servers
}

fn rows(cells: Vec<ServerCell>) -> Vec<ServerRow> {
    let mut tables = tables(cells);
    assert_eq!(tables.len(), 1);
    tables.remove(0).rows
}

fn row(cells: Vec<ServerCell>) -> ServerRow {
    let mut rows = rows(cells);
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn task_rows(cells: Vec<TaskCell>) -> Vec<TaskRow> {
    Summary::of(&run_of(cells.into_iter().map(tasks_cell).collect())).tasks
}

fn names_and_standings(rows: &[ServerRow]) -> Vec<(&str, Standing)> {
    rows.iter().map(|row| (row.model.as_str(), row.standing)).collect()
}

fn ranked(place: usize, shared: bool) -> Standing {
    Standing::Ranked(Rank { place, shared })
}

fn close(value: Option<f64>, expected: f64) {
    let value = value.expect("the figure is there");
    assert!((value - expected).abs() < 1e-9 * expected, "{value} is not {expected}");
}

fn spread_close(spread: Option<Spread>, [median, min, max]: [f64; 3]) {
    let spread = spread.expect("the figure is there");
    close(Some(spread.median), median);
    close(Some(spread.min), min);
    close(Some(spread.max), max);
}

/// Three rounds of one model whose medians, field by field, come from different rounds.
fn three_rounds() -> Vec<ServerCell> {
    let cell = |round, requests, rate, latency: [f64; 6], user_s, system_s, counts: [u64; 5]| ServerCell {
        requests,
        requests_per_second: rate,
        latency_us: Some(Latency {
            mean: latency[0],
            p50: latency[1],
            p90: Some(latency[2]),
            p99: Some(latency[3]),
            p999: Some(latency[4]),
            p9999: None,
            max: latency[5],
        }),
        server: Some(Cost {
            user_s: Some(user_s),
            system_s: Some(system_s),
            pss_peak_bytes: Some(counts[0]),
            processes_peak: Some(counts[1]),
            threads_peak: Some(counts[2]),
            voluntary_switches: Some(counts[3]),
            involuntary_switches: Some(counts[4]),
            syscalls: Some(77),
            ..Cost::default()
        }),
        errors: Errors { connect: 1, reset: 20, timeout: 300, short: 4_000, wrong: 50_000 },
        ..server("epoll", round, 0.0, 0)
    };
    vec![
        cell(1, 1_000, 510.0, [11.0, 21.0, 32.0, 43.0, 52.0, 61.0], 0.002, 0.001, [7_000, 3, 90, 1_500, 100]),
        cell(2, 2_000, 530.0, [12.0, 23.0, 33.0, 41.0, 51.0, 63.0], 0.002, 0.008, [9_000, 1, 70, 3_000, 800]),
        cell(3, 4_000, 520.0, [13.0, 22.0, 31.0, 42.0, 53.0, 62.0], 0.008, 0.008, [8_000, 2, 80, 6_000, 800]),
    ]
}

#[test]
fn every_figure_of_a_server_is_the_median_of_its_own_field() {
    let row = row(three_rounds());
    assert_eq!(row.rounds, Rounds { counted: 3, all: 3 });
    spread_close(row.rate, [520.0, 510.0, 530.0]);
    let latency = Latency {
        mean: 12.0,
        p50: 22.0,
        p90: Some(32.0),
        p99: Some(42.0),
        p999: Some(52.0),
        p9999: None,
        max: 62.0,
    };
    assert_eq!(row.latency_us, Some(latency));
    // 3 ms by 1,000 requests, 10 ms by 2,000 and 16 ms by 4,000.
    spread_close(row.cpu_us, [4.0, 3.0, 5.0]);
    // Two thirds, a fifth and a half.
    close(row.user_share, 0.5);
    assert_eq!(row.pss_peak_bytes, Some(8_000.0));
    assert_eq!(row.processes_peak, Some(2.0));
    assert_eq!(row.threads_peak, Some(80.0));
    // 1.6, 1.9 and 1.7 a request.
    close(row.switches_per_request, 1.7);
    assert_eq!(row.errors, Errors { connect: 3, reset: 60, timeout: 900, short: 12_000, wrong: 150_000 });
}

#[test]
fn only_valid_rounds_count() {
    let mut cells = three_rounds();
    cells[1].verdict = Verdict::Unstable;
    cells[1].reason = Some("steal".into());
    let row = row(cells);
    assert_eq!(row.rounds, Rounds { counted: 2, all: 3 });
    spread_close(row.cpu_us, [3.5, 3.0, 4.0]);
    spread_close(row.rate, [515.0, 510.0, 520.0]);
    let remark = Remark { verdict: Verdict::Unstable, reason: Some("steal".into()), rounds: vec![2] };
    assert_eq!(row.remarks, [remark]);
}

#[test]
fn errors_are_summed_over_rounds_that_do_not_count() {
    let mut cells = three_rounds();
    cells[1].verdict = Verdict::Errors;
    assert_eq!(row(cells).errors.total(), 3 * 54_321);
}

#[test]
fn a_round_that_was_measured_again_is_one_round() {
    let disturbed = ServerCell { verdict: Verdict::Unstable, ..server("epoll", 1, 9.0, 1) };
    let row = row(vec![disturbed, server("epoll", 1, 8.0, 2), server("epoll", 2, 8.0, 3)]);
    assert_eq!(row.rounds, Rounds { counted: 2, all: 2 });
}

#[test]
fn what_was_not_measured_is_absent_and_not_zero() {
    let server_cell = |round| ServerCell {
        server: Some(Cost { user_s: Some(0.1), system_s: Some(0.0), ..Cost::default() }),
        latency_us: None,
        ..server("epoll", round, 8.0, u64::from(round))
    };
    let row = row(vec![server_cell(1), server_cell(2)]);
    assert_eq!(row.latency_us, None);
    assert_eq!(row.switches_per_request, None);
    let counts = [row.pss_peak_bytes, row.processes_peak, row.threads_peak];
    assert_eq!(counts, [None; 3]);
}

#[test]
fn a_row_whose_cpu_time_is_not_known_keeps_its_other_figures_and_is_not_ranked() {
    let cell = |round| {
        let known = server("fork", round, 8.0, u64::from(round));
        let cost = known.server.map(|cost| Cost { user_s: None, system_s: None, ..cost });
        ServerCell { server: cost, ..known }
    };
    let row = row(vec![cell(1), cell(2)]);
    assert_eq!(row.standing, Standing::Unranked(Obstacle::NoCpuTime));
    assert_eq!((row.cpu_us, row.user_share), (None, None));
    assert!(row.rate.is_some() && row.pss_peak_bytes.is_some());
}

#[test]
fn rows_are_ranked_by_cpu_time_per_request() {
    let cells = [("fork", 30.0), ("epoll", 10.0), ("thread", 20.0)];
    let cells =
        cells.iter().flat_map(|&(model, cpu)| [server(model, 1, cpu, 1), server(model, 2, cpu + 1.0, 2)]);
    let rows = rows(cells.collect());
    let expected = [("epoll", ranked(1, false)), ("thread", ranked(2, false)), ("fork", ranked(3, false))];
    assert_eq!(names_and_standings(&rows), expected);
}

#[test]
fn rows_that_the_rounds_do_not_tell_from_the_first_of_a_rank_share_it() {
    let ranges =
        [("a", 10.0, 12.0), ("b", 11.5, 13.0), ("c", 12.5, 14.0), ("d", 14.5, 15.0), ("e", 14.6, 15.0)];
    let cells =
        ranges.iter().flat_map(|&(model, min, max)| [server(model, 1, max, 1), server(model, 2, min, 2)]);
    let rows = rows(cells.collect());
    let expected = [
        ("a", ranked(1, true)),
        ("b", ranked(1, true)),
        ("c", ranked(3, false)), // like its neighbour, but not like the first
        ("d", ranked(4, true)),
        ("e", ranked(4, true)),
    ];
    assert_eq!(names_and_standings(&rows), expected);
}

#[test]
fn one_round_gives_figures_but_no_rank() {
    let rows = rows(vec![server("thread", 1, 20.0, 1), server("epoll", 1, 10.0, 2)]);
    let single = Standing::Unranked(Obstacle::SingleRound);
    assert_eq!(names_and_standings(&rows), [("epoll", single), ("thread", single)]);
    spread_close(rows[0].cpu_us, [10.0, 10.0, 10.0]);
}

#[test]
fn a_row_with_starved_connections_is_not_ranked_however_cheap_it_is() {
    let starved = |round, served, cpu| ServerCell {
        connections_served: Some(served),
        ..server("loop", round, cpu, u64::from(round))
    };
    let cells = vec![
        starved(1, 64, 1.0),
        starved(2, 3, 1.1),
        starved(3, 5, 1.2),
        server("epoll", 1, 8.0, 4),
        server("epoll", 2, 8.1, 5),
    ];
    let rows = rows(cells);
    let starved = Standing::Unranked(Obstacle::Starved { served: 3 });
    assert_eq!(names_and_standings(&rows), [("epoll", ranked(1, false)), ("loop", starved)]);
    spread_close(rows[1].cpu_us, [1.1, 1.0, 1.2]);
}

#[test]
fn a_client_bound_row_keeps_its_figures_and_has_no_rank() {
    let bound = |cell| ServerCell { verdict: Verdict::ClientBound, ..cell };
    let cells = three_rounds().into_iter().map(bound).collect();
    let row = row(cells);
    assert!(row.client_bound);
    assert_eq!(row.standing, Standing::Unranked(Obstacle::ClientBound));
    spread_close(row.rate, [520.0, 510.0, 530.0]);
    spread_close(row.cpu_us, [4.0, 3.0, 5.0]);
}

#[test]
fn client_bound_rounds_do_not_count_beside_valid_ones() {
    let mut cells = three_rounds();
    cells[2].verdict = Verdict::ClientBound;
    cells[2].requests_per_second = 990.0;
    let row = row(cells);
    assert!(!row.client_bound);
    assert_eq!(row.rounds, Rounds { counted: 2, all: 3 });
    // Of the first two rounds: 510 and 530, 3 and 5.
    spread_close(row.rate, [520.0, 510.0, 530.0]);
    spread_close(row.cpu_us, [4.0, 3.0, 5.0]);
}

#[test]
fn a_row_without_a_round_that_counts_has_a_verdict_and_no_figures() {
    let void = |round, verdict| ServerCell { verdict, ..server("fork", round, 8.0, u64::from(round)) };
    let row = row(vec![void(1, Verdict::Unstable), void(2, Verdict::Errors), void(3, Verdict::Unstable)]);
    assert_eq!(row.standing, Standing::Unranked(Obstacle::Void(Verdict::Errors)));
    assert_eq!(row.rounds, Rounds { counted: 0, all: 3 });
    assert_eq!((row.rate, row.cpu_us, row.latency_us, row.pss_peak_bytes), (None, None, None, None));
}

#[test]
fn a_row_without_cpu_time_is_not_ranked() {
    let costless = |round| ServerCell { server: None, ..server("epoll", round, 8.0, 1) };
    assert_eq!(row(vec![costless(1), costless(2)]).standing, Standing::Unranked(Obstacle::NoCpuTime));
    let idle = |round| ServerCell { requests: 0, ..server("epoll", round, 8.0, 1) };
    assert_eq!(row(vec![idle(1), idle(2)]).standing, Standing::Unranked(Obstacle::NoCpuTime));
}

#[test]
fn what_differs_in_more_than_the_model_is_not_compared() {
    let cell = || server("epoll", 1, 8.0, 1);
    let tables = tables(vec![
        cell(),
        ServerCell { workload: "http".into(), ..cell() },
        ServerCell { request: "1 B".into(), ..cell() },
        ServerCell { transport: "unix".into(), ..cell() },
        ServerCell { connections: 1, ..cell() },
        ServerCell { keep_alive: false, ..cell() },
        ServerCell { rate: Some(100.0), ..cell() },
    ]);
    assert_eq!(tables.len(), 7);
}

#[test]
fn a_model_with_other_options_is_another_row() {
    let rows = rows(vec![server("epoll:trigger=edge", 1, 8.0, 1), server("epoll", 1, 9.0, 2)]);
    assert_eq!(
        rows.iter().map(|row| row.model.as_str()).collect::<Vec<_>>(),
        ["epoll:trigger=edge", "epoll"]
    );
}

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
    let within = |speed_up, ratio| Some(Comparison { speed_up, ratio, within_rounds: true });
    assert_eq!(rows[0].comparison, within(1.0, 1.0));
    assert_eq!(rows[1].comparison, within(3.0, 1.0 / 3.0));
}

#[test]
fn without_a_common_round_the_medians_are_compared() {
    let rows = task_rows(vec![task("line", "primes", 1, 3.0, 1), task("threads", "primes", 2, 2.0, 2)]);
    assert_eq!(
        rows[1].comparison,
        Some(Comparison { speed_up: 1.5, ratio: 2.0 / 3.0, within_rounds: false })
    );
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
    assert_eq!(row.seconds, Some(Spread { median: 2.0, min: 1.0, max: 4.0 }));
    assert_eq!(row.cpu_s, Some(11.5));
    assert_eq!(row.pss_peak_bytes, Some(8_000.0));
    assert_eq!(row.value_ok, Some(true));
    assert_eq!(row.void, None);
}

#[test]
fn a_wrong_value_in_one_round_is_told_and_does_not_count() {
    let wrong = TaskCell { verdict: Verdict::Errors, value: None, ..task("threads", "primes", 2, 9.0, 2) };
    let rows = task_rows(vec![task("threads", "primes", 1, 2.0, 1), wrong]);
    assert_eq!(rows[0].value_ok, Some(false));
    assert_eq!(rows[0].seconds.map(|spread| spread.max), Some(2.0));
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
