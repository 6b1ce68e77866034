//! The figures of a row: medians of the rounds that count, and nothing where nothing is known.

use reports::record::{Cost, Errors, Floor, Latency, Run, ServerCell, Verdict};
use reports::summary::{Figure, Obstacle, Outlier, Rounds, Standing, Summary};

use super::rows::{close, estimate_close, row, three_rounds};
use crate::sample::{run_of, server, servers_cell};

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
fn errors_are_summed_over_rounds_that_do_not_count() {
    let mut cells = three_rounds();
    cells[1].verdict = Verdict::Errors;
    assert_eq!(row(cells).errors.total(), 3 * 54_321);
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
