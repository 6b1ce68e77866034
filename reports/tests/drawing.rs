//! What readers get to see: the texts, and how each form draws them.

mod sample;

use insta::assert_snapshot;
use reports::course_notes::WAYS;
use reports::document::Document;
use reports::record::{Cell, Fairness, Interpreter, Run, ServerCell, TaskCell, Verdict};
use reports::table::Table;
use reports::terminal::{self, Charset, Terminal};
use reports::{csv, html, markdown};
use sample::{run_of, server, servers_cell, tasks_cell};

fn document() -> Document {
    Document::of(&sample::run())
}

fn on_terminal(document: &Document, width: usize, charset: Charset) -> String {
    terminal::draw(document, Terminal { width, charset })
}

fn table(document: &Document, title: &str) -> Table {
    let section = document.sections.iter().find(|section| section.table.title.starts_with(title));
    section.expect("there is such a table").table.clone()
}

/// The texts of the row that begins with these, each with its column's heading.
fn row<'a>(table: &'a Table, start: &[&str]) -> Vec<(String, &'a str)> {
    let row = table.rows.iter().find(|row| start.iter().zip(*row).all(|(expected, text)| expected == text));
    let headings = table.columns.iter().map(reports::table::Column::heading);
    headings.zip(row.expect("there is such a row").iter().map(String::as_str)).collect()
}

/// Those of a row that are not empty.
fn filled<'a>(table: &'a Table, start: &[&str]) -> Vec<(String, &'a str)> {
    row(table, start).into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

fn expected<'a>(texts: &[(&str, &'a str)]) -> Vec<(String, &'a str)> {
    texts.iter().map(|&(heading, text)| (heading.to_owned(), text)).collect()
}

/// The sample with text that would do harm wherever a form takes it as more than text.
fn hostile() -> Run {
    let cell = |round| {
        servers_cell(ServerCell {
            model: "<script>alert(1)</script>|\n`*_\u{1b}[31m".into(),
            workload: "echo <b>&amp;</b>".into(),
            verdict: Verdict::Errors,
            reason: Some("</td>|\r\n# <img src=x onerror=\"y\"> \u{1b}]0;owned\u{7}".into()),
            ..server("", round, 8.0, u64::from(round))
        })
    };
    Run { command: vec!["<i>`|".into()], ..run_of(vec![cell(1), cell(2)]) }
}

#[test]
fn terminal_of_80_columns() {
    assert_snapshot!(on_terminal(&document(), 80, Charset::Utf8));
}

#[test]
fn terminal_of_120_columns() {
    assert_snapshot!(on_terminal(&document(), 120, Charset::Utf8));
}

#[test]
fn terminal_of_ascii() {
    assert_snapshot!(on_terminal(&document(), 80, Charset::Ascii));
}

#[test]
fn the_markdown() {
    assert_snapshot!(markdown::draw(&document()));
}

#[test]
fn the_cells() {
    assert_snapshot!(String::from_utf8(csv::draw(&sample::run()).unwrap()).unwrap());
}

/// The page without what stands in `assets/`.
#[test]
fn the_html() {
    let mut page = html::draw(&document()).unwrap();
    for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let from = page.find(start).unwrap() + start.len();
        let to = from + page[from..].find(end).unwrap();
        page.replace_range(from..to, "");
    }
    assert_snapshot!(page);
}

#[test]
fn every_column_of_a_server_shows_its_own_figure() {
    // The medians of the cells with the numbers 11, 21 and 31: the figures of number 21 but for the CPU time, whose
    // three rounds take 8.4, 8.0 and 8.2 µs.
    let expected = expected(&[
        ("rank", "1"),
        ("model", "epoll"),
        ("CPU/req (µs)", "8.20 ±3%"), // 0.2 of 8.2
        ("interval (µs)", "8.00..8.40"),
        ("× first", ""),
        ("interval (×)", ""),
        ("rate (req/s)", "70,262 ±14%"),        // 142,000 in 2.021 s
        ("interval (req/s)", "60,666..79,764"), // 122,000 in 2.011 s, 162,000 in 2.031 s
        ("p50", "322 µs"),                      // 321.5
        ("p99", "1.41 ms"),                     // 1,410
        ("p99.9", "7.40 ms"),                   // 7,400
        ("memory (MiB)", "8.25"),               // 3 + 21 / 4
        ("processes (peak)", "131"),            // 110 + 21
        ("threads (peak)", "251"),              // 230 + 21
        ("switches (per req)", "0.51"),         // (71,000 + 357 + 921) by 142,000
        ("involuntary (of switches)", "1.3%"),  // 921 of these
        ("errors", "0"),
        ("rounds", "3/3"),
    ]);
    assert_eq!(row(&table(&document(), "echo"), &["1", "epoll"]), expected);
}

