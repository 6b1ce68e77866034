//! Tables of probes: what is compared with what, and what is said of it.

use crate::sample;
use crate::sample::probes::{self, timed};
use insta::assert_snapshot;
use reports::document::Document;
use reports::record::{Cell, Latency, Noise, ProbeCell, Run, Verdict};
use reports::summary::{Growth, ProbeRow, ProbeTable, Rank, Standing, Summary};
use reports::table::Table;
use reports::terminal::{self, Charset, Terminal};
use reports::{csv, html, markdown};

fn summary() -> Summary {
    Summary::of(&probes::run())
}

/// The table of this operation, at this message size.
fn at<'a>(summary: &'a Summary, operation: &str, bytes: Option<u64>) -> &'a ProbeTable {
    let found = summary
        .probes
        .iter()
        .find(|it| it.operation == operation && it.message_bytes == bytes && it.touched_bytes.is_none());
    found.expect("there is such a table")
}

fn row<'a>(table: &'a ProbeTable, label: &str) -> &'a ProbeRow {
    table.rows.iter().find(|row| row.label() == label).expect("there is such a row")
}

fn close(value: f64, expected: f64) {
    assert!((value - expected).abs() < 0.01 * expected.abs(), "{value} is not {expected}");
}

fn drawn(run: &Run, start: &str) -> Table {
    let tables = Document::of(run).tables;
    tables.into_iter().find(|table| table.title.starts_with(start)).expect("there is such a table")
}

/// The record with its cells of probes changed, or left out where there is nothing left of them.
fn changed(change: impl Fn(&mut ProbeCell) -> bool) -> Run {
    let mut run = probes::run();
    run.cells.retain_mut(|cell| match cell {
        Cell::Spawn(cell) | Cell::Switch(cell) | Cell::Ipc(cell) => change(cell),
        _ => true,
    });
    run
}

#[test]
fn the_terminal() {
    let document = Document::of(&probes::run());
    assert_snapshot!(terminal::draw(&document, Terminal { width: 120, charset: Charset::Utf8 }));
}

#[test]
fn the_markdown() {
    assert_snapshot!(markdown::draw(&Document::of(&probes::run())));
}

#[test]
fn the_html_has_every_table_of_the_markdown() {
    let document = Document::of(&probes::run());
    let page = html::draw(&document).unwrap();
    assert_eq!(page.matches("<table class=\"rows\"").count(), document.tables.len());
}

#[test]
fn every_figure_of_a_probe_is_in_the_cells() {
    let text = String::from_utf8(csv::draw(&probes::run()).unwrap()).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let field = |line: &str, name: &str| {
        let place = header.iter().position(|column| *column == name).unwrap();
        line.split(',').nth(place).unwrap().to_owned()
    };
    let fork =
        lines.find(|line| line.starts_with("spawn,") && field(line, "touched_bytes") == "16777216").unwrap();
    assert_eq!(
        ["way", "family", "operation", "samples"].map(|name| field(fork, name)),
        ["fork", "processes", "create", "1000"]
    );
    assert!(field(fork, "time_us.p99").parse::<f64>().unwrap() > 300.0);
}

#[test]
fn ratios_are_to_a_thread_and_within_rounds() {
    let summary = summary();
    // The machine's own speed differs by 15% from round to round; within them fork takes 15 times a thread.
    let fork = row(at(&summary, "create", None), "fork").ratio.unwrap();
    close(fork.value, 15.0);
    assert!(fork.interval.high / fork.interval.low < 1.02, "{fork:?}");
    close(row(at(&summary, "hand-off", None), "pool").ratio.unwrap().value, 0.4);
    assert_eq!(
        row(at(&summary, "create", None), "thread").ratio,
        None,
        "a thread is what it is compared with"
    );
}

#[test]
fn the_ratio_of_a_rate_is_above_one_for_who_is_faster() {
    let summary = summary();
    let spin = row(at(&summary, "bandwidth", Some(8)), "shared-memory-spin").ratio.unwrap();
    close(spin.value, 3.75);
    let order: Vec<&str> =
        at(&summary, "bandwidth", Some(8)).rows.iter().map(|row| row.way.as_str()).collect();
    assert_eq!(order, ["shared-memory-spin", "channel", "pipe", "shared-memory-futex"]);
}

