//! Servers at several offered rates: up to which one they keep up, and what each answered.

use reports::document::Document;
use reports::record::{Cell, Offered, Run, Schedule, ServerCell};

use crate::expected::{Expected, Row, Text};
use crate::figure::Rounds;
use crate::forms;
use crate::record::{self, cpu_us, each, latency, rounds, server, servers};
use crate::servers::table;

const MODELS: [&str; 3] = ["one", "two", "three"];
const RATES: [f64; 3] = [10_000.0, 20_000.0, 40_000.0];
const KNEES: &str =
    "Up to which rate: http /hello over tcp: 64 connections, kept open, requests/s offered, Poisson";
const HEADINGS: [&str; 3] = ["10,000", "20,000", "40,000"];
/// In tenths of a percent: one keeps up with all rates, two with two of them, three with one; and what left of what was due.
const ANSWERED: [[u64; 3]; 3] = [[1_000, 999, 996], [1_000, 998, 613], [997, 871, 347]];
const LEFT: [[u64; 3]; 3] = [[1_000, 1_000, 995], [1_000, 997, 742], [1_000, 903, 418]];

fn cell(model: &str, place: usize, round: usize, step: usize) -> ServerCell {
    let by = record::by(place, round) * 1.53_f64.powf(step as f64);
    let due = 20_000 * (1 << step);
    let of_due = |thousandths: u64| due * thousandths / 1_000;
    ServerCell {
        rate: Some(RATES[step]),
        schedule: Some(Schedule::Poisson),
        uncorrected_latency_us: Some(latency(830.0 * by)),
        lag_us: Some(latency(58.0 * by)),
        offered: Some(Offered {
            due,
            left: of_due(LEFT[place][step]),
            unanswered: due - of_due(ANSWERED[place][step]),
        }),
        ..server(model, round, by)
    }
}

/// All models at all rates.
pub(crate) fn run() -> Run {
    let cells = (0..RATES.len()).flat_map(|step| {
        rounds(&MODELS, |model, place, round| Cell::Servers(Box::new(cell(model, place, round, step))))
    });
    record::run(cells.collect())
}

fn at<'a>(run: &'a Run, model: &str, rate: f64) -> Vec<&'a ServerCell> {
    servers(run, |cell| cell.model == model && cell.rate == Some(rate))
}

fn p99(cells: &[&ServerCell]) -> f64 {
    Rounds::of(each(cells, |cell| cell.latency_us.unwrap().p99.unwrap())).middle
}

/// Which part of what was due left or was answered, whichever is less.
fn share(cells: &[&ServerCell], part: fn(&Offered) -> u64) -> f64 {
    let of = |cell: &ServerCell| {
        let offered = cell.offered.unwrap();
        part(&offered) as f64 / offered.due as f64
    };
    Rounds::of(each(cells, of)).middle
}

fn answered(cells: &[&ServerCell]) -> f64 {
    share(cells, |offered| offered.due - offered.unanswered)
}

fn left(cells: &[&ServerCell]) -> f64 {
    share(cells, |offered| offered.left)
}

/// The rates that a model was offered.
fn offered(run: &Run, model: &str) -> Vec<f64> {
    RATES.into_iter().filter(|rate| !at(run, model, *rate).is_empty()).collect()
}

/// Those that it keeps up with before the first that is too much: 99% at least left and were answered, and the p99 is no more than
/// ten times that of the lowest rate.
fn kept_up(run: &Run, model: &str) -> Vec<f64> {
    let keeps_up = |rate: &f64| {
        let cells = at(run, model, *rate);
        let in_time = p99(&cells) <= 10.0 * p99(&at(run, model, RATES[0]));
        answered(&cells).min(left(&cells)) >= 0.99 && in_time
    };
    offered(run, model).into_iter().take_while(keeps_up).collect()
}

/// A row for each model, in the order given: those that keep up with more come first, and of these the name decides.
fn knees(run: &Run, models: [&str; 3]) -> Expected {
    let of = |model: &&str| {
        let (all, kept) = (offered(run, model), kept_up(run, model));
        let last = *kept.last().unwrap();
        let knee = if kept == all { Text::Marked("≥ ", last) } else { Text::Figure(last) };
        let start = Row::of("model", model)
            .with("knee (req/s)", knee)
            .figure("p99 (at the knee)", p99(&at(run, model, last)))
            .figure("p99 (lowest rate)", p99(&at(run, model, RATES[0])))
            // One of the rates is the knee, and one the lowest.
            .repeating(&["p99 (at the knee)", "p99 (lowest rate)"]);
        RATES.iter().zip(HEADINGS).fold(start, |row, (rate, heading)| {
            let cells = at(run, model, *rate);
            let text = if kept.contains(rate) {
                Text::Figure(p99(&cells))
            } else if cells.is_empty() {
                Text::Nothing
            } else {
                Text::Share(answered(&cells).min(left(&cells)))
            };
            row.with(format!("{heading} (req/s)"), text)
        })
    };
    Expected::new(KNEES, models.iter().map(of).collect())
}

