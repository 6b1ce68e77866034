//! The conclusions: who won, and by how much, by the record's own figures.

use reports::document::Document;
use reports::record::Run;
use reports::summary::{Series, Versus};

use crate::expected::says;
use crate::figure::{Rounds, by};
use crate::forms;
use crate::probes::{own, p50};
use crate::record::{cpu_us, each, servers};
use crate::{connections, idle, probes, rates, series, servers, stevens, tasks, versus};

/// Every form has this conclusion, with these figures in the places of `{}`.
fn concludes(document: &Document, suite: &str, template: &str, values: &[f64]) {
    for form in forms::of(document) {
        let own: Vec<&String> =
            form.conclusions.iter().filter(|it| it.starts_with(&format!("{suite}: "))).collect();
        assert_eq!(own.len(), 1, "{}: {suite} in {:?}", form.name, form.conclusions);
        let template = forms::in_form(&form, template);
        assert!(says(own[0], &template, values), "{}: {}\n{template}\n{values:?}", form.name, own[0]);
    }
    crate::chinese::says_the_same(document);
}

/// A model's CPU time in each round, at so many connections.
fn cpu(run: &Run, model: &str, connections: usize) -> Vec<f64> {
    each(&servers(run, |cell| cell.model == model && cell.connections == connections), cpu_us)
}

/// The first of two has the least; and the second needs so many times as much, round by round.
fn of_two(one: &[f64], two: &[f64]) -> [f64; 2] {
    [Rounds::of(one.iter().copied()).middle, Rounds::by(two, one).middle]
}

#[test]
fn the_server_that_needs_least_is_named_with_its_figure_and_the_nexts_ratio() {
    let run = servers::run();
    let template = "Servers: one needs the least CPU per request, {} µs; the next, two, needs {} times as much (http /hello over tcp: 64 \
                    connections, kept open, 50,000 requests/s offered; 2 connections asking for something else beside). With care: \
                    3 rounds are few.";
    concludes(
        &Document::of(&run),
        "Servers",
        template,
        &of_two(&cpu(&run, "one", 64), &cpu(&run, "two", 64)),
    );
}

#[test]
fn of_several_settings_the_one_with_most_connections_speaks_and_the_others_are_counted() {
    let run = connections::run();
    let values = of_two(&cpu(&run, "one", 1_024), &cpu(&run, "two", 1_024));
    let template = "{} µs; the next, two, needs {} times as much (http /hello over tcp: 1,024 connections, kept open). Most often \
                    first, alone or tied: one, in 3 of 3 settings.";
    concludes(
        &Document::of(&run),
        "Servers",
        &format!("one needs the least CPU per request, {template}"),
        &values,
    );
}

#[test]
fn the_highest_rate_with_which_somebody_keeps_up_is_named() {
    let template =
        "Of the rates that were offered, the highest with which somebody keeps up is {} requests/s: one (";
    concludes(&Document::of(&rates::run()), "Rates", template, &[40_000.0]);
}

#[test]
fn who_grows_with_idle_connections_is_told_from_who_does_not() {
    let template = "With up to {} idle connections the CPU per request of grows and grows-fast grows, and that of flat does not.";
    concludes(&Document::of(&idle::run()), "Idle connections", template, &[10_000.0]);
}

#[test]
fn the_least_and_the_most_process_control_are_the_records() {
    let run = stevens::run();
    let control = |model| Rounds::of(stevens::control(&run, model)).middle;
    let template = "For 5,000 connections epoll controls its processes or threads with {} s of CPU, the least, and fork with {} s, \
                    the most.";
    concludes(&Document::of(&run), "Stevens' comparison", template, &["epoll", "fork"].map(control));
}

#[test]
fn the_soonest_executor_is_named_where_jobs_compute_and_where_they_wait() {
    let run = tasks::run();
    let speed_up = |task: &'static str, executor: &'static str| {
        let of = |executor| {
            tasks::seconds(&tasks::own(&run, |cell| cell.task == task && cell.executor == executor))
        };
        Rounds::of(by(&of("line"), &of(executor))).middle
    };
    let values = [("primes", "threads"), ("primes", "processes"), ("disk", "threads"), ("disk", "processes")];
    let template = "Tasks: Jobs that compute are done soonest by threads, {} times as fast as line; the next, processes, comes to {}. Jobs \
                    that wait are done soonest by threads, {} times as fast as line; the next, processes, comes to {}. With care: 3 \
                    rounds counted.";
    concludes(
        &Document::of(&run),
        "Tasks",
        template,
        &values.map(|(task, executor)| speed_up(task, executor)),
    );
}

#[test]
fn the_quickest_way_of_each_suite_is_named() {
    let run = probes::run();
    let middle = |way: &str, operation: &str, size: Option<u64>| {
        let is = |cell: &reports::record::ProbeCell| {
            let plain = cell.touched_bytes.unwrap_or(0) == 0 && cell.sides.as_deref() != Some("apart");
            cell.way == way && cell.operation == operation && cell.message_bytes == size && plain
        };
        Rounds::of(each(&own(&run, is), p50)).middle
    };
    let document = Document::of(&run);
    for (suite, operation, size, first, next, setting) in [
        (
            "Spawn",
            "create",
            None,
            "coroutine",
            "thread",
            "making a process, a thread, a coroutine or a task and waiting until it has ended",
        ),
        (
            "Messages",
            "round-trip",
            Some(1),
            "shared-memory-futex",
            "channel",
            "a message there and back, up to 8 B",
        ),
    ] {
        let [one, two] = [first, next].map(|way| middle(way, operation, size));
        let template = format!(
            "{suite}: {first} needs the least time, {{}} µs; the next, {next}, needs {{}} times as much ({setting})."
        );
        concludes(&document, suite, &template, &[one, two / one]);
    }
}

#[test]
fn a_comparison_names_what_changed_most() {
    let (old, new) = (versus::old(), versus::new());
    let ratio = |connections| {
        Rounds::of(cpu(&new, "one", connections)).middle / Rounds::of(cpu(&old, "one", connections)).middle
    };
    let template = "Of 6 rows, 2 became slower and 2 faster, 2 stayed the same and 0 can't be told. one changed most, to {} times as much CPU time per request (";
    concludes(&Document::versus(&Versus::of(&old, &new)), "Servers", template, &[ratio(64)]);
}

#[test]
fn a_series_counts_its_changes() {
    let document = Document::series(&Series::of(&series::runs()).unwrap());
    let template = "From the first run to the last: of {} rows, {} became slower and {} faster, {} stayed the same and {} can't be told. \
                    Changes between runs that follow each other: {}. With care: a row has only 3 rounds on a side.";
    concludes(&document, "Servers", template, &[2.0, 1.0, 1.0, 0.0, 0.0, 4.0]);
}

#[test]
fn the_first_table_of_every_form_is_that_of_the_setting_that_the_conclusion_is_about() {
    let run = connections::run();
    let document = Document::of(&run);
    let setting = "http /hello over tcp: 1,024 connections, kept open";
    // It was measured last, so that it would stand last of its kind.
    assert_eq!(document.tables[2].title, setting);
    for form in forms::of(&document) {
        assert!(
            form.conclusions[0].contains(&format!("({setting})")),
            "{}: {:?}",
            form.name,
            form.conclusions
        );
        assert_eq!(form.grids[0].title, setting, "{}", form.name);
    }
    for form in forms::of(&document.translated(reports::language::Language::Chinese)) {
        let title = &form.grids[0].title;
        assert!(
            title.contains("1,024") && form.conclusions[0].contains(title.as_str()),
            "{}: {title}",
            form.name
        );
    }
}