#[test]
fn a_failed_server_shows_its_verdict_in_the_figures_place() {
    let document = document();
    let table = table(&document, "echo");
    let failed =
        [("rank", "–"), ("model", "fork"), ("CPU/req (µs)", "errors"), ("errors", "306"), ("rounds", "0/3")];
    assert_eq!(filled(&table, &["–", "fork"]), expected(&failed));
    let unsupported = [
        ("rank", "–"),
        ("model", "select"),
        ("CPU/req (µs)", "unsupported"),
        ("errors", "0"),
        ("rounds", "0/3"),
    ];
    assert_eq!(filled(&table, &["–", "select"]), expected(&unsupported));
}

#[test]
fn a_row_with_one_round_has_no_interval() {
    let document = document();
    let table = table(&document, "http");
    let row = row(&table, &["–", "thread"]);
    assert!(row.iter().all(|(heading, text)| !heading.starts_with("interval") || text.is_empty()), "{row:?}");
    assert!(row.iter().all(|(_, text)| !text.contains('±')), "{row:?}");
}

#[test]
fn intervals_stay_where_the_terminal_is_narrow() {
    for width in [80, 120, 200] {
        let table = table(&document(), "echo");
        let page = terminal::draw_table(&table, Terminal { width, charset: Charset::Utf8 });
        assert!(page.contains("8.20 ±3%") && page.contains("70,262 ±14%"), "{page}");
    }
}

#[test]
fn a_client_bound_rate_is_marked_as_a_lower_bound() {
    let document = document();
    let table = table(&document, "echo");
    let row = row(&table, &["–", "coroutine"]);
    assert_eq!(row[2].1, "7.70 ±3%");
    assert_eq!(row[6].1, "≥ 76,923 ±13%"); // 156,000 in 2.028 s
    assert_eq!(row[7].1, "≥ 67,393..86,359"); // 136,000 in 2.018 s, 176,000 in 2.038 s
}