#[test]
fn every_rate_has_its_own_figures_and_the_knee_is_where_they_say() {
    let run = run();
    assert_eq!(MODELS.map(|model| kept_up(&run, model).len()), [3, 2, 1]);
    let settings = RATES.iter().zip(HEADINGS).map(|(rate, heading)| {
        let title =
            format!("http /hello over tcp: 64 connections, kept open, {heading} requests/s offered, Poisson");
        table(&title, &MODELS.map(|model| at(&run, model, *rate)))
    });
    let tables: Vec<Expected> = settings.chain([knees(&run, MODELS)]).collect();
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::of(&run), &tables);
}

/// One model with a rate that no other one was offered: then there is one table of all figures.
fn sparse() -> Run {
    let mut run = run();
    run.cells
        .retain(|cell| !cell.server().is_some_and(|cell| cell.model != "one" && cell.rate == Some(RATES[1])));
    run
}

fn figures(run: &Run, models: [&str; 3]) -> Expected {
    let of = |model: &&str| {
        let steps = RATES.iter().map(|rate| (rate, at(run, model, *rate)));
        let steps = steps.filter(|(_, cells)| !cells.is_empty());
        let rows: Vec<Row> = steps.map(|(rate, cells)| figure_row(model, *rate, &cells)).collect();
        rows
    };
    let title = "At each rate: http /hello over tcp: 64 connections, kept open, requests/s offered, Poisson";
    Expected::new(title, models.iter().flat_map(of).collect())
}

fn figure_row(model: &str, rate: f64, cells: &[&ServerCell]) -> Row {
    let of = |figure: fn(&ServerCell) -> f64| Rounds::of(each(cells, figure)).middle;
    Row::of("model", model)
        .figure("offered (req/s)", rate)
        .with("answered", Text::Share(answered(cells)))
        .with("left", Text::Share(left(cells)))
        .figure("p50", of(|cell| cell.latency_us.unwrap().p50))
        .figure("p99", p99(cells))
        .figure("p99.9", of(|cell| cell.latency_us.unwrap().p999.unwrap()))
        .figure("p99 (uncorrected)", of(|cell| cell.uncorrected_latency_us.unwrap().p99.unwrap()))
        .figure("p99 (lag)", of(|cell| cell.lag_us.unwrap().p99.unwrap()))
        .figure("CPU/req (µs)", of(cpu_us))
        .word("errors", cells.iter().map(|cell| cell.errors.total()).sum::<u64>())
        .word("rounds", "3/3")
        // Where a server keeps up all of it leaves and is answered.
        .repeating(&["left"])
}

#[test]
fn where_models_have_rates_of_their_own_every_figure_of_each_stands_in_one_table() {
    let run = sparse();
    let in_order = ["one", "three", "two"];
    let tables = [figures(&run, in_order), knees(&run, in_order)];
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::of(&run), &tables);
}

/// Where a rate has no p99, the p90 is compared, and the p99 stands wherever it is known all the same.
#[test]
fn a_percentile_in_the_place_of_the_p99_is_named_where_it_stands() {
    let mut run = run();
    for cell in &mut run.cells {
        let Cell::Servers(cell) = cell else { continue };
        if cell.rate == Some(RATES[0]) {
            let us = cell.latency_us.as_mut().unwrap();
            (us.p99, us.p999, us.p9999) = (None, None, None);
        }
    }
    let p90 = |model: &str| {
        let cells = at(&run, model, RATES[0]);
        let us = Rounds::of(each(&cells, |cell| cell.latency_us.unwrap().p90.unwrap()));
        Text::Named(us.middle, "p90")
    };
    let row = |model: &str, knee: Text, at_knee: Text, rates: [Text; 3]| {
        let start = Row::of("model", model)
            .with("knee (req/s)", knee)
            .with("latency (at the knee)", at_knee)
            .with("latency (lowest rate)", p90(model));
        RATES
            .iter()
            .zip(HEADINGS)
            .zip(rates)
            .fold(start, |row, ((_, heading), text)| row.with(format!("{heading} (req/s)"), text))
    };
    let told = |model: &str, rate: f64| Text::Figure(p99(&at(&run, model, rate)));
    let achieved = |model: &str, rate: f64| {
        let cells = at(&run, model, rate);
        Text::Share(answered(&cells).min(left(&cells)))
    };
    let [first, second, third] = RATES;
    let rows = vec![
        row(
            "one",
            Text::Marked("≥ ", third),
            told("one", third),
            [Text::Nothing, told("one", second), told("one", third)],
        ),
        row(
            "two",
            Text::Figure(second),
            told("two", second),
            [Text::Nothing, told("two", second), achieved("two", third)],
        ),
        row(
            "three",
            Text::Figure(first),
            p90("three"),
            [Text::Nothing, achieved("three", second), achieved("three", third)],
        ),
    ];
    forms::each_says(&Document::of(&run), &Expected::new(KNEES, rows));
}
