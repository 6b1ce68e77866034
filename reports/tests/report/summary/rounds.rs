//! Which rounds count, and what holds a row back.

use reports::record::{Noise, Schedule, ServerCell, Shape, Verdict};
use reports::summary::{Obstacle, Remark, Rounds, Standing};

use super::rows::{estimate_close, names_and_standings, ranked, row, rows, tables, three_rounds};
use crate::sample::server;

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
fn a_round_that_was_measured_again_is_one_round() {
    let disturbed = ServerCell { verdict: Verdict::Unstable, ..server("epoll", 1, 9.0, 1) };
    let row = row(vec![disturbed, server("epoll", 1, 8.0, 2), server("epoll", 2, 8.0, 3)]);
    assert_eq!(row.rounds, Rounds { counted: 2, all: 2 });
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
fn a_cell_that_was_disturbed_does_not_stand_in_the_place_of_an_earlier_attempt_that_was_not() {
    let first = server("epoll", 1, 8.0, 1);
    let noise = Some(Noise { disturbed: true, ..Noise::default() });
    let again =
        ServerCell { attempt: Some(2), verdict: Verdict::Unstable, noise, ..server("epoll", 1, 12.0, 1) };
    let row = row(vec![first, again]);
    assert_eq!((row.cpu_us.unwrap().median, row.rounds.counted), (8.0, 1));
}