#[test]
fn what_carries_a_word_at_most_is_compared_with_one_byte() {
    let bytes = |bytes, way: &str| ProbeCell {
        message_bytes: bytes,
        ..timed(way, "processes", "round-trip", 1, 9.0)
    };
    let cells =
        [bytes(None, "signal"), bytes(Some(1), "pipe"), bytes(Some(8), "eventfd"), bytes(Some(64), "pipe")];
    let run = sample::run_of(cells.map(|cell| Cell::Ipc(Box::new(cell))).to_vec());
    let tables = Summary::of(&run).probes;
    let seen: Vec<(String, usize)> = tables.iter().map(|table| (table.size(), table.rows.len())).collect();
    assert_eq!(seen, [("up to 8 B".to_owned(), 3), ("64 B".to_owned(), 1)]);
}

#[test]
fn rows_are_ranked_where_they_differ_and_a_second_of_a_pair_is_not() {
    let summary = summary();
    let table = at(&summary, "create", None);
    let places: Vec<(String, Option<usize>)> = table
        .rows
        .iter()
        .map(|row| {
            (
                row.label(),
                match row.standing {
                    Standing::Ranked(Rank { place, .. }) => Some(place),
                    Standing::Unranked(_) => None,
                },
            )
        })
        .collect();
    let expected = [
        ("coroutine", Some(1)),
        ("thread (64 KiB stack)", Some(2)),
        ("thread", Some(3)),
        ("thread (again)", None),
        ("fork", Some(4)),
        ("posix-spawn", Some(5)),
    ];
    assert_eq!(places, expected.map(|(label, place)| (label.to_owned(), place)));
    assert!(table.threshold.here && table.threshold.pairs == 1, "{:?}", table.threshold);
}

#[test]
fn what_is_special_about_a_way_stands_in_brackets_as_its_name_stands_in_lists() {
    let summary = summary();
    let rows = || summary.probes.iter().flat_map(|table| &table.rows);
    assert!(
        rows().any(|row| row.name() == "pipe (apart)")
            && rows().any(|row| row.name() == "pipe (apart, again)")
    );
    for row in rows() {
        assert!(
            !row.name().split('(').next().unwrap().contains([',', ' ']) || row.name().contains(" ("),
            "{}",
            row.name()
        );
    }
}

#[test]
fn a_rate_that_was_measured_twice_is_compared_as_a_rate() {
    let sent = |round, copy, rate| ProbeCell {
        copy,
        message_bytes: Some(64),
        time_us: None,
        bytes_per_second: Some(rate),
        ..timed("pipe", "processes", "bandwidth", round, 1.0)
    };
    let cells = (1..=3).flat_map(|round| [sent(round, None, 1e9), sent(round, Some(2), 1.25e9)]);
    let run = sample::run_of(cells.map(|cell| Cell::Ipc(Box::new(cell))).collect());
    assert!((Summary::of(&run).probes[0].again[0].1.value - 1.25).abs() < 1e-9);
    let notes = drawn(&run, "Messages one way").notes;
    let said = "pipe, measured twice, had 1.25 times its own rate the second time (1.25..1.25).";
    assert!(notes.iter().any(|note| note == said), "{notes:?}");
    let times = drawn(&probes::run(), "Making one and").notes;
    assert!(times.iter().any(|note| note.starts_with("thread, measured twice, took 1.0")), "{times:?}");
}

#[test]
fn a_conclusion_says_in_words_what_was_timed() {
    let conclusions = Document::of(&probes::run()).conclusions;
    for (suite, what) in [
        ("Spawn", "(making a process, a thread, a coroutine or a task and waiting until it has ended)"),
        ("Switch", "(going from one process, thread or coroutine to another)"),
        ("Messages", "(a message there and back, up to 8 B)"),
    ] {
        let text = &conclusions.iter().find(|it| it.suite == suite).unwrap().text;
        assert!(text.contains(what), "{text}");
    }
}

#[test]
fn the_fit_by_shares_is_said_to_be_one() {
    let notes = drawn(&probes::run(), "Making one beside").notes;
    assert!(notes.iter().any(|note| note.contains("fitted by least squares of shares")), "{notes:?}");
}