#[test]
fn a_note_stands_below_for_each_row_that_has_something_to_say() {
    let notes = table(&document(), "echo").notes;
    let expected = [
        "thread-pool:queue=1024,workers=4: 2 of 3 rounds count. Unstable: steal time was 12% (round 2).",
        "loop: not ranked, as connections starved: 1 of 64 were served. A client is served to its end before the \
         next one.",
        "coroutine: not ranked, as the load generator was the limit: the rate is a lower bound, CPU per request \
         stands. The load generator used 99% of its core.",
        "fork: errors. The server ended with status 1 (round 1). The server ended with status 2 (round 2). The \
         server ended with status 3 (round 3). Errors over all rounds: 6 connect, 30 reset, 60 timeout, 90 short, \
         120 wrong.",
        "select: unsupported. Select can't watch a descriptor above 1023.",
        "Nothing was measured twice under such a load in this run, so how far a server is from itself is not known; 1.0% is taken as the \
         least difference.",
        "An interval from 2 rounds is their range; it holds the true median in 50% of all cases.",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn many_different_reasons_are_told_in_part() {
    let cell = |round: u32| {
        servers_cell(ServerCell {
            reason: Some(format!("reason {round}")),
            ..server("epoll", round, 8.0, u64::from(round))
        })
    };
    let document = Document::of(&run_of((1..=5).map(cell).collect()));
    let expected =
        "epoll: reason 1 (round 1). Reason 2 (round 2). Reason 3 (round 3). 2 more remarks in the record.";
    assert_eq!(document.sections[0].table.notes, [expected]);
}

#[test]
fn every_column_of_a_task_shows_its_own_figure() {
    let expected = expected(&[
        ("task", "primes (cpu)"),
        ("jobs", "10"),
        ("executor", "processes"),
        ("workers", "10"),
        ("time (s)", "3.24"), // 2.16 and 4.32
        ("interval (s)", "2.16..4.32"),
        ("speed-up (times)", "1.85 ±0%"), // 4 by 2.16, 8 by 4.32
        ("interval (times)", "1.85..1.85"),
        ("efficiency", "0.93"),   // by two cores
        ("CPU (s)", "3.31"),      // 3.13 and 3.23, and 0.126 in the kernel
        ("memory (MiB)", "16.0"), // 7 + 13 / 2, 7 + 23 / 2
        ("values", "ok"),
        ("rounds", "2/2"),
    ]);
    assert_eq!(row(&table(&document(), "Tasks"), &["primes (cpu)", "10", "processes"]), expected);
}

#[test]
fn the_notes_form_has_our_figures_beside_theirs() {
    let document = document();
    let table = table(&document, "In the form of the course notes: 10 jobs");
    let thread = expected(&[
        ("by", "Rust"),
        ("way", "Thread"),
        ("cpu (s)", "3.06"),          // primes: 2.04 and 4.08
        ("cpu (× Line)", "0.51 ±0%"), // by 4 and 8
        ("IO (s)", "0.465"),          // disk: 0.31 and 0.62
        ("IO (× Line)", "0.62 ±0%"),  // by 0.5 and 1
        ("notes' cpu (s)", "8.41"),
        ("notes' cpu (× Line)", "1.03"),
        ("notes' IO (s)", "6.02"),
        ("notes' IO (× Line)", "0.88"),
    ]);
    assert_eq!(row(&table, &["Rust", "Thread"]), thread);
    assert!(table.notes[0].starts_with("cpu is primes; IO is disk."), "{:?}", table.notes);
    let of_the_notes =
        |way| row(&table, &["Rust", way])[6..].iter().map(|(_, text)| *text).collect::<Vec<_>>();
    assert_eq!(of_the_notes("Line"), ["8.15", "1.00", "6.84", "1.00"]);
    assert_eq!(of_the_notes("Process"), ["4.08", "0.50", "3.21", "0.47"]);
}

/// The sample with tasks alone: each way with 1, 2, 4 and 8 jobs at once, on two cores, in two rounds.
fn sweep() -> Run {
    let one = 0.1;
    let mut cells = Vec::new();
    for round in 1..=2 {
        for jobs in [1_usize, 2, 4, 8] {
            let n = jobs as f64;
            let lost = 1.0 + 0.2 * (n - 1.0) + 0.01 * n * (n - 1.0);
            for (executor, name, seconds, at_once) in [
                ("line", "primes", n * one, 1),
                ("threads", "primes", one * (n / 2.0).max(1.0), jobs),
                ("threads", "wait", one, jobs),
                ("line", "wait", n * one, 1),
                ("processes", "primes", one * lost, jobs),
                ("thread-pool", "primes", one * (n / 2.0).max(1.0), jobs.min(2)),
            ] {
                cells.push(TaskCell {
                    jobs,
                    size: Some("short".into()),
                    at_once: Some(at_once),
                    workers: at_once,
                    ..sample::task(executor, name, round, seconds, 1)
                });
            }
        }
    }
    run_of(cells.into_iter().map(tasks_cell).collect())
}

#[test]
fn the_tables_of_a_sweep() {
    assert_snapshot!(on_terminal(&Document::of(&sweep()), 160, Charset::Utf8));
}

#[test]
fn a_table_of_one_task_names_it_in_its_title_and_what_holds_for_all_is_said_once() {
    let document = Document::of(&sweep());
    let tables = document.sections.iter().map(|section| &section.table);
    let tables: Vec<&Table> = tables.filter(|table| table.title.starts_with("Tasks")).collect();
    let titles: Vec<&str> = tables.iter().map(|table| table.title.as_str()).collect();
    assert_eq!(titles, ["Tasks: primes (computes)", "Tasks: wait (waits)"]);
    assert_eq!(
        tables[0].columns[..2].iter().map(|column| &*column.title).collect::<Vec<_>>(),
        ["jobs", "executor"]
    );
    let short = |table: &&Table| table.notes.iter().any(|note| note.starts_with("Jobs are short"));
    assert_eq!(tables.iter().map(short).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_family_that_was_not_run_is_named_in_the_notes_form() {
    let mut run = sweep();
    run.cells.retain(|cell| !matches!(cell, Cell::Tasks(cell) if cell.family == "io"));
    let notes = table(&Document::of(&run), "In the form of the course notes: 8 short jobs").notes;
    assert!(notes[0].starts_with("cpu is primes; IO is empty, as no io task was run."), "{notes:?}");
}

#[test]
fn the_laws_of_scaling_stand_beside_what_an_executor_that_loses_nothing_comes_to() {
    let table = table(&Document::of(&sweep()), "Scaling");
    let texts =
        |task, executor| row(&table, &[task, executor]).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    let reference = texts("any", "loses nothing");
    assert_eq!(reference[2..6], ["1 2 4 8", "2.00", "2", "0.327"], "two at once are as fast as any");
    let threads = texts("primes", "threads");
    let figures = |texts: &[&str]| {
        texts.iter().map(|text| text.split(" ±").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(figures(&threads[2..]), figures(&reference[2..]), "it loses nothing");
    let processes = texts("primes", "processes");
    assert_eq!(processes[7..], ["0.200 ±0.000", "0.0100 ±0.0000", "8.94", "0.0%"]);
    assert_eq!(
        table.rows.iter().filter(|row| row[1] == "loses nothing").count(),
        1,
        "the pool's list is too short"
    );
    assert!(table.notes[0].contains("up to 2 processors"), "{:?}", table.notes);
    assert_eq!(
        table.notes.last().map(String::as_str),
        Some(
            "Not fitted, as that takes three different numbers at once in one round: thread-pool on primes."
        )
    );
}

#[test]
fn tasks_that_wait_scale_in_a_table_of_their_own_without_a_reference() {
    let table = table(&Document::of(&sweep()), "Scaling of tasks that wait");
    let texts: Vec<&str> = row(&table, &["wait", "threads"]).into_iter().map(|(_, text)| text).collect();
    let law = ["0.000 ±0.000", "0.0%", "0.000 ±0.000", "0 ±0.0000", "", "0.0%"];
    assert_eq!(texts[3..], [["8.00 ±0%", "8"].as_slice(), &law].concat());
    assert_eq!(table.rows.len(), 1);
    assert!(table.notes[0].starts_with("greatest:"), "{:?}", table.notes);
}

#[test]
fn ranks_are_explained_where_there_are_some_and_intervals_everywhere() {
    let (with, without) = (document(), Document::of(&sweep()));
    assert!(with.legend.contains("rank") && !without.legend.contains("rank"));
    assert!(without.legend.contains('±'), "{}", without.legend);
    let explains = |document: &Document| {
        document.explanations.iter().filter(|it| it.text.contains("Intervals: ±")).count()
    };
    assert_eq!((explains(&with), explains(&without)), (0, 1), "the servers' own explanation has it");
}

#[test]
fn a_pool_is_fitted_over_its_numbers_of_workers() {
    let mut run = sweep();
    let wider = |round| TaskCell {
        jobs: 8,
        options: "workers=4".into(),
        size: Some("short".into()),
        at_once: Some(4),
        workers: 4,
        ..sample::task("thread-pool", "primes", round, 0.4, 1)
    };
    run.cells.extend([1, 2].map(|round| tasks_cell(wider(round))));
    let table = table(&Document::of(&run), "Scaling");
    let pool = row(&table, &["primes", "thread-pool"]);
    assert_eq!(pool[2].1, "1 2 4");
    let references: Vec<&Vec<String>> = table.rows.iter().filter(|row| row[1] == "loses nothing").collect();
    assert_eq!(references.iter().map(|row| row[2].as_str()).collect::<Vec<_>>(), ["1 2 4", "1 2 4 8"]);
    assert_eq!(pool[5].1.split(" ±").next(), Some(references[0][5].as_str()));
    assert!(table.notes.iter().all(|note| !note.starts_with("Not fitted")), "{:?}", table.notes);
}

/// Why the last table of tasks says that there are no laws.
fn no_law(keep: impl Fn(&TaskCell) -> bool) -> Option<String> {
    let mut run = sweep();
    run.cells.retain(|cell| matches!(cell, Cell::Tasks(cell) if keep(cell)));
    let notes = Document::of(&run).sections.into_iter().flat_map(|section| section.table.notes);
    notes.into_iter().find(|note| note.starts_with("No law"))
}

#[test]
fn where_jobs_vary_but_no_law_is_fitted_the_table_says_what_that_takes() {
    let two_numbers =
        "No law of scaling is fitted: that takes three different numbers at once, as with --jobs 1,2,4.";
    assert_eq!(no_law(|cell| cell.jobs < 3).as_deref(), Some(two_numbers));
    let no_line = "No law of scaling is fitted: that takes line's time for as many jobs; run line as well.";
    assert_eq!(no_law(|cell| cell.executor != "line").as_deref(), Some(no_line));
}

#[test]
fn who_runs_line_alone_or_one_number_of_jobs_is_told_of_no_law() {
    assert_eq!(no_law(|cell| cell.executor == "line"), None);
    assert_eq!(no_law(|cell| cell.jobs == 2), None);
}

#[test]
fn the_course_notes_figures_are_theirs_to_the_last_digit() {
    let figures = WAYS.map(|way| (way.cpu_s.to_string(), way.io_s.to_string()));
    let expected = [
        ("8.15166711807251", "6.841825246810913"),
        ("8.414522647857666", "6.023292541503906"),
        ("4.079084157943726", "3.2132551670074463"),
    ];
    assert_eq!(figures, expected.map(|(cpu, io)| (cpu.to_owned(), io.to_owned())));
}

#[test]
fn without_line_there_is_no_table_in_the_notes_form() {
    let mut run = sample::run();
    run.cells.retain(|cell| !matches!(cell, Cell::Tasks(cell) if cell.executor == "line"));
    let titles: Vec<String> =
        Document::of(&run).sections.into_iter().map(|section| section.table.title).collect();
    assert!(titles.iter().any(|title| title == "Tasks"));
    assert!(!titles.iter().any(|title| title.contains("course notes")), "{titles:?}");
}

#[test]
fn an_empty_run_is_one_sentence_and_no_table() {
    let run = Run { cells: Vec::new(), complete: false, planned: 40, ..sample::run() };
    let document = Document::of(&run);
    let sentence = "This run holds no cells of its 40 planned cells, so there is nothing to show.";
    assert_eq!(document.warnings, [sentence]);
    assert!(document.sections.is_empty());
    assert!(on_terminal(&document, 80, Charset::Utf8).ends_with(&format!("{sentence}\n")));
    let (markdown, html) = (markdown::draw(&document), html::draw(&document).unwrap());
    assert!(markdown.contains(sentence) && !markdown.contains("| ---"), "{markdown}");
    assert!(html.contains(sentence) && !html.contains("<table"), "{html}");
}

#[test]
fn an_interrupted_run_says_so_everywhere() {
    let document = Document::of(&Run { complete: false, planned: 1_000, ..sample::run() });
    let sentence = "This run is not complete: it holds 52 of its 1,000 planned cells.";
    let pages = [
        on_terminal(&document, 200, Charset::Utf8),
        markdown::draw(&document),
        html::draw(&document).unwrap(),
    ];
    for page in pages {
        assert!(page.contains(sentence), "{page}");
    }
}

#[test]
fn the_host_and_the_command_stand_in_every_report() {
    let facts = [
        "Example CPU @ 2.50GHz, 2 cores, Linux 6.8.0, 8.00 GiB of memory",
        "concur run --connections 64,1 --out",
        "concur 0.1.0",
        "2026-01-31T12:00:00Z",
        "server on core 0, load generator on core 1",
        "40 valid, 3 client-bound, 1 unstable, 5 errors, 3 unsupported of 52 cells",
    ];
    let document = document();
    let pages = [
        on_terminal(&document, 200, Charset::Utf8),
        markdown::draw(&document),
        html::draw(&document).unwrap(),
    ];
    for page in pages {
        for fact in facts {
            assert!(page.contains(fact), "{fact} is not in {page}");
        }
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 72, 80, 100, 120, 160, 250] {
        let pages = [document(), Document::of(&sweep())].map(|it| on_terminal(&it, width, Charset::Utf8));
        for line in pages.iter().flat_map(|page| page.lines()) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn long_names_of_many_models_leave_room_for_the_figures_in_80_columns() {
    let names =
        ["prefork:accept=reuseport,workers=64", "thread-pool:queue=1024,workers=64", "fork:reap=double-fork"];
    let names = names.into_iter().chain(["python-process", "python-gevent", "epoll", "multi-loop:workers=2"]);
    let cells = names.flat_map(|name| (1..=3).map(move |round| (name, round)));
    let cells = cells.map(|(name, round)| servers_cell(server(name, round, 1_630.0, 20 + u64::from(round))));
    let document = Document::of(&run_of(cells.collect()));
    let page =
        terminal::draw_table(&table(&document, "echo"), Terminal { width: 80, charset: Charset::Utf8 });
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    for heading in ["rank", "model", "CPU/req", "rate", "p50", "p99", "errors"] {
        assert!(page.lines().nth(2).unwrap().contains(heading), "{heading} is not in {page}");
    }
    for part in ["prefork:", "accept=reuseport,", "workers=64", "reap=double-fork", "python-process"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn a_terminal_with_room_shows_every_column() {
    let page = on_terminal(&document(), 250, Charset::Utf8);
    assert!(!page.contains("No room here"), "{page}");
    assert!(page.contains("thread-pool:queue=1024,workers=4  "), "{page}");
}

#[test]
fn the_least_important_columns_go_first() {
    let table = table(&document(), "http");
    let page = terminal::draw_table(&table, Terminal { width: 80, charset: Charset::Utf8 });
    for heading in ["rank", "model", "CPU/req", "rate", "p50", "p99", "memory", "errors"] {
        assert!(page.lines().nth(3).unwrap().contains(heading), "{heading} is not in {page}");
    }
    let left_out =
        "No room here, but in a wider terminal: interval (µs), interval (req/s),\n  processes (peak)";
    assert!(page.contains(left_out), "{page}");
}

#[test]
fn an_ascii_terminal_gets_ascii() {
    let page = on_terminal(&document(), 80, Charset::Ascii);
    assert!(page.is_ascii());
    assert!(page.contains(">= 76,923 +-13%"), "{page}");
}

#[test]
fn text_from_a_record_does_not_steer_the_terminal() {
    let page = on_terminal(&Document::of(&hostile()), 80, Charset::Utf8);
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "{page:?}");
}

#[test]
fn text_from_a_record_stays_in_its_cell_of_markdown() {
    let page = markdown::draw(&Document::of(&hostile()));
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    let borders = |row: &str| row.replace("\\|", "").matches('|').count();
    // The main columns that hold anything, and all of them folded below.
    assert_eq!(rows.iter().map(|row| borders(row)).collect::<Vec<_>>(), [[6; 3], [15; 3]].concat());
    assert!(page.contains(r"&lt;script>alert(1)&lt;/script>\| \`\*\_"), "{page}");
    assert!(page.contains("- Command: ``'<i>`|'``\n"), "{page}");
}

#[test]
fn text_from_a_record_is_only_text_in_html() {
    let page = html::draw(&Document::of(&hostile())).unwrap();
    for tag in ["<script>alert", "<img", "<b>", "<i>"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(page.contains("&lt;script&gt;"));
    // Fourteen cells, one of them the row's heading.
    assert_eq!((page.matches("<td").count(), page.matches("<th scope=\"row\"").count()), (13, 1));
}

#[test]
fn the_page_begins_with_what_it_comes_to_then_what_must_be_known_then_the_ranking() {
    let run = Run { complete: false, planned: 1_000, ..sample::run() };
    let document = Document::of(&run);
    let page = html::draw(&document).unwrap();
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not there"));
    let winner = place("epoll needs the least CPU per request, 8.20 µs");
    let warning = place("This run is not complete");
    let ranked = place("<h3 id=\"table-1-h\">echo 64 B over tcp: 64 connections");
    let tasks = place("<h3 id=\"table-3-h\">Tasks");
    assert!(winner < warning && warning < ranked && ranked < tasks);
}

#[test]
fn the_table_that_the_conclusion_is_about_comes_first() {
    let mut run = sample::run();
    // Fewer connections, so an earlier table, and fewer ranked rows.
    run.cells.extend((1..=3).flat_map(|round| {
        ["epoll", "thread"].map(|model| {
            servers_cell(ServerCell {
                connections: 1,
                ..server(model, round, 9.0 + f64::from(round), u64::from(round))
            })
        })
    }));
    let document = Document::of(&run);
    let titles: Vec<&str> =
        document.leading.iter().map(|index| document.sections[*index].table.title.as_str()).collect();
    assert_eq!(
        titles[..2],
        ["echo 64 B over tcp: 64 connections, kept open", "echo 64 B over tcp: 1 connection, kept open"]
    );
}

#[test]
fn in_html_labels_may_break_and_figures_may_not() {
    let page = html::draw(&document()).unwrap();
    assert!(
        page.contains("<th scope=\"row\" class=\"left\">thread-pool:<wbr>queue=1024,<wbr>workers=4</th>")
    );
    assert!(page.contains("<td>≥ 76,923 ±13%\n"));
}

#[test]
fn the_html_needs_nothing_from_elsewhere() {
    // Where uPlot comes from is said in its first line.
    let page = html::draw(&document()).unwrap().replace("https://github.com/leeoniya/uPlot", "");
    for word in ["http://", "https://", " src=", "<link", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_field_of_a_cell_stands_under_its_own_name() {
    let mut run = sample::run();
    run.cells.push(servers_cell(sample::loads::full()));
    run.cells.push(Cell::Idle(Box::new(sample::loads::full())));
    let attempt = TaskCell {
        attempt: Some(2),
        noise: sample::loads::full().noise,
        cost: sample::loads::full().server,
        interpreter: Some(Interpreter {
            implementation: "CPython".into(),
            version: "3.13.0".into(),
            gil: true,
        }),
        start_up_s: Some(0.041),
        warm_up_s: Some(0.25),
        ..sample::task("threads", "primes", 1, 2.0, 77)
    };
    run.cells.push(tasks_cell(attempt));
    let bytes = csv::draw(&run).unwrap();
    let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
    let lines: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(lines.len(), run.cells.len());
    for (line, cell) in lines.iter().zip(&run.cells) {
        let mut fields = Vec::new();
        let mut cell = serde_json::to_value(cell).unwrap();
        let course = ["curve", "over_time", "fairness", "timeline"]; // of which there are other columns, or none
        cell.as_object_mut().unwrap().retain(|name, _| !course.contains(&&**name));
        leaves("", &cell, &mut fields);
        for (name, value) in &fields {
            assert_eq!(line.get(name), Some(value), "{name}");
        }
        let of_course = |name: &str| name.starts_with("fairness.");
        let filled = line.iter().filter(|(name, text)| !text.is_empty() && !of_course(name)).count();
        assert_eq!(filled, fields.iter().filter(|(_, value)| !value.is_empty()).count(), "{line:?}");
    }
}

#[test]
fn of_fairness_there_are_single_numbers_in_the_csv() {
    let connection_requests = vec![1, 2, 3];
    let fairness = Some(Fairness { connection_requests, thread_cpu_s: vec![0.3, 0.1] });
    let cell = ServerCell { fairness, ..server("epoll", 1, 8.0, 1) };
    let bytes = csv::draw(&run_of(vec![servers_cell(cell)])).unwrap();
    let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
    let line: std::collections::HashMap<String, String> = reader.deserialize().next().unwrap().unwrap();
    let number = |name: &str| line[&format!("fairness.{name}")].parse::<f64>().unwrap();
    assert!((number("of_connections") - 36.0 / 42.0).abs() < 1e-9);
    assert!((number("of_threads") - 0.8).abs() < 1e-9);
    assert_eq!(line["fairness.connection_requests_least"], "1");
    assert_eq!(line["fairness.connection_requests_most"], "3");
}

#[test]
fn a_record_of_thousands_of_cells_is_drawn_in_every_form() {
    let names: Vec<String> = (0..100).map(|number| format!("model{number}")).collect();
    let cells = (1..=50).flat_map(|round| {
        names.iter().zip(1..).map(move |(name, number)| {
            servers_cell(server(name, round, 8.0 + number as f64 / 10.0, number + u64::from(round)))
        })
    });
    let run = run_of(cells.collect());
    let document = Document::of(&run);
    assert_eq!(document.sections[0].table.rows.len(), 100);
    assert!(html::draw(&document).unwrap().contains("model99"));
    assert!(on_terminal(&document, 120, Charset::Utf8).contains("model99"));
    assert_eq!(String::from_utf8(csv::draw(&run).unwrap()).unwrap().lines().count(), 5_001);
}

/// The name and text of every field below `value`.
fn leaves(name: &str, value: &serde_json::Value, fields: &mut Vec<(String, String)>) {
    let text = match value {
        serde_json::Value::Object(object) => {
            let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
            return object.iter().for_each(|(key, value)| leaves(&below(key), value, fields));
        }
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => {
            items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    fields.push((name.to_owned(), text));
}
