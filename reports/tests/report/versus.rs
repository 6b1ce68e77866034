//! Two runs against each other: known ratios are found, and what can't be told says why.

mod chance;
mod conditions;
mod timed;
mod written;

use reports::document::Document;
use reports::picture::Drawing;
use reports::record::{Cost, Noise, Run, ServerCell, Verdict};
use reports::summary::{Outcome, Versus, VersusRow};
use reports::terminal::{self, Charset, Terminal};

use crate::sample::{run_of, server, servers_cell};

/// `rounds` rounds of each model, whose noise is a share of its cost and follows from `seed`.
fn run(models: &[(&str, f64)], rounds: u32, noise: f64, seed: u64) -> Run {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut cells = Vec::new();
    for round in 1..=rounds {
        for &(model, cpu_us) in models {
            // The sum of twelve uniform variables is nearly normal.
            let deviation: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
            cells.push(server(model, round, cpu_us * (1.0 + noise * deviation), 1));
        }
    }
    run_of(cells.into_iter().map(servers_cell).collect())
}

fn row<'a>(versus: &'a Versus, model: &str) -> &'a VersusRow {
    versus.rows.iter().find(|row| row.model == model).expect("there is such a row")
}

/// The run with its server cells changed.
fn with(mut run: Run, change: impl Fn(ServerCell) -> ServerCell) -> Run {
    let cells = run.cells.iter().filter_map(|cell| cell.server().cloned());
    run.cells = cells.map(|cell| servers_cell(change(cell))).collect();
    run
}

const MODELS: [(&str, f64); 4] = [("epoll", 8.0), ("poll", 9.0), ("thread", 12.0), ("fork", 90.0)];

#[test]
fn a_tenth_slower_is_found_and_a_tenth_faster_too() {
    let old = run(&MODELS, 5, 0.01, 1);
    let new = run(&[("epoll", 8.8), ("poll", 9.0), ("thread", 10.8), ("fork", 90.0)], 5, 0.01, 2);
    let versus = Versus::of(&old, &new);
    assert_eq!(row(&versus, "epoll").outcome, Outcome::Slower);
    assert_eq!(row(&versus, "thread").outcome, Outcome::Faster);
    let change = row(&versus, "epoll").cpu_us.unwrap();
    assert!((1.08..1.12).contains(&change.ratio), "{change:?}");
    assert!(change.low < change.ratio && change.ratio < change.high);
    assert!((change.new / change.old - change.ratio).abs() < 1e-9);
    for unchanged in ["poll", "fork"] {
        let outcome = row(&versus, unchanged).outcome;
        assert!([Outcome::Same, Outcome::CantTell].contains(&outcome), "{unchanged}: {outcome:?}");
    }
}

#[test]
fn a_run_is_the_same_as_itself() {
    let run = run(&MODELS, 9, 0.001, 3);
    let versus = Versus::of(&run, &run);
    assert_eq!((versus.rows.len(), versus.count(Outcome::Same)), (4, 4));
    assert!(versus.only_old.is_empty() && versus.only_new.is_empty() && versus.hosts_differ.is_empty());
}

#[test]
fn a_change_within_what_the_same_server_differed_by_is_the_same() {
    let old = run(&MODELS, 9, 0.001, 4);
    let mut twice = old.clone();
    let copies = old.cells.iter().filter_map(|cell| cell.server()).filter(|cell| cell.model == "epoll");
    let dearer = |cost: Cost| Cost {
        user_s: cost.user_s.map(|seconds| 1.05 * seconds),
        system_s: cost.system_s.map(|seconds| 1.05 * seconds),
        ..cost
    };
    twice.cells.extend(copies.map(|cell| {
        servers_cell(ServerCell { copy: Some(2), server: cell.server.map(dearer), ..cell.clone() })
    }));
    let new = run(&MODELS.map(|(model, cpu_us)| (model, 1.04 * cpu_us)), 9, 0.001, 5);
    assert_eq!(Versus::of(&old, &new).count(Outcome::Slower), 4);
    // Whichever of the two has it.
    for versus in [Versus::of(&twice, &new), Versus::of(&new, &twice)] {
        assert_eq!(versus.rows[0].threshold.pairs, 1);
        assert_eq!((versus.rows.len(), versus.count(Outcome::Same)), (4, 4), "{versus:?}");
    }
}

