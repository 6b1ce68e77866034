//! A series of runs: known steps are found where they are, creeping is found, and the same is never called a change.

use crate::sample::{run_of, server, servers_cell};
use reports::document::Document;
use reports::language::Language;
use reports::record::Run;
use reports::summary::{Outcome, Series};
use reports::terminal::{self, Charset, Terminal};
use reports::{html, markdown};

/// Runs a day apart, in each of which each model costs what stands there, five rounds each with 1% of noise.
fn runs(models: &[&str], costs: &[&[f64]]) -> Vec<(String, Run)> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut run = |(day, costs): (usize, &&[f64])| {
        let mut cells = Vec::new();
        for round in 1..=5 {
            for (model, cost) in models.iter().zip(*costs) {
                // The sum of twelve uniform variables is nearly normal.
                let deviation: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
                cells.push(servers_cell(server(model, round, cost * (1.0 + 0.01 * deviation), 1)));
            }
        }
        let started = format!("2026-02-{:02}T12:00:00Z", day + 1);
        (format!("day-{}", day + 1), Run { started, ..run_of(cells) })
    };
    costs.iter().enumerate().map(&mut run).collect()
}

/// Each change as `from-to model outcome`, runs counted from 1.
fn changes(series: &Series) -> Vec<String> {
    let told = series.changes().into_iter();
    told.map(|(step, row)| format!("{}-{} {} {:?}", step.from + 1, step.to + 1, row.model, row.outcome))
        .collect()
}

const TWO: [&str; 2] = ["epoll", "poll"];

#[test]
fn a_step_is_found_where_it_is() {
    let costs: [&[f64]; 4] = [&[8.0, 9.0], &[8.0, 9.0], &[9.6, 9.0], &[9.6, 9.0]];
    let series = Series::of(&runs(&TWO, &costs)).unwrap();
    assert_eq!(changes(&series), ["2-3 epoll Slower", "1-4 epoll Slower"]);
}

#[test]
fn what_creeps_is_found_from_the_first_run_to_the_last() {
    let costs: [&[f64]; 6] = [&[8.0], &[8.16], &[8.32], &[8.49], &[8.66], &[8.83]];
    let series = Series::of(&runs(&["epoll"], &costs)).unwrap();
    assert_eq!(changes(&series), ["1-6 epoll Slower"]);
}

#[test]
fn a_change_that_is_taken_back_is_two_steps() {
    let costs: [&[f64]; 3] = [&[8.0, 9.0], &[10.0, 9.0], &[8.0, 9.0]];
    let series = Series::of(&runs(&TWO, &costs)).unwrap();
    assert_eq!(changes(&series), ["1-2 epoll Slower", "2-3 epoll Faster"]);
}

#[test]
fn the_same_is_called_a_change_in_one_series_of_twenty_at_most() {
    let models: Vec<String> = (0..8).map(|number| format!("m{number}")).collect();
    let alarms = (0..60).filter(|seed| {
        let mut random = fastrand::Rng::with_seed(*seed);
        let run = |day: u32, random: &mut fastrand::Rng| {
            let mut cells = Vec::new();
            for round in 1..=3 {
                for model in &models {
                    let deviation: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
                    cells.push(servers_cell(server(model, round, 10.0 * (1.0 + 0.03 * deviation), 1)));
                }
            }
            let started = format!("2026-02-{day:02}T12:00:00Z");
            (String::new(), Run { started, ..run_of(cells) })
        };
        let runs: Vec<_> = (1..=5).map(|day| run(day, &mut random)).collect();
        !Series::of(&runs).unwrap().changes().is_empty()
    });
    let alarms = alarms.count();
    assert!(alarms <= 8, "{alarms} of 60"); // 3, and three standard errors
}

#[test]
fn runs_are_taken_in_the_order_of_their_start_however_they_are_given() {
    let costs: [&[f64]; 3] = [&[8.0, 9.0], &[8.0, 9.0], &[9.6, 9.0]];
    let in_order = runs(&TWO, &costs);
    let mut turned = in_order.clone();
    turned.reverse();
    assert_eq!(Series::of(&turned), Series::of(&in_order));
    let names: Vec<_> = Series::of(&turned).unwrap().runs.into_iter().map(|run| run.path).collect();
    assert_eq!(names, ["day-1", "day-2", "day-3"]);
}

