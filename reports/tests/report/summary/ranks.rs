//! Ranks: which rows differ, beside what the same thing differs from itself.

use reports::record::{Cell, Cost, Noise, ServerCell};
use reports::summary::{LEAST, Obstacle, ServerRow, Standing, Summary, Threshold};

use super::rows::{close, names_and_standings, ranked, rows, steady, tables};
use crate::sample::{run_of, server, servers_cell};

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
pub(crate) fn again(model: &str, cpu_us: f64, apart: f64) -> Vec<ServerCell> {
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
fn rows_are_ranked_within_rounds_and_it_is_said_where_the_processors_were_moved() {
    // Far apart in rounds 1 to 3, near in rounds 4 and 5: all costs half as much again where they are far.
    let met = |mut cell: ServerCell| {
        let far = cell.round <= 3;
        let hop = Some(if far { 290.0 } else { 66.0 });
        cell.noise = Some(Noise { hop_before_ns: hop, hop_after_ns: hop, ..Noise::default() });
        if let Some(cost) = cell.server.as_mut().filter(|_| far) {
            [&mut cost.user_s, &mut cost.system_s].into_iter().flatten().for_each(|seconds| *seconds *= 1.5);
        }
        cell
    };
    let cells = || steady("epoll", 10.0, 0).into_iter().chain(steady("poll", 10.5, 0));
    let table = tables(cells().map(met).collect()).remove(0);
    assert_eq!(table.moved_ns, Some([66.0, 290.0]));
    let ratio = table.rows[1].ratio.unwrap();
    assert!((ratio.value - 1.05).abs() < 0.01 && ratio.rounds == 5, "{ratio:?}");
    assert_eq!(names_and_standings(&table.rows), [("epoll", ranked(1, false)), ("poll", ranked(2, false))]);
    assert_eq!(tables(cells().collect()).remove(0).moved_ns, None);
}