#[test]
fn two_rounds_do_not_tell_and_say_so() {
    let versus = Versus::of(&run(&MODELS, 2, 0.001, 6), &run(&[("epoll", 16.0)], 5, 0.001, 7));
    let row = row(&versus, "epoll");
    assert_eq!((row.outcome, row.rounds), (Outcome::CantTell, [2, 5]));
    assert!(row.reason.as_ref().unwrap().contains("--rounds"), "{row:?}");
}

#[test]
fn one_round_on_each_side_has_a_ratio_and_no_interval() {
    let versus = Versus::of(&run(&MODELS, 1, 0.001, 6), &run(&MODELS, 1, 0.001, 7));
    let table = &Document::versus(&versus).tables[0];
    let interval = table.columns.iter().position(|column| column.title == "interval").unwrap();
    assert!(
        table.rows.iter().all(|row| row[interval].is_empty() && !row[interval - 1].is_empty()),
        "{table:?}"
    );
}

#[test]
fn a_row_that_failed_says_why_nothing_can_be_told() {
    let old = run(&MODELS, 5, 0.01, 8);
    let new = with(old.clone(), |cell| match cell.model.as_str() {
        "fork" => ServerCell { verdict: Verdict::Errors, ..cell },
        _ => cell,
    });
    let versus = Versus::of(&old, &new);
    let row = row(&versus, "fork");
    assert_eq!(row.outcome, Outcome::CantTell);
    assert_eq!(row.reason.as_deref(), Some("no round of the later run counts: errors"));
}

#[test]
fn what_the_later_run_lost_is_told_and_what_neither_could_measure_is_not() {
    let old = run(&MODELS, 5, 0.01, 8);
    let judged = |run: &Run, verdict| {
        with(run.clone(), |cell| match (cell.model.as_str(), cell.round) {
            ("fork", _) => ServerCell { verdict, ..cell },
            _ => cell,
        })
    };
    let lost = |old: &Run, new: &Run| Versus::of(old, new).lost();
    assert!(lost(&old, &old).is_empty());
    assert_eq!(lost(&old, &judged(&old, Verdict::Errors)), ["fork (5 of 5 rounds came to errors)"]);
    let unsupported = judged(&old, Verdict::Unsupported);
    assert_eq!(lost(&old, &unsupported), ["fork (no round has CPU time that counts)"]);
    assert!(lost(&unsupported, &unsupported).is_empty());
    // One round that failed counts for nothing beside four that went well, and is lost all the same.
    let once = with(old.clone(), |cell| match (cell.model.as_str(), cell.round) {
        ("poll", 2) => ServerCell { verdict: Verdict::Errors, ..cell },
        _ => cell,
    });
    assert_eq!(lost(&old, &once), ["poll (1 of 5 rounds came to errors)"]);
    let gone = run(&MODELS[..3], 5, 0.01, 9);
    assert_eq!(lost(&old, &gone), ["fork (not in the later run)"]);
    assert!(lost(&gone, &old).is_empty());
}

#[test]
fn rows_without_a_partner_are_listed() {
    let old = run(&[("epoll", 8.0), ("poll", 9.0)], 3, 0.01, 9);
    let mut new = run(&[("epoll", 8.0), ("mio", 9.0)], 3, 0.01, 10);
    let elsewhere = with(run(&[("epoll", 8.0)], 3, 0.01, 11), |cell| ServerCell { connections: 1, ..cell });
    new.cells.extend(elsewhere.cells);
    let versus = Versus::of(&old, &new);
    assert_eq!(versus.rows.len(), 1);
    assert_eq!(versus.only_old.iter().map(|row| row.model.as_str()).collect::<Vec<_>>(), ["poll"]);
    let mut only_new: Vec<_> =
        versus.only_new.iter().map(|row| (row.model.as_str(), row.setting.connections)).collect();
    only_new.sort_unstable();
    assert_eq!(only_new, [("epoll", 1), ("mio", 64)]);
}

#[test]
fn the_tables_as_text_stay_as_they_are() {
    let old = run(&MODELS, 5, 0.01, 1);
    let new = run(&[("epoll", 8.8), ("poll", 9.05), ("thread", 10.8), ("mio", 8.0)], 5, 0.01, 2);
    let new = with(new, |cell| match cell.model.as_str() {
        "poll" => ServerCell { requests_per_second: 1.5 * cell.requests_per_second, ..cell },
        _ => cell,
    });
    let versus = Versus::of(&old, &new).named("before".into(), "after/run.json".into());
    let document = Document::versus(&versus);
    insta::assert_snapshot!(terminal::draw(&document, Terminal { width: 120, charset: Charset::Utf8 }));
}

