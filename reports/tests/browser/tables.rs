//! Wide tables in a narrow window: that they go on can be seen, and they can be moved without a mouse.

use serde_json::Value;

use crate::driver::{Browser, Options};
use crate::hands::{RIGHT, press};
use crate::{number, opened, resize, settle, text, unfold};

/// The first table's region.
const FIRST: &str = "document.querySelector('#verdict .table .scroll')";

fn is(browser: &Browser, what: &str) -> bool {
    match browser.run(&format!("return Boolean({what})"), &[]) {
        Value::Bool(is) => is,
        other => panic!("{what} came to {other}"),
    }
}

#[test]
fn a_table_that_goes_on_beyond_the_edge_says_so_until_its_end_is_seen() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    resize(&browser, 360, 740);
    let fades = format!("getComputedStyle({FIRST}).maskImage !== 'none'");
    assert!(is(&browser, &format!("{FIRST}.scrollWidth > {FIRST}.clientWidth + 50")));
    assert!(is(&browser, &fades));
    browser.run(&format!("{FIRST}.scrollLeft = {FIRST}.scrollWidth"), &[]);
    settle(&browser);
    assert!(!is(&browser, &fades));
    browser.run(&format!("{FIRST}.scrollLeft = 0"), &[]);
    settle(&browser);
    assert!(is(&browser, &fades));
}

#[test]
fn whose_a_row_is_stays_in_sight_while_its_figures_move() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    resize(&browser, 360, 740);
    browser.run(&format!("{FIRST}.scrollLeft = {FIRST}.scrollWidth"), &[]);
    settle(&browser);
    let names = browser.run(
        &format!(
            "const region = {FIRST}.getBoundingClientRect();
             return [...{FIRST}.querySelectorAll('tbody th')].map((name) => name.getBoundingClientRect())
                 .map((name) => [name.left - region.left, region.width - name.width])"
        ),
        &[],
    );
    let names = names.as_array().unwrap();
    assert!(!names.is_empty());
    for name in names {
        let (left, rest) = (name[0].as_f64().unwrap(), name[1].as_f64().unwrap());
        assert!(left.abs() < 2.0, "{left} from the left");
        assert!(rest > 120.0, "only {rest} are left for figures");
    }
}

/// What stays in its place is painted by itself, and rounded to other pixels than the row that it is in if that begins between two.
#[test]
fn rows_are_whole_pixels_high_so_that_their_lines_meet() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    unfold(&browser);
    for width in [1_280, 360] {
        resize(&browser, width, 740);
        let heights = browser.run(
            "return [...document.querySelectorAll('.rows tr')].map((row) => row.getBoundingClientRect().height)",
            &[],
        );
        let heights: Vec<f64> = heights.as_array().unwrap().iter().filter_map(Value::as_f64).collect();
        assert!(
            heights.len() > 10 && heights.iter().all(|height| height.fract() == 0.0),
            "{width}: {heights:?}"
        );
    }
}

#[test]
fn a_wide_table_has_a_name_and_is_moved_by_keys() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    unfold(&browser);
    resize(&browser, 360, 740);
    let nameless = "const wide = [...document.querySelectorAll('.scroll')].filter((it) => it.scrollWidth > it.clientWidth + 1);
         if (wide.length === 0) return 'no table is wide';
         return wide.filter((it) => it.tabIndex !== 0 || !it.getAttribute('role')
             || !document.getElementById(it.getAttribute('aria-labelledby'))?.textContent.trim())
             .map((it) => it.outerHTML.slice(0, 120)).join()";
    assert_eq!(text(&browser, nameless), "");
    browser.run(&format!("{FIRST}.focus()"), &[]);
    for _ in 0..4 {
        press(&browser, RIGHT);
    }
    settle(&browser);
    assert!(number(&browser, &format!("return {FIRST}.scrollLeft")) > 20.0);
}

#[test]
fn a_table_can_be_taken_away_as_it_stands() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let taken = text(
        &browser,
        "const link = document.querySelector('#verdict .take');
         link.addEventListener('click', (event) => event.preventDefault());
         link.click();
         return decodeURIComponent(link.href.split(',').slice(1).join(','))",
    );
    let cells = |which: &str| {
        let body = format!(
            "const row = document.querySelector('#verdict .take').previousElementSibling.querySelector('table').rows[{which}];
             return [...row.cells].map((cell) => cell.innerText.trim().replace(/\\s*\\n\\s*/, ' | ')).join('\\t')"
        );
        text(&browser, &body)
    };
    let mut lines = csv::ReaderBuilder::new().has_headers(false).from_reader(taken.as_bytes()).into_records();
    let mut next = || lines.next().unwrap().unwrap().iter().map(str::to_owned).collect::<Vec<_>>();
    // A unit stands below its heading, and in brackets behind it in the file.
    let headings: Vec<String> = cells("0")
        .split('\t')
        .map(|it| it.split_once(" | ").map_or(it.to_owned(), |(title, unit)| format!("{title} ({unit})")))
        .collect();
    assert_eq!(next(), headings);
    assert_eq!(next(), cells("1").split('\t').collect::<Vec<_>>());
}

#[test]
fn a_table_that_has_room_is_no_stop_of_the_tabulator() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    unfold(&browser);
    resize(&browser, 1_920, 1_080);
    let stops = "return [...document.querySelectorAll('.scroll')].filter((it) => it.scrollWidth <= it.clientWidth && it.tabIndex === 0)
         .length";
    assert!(number(&browser, stops) < 1.0);
    assert!(is(&browser, "[...document.querySelectorAll('.scroll')].some((it) => it.tabIndex !== 0)"));
}
