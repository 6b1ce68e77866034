//! From cells to rows: the figures, the ranks and what holds a row back.

mod sample;

use reports::record::{
    Cell, Cost, Errors, Floor, Latency, Noise, Run, Schedule, ServerCell, Shape, TaskCell, Verdict,
};
use reports::summary::{
    Comparison, Estimate, Figure, LEAST, Obstacle, Outlier, Rank, Remark, Rounds, ServerRow, ServerTable,
    Standing, Summary, TaskRow, Threshold,
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

/// Of few rounds, whose interval is their range.
fn estimate_close(estimate: Option<Estimate>, [median, min, max]: [f64; 3]) {
    let estimate = estimate.expect("the figure is there");
    close(Some(estimate.median), median);
    close(Some(estimate.interval.low), min);
    close(Some(estimate.interval.high), max);
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
    estimate_close(row.rate, [520.0, 510.0, 530.0]);
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
    estimate_close(row.cpu_us, [4.0, 3.0, 5.0]);
    // Two thirds, a fifth and a half.
    close(row.user_share, 0.5);
    assert_eq!(row.pss_peak_bytes, Some(8_000.0));
    assert_eq!(row.processes_peak, Some(2.0));
    assert_eq!(row.threads_peak, Some(80.0));
    // 1.6, 1.9 and 1.7 a request.
    close(row.switches_per_request, 1.7);
    // 100 of 1,600, 800 of 3,800 and 800 of 6,800.
    close(row.involuntary_share, 2.0 / 17.0);
    assert_eq!(row.errors, Errors { connect: 3, reset: 60, timeout: 900, short: 12_000, wrong: 150_000 });
}

#[test]
fn only_valid_rounds_count() {
    let mut cells = three_rounds();
    cells[1].verdict = Verdict::Unstable;
    cells[1].reason = Some("steal".into());
    let row = row(cells);
    assert_eq!(row.rounds, Rounds { counted: 2, all: 3 });
    estimate_close(row.cpu_us, [3.5, 3.0, 4.0]);
    estimate_close(row.rate, [515.0, 510.0, 520.0]);
    let remark = Remark {
        verdict: Verdict::Unstable,
        reason: Some("steal".into()),
        rounds: vec![2],
        superseded: false,
    };
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

/// Five rounds of a model under noise of the round that all models share, and a tenth of a percent of its own, in an order
/// that `number` gives.
fn steady(model: &str, cpu_us: f64, number: u64) -> Vec<ServerCell> {
    let shared = [1.0, 1.3, 0.9, 1.1, 1.2];
    let order = u32::try_from(number).unwrap() * 3;
    let own = |round: u32| 1.0 + 0.000_5 * (f64::from((order + round * 2) % 5) - 2.0);
    let cell = |round: u32| {
        let cpu_us = cpu_us * shared[round as usize - 1] * own(round);
        server(model, round, cpu_us, number * 10 + u64::from(round))
    };
    (1..=5).map(cell).collect()
}

#[test]
fn rows_that_the_rounds_do_not_tell_from_the_first_of_a_rank_share_it() {
    let costs = [("a", 10.0), ("b", 10.08), ("c", 10.16), ("d", 20.0), ("e", 20.08)];
    let cells = costs.iter().zip(1..).flat_map(|(&(model, cost), number)| steady(model, cost, number));
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
fn a_row_says_how_much_dearer_than_the_first_it_is_within_rounds() {
    let mut cells = steady("epoll", 10.0, 0);
    cells.extend(steady("poll", 15.0, 0));
    let rows = rows(cells);
    assert_eq!(rows[0].ratio, None);
    let ratio = rows[1].ratio.unwrap();
    // The rounds themselves lie up to 40% apart.
    for value in [ratio.value, ratio.interval.low, ratio.interval.high] {
        close(Some(value), 1.5);
    }
    assert_eq!(ratio.rounds, 5);
}

/// The second of an A/A pair, `apart` times as dear as the first in some rounds and as cheap in others.
fn again(model: &str, cpu_us: f64, apart: f64) -> Vec<ServerCell> {
    let copy = |cell: ServerCell| {
        let factor = if cell.round.is_multiple_of(2) { apart } else { 1.0 / apart };
        let cost = cell.server.map(|cost| Cost {
            user_s: cost.user_s.map(|seconds| seconds * factor),
            system_s: cost.system_s.map(|seconds| seconds * factor),
            ..cost
        });
        ServerCell { copy: Some(2), server: cost, ..cell }
    };
    steady(model, cpu_us, 0).into_iter().map(copy).collect()
}

#[test]
fn what_was_measured_twice_stands_below_itself_and_is_not_ranked() {
    let mut cells = steady("poll", 15.0, 0);
    cells.extend(again("epoll", 10.0, 1.02));
    cells.extend(steady("epoll", 10.0, 0));
    let rows = rows(cells);
    let second = Standing::Unranked(Obstacle::Again);
    assert_eq!(
        names_and_standings(&rows),
        [("epoll", ranked(1, false)), ("epoll", second), ("poll", ranked(2, false))]
    );
    assert_eq!(rows.iter().map(|row| row.again).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn a_difference_must_be_greater_than_that_of_the_same_thing_twice() {
    let places = |apart: f64| {
        let mut cells = steady("epoll", 10.0, 0);
        cells.extend(steady("poll", 10.5, 0));
        cells.extend(again("epoll", 10.0, apart));
        let rows = rows(cells);
        rows.iter().map(|row| row.standing).filter(|standing| *standing == ranked(1, true)).count()
    };
    assert_eq!(places(1.03), 0);
    assert_eq!(places(1.06), 2);
}

/// Nine rounds of models with 3% of noise each, under noise of the round that all share; the first one is measured twice.
fn simulated(models: &[(&str, f64)], seed: u64) -> Vec<ServerRow> {
    let mut random = fastrand::Rng::with_seed(seed);
    // The sum of twelve uniform variables is nearly normal.
    let mut normal = move || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let mut cells = Vec::new();
    for round in 1..=9 {
        let shared = 1.0 + 0.1 * normal();
        let mut cell =
            |(model, cpu_us): (&str, f64)| server(model, round, cpu_us * shared * (1.0 + 0.03 * normal()), 1);
        cells.extend(models.iter().map(|model| cell(*model)));
        cells.push(ServerCell { copy: Some(2), ..cell(models[0]) });
    }
    rows(cells)
}

#[test]
fn a_tenth_under_three_percent_of_noise_is_found_in_nine_rounds_beside_an_a_a_pair() {
    let models = [("a", 10.0), ("b", 10.0), ("c", 11.0), ("d", 20.0)];
    let found = (0..100).filter(|seed| {
        let rows = simulated(&models, *seed);
        let place = |model: &str| rows.iter().find(|row| row.model == model).map(|row| row.standing);
        place("c") != place("a") && place("c") != place("b")
    });
    assert!(found.count() > 95);
}

#[test]
fn the_same_under_several_names_is_one_place_in_nineteen_runs_of_twenty() {
    let models = [("a", 10.0), ("b", 10.0), ("c", 10.0), ("d", 10.0)];
    let told_apart = (100..200).filter(|seed| {
        let rows = simulated(&models, *seed).into_iter().filter(|row| !row.again);
        rows.map(|row| row.standing).any(|standing| standing != ranked(1, true))
    });
    assert!(told_apart.count() <= 5);
}

/// The thresholds of the tables of a run: at so many connections and such a rate the same server was so far apart from itself,
/// or was not measured twice.
fn thresholds(settings: &[(usize, Option<f64>, Option<f64>)]) -> Vec<Threshold> {
    let mut cells = Vec::new();
    for &(connections, rate, apart) in settings {
        let at = |cell| ServerCell { connections, rate, ..cell };
        cells.extend(steady("epoll", 10.0, 0).into_iter().map(at));
        cells.extend(apart.iter().flat_map(|apart| again("epoll", 10.0, *apart)).map(at));
    }
    tables(cells).into_iter().map(|table| table.threshold).collect()
}

#[test]
fn the_threshold_is_what_was_measured_twice_in_the_setting_and_at_least_one_percent() {
    let one = |apart| thresholds(&[(1, None, apart)]).remove(0);
    assert_eq!(one(None), Threshold { ratio: LEAST, pairs: 0, apart: 1.0, here: false });
    let close_to_itself = one(Some(1.004));
    assert_eq!((close_to_itself.ratio, close_to_itself.pairs), (LEAST, 1));
    close(Some(close_to_itself.apart), 1.004);
    let far = one(Some(1.04));
    close(Some(far.ratio), 1.04);
    assert_eq!((far.ratio, far.pairs, far.here), (far.apart, 1, true));
}

#[test]
fn a_pair_of_another_setting_counts_only_where_there_is_none_and_the_pace_is_the_same() {
    let found = thresholds(&[
        (1, None, Some(1.03)),
        (8, None, None),
        (64, None, Some(1.04)),
        (64, Some(100.0), Some(1.2)),
        (64, Some(200.0), None),
    ]);
    let here = found.iter().map(|threshold| (threshold.here, threshold.pairs)).collect::<Vec<_>>();
    assert_eq!(here, [(true, 1), (false, 2), (true, 1), (true, 1), (false, 1)]);
    close(Some(found[0].ratio), 1.03);
    close(Some(found[1].ratio.ln()), f64::midpoint(1.03_f64.ln().powi(2), 1.04_f64.ln().powi(2)).sqrt());
    close(Some(found[2].ratio), 1.04);
    close(Some(found[3].ratio), 1.2);
    close(Some(found[4].ratio), 1.2);
}

#[test]
fn a_pair_of_stevens_load_says_nothing_of_the_servers_tables() {
    let mut cells: Vec<Cell> = steady("epoll", 10.0, 0).into_iter().map(servers_cell).collect();
    let pair = steady("epoll", 10.0, 0).into_iter().chain(again("epoll", 10.0, 1.3));
    cells.extend(pair.map(|cell| Cell::Stevens(Box::new(cell))));
    assert_eq!(Summary::of(&run_of(cells)).servers[0].threshold.pairs, 0);
}

#[test]
fn the_last_attempt_at_a_round_counts_and_the_first_is_remarked() {
    let disturbed = |round| ServerCell {
        verdict: Verdict::Unstable,
        reason: Some("steal".into()),
        noise: Some(Noise { disturbed: true, ..Noise::default() }),
        ..server("epoll", round, 80.0, 9)
    };
    let second = ServerCell { attempt: Some(2), ..server("epoll", 1, 8.0, 2) };
    // The second attempt may be recorded at the run's end.
    let row = row(vec![disturbed(1), server("epoll", 2, 9.0, 3), second]);
    assert_eq!(row.rounds, Rounds { counted: 2, all: 2 });
    estimate_close(row.cpu_us, [8.5, 8.0, 9.0]);
    let remark = Remark {
        verdict: Verdict::Unstable,
        reason: Some("the machine was disturbed".into()),
        rounds: vec![1],
        superseded: true,
    };
    assert_eq!(row.remarks, [remark]);
}

#[test]
fn a_round_that_was_disturbed_at_every_attempt_does_not_count() {
    let disturbed = |attempt| ServerCell {
        attempt,
        noise: Some(Noise { disturbed: true, ..Noise::default() }),
        ..server("epoll", 1, 80.0, 9)
    };
    let row = row(vec![disturbed(None), disturbed(Some(2)), server("epoll", 2, 9.0, 3)]);
    assert_eq!(row.rounds, Rounds { counted: 1, all: 2 });
    estimate_close(row.cpu_us, [9.0, 9.0, 9.0]);
}

#[test]
fn a_round_that_stands_out_is_flagged_and_counts() {
    let cpu = [8.0, 8.1, 8.05, 12.0, 8.02];
    let cells = (1..).zip(cpu).map(|(round, cpu)| ServerCell {
        requests_per_second: 50_000.0,
        ..server("epoll", round, cpu, u64::from(round))
    });
    let row = row(cells.collect());
    assert_eq!(row.rounds, Rounds { counted: 5, all: 5 });
    estimate_close(row.cpu_us, [8.05, 8.0, 12.0]);
    let [Outlier { round, figure, value, median }] = row.outliers[..] else { panic!("{:?}", row.outliers) };
    assert_eq!((round, figure), (4, Figure::CpuPerRequest));
    close(Some(value), 12.0);
    close(Some(median), 8.05);
}

#[test]
fn a_percentile_that_not_all_rounds_have_is_not_given() {
    let cell = |round, p999| ServerCell {
        latency_us: Some(Latency { p50: 5.0, p99: Some(7.0), p999, ..Latency::default() }),
        ..server("epoll", round, 8.0, u64::from(round))
    };
    let latency = row(vec![cell(1, Some(9.0)), cell(2, None)]).latency_us.unwrap();
    assert_eq!((latency.p99, latency.p999), (Some(7.0), None));
}

#[test]
fn figures_are_shares_of_the_floor_and_of_the_ceiling() {
    let cells = vec![server("epoll", 1, 8.0, 1), server("epoll", 2, 8.0, 1)];
    let rate = cells[0].requests_per_second;
    let floor =
        Floor { cpu_us: 4.0, round_trip_us: 20.0, ceiling_per_second: 2.0 * rate, ..Floor::default() };
    let run = Run { floor: Some(floor), ..run_of(cells.into_iter().map(servers_cell).collect()) };
    let row = Summary::of(&run).servers.remove(0).rows.remove(0);
    close(row.floor_share, 2.0);
    close(row.ceiling_share, 0.5);
}

#[test]
fn one_round_gives_figures_but_no_rank() {
    let rows = rows(vec![server("thread", 1, 20.0, 1), server("epoll", 1, 10.0, 2)]);
    let single = Standing::Unranked(Obstacle::SingleRound);
    assert_eq!(names_and_standings(&rows), [("epoll", single), ("thread", single)]);
    estimate_close(rows[0].cpu_us, [10.0, 10.0, 10.0]);
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
    estimate_close(rows[1].cpu_us, [1.1, 1.0, 1.2]);
}

#[test]
fn a_client_bound_row_keeps_its_figures_and_has_no_rank() {
    let bound = |cell| ServerCell { verdict: Verdict::ClientBound, ..cell };
    let cells = three_rounds().into_iter().map(bound).collect();
    let row = row(cells);
    assert!(row.client_bound);
    assert_eq!(row.standing, Standing::Unranked(Obstacle::ClientBound));
    estimate_close(row.rate, [520.0, 510.0, 530.0]);
    estimate_close(row.cpu_us, [4.0, 3.0, 5.0]);
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
    estimate_close(row.rate, [520.0, 510.0, 530.0]);
    estimate_close(row.cpu_us, [4.0, 3.0, 5.0]);
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
        ServerCell { rate: Some(100.0), schedule: Some(Schedule::Poisson), ..cell() },
        ServerCell { shape: Shape { idle_connections: Some(1_000), ..Shape::default() }, ..cell() },
        ServerCell { shape: Shape { pipeline: Some(8), ..Shape::default() }, ..cell() },
    ]);
    assert_eq!(tables.len(), 10);
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

#[test]
fn a_cell_that_was_disturbed_does_not_stand_in_the_place_of_an_earlier_attempt_that_was_not() {
    let first = server("epoll", 1, 8.0, 1);
    let noise = Some(Noise { disturbed: true, ..Noise::default() });
    let again =
        ServerCell { attempt: Some(2), verdict: Verdict::Unstable, noise, ..server("epoll", 1, 12.0, 1) };
    let summary = Summary::of(&run_of(vec![servers_cell(first), servers_cell(again)]));
    let row = &summary.servers[0].rows[0];
    assert_eq!((row.cpu_us.unwrap().median, row.rounds.counted), (8.0, 1));
}