#[test]
fn nothing_in_common_is_said_in_a_sentence() {
    let versus = Versus::of(&run(&[("epoll", 8.0)], 3, 0.01, 1), &run(&[("mio", 8.0)], 3, 0.01, 2));
    let document = Document::versus(&versus);
    assert_eq!(document.warnings, ["The runs have no row in common, so there is nothing to compare."]);
}

#[test]
fn the_json_names_outcomes_and_intervals() {
    let old = run(&MODELS, 5, 0.01, 1);
    let new = run(&[("epoll", 8.8)], 5, 0.01, 2);
    let json = serde_json::to_value(Versus::of(&old, &new)).unwrap();
    let row = &json["rows"][0];
    assert_eq!(
        (&row["outcome"], &row["suite"], &row["model"]),
        (&"slower".into(), &"servers".into(), &"epoll".into())
    );
    assert!(row["cpu_us"]["low"].as_f64().unwrap() > 1.0, "{row}");
    assert_eq!(json["only_old"].as_array().unwrap().len(), 3);
}

/// The run whose first rounds met processors near each other, and the others processors far from each other, where everything
/// costs a third more.
fn apart(run: Run, near: u32) -> Run {
    with(run, |mut cell| {
        let far = cell.round > near;
        let hop = Some(if far { 210.0 } else { 140.0 });
        cell.noise = Some(Noise { hop_before_ns: hop, hop_after_ns: hop, ..Noise::default() });
        if let Some(Cost { user_s, system_s, .. }) = cell.server.as_mut().filter(|_| far) {
            [user_s, system_s].into_iter().flatten().for_each(|seconds| *seconds *= 1.33);
        }
        cell
    })
}

#[test]
fn only_rounds_with_the_processors_equally_far_apart_are_compared() {
    let run = |seed| run(&MODELS, 9, 0.002, seed);
    let versus = Versus::of(&apart(run(1), 6), &apart(run(2), 5));
    let epoll = row(&versus, "epoll");
    assert_eq!((epoll.outcome, epoll.rounds), (Outcome::Same, [6, 5]));
    let versus = Versus::of(&apart(run(1), 9), &apart(run(2), 0));
    let epoll = row(&versus, "epoll");
    assert_eq!((epoll.outcome, epoll.cpu_us), (Outcome::CantTell, None));
    assert!(epoll.reason.as_ref().unwrap().contains("were not equally far apart"), "{:?}", epoll.reason);
}

/// The bars' labels in the picture of two runs, and what is said of it.
fn drawn(old: &Run, new: &Run) -> (Vec<String>, String) {
    let picture = Document::versus(&Versus::of(old, new)).pictures.remove(0);
    let Drawing::Bars(bars) = picture.drawing else { panic!("{picture:?}") };
    (bars.rows.into_iter().map(|bar| bar.label).collect(), picture.notice)
}

#[test]
fn a_picture_of_two_runs_has_the_greatest_change_first_whichever_way_it_went() {
    let old = run(&MODELS, 5, 0.005, 21);
    let new = run(&[("epoll", 8.0), ("poll", 10.5), ("thread", 6.0), ("fork", 90.0)], 5, 0.005, 22);
    let (labels, notice) = drawn(&old, &new);
    assert_eq!(labels[..4], ["thread, earlier", "thread, later", "poll, earlier", "poll, later"]);
    assert!(
        notice.starts_with("thread changed most for sure (echo 64 B over tcp: 64 connections"),
        "{notice}"
    );
    assert!(notice.contains("0.50 times"), "{notice}");
}

#[test]
fn bars_of_several_settings_are_named_by_what_sets_these_apart() {
    let with_another = |seed| {
        let mut all = run(&[("epoll", 8.0)], 5, 0.005, seed);
        let other = with(run(&[("epoll", 9.0)], 5, 0.005, seed + 1), |cell| ServerCell {
            connections: 1,
            workload: "http".into(),
            request: "/hello".into(),
            ..cell
        });
        all.cells.extend(other.cells);
        all
    };
    let (labels, _) = drawn(&with_another(31), &with_another(41));
    let mut sorted = labels.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), labels.len(), "{labels:?}");
    assert!(
        labels.contains(&"epoll, http /hello, 1 connection, kept open, earlier".to_owned()),
        "{labels:?}"
    );
    assert!(labels.contains(&"epoll, echo 64 B, 64 connections, kept open, later".to_owned()), "{labels:?}");
}
