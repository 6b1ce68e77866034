//! Two runs against each other, and with all that the reports on both show.

use reports::document::Document;
use reports::picture::Drawing;
use reports::record::{Cell, Run, ServerCell, Verdict};
use reports::summary::Versus;

use crate::expected::{Expected, Row, Text};
use crate::figure::{Rounds, student};
use crate::forms;
use crate::record::{self, cpu_us, each, rounds, server, servers};
use crate::servers::table;

/// Models with what they cost in the earlier run and in the later one, by the first.
const MODELS: [(&str, f64, f64); 3] = [("one", 1.0, 1.23), ("two", 1.4, 1.3), ("three", 2.0, 2.0)];
/// What became of them.
const OUTCOMES: [&str; 3] = ["slower", "faster", "same"];
const CONNECTIONS: [usize; 2] = [8, 64];

/// A run in which each model costs what `factor` says; rounds differ little, and not in the same way in each run.
fn run(which: usize, factor: fn(&(&str, f64, f64)) -> f64) -> Run {
    let cells = CONNECTIONS.iter().enumerate().flat_map(|(step, connections)| {
        rounds(&MODELS, move |model, place, round| {
            let noise = |of: usize| 1.0 + 0.002 * ((2 * place + round + of) % 3) as f64;
            let by = factor(&model) * 1.31_f64.powf(step as f64) * noise(which);
            let cell = server(model.0, round, by);
            // What is answered, and how late, moves by itself.
            let moved = [1.0, 0.77][which] * noise(which + 1);
            let late = cell
                .latency_us
                .map(|us| record::latency(us.p99.unwrap() * [1.0, 1.41][which] * noise(which + 2)));
            Cell::Servers(Box::new(ServerCell {
                connections: *connections,
                requests_per_second: 41_000.0 * moved,
                latency_us: late,
                ..cell
            }))
        })
    });
    record::run(cells.collect())
}

pub(crate) fn old() -> Run {
    run(0, |model| model.1)
}

pub(crate) fn new() -> Run {
    Run { started: "2026-02-01T12:00:00Z".into(), ..run(1, |model| model.2) }
}

fn at<'a>(run: &'a Run, model: &str, connections: usize) -> Vec<&'a ServerCell> {
    servers(run, |cell| {
        cell.model == model && cell.connections == connections && cell.verdict == Verdict::Valid
    })
}

/// How likely such a change is by chance: Welch's test on the logarithms, with what moves a whole run beside the rounds' own variance,
/// which is taken for a thousandth at least.
pub(crate) fn chance(old: &[f64], new: &[f64]) -> f64 {
    let moments = |values: &[f64]| {
        let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        let n = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / n;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance.max(1e-6) / n, n - 1.0)
    };
    let ((one, a, df_a), (other, b, df_b)) = (moments(old), moments(new));
    let degrees = (a + b).powi(2) / (a * a / df_a + b * b / df_b);
    let between = 1.02_f64.ln() / 2.0;
    student((other - one) / (a + b + between * between).sqrt(), degrees)
}

/// Holm's correction: the least of some probabilities counts as many times as there are, the next one time less, and so on.
pub(crate) fn corrected(probabilities: &[f64]) -> Vec<f64> {
    let of = |one: f64| {
        let no_greater = |other: &&f64| **other <= one;
        let mut before: Vec<f64> = probabilities.iter().filter(no_greater).copied().collect();
        before.sort_by(f64::total_cmp);
        let n = probabilities.len();
        let weighed = before.iter().enumerate().map(|(rank, p)| p * (n - rank) as f64);
        weighed.fold(0.0, f64::max).min(1.0)
    };
    probabilities.iter().map(|p| of(*p)).collect()
}

/// All rows, the settings in their order, with how likely each change is by chance.
fn chances(old: &Run, new: &Run) -> Vec<f64> {
    let settings = CONNECTIONS.iter().flat_map(|connections| MODELS.map(|model| (*connections, model.0)));
    let of = |(connections, model)| {
        chance(&each(&at(old, model, connections), cpu_us), &each(&at(new, model, connections), cpu_us))
    };
    corrected(&settings.map(of).collect::<Vec<_>>())
}