#[test]
fn a_row_that_a_run_lacks_leaves_a_gap_and_no_step() {
    let costs: [&[f64]; 3] = [&[8.0, 9.0], &[8.0, 9.0], &[9.6, 9.0]];
    let mut runs = runs(&TWO, &costs);
    runs[1].1.cells.retain(|cell| cell.server().is_some_and(|cell| cell.model == "poll"));
    let series = Series::of(&runs).unwrap();
    let row = series.rows.iter().find(|row| row.model == "epoll").unwrap();
    assert_eq!(row.cpu_us.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(changes(&series), ["1-3 epoll Slower"]);
}

#[test]
fn of_two_runs_a_series_says_what_their_comparison_says() {
    let costs: [&[f64]; 2] = [&[8.0, 9.0], &[9.6, 9.0]];
    let runs = runs(&TWO, &costs);
    let series = Series::of(&runs).unwrap();
    let versus = reports::summary::Versus::of(&runs[0].1, &runs[1].1);
    assert_eq!(series.steps[0].rows, versus.rows);
    assert_eq!(series.overall.count(Outcome::Slower), 1);
}

#[test]
fn one_run_is_no_series() {
    assert_eq!(Series::of(&runs(&TWO, &[&[8.0, 9.0]])), None);
    assert_eq!(Series::of(&[]), None);
}

#[test]
fn the_series_as_text_stays_as_it_is() {
    let costs: [&[f64]; 4] = [&[8.0, 9.0], &[8.0, 9.0], &[9.6, 9.0], &[9.6, 9.0]];
    let document = Document::series(&Series::of(&runs(&TWO, &costs)).unwrap());
    insta::assert_snapshot!(terminal::draw(&document, Terminal { width: 80, charset: Charset::Utf8 }));
    let ascii = terminal::draw(&document, Terminal { width: 80, charset: Charset::Ascii });
    assert!(ascii.is_ascii() && ascii.contains("2 -> 3"), "{ascii}");
}

#[test]
fn the_pages_of_a_series_begin_with_what_changed() {
    let costs: [&[f64]; 4] = [&[8.0, 9.0], &[8.0, 9.0], &[9.6, 9.0], &[9.6, 9.0]];
    let document = Document::series(&Series::of(&runs(&TWO, &costs)).unwrap());
    let page = markdown::draw(&document);
    let places =
        ["- **Servers**", "## What changed", "## echo", "## Runs"].map(|part| page.find(part).unwrap());
    assert!(places.is_sorted(), "{page}");
    assert!(html::draw(&document).unwrap().contains("What changed"));
}

#[test]
fn the_pages_of_two_runs_show_what_changed_and_then_the_figures_of_both() {
    let costs: [&[f64]; 2] = [&[8.0, 9.0], &[9.6, 9.0]];
    let runs = runs(&TWO, &costs);
    let versus = reports::summary::Versus::of(&runs[0].1, &runs[1].1);
    let document = Document::versus_with_both(&versus, &runs[0].1, &runs[1].1);
    let titles: Vec<_> = document.tables.iter().map(|table| table.title.as_str()).collect();
    let setting = "echo 64 B over tcp: 64 connections, kept open";
    let [earlier, later] = ["earlier", "later"].map(|which| format!("{setting} ({which} run)"));
    let expected = [setting, "Both runs", &earlier, &later];
    assert_eq!(titles, expected);
    // The first table is that of changes; behind the facts of both are those of the reports themselves.
    let of = Document::of(&runs[1].1);
    assert_eq!(document.tables[3].rows, of.tables[0].rows);
    assert_eq!(document.tables[0].rows[0][..2], ["slower", "epoll"]);
}

#[test]
fn figures_alone_are_all_that_a_series_needs() {
    let whole = ["a", "b", "c"].map(|name| (name.to_owned(), crate::sample::course::run()));
    let alone = whole.clone().map(|(name, run)| (name, run.with_figures_alone()));
    let has_courses = |run: &Run| {
        let record = serde_json::to_string(run).unwrap();
        ["curve", "over_time", "fairness", "timeline"].map(|name| record.contains(&format!("\"{name}\":")))
    };
    assert_eq!((has_courses(&whole[0].1), has_courses(&alone[0].1)), ([true; 4], [false; 4]));
    assert_eq!(Series::of(&alone), Series::of(&whole));
}

#[test]
fn a_series_in_chinese_counts_its_rows_and_numbers_its_runs() {
    let costs: [&[f64]; 3] = [&[8.0, 9.0], &[8.0, 9.0], &[9.6, 9.0]];
    let series = Series::of(&runs(&TWO, &costs)).unwrap();
    let page = markdown::draw(&Document::series(&series).translated(Language::Chinese));
    let counted = "从第一次运行到最后一次：共 2 行，1 行变慢，0 行变快，1 行保持不变，0 行无法判断。相邻运行之间的变化：1 处。";
    for said in [counted, "| 运行 1 (µs) | 运行 2 (µs) | 运行 3 (µs) |", "2 → 3 变慢 1."] {
        assert!(page.contains(said), "{said}: {page}");
    }
}
