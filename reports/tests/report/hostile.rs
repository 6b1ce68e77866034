//! Texts of a record that would do harm wherever a form takes them as more than text.

use reports::document::Document;
use reports::record::{Run, ServerCell, Verdict};
use reports::terminal::Charset;
use reports::{html, markdown};

use crate::found::on_terminal;
use crate::sample::{run_of, server, servers_cell};

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
