//! The conclusions: who won, and by how much, by the record's own figures.

use reports::document::{Belief, Document};
use reports::html;
use reports::record::{Cell, Noise, Run, ServerCell, Verdict};
use reports::summary::{Series, Versus};

use crate::expected::says;
use crate::figure::{Rounds, by};
use crate::forms;
use crate::probes::{own, p50};
use crate::record::{self, cpu_us, each, server, servers};
use crate::{connections, idle, probes, rates, read, series, servers, stevens, tasks, versus};

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
    let [least, ratio] = of_two(&cpu(&run, "one", 1_024), &cpu(&run, "two", 1_024));
    let template = "{} µs; the next, two, needs {} times as much (http /hello over tcp: 1,024 connections, kept open). Alone \
                    in the first place in {} of {} settings: one.";
    concludes(
        &Document::of(&run),
        "Servers",
        &format!("one needs the least CPU per request, {template}"),
        &[least, ratio, 3.0, 3.0],
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
fn the_soonest_executor_is_named_task_by_task() {
    let run = tasks::run();
    let speed_up = |task: &'static str, executor: &'static str| {
        let of = |executor| {
            tasks::seconds(&tasks::own(&run, |cell| cell.task == task && cell.executor == executor))
        };
        Rounds::of(by(&of("line"), &of(executor))).middle
    };
    let values = [("primes", "threads"), ("primes", "processes"), ("disk", "threads"), ("disk", "processes")];
    let template = "Tasks: primes (computes): done soonest by threads, {} times as fast as line; the next, processes, comes to {}. \
                    disk (waits): done soonest by threads, {} times as fast as line; the next, processes, comes to {}. All this is \
                    with 12 jobs. With care: 3 rounds are few.";
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

/// Two settings, each with a winner, a server measured twice and five rounds; of one of them the machine disturbed every first attempt.
fn disturbed_at(connections: usize) -> Run {
    let mut cells = Vec::new();
    for (round, at, (model, copy, factor)) in (0..5).flat_map(|round| {
        let at = move |at| {
            [("one", None, 1.0), ("one", Some(2), 1.0), ("two", None, 1.5)].map(|it| (round, at, it))
        };
        [16, 64].into_iter().flat_map(at)
    }) {
        let cell = server(model, 0, factor * (1.0 + 0.003 * f64::from((2 * round + 1) % 3)));
        let cell = ServerCell { connections: at, copy, round: round as u32 + 1, ..cell };
        if at == connections {
            let noise = Some(Noise { disturbed: true, ..Noise::default() });
            let first = ServerCell { verdict: Verdict::Unstable, noise, ..cell.clone() };
            cells.push(Cell::Servers(Box::new(first)));
            cells.push(Cell::Servers(Box::new(ServerCell { attempt: Some(2), ..cell })));
        } else {
            cells.push(Cell::Servers(Box::new(cell)));
        }
    }
    record::run(cells)
}

#[test]
fn a_setting_that_nothing_disturbed_is_believed_whatever_became_of_another() {
    let run = disturbed_at(16);
    let document = Document::of(&run);
    concludes(
        &document,
        "Servers",
        "kept open). Alone in the first place in {} of {} settings: one. To be believed: it held in {} rounds. \
        The difference from the next is steady, and greater than the {} up to which one counts as none.",
        &[2.0, 2.0, 5.0, 0.01],
    );
    assert_eq!(document.conclusions[0].belief, Belief::Firm);
}

#[test]
fn a_setting_that_the_machine_disturbed_asks_for_care_and_the_cells_that_are_counted_are_its_own() {
    let run = disturbed_at(64);
    let document = Document::of(&run);
    let own = servers(&run, |cell| cell.connections == 64);
    let disturbed = own.iter().filter(|cell| cell.noise.is_some()).count();
    let template = "With care: the machine disturbed {} of {} cells, which do not count.";
    concludes(&document, "Servers", template, &[disturbed as f64, own.len() as f64]);
    assert_eq!(document.conclusions[0].belief, Belief::Careful);
}

#[test]
fn a_suite_of_which_no_cell_counts_says_so_and_why() {
    let mut run = tasks::run();
    let number = run.cells.len() as f64;
    for cell in &mut run.cells {
        let Cell::Tasks(cell) = cell else { continue };
        cell.verdict = Verdict::Unstable;
        cell.reason = Some("somebody else was at work".into());
    }
    run.cells.extend(servers::run().cells);
    let document = Document::of(&run);
    let template = "Nothing counts: {} unstable of {} cells; the first reason: somebody else was at work. Nothing to believe";
    concludes(&document, "Tasks", template, &[number, number]);
    assert_eq!(document.conclusions[1].belief, Belief::Open);
}

#[test]
fn servers_that_tie_have_their_figures_from_the_least_to_the_most() {
    let cells = (0..3).flat_map(|round| {
        // Whoever needs less changes with the rounds.
        let by = |place: usize| [[1.0, 1.3, 1.1], [1.2, 1.0, 1.2]][place][round];
        [("one", 0), ("two", 1)]
            .map(|(model, place)| Cell::Servers(Box::new(server(model, round, by(place)))))
    });
    let run = record::run(cells.collect());
    let [one, two] = ["one", "two"].map(|model| Rounds::of(cpu(&run, model, 64)).middle);
    let template = "Nobody won: one and two can't be told apart, with {} to {} µs of CPU per request (";
    concludes(&Document::of(&run), "Servers", template, &[one.min(two), one.max(two)]);
}

#[test]
fn what_stands_with_the_conclusions_is_the_whole_tables_own() {
    for run in [servers::run(), connections::run(), rates::run(), idle::run(), stevens::run(), probes::run()]
    {
        let document = Document::of(&run);
        let page = html::draw(&document).unwrap();
        let brief = read::brief_of_html(&page).expect("there is a table in short");
        let whole = read::of_html(&page).into_iter().find(|grid| grid.title == brief.title);
        let mut part = whole.expect("the whole stands below").part(&brief.headings).unwrap();
        part.rows.retain(|row| !row.iter().any(|text| text.ends_with("again)")));
        assert_eq!(brief, part);
        assert!(brief.rows.len() > 1 && brief.headings.len() > 2, "{brief:?}");
    }
}

#[test]
fn executors_stand_with_the_conclusions_in_the_order_of_their_ranks() {
    let page = html::draw(&Document::of(&tasks::run())).unwrap();
    let brief = read::brief_of_html(&page).unwrap();
    let whole = read::of_html(&page).into_iter().find(|grid| grid.title == "Tasks").unwrap();
    assert_eq!(brief.title, "Tasks: primes (computes)");
    let places: Vec<&String> = brief.rows.iter().map(|row| &row[0]).collect();
    assert_eq!(places, ["1", "2", "3"]);
    let part = whole.part(&brief.headings).unwrap();
    let of_primes = whole.rows.iter().map(|row| row[0] == "primes (cpu)");
    let mut rows: Vec<_> =
        part.rows.into_iter().zip(of_primes).filter(|(_, is)| *is).map(|(row, _)| row).collect();
    rows.sort();
    assert_eq!(brief.rows, rows);
}
