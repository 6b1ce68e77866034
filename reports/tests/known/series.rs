//! Several runs, one after another.

use reports::document::Document;
use reports::picture::Drawing;
use reports::record::{Cell, Run, ServerCell};
use reports::summary::Series;

use crate::expected::{Expected, Row, Text};
use crate::figure::Rounds;
use crate::forms;
use crate::record::{self, cpu_us, each, rounds, server, servers};
use crate::versus::{chance, corrected, ratio};

/// Models with what they cost in each run, by the first; one becomes slower in each step and the other faster.
const MODELS: [(&str, [f64; 3]); 2] = [("one", [1.0, 1.3, 1.75]), ("two", [4.0, 3.1, 2.2])];
const OUTCOMES: [&str; 2] = ["slower", "faster"];
/// Each step, and the way from the first run to the last.
const STEPS: [(usize, usize); 3] = [(0, 1), (1, 2), (0, 2)];
const SETTING: &str = "http /hello over tcp: 64 connections, kept open";

pub(crate) fn runs() -> Vec<(String, Run)> {
    let of = |which: usize| {
        let cells = rounds(&MODELS, |(model, factors), place, round| {
            let noise = 1.0 + 0.002 * ((2 * place + round + which) % 3) as f64;
            Cell::Servers(Box::new(server(model, round, factors[which] * noise)))
        });
        let started = format!("2026-02-0{}T12:00:00Z", which + 1);
        (format!("day-{}", which + 1), Run { started, ..record::run(cells) })
    };
    (0..3).map(of).collect()
}

/// What a model costs in each round of a run.
fn cpu(runs: &[(String, Run)], model: &str, which: usize) -> Vec<f64> {
    each(&servers(&runs[which].1, |cell| cell.model == model), cpu_us)
}

fn change(runs: &[(String, Run)], model: &str, (from, to): (usize, usize)) -> (f64, Text) {
    ratio(&cpu(runs, model, from), &cpu(runs, model, to))
}

fn arrow((from, to): (usize, usize)) -> String {
    format!("{} → {}", from + 1, to + 1)
}

/// Every row of every step: all of them are changes.
fn changes(runs: &[(String, Run)]) -> Expected {
    let all: Vec<((usize, usize), usize)> =
        STEPS.into_iter().flat_map(|step| [0, 1].map(|place| (step, place))).collect();
    let chances = all.iter().map(|((from, to), place)| {
        let model = MODELS[*place].0;
        chance(&cpu(runs, model, *from), &cpu(runs, model, *to))
    });
    let chances = corrected(&chances.collect::<Vec<_>>());
    let rows = all.iter().zip(chances).map(|((step, place), p)| {
        let model = MODELS[*place].0;
        let (ratio, interval) = change(runs, model, *step);
        Row::of("outcome", OUTCOMES[*place])
            .word("step", arrow(*step))
            .word("model", model)
            .word("setting", SETTING)
            .figure("before (µs CPU/req)", Rounds::of(cpu(runs, model, step.0)).middle)
            .figure("after (µs CPU/req)", Rounds::of(cpu(runs, model, step.1)).middle)
            .figure("ratio (CPU/req)", ratio)
            .with("interval (CPU/req)", interval)
            .with("p", Text::Probability(p))
    });
    Expected::new("What changed", rows.collect())
}

/// From run to run, with a line of characters from the least to the greatest.
fn setting(runs: &[(String, Run)]) -> Expected {
    let rows = [0, 1].map(|place| {
        let model = MODELS[place].0;
        let medians = [0, 1, 2].map(|which| Rounds::of(cpu(runs, model, which)).middle);
        let said = STEPS
            .map(|step| format!("{} {} {:.2}", arrow(step), OUTCOMES[place], change(runs, model, step).0));
        let row = Row::of("model", model)
            .with("course", Text::Course(course(medians)))
            .word("changes", said.join("; "));
        medians
            .into_iter()
            .zip(1..)
            .fold(row, |row, (median, run)| row.figure(format!("run {run} (µs)"), median))
    });
    Expected::new(SETTING, rows.to_vec())
}

/// What is shown beside CPU time, from run to run.
fn beside(runs: &[(String, Run)], title: &str, unit: &str, figure: fn(&ServerCell) -> f64) -> Expected {
    let rows = [0, 1].map(|place| {
        let model = MODELS[place].0;
        let of = |which: usize| each(&servers(&runs[which].1, |cell| cell.model == model), figure);
        let medians = [0, 1, 2].map(|which| Rounds::of(of(which)).middle);
        let row = Row::of("model", model).with("course", Text::Course(course(medians)));
        let runs = medians.into_iter().zip(1..);
        runs.fold(row, |row, (median, run)| row.figure(format!("run {run} ({unit})"), median))
    });
    Expected::new(format!("{title} from run to run: {SETTING}"), rows.to_vec())
}

/// A line of characters from the least to the greatest, which is a tenth more at the least.
fn course(medians: [f64; 3]) -> String {
    let least = medians.into_iter().fold(f64::INFINITY, f64::min);
    let most = medians.into_iter().fold(0.0, f64::max).max(1.1 * least);
    let height = |median: f64| {
        let eighth = ((median - least) / (most - least) * 8.0) as usize;
        ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][eighth.min(7)]
    };
    medians.map(height).into_iter().collect()
}

fn list(runs: &[(String, Run)]) -> Expected {
    let rows = runs.iter().zip(1..).map(|((path, run), number)| {
        Row::of("run", number)
            .word("record", path)
            .word("started", &run.started)
            .word("concur", "0.1.0")
            .word("complete", "all cells")
    });
    Expected::new("Runs", rows.collect())
}

#[test]
fn every_step_and_every_run_has_its_own_figures() {
    let runs = runs();
    let p99 = |cell: &ServerCell| cell.latency_us.unwrap().p99.unwrap();
    let tables = [
        changes(&runs),
        setting(&runs),
        beside(&runs, "Rate", "req/s", |cell| cell.requests_per_second),
        beside(&runs, "p99", "µs", p99),
        list(&runs),
    ];
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::series(&Series::of(&runs).unwrap()), &tables);
}

#[test]
fn the_picture_has_a_point_for_each_run() {
    let runs = runs();
    let document = Document::series(&Series::of(&runs).unwrap());
    let Drawing::Lines(lines) = &document.pictures[0].drawing else { panic!("{:?}", document.pictures) };
    assert_eq!(lines.series.len(), MODELS.len());
    for series in &lines.series {
        assert_eq!(series.points.len(), runs.len());
        for (which, point) in series.points.iter().enumerate() {
            let own = Rounds::of(cpu(&runs, &series.name, which));
            assert_eq!((point.x, point.y, point.interval), ((which + 1) as f64, own.middle, own.ends));
        }
    }
}
