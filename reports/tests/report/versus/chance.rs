//! How often two runs are told apart that differ, and that do not.

use std::collections::BTreeMap;

use reports::record::{Cell, Run};
use reports::summary::{Outcome, Versus};

use super::{MODELS, row, run};

#[test]
fn a_tenth_under_one_percent_of_noise_is_found_in_nine_of_ten_runs_of_three_rounds() {
    let found = (0..100).filter(|seed| {
        let old = run(&[("epoll", 8.0)], 3, 0.01, *seed);
        let new = run(&[("epoll", 8.8)], 3, 0.01, 1_000 + seed);
        Versus::of(&old, &new).rows[0].outcome == Outcome::Slower
    });
    assert!(found.count() >= 90);
}

#[test]
fn the_same_is_called_slower_or_faster_in_one_comparison_of_twenty_at_most() {
    let models: Vec<String> = (0..16).map(|number| format!("m{number}")).collect();
    let models: Vec<(&str, f64)> = models.iter().map(|name| (name.as_str(), 10.0)).collect();
    for rounds in [3, 5] {
        let alarms = (0..200).filter(|seed| {
            let old = run(&models, rounds, 0.03, 2 * seed);
            let new = run(&models, rounds, 0.03, 2 * seed + 1);
            let versus = Versus::of(&old, &new);
            versus.count(Outcome::Slower) + versus.count(Outcome::Faster) > 0
        });
        let alarms = alarms.count();
        assert!(alarms <= 19, "{rounds} rounds: {alarms} of 200"); // 10, and three standard errors
    }
}

/// The run with each of its rows moved by what only this run has: by `own` (a standard deviation, as a share) each for
/// itself, and by `shared` all together.
fn moved(run: Run, own: f64, shared: f64, seed: u64) -> Run {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut normal = move || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let shared = shared * normal();
    let mut moves: BTreeMap<String, f64> = BTreeMap::new();
    let mut cells = run.cells.clone();
    for cell in &mut cells {
        let Cell::Servers(cell) = cell else { continue };
        let factor = 1.0 + shared + *moves.entry(cell.model.clone()).or_insert_with(|| own * normal());
        let cost = cell.server.as_mut().unwrap();
        (cost.user_s, cost.system_s) = (cost.user_s.map(|s| s * factor), cost.system_s.map(|s| s * factor));
    }
    Run { cells, ..run }
}

#[test]
fn what_only_a_run_has_is_no_change_of_its_rows() {
    let models: Vec<String> = (0..16).map(|number| format!("m{number}")).collect();
    let models: Vec<(&str, f64)> = models.iter().map(|name| (name.as_str(), 10.0)).collect();
    // Two runs moved by 0.7% each differ by 1%. At most 5%, and three standard errors, of so many trials.
    for (own, shared, rounds, trials, at_most) in
        [(0.007, 0.0, 3, 200, 19), (0.007, 0.0, 5, 200, 19), (0.007, 0.0, 9, 40, 6), (0.0, 0.007, 5, 200, 19)]
    {
        let alarms = (0..trials).filter(|seed| {
            let one = |seed| moved(run(&models, rounds, 0.005, seed), own, shared, seed + 5_000);
            let versus = Versus::of(&one(2 * seed), &one(2 * seed + 1));
            versus.count(Outcome::Slower) + versus.count(Outcome::Faster) > 0
        });
        let alarms = alarms.count();
        assert!(alarms <= at_most, "{own}, {shared}, {rounds} rounds: {alarms} of {trials}");
    }
}

#[test]
fn a_tenth_is_found_also_where_runs_differ_by_themselves() {
    let found = (0..100).filter(|seed| {
        let old = moved(run(&MODELS, 5, 0.01, *seed), 0.007, 0.0, seed + 3_000);
        let slower =
            MODELS.map(|(model, cpu_us)| (model, if model == "epoll" { 1.1 * cpu_us } else { cpu_us }));
        let new = moved(run(&slower, 5, 0.01, 1_000 + seed), 0.007, 0.0, seed + 4_000);
        row(&Versus::of(&old, &new), "epoll").outcome == Outcome::Slower
    });
    assert!(found.count() >= 90);
}