/// The later figure by the earlier one, and from the least by the greatest to the greatest by the least.
pub(crate) fn ratio(old: &[f64], new: &[f64]) -> (f64, Text) {
    let (old, new) = (Rounds::of(old.iter().copied()), Rounds::of(new.iter().copied()));
    let ((least, most), (low, high)) = (old.ends.unwrap(), new.ends.unwrap());
    (new.middle / old.middle, Text::Range(low / most, high / least))
}

fn row(old: &Run, new: &Run, place: usize, step: usize) -> Row {
    let (model, connections) = (MODELS[place].0, CONNECTIONS[step]);
    let of = |run: &Run, figure: fn(&ServerCell) -> f64| each(&at(run, model, connections), figure);
    let changed = |figure| ratio(&of(old, figure), &of(new, figure));
    let p99: fn(&ServerCell) -> f64 = |cell| cell.latency_us.unwrap().p99.unwrap();
    let (cpu, rate, late) = (changed(cpu_us), changed(|cell| cell.requests_per_second), changed(p99));
    Row::of("outcome", OUTCOMES[place])
        .word("model", model)
        .figure("earlier (µs CPU/req)", Rounds::of(of(old, cpu_us)).middle)
        .figure("later (µs CPU/req)", Rounds::of(of(new, cpu_us)).middle)
        .figure("ratio (CPU/req)", cpu.0)
        .with("interval (CPU/req)", cpu.1)
        .with("p", Text::Probability(chances(old, new)[step * MODELS.len() + place]))
        .figure("ratio (rate)", rate.0)
        .with("interval (rate)", rate.1)
        .figure("ratio (p99)", late.0)
        .with("interval (p99)", late.1)
        .figure("later (p99)", Rounds::of(of(new, p99)).middle)
        .word("rounds", "3+3")
        // What stays the same is the same in both runs.
        .repeating(if OUTCOMES[place] == "same" { &["earlier (µs CPU/req)"] } else { &[] })
}

fn setting(connections: usize) -> String {
    format!("http /hello over tcp: {connections} connections, kept open")
}

/// What changed, the greatest change first, and then each setting; a model's rows are in the order of what became of them.
fn tables(old: &Run, new: &Run) -> Vec<Expected> {
    let far = |(place, step): &(usize, usize)| {
        let [old, new] = [old, new].map(|run| each(&at(run, MODELS[*place].0, CONNECTIONS[*step]), cpu_us));
        ratio(&old, &new).0.ln().abs()
    };
    let mut changed = vec![(0, 0), (0, 1), (1, 0), (1, 1)];
    changed.sort_by(|one, other| far(other).total_cmp(&far(one)));
    let changed = changed
        .into_iter()
        .map(|(place, step)| row(old, new, place, step).word("setting", setting(CONNECTIONS[step])));
    let changed = Expected::new("What changed", changed.collect());
    let of = |step: usize| {
        Expected::new(setting(CONNECTIONS[step]), [0, 1, 2].map(|place| row(old, new, place, step)).to_vec())
    };
    vec![changed, of(0), of(1)]
}

#[test]
fn every_figure_of_a_change_is_that_of_both_runs() {
    let (old, new) = (old(), new());
    let tables = tables(&old, &new);
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::versus(&Versus::of(&old, &new)), &tables);
}

/// Where, how and when both were measured, side by side.
fn both_runs(old: &Run, new: &Run) -> Expected {
    let row = |name: &str, of: &dyn Fn(&Run) -> String| {
        Row::of("fact", name).word("earlier", of(old)).word("later", of(new))
    };
    let host = |run: &Run| {
        format!("{}, {} cores, , 0 GiB of memory, 0 descriptors a process", run.host.cpu, run.host.cores)
    };
    let rounds = |run: &Run| run.cells.iter().map(Cell::round).max().unwrap().to_string();
    let floor = |run: &Run| {
        let floor = run.floor.unwrap();
        format!(
            "a request costs {:.2} µs of CPU and {:.1} µs of round trip at the least; tried before the run, the load generator came to \
             {} requests/s on one processor",
            floor.cpu_us,
            floor.round_trip_us,
            reports::grouped(floor.ceiling_per_second as u64)
        )
    };
    let verdicts = |run: &Run| {
        let valid = run.cells.iter().filter(|cell| cell.verdict() == Verdict::Valid).count();
        format!("{valid} valid of {} cells", run.cells.len())
    };
    let rows = vec![
        row("Host", &host),
        row("Version", &|run| format!("concur {}", run.concur)),
        row("Started", &|run| run.started.clone()),
        row("Floor", &floor),
        row("Placement", &|_| "server on core 0, load generator on core 1".to_owned()),
        row("Rounds", &rounds),
        row("Verdicts", &verdicts),
    ];
    Expected::new("Both runs", rows)
}

