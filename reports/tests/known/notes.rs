//! What is said below a table of single rows, of what disturbed them, and of how far the same is from itself: each figure is the record's.

use reports::document::Document;
use reports::record::{Cell, Errors, Noise, ProbeCell, Run, ServerCell, Verdict};
use reports::summary::Versus;

use crate::expected::says;
use crate::figure::{Rounds, by};
use crate::forms;
use crate::probes::{megabytes, own, p50};
use crate::record::{self, cpu_us, each, server, servers};
use crate::{probes, versus};

/// Five rounds: `twice` was measured twice, `far` stands out in one, `disturbed` does not count in one, `starved` left connections
/// waiting, `errs` had errors of every class.
pub(crate) fn run() -> Run {
    let mut cells = Vec::new();
    for round in 0..5 {
        let noise = 1.0 + 0.004 * ((round * 2) % 5) as f64;
        let own = |model: &str, by: f64| server(model, round, by * noise);
        let again = 1.021 + 0.003 * ((round * 3) % 5) as f64;
        let far = if round == 2 { 2.3 } else { 1.0 };
        cells.extend([
            own("twice", 1.0),
            ServerCell { copy: Some(2), ..own("twice", again) },
            own("far", 1.3 * far),
            disturbed(own("disturbed", 1.7)),
            ServerCell { connections_served: Some(7), ..own("starved", 0.8) },
            ServerCell {
                errors: Errors { connect: 2, reset: 5, timeout: 11, short: 17, wrong: 23 },
                ..own("errs", 2.9)
            },
        ]);
    }
    record::run(cells.into_iter().map(|cell| Cell::Servers(Box::new(cell))).collect())
}

/// In the fourth round alone, where its figures are far off.
fn disturbed(cell: ServerCell) -> ServerCell {
    if cell.round != 4 {
        return cell;
    }
    let noise = Noise { steal_share: Some(0.12), disturbed: true, ..Noise::default() };
    let reason = Some("the machine was disturbed: the hypervisor gave 12% of the time to others".into());
    let dear = server("disturbed", 3, 9.0);
    ServerCell { verdict: Verdict::Unstable, noise: Some(noise), reason, ..dear }
}

/// Every form says this, with these figures in the places of `{}`.
fn all_say(document: &Document, template: &str, values: &[f64]) {
    for form in forms::of(document) {
        let template = forms::in_form(&form, template);
        assert!(says(&form.text, &template, values), "{}: {template} {values:?}\n{}", form.name, form.text);
    }
}

fn say(template: &str, values: &[f64]) {
    all_say(&Document::of(&run()), template, values);
}

fn cpu(model: &str, copy: Option<u32>) -> Vec<f64> {
    each(&servers(&run(), |cell| cell.model == model && cell.copy == copy), cpu_us)
}

#[test]
fn what_was_measured_twice_says_how_far_it_was_from_itself() {
    let ratio = Rounds::of(by(&cpu("twice", Some(2)), &cpu("twice", None)));
    let (low, high) = ratio.ends.unwrap();
    say("twice, measured twice, came to {} times itself ({}..{}).", &[ratio.middle, low, high]);
    say(
        "Differences of {} or less are none: as far from itself was what was measured twice here.",
        &[high - 1.0],
    );
}

#[test]
fn a_round_that_stands_out_is_told_beside_the_median() {
    let own = cpu("far", None);
    say(
        "far: round 3 stands out: {} µs of CPU/req beside a median of {}. Round 3 stands out: {} req/s beside a median of ",
        &[
            own[2],
            Rounds::of(own.iter().copied()).middle,
            servers(&run(), |cell| cell.model == "far")[2].requests_per_second,
        ],
    );
}

#[test]
fn a_disturbed_round_does_not_count_and_is_told_of_its_row() {
    say(
        "disturbed: {} of {} rounds count. Unstable: the machine was disturbed (round {}).",
        &[4.0, 5.0, 4.0],
    );
    // One of thirty speaks against nothing.
    let conclusion = &Document::of(&run()).conclusions[0];
    assert!(!conclusion.trust.contains("disturbed"), "{}", conclusion.trust);
    let all = cpu("disturbed", None);
    let counted = Rounds::of(all.iter().enumerate().filter(|(round, _)| *round != 3).map(|(_, us)| *us));
    assert!((counted.middle / Rounds::of(all).middle - 1.0).abs() > 1e-3, "it makes a difference");
    for form in forms::of(&Document::of(&run())) {
        let grid = &form.grids[0];
        let [name, us] = ["model", "CPU/req"]
            .map(|start| grid.headings.iter().position(|it| it.starts_with(start)).unwrap());
        let row = grid.rows.iter().find(|row| row[name] == "disturbed").unwrap();
        let told = row[us].split([' ']).next().and_then(crate::figure::Figure::of);
        assert!(told.is_some_and(|told| told.is(counted.middle)), "{}: {row:?}", form.name);
    }
}

#[test]
fn connections_that_starved_and_errors_by_class_are_counted() {
    say("starved: not ranked, as connections starved: {} of {} were served.", &[7.0, 64.0]);
    let sums = [2.0, 5.0, 11.0, 17.0, 23.0].map(|number| 5.0 * number);
    say("errs: errors over all rounds: {} connect, {} reset, {} timeout, {} short, {} wrong.", &sums);
}

#[test]
fn how_sure_an_interval_of_few_rounds_is_follows_from_their_number() {
    // All four of a row's rounds lie on one side of the true median with one probability in eight.
    say(
        "An interval from {} rounds is their range; it holds the true median in {} of all cases.",
        &[4.0, 1.0 - 2.0 * 0.5_f64.powi(4)],
    );
}

#[test]
fn the_facts_count_the_cells_and_name_the_machines_ends() {
    say("{} valid, {} unstable of {} cells", &[29.0, 1.0, 30.0]);
    say(
        "a request costs {} µs of CPU and {} of round trip at the least; tried before the run, the load generator came to {} requests/s on one processor",
        &[record::FLOOR_US, 20.0, record::CEILING],
    );
}

#[test]
fn all_of_it_says_the_same_in_chinese() {
    crate::chinese::says_the_same(&Document::of(&run()));
}

#[test]
fn of_two_runs_the_outcomes_are_counted_and_the_threshold_is_made_up_of_its_parts() {
    let document = Document::versus(&Versus::of(&versus::old(), &versus::new()));
    let template = "of {} rows: {} slower, {} faster, {} same, {} can't tell";
    all_say(&document, template, &[6.0, 2.0, 2.0, 2.0, 0.0]);
    // Nothing was measured twice: a hundredth within a run, and two of them between runs.
    let template = "Threshold: {}, from {} within a run (neither run measured a server twice under such a load) and {} between runs.";
    all_say(&document, template, &[1.01 * 1.02 - 1.0, 0.01, 0.02]);
    crate::chinese::says_the_same(&document);
}

#[test]
fn whether_what_the_notes_call_fast_is_so_is_told_by_a_pipes_figure() {
    let run = probes::run();
    let ratio = |operation: &str, size: u64, figure: fn(&ProbeCell) -> f64| {
        let of = |way: &str| {
            let is =
                |it: &ProbeCell| it.way == way && it.operation == operation && it.message_bytes == Some(size);
            each(&own(&run, is), figure)
        };
        Rounds::by(&of("shared-memory-futex"), &of("pipe")).middle
    };
    let template =
        "Here, by a pipe's figure, faster in round trips: futex ({}); slower in rates: futex ({}).";
    all_say(
        &Document::of(&run),
        template,
        &[ratio("round-trip", 1, p50), ratio("bandwidth", 16 << 10, megabytes)],
    );
}