#[test]
fn fork_grows_with_what_its_parent_has_touched_and_posix_spawn_does_not() {
    let touched = summary().touched.unwrap();
    assert_eq!(touched.touched_bytes, [0, 16 << 20, 256 << 20, 1 << 30]);
    let [fork, spawn] = &touched.rows[..] else { panic!("{:?}", touched.rows) };
    assert_eq!((fork.way.as_str(), fork.growth), ("fork", Growth::Grows));
    assert_eq!((spawn.way.as_str(), spawn.growth), ("posix-spawn", Growth::Flat));
    // 2 us for each MiB, by the mean of the rounds' speeds.
    let (line, r_squared) = (fork.line.unwrap(), fork.r_squared.unwrap());
    close(line.slope, 2.0 * (1.0 + 1.1 + 0.95) / 3.0);
    assert!(line.interval.unwrap().low > 1.5 && r_squared > 0.97 && r_squared < 1.0, "{line:?} {r_squared}");
    assert_eq!(fork.steps[3], Some(Err(Verdict::Unsupported)));
    assert_eq!(spawn.steps[3], None);
}

#[test]
fn the_notes_twenty_times_are_put_to_the_test() {
    let said = |run: &Run| {
        drawn(run, "Making one and").notes.into_iter().find(|note| note.contains("about 20 times"))
    };
    let less = said(&probes::run()).unwrap();
    assert!(
        less.contains(
            "Here a fork with nothing touched took 15.0 times (15.0..15.0) a thread, which is less; "
        ),
        "{less}"
    );
    assert!(less.ends_with("with 256 MiB touched 66.2 times (66.2..66.2), which is more."), "{less}");
    let slower = |factor: f64| {
        changed(move |cell| {
            let is_it = cell.way == "fork" && cell.touched_bytes == Some(0);
            let slow =
                |us: Latency| Latency { p50: us.p50 * factor * (1.0 + 0.1 * f64::from(cell.round)), ..us };
            cell.time_us = if is_it { cell.time_us.map(slow) } else { cell.time_us };
            true
        })
    };
    assert!(said(&slower(1.1)).unwrap().contains("a thread, which is what they say; "));
    assert!(said(&slower(9.0)).unwrap().contains("a thread, which is more; "));
    assert_eq!(said(&changed(|cell| cell.way != "thread")), None, "without a thread nothing is compared");
}

#[test]
fn shared_memory_is_compared_with_a_pipe_in_the_notes_form() {
    let table = drawn(&probes::run(), "In the form of the course notes");
    let ways: Vec<&str> = table.rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(ways, ["pipe", "message queue", "shared memory, futex", "shared memory, spin"]);
    assert_eq!(table.rows[0][1..5], ["memory", "two ends, one- or two-way", "middling", "related processes"]);
    let each = "faster in round trips: spin (0.0400), futex (0.90); faster in rates: spin (3.75); slower in rates: futex (0.50).";
    assert!(table.notes.iter().any(|note| note.contains(each)), "{:?}", table.notes);
    let without = changed(|cell| !cell.way.starts_with("shared-memory"));
    let notes = drawn(&without, "In the form of the course notes").notes;
    assert!(!notes.iter().any(|note| note.contains("middling. Here")), "{notes:?}");
}

#[test]
fn a_disturbed_round_does_not_count_and_its_repeat_does() {
    let disturbed = |cell: ProbeCell| ProbeCell {
        verdict: Verdict::Unstable,
        noise: Some(Noise { disturbed: true, ..Noise::default() }),
        ..cell
    };
    let cell = |round, us| timed("thread", "threads", "create", round, us);
    let repeat = ProbeCell { attempt: Some(2), ..cell(1, 12.0) };
    let cells = [disturbed(cell(1, 90.0)), repeat, cell(2, 12.0), disturbed(cell(3, 90.0))];
    let run = sample::run_of(cells.map(|cell| Cell::Spawn(Box::new(cell))).to_vec());
    let summary = Summary::of(&run);
    let row = &summary.probes[0].rows[0];
    assert_eq!((row.rounds.counted, row.rounds.all), (2, 3));
    assert!(row.time_us.unwrap().interval.high < 14.0);
}

#[test]
fn what_fails_stands_in_the_figures_place_with_its_reason_below() {
    let table = drawn(&probes::run(), "A message there and back: up to 8 B");
    let failed = table.rows.iter().find(|row| row[1] == "unix-stream").unwrap();
    assert_eq!(failed[3], "errors");
    let reason = "unix-stream: errors. Message 7 came with other contents.";
    assert!(table.notes.iter().any(|note| note == reason), "{:?}", table.notes);
}