#[test]
fn each_run_has_its_own_conclusion_and_its_own_record_beside_the_page() {
    let (old, new) = (old(), new());
    let both = Document::versus_with_both(&Versus::of(&old, &new), &old, &new);
    let said: Vec<(&str, &str)> =
        both.conclusions.iter().map(|it| (it.suite.as_str(), it.text.as_str())).collect();
    let [changed, earlier, later] = said[..] else { panic!("{said:?}") };
    let own = |run: &Run| Document::of(run).conclusions.remove(0).text;
    assert_eq!(changed.0, "Servers");
    assert_eq!(earlier, ("Servers (earlier run)", own(&old).as_str()));
    assert_eq!(later, ("Servers (later run)", own(&new).as_str()));
    assert_eq!(both.files, ["report.md", "earlier.json", "later.json", "earlier.csv", "later.csv"]);
}

#[test]
fn the_reports_on_both_runs_stand_below_with_their_own_figures() {
    let (old, new) = (old(), new());
    let mut tables = tables(&old, &new);
    tables.push(both_runs(&old, &new));
    for (run, which) in [(&old, "earlier"), (&new, "later")] {
        for connections in CONNECTIONS {
            let rows = MODELS.map(|(model, ..)| at(run, model, connections));
            tables.push(table(&format!("{} ({which} run)", setting(connections)), &rows));
        }
        let sweep = MODELS.map(|(model, ..)| {
            CONNECTIONS.iter().fold(Row::of("model", model), |row, connections| {
                let cpu = Rounds::of(each(&at(run, model, *connections), cpu_us));
                row.figure(format!("{connections} (µs CPU/req)"), cpu.middle)
            })
        });
        let title = format!("By connections: http /hello over tcp: connections, kept open ({which} run)");
        tables.push(Expected::new(title, sweep.to_vec()));
    }
    let versus = Versus::of(&old, &new);
    forms::all_say(&Document::versus_with_both(&versus, &old, &new), &tables);
}

#[test]
fn the_picture_has_both_runs_figures_for_each_row() {
    let (old, new) = (old(), new());
    let document = Document::versus(&Versus::of(&old, &new));
    let Drawing::Bars(bars) = &document.pictures[0].drawing else { panic!("{:?}", document.pictures) };
    assert_eq!(bars.rows.len(), 2 * MODELS.len() * CONNECTIONS.len());
    for bar in &bars.rows {
        let parts: Vec<&str> = bar.label.split(", ").collect();
        let [model, connections, "kept open", which] = parts[..] else { panic!("{}", bar.label) };
        let connections = connections.split(' ').next().unwrap().parse().unwrap();
        let (run, place) = if which == "earlier" { (&old, 0) } else { (&new, 1) };
        let expected = Rounds::of(each(&at(run, model, connections), cpu_us)).middle;
        // A part for each run, so that the two look different.
        assert!((bar.lengths[place] / expected - 1.0).abs() < 1e-9, "{bar:?}");
        let ends = Rounds::of(each(&at(run, model, connections), cpu_us)).ends.unwrap();
        let (low, high) = bar.interval.unwrap();
        assert!((low / ends.0 - 1.0).abs() < 1e-9 && (high / ends.1 - 1.0).abs() < 1e-9, "{bar:?}");
        assert!(bar.lengths.len() == 2 && bar.lengths[1 - place] == 0.0, "{bar:?}");
        let told = bar.value.strip_suffix(" µs").and_then(crate::figure::Figure::of);
        assert!(told.is_some_and(|told| told.is(expected)), "{bar:?}");
    }
}
