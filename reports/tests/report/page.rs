//! The page as a whole: what comes first, and that it needs nothing else.

use reports::document::Document;
use reports::language::Language;
use reports::record::{Run, ServerCell};
use reports::terminal::Charset;
use reports::{html, markdown};

use crate::found::{document, on_terminal};
use crate::large;
use crate::sample::{self, server, servers_cell};

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
    let (brief, other) = (place("<table class=\"brief rows\">"), place("primes (computes): done soonest by"));
    assert!(warning < brief && brief < other && other < ranked);
}

#[test]
fn other_forms_begin_with_the_whole_table_between_its_conclusion_and_the_others() {
    let run = Run { complete: false, planned: 1_000, ..sample::run() };
    let document = Document::of(&run);
    let terminal = on_terminal(&document, 200, Charset::Utf8);
    for (form, headings) in
        [(terminal.clone(), "\nrank  model "), (markdown::draw(&document), "\n| rank | model |")]
    {
        let order = [
            "epoll needs the least CPU per request, 8.20 µs",
            "This run is not complete",
            "Ranked by CPU time per request",
            headings,
            "primes (computes): done soonest by",
        ];
        let order = order.map(|text| form.find(text).unwrap_or_else(|| panic!("no {text}: {form}")));
        assert!(order.is_sorted(), "{order:?}: {form}");
    }
    let place = |text: &str| terminal.find(text).unwrap();
    assert!(place("This run is not complete") < place("Host: "));
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
        document.leading.iter().map(|index| document.tables[*index].title.as_str()).collect();
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
fn the_other_language_is_there_for_what_the_page_shows_and_for_nothing_else() {
    let document = Document::of(&large::record::run(2));
    let page = html::draw_both(&document, Language::English).unwrap();
    let chinese = document.clone().translated(Language::Chinese);
    let (mut shown, mut left_out) = (0, 0);
    for (one, other) in document.pictures.iter().zip(&chinese.pictures) {
        let is_shown = page.contains(&format!("id=\"{}\"", one.id));
        *(if is_shown { &mut shown } else { &mut left_out }) += 1;
        assert!(page.contains(&other.title), "{}", one.title);
        // Some sentences stand below a table as well.
        let is_shown = is_shown || document.tables.iter().any(|table| table.notes.contains(&one.notice));
        assert_eq!(page.contains(&other.notice), is_shown, "{}", one.title);
    }
    assert!(shown > 1 && left_out > 1, "{shown} and {left_out}");
}

#[test]
fn headings_of_what_a_picture_is_drawn_from_are_in_both_languages() {
    let document = Document::of(&sample::course::run());
    for (own, other) in [
        (html::draw_both(&document, Language::English).unwrap(), "\"时间 (s)，从\""),
        (html::draw_both(&document, Language::Chinese).unwrap(), "\"time (s), from\""),
    ] {
        assert!(own.contains(other), "{other}");
    }
}
