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
fn a_table_that_has_room_is_no_stop_of_the_tabulator() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    unfold(&browser);
    resize(&browser, 1_920, 1_080);
    let stops = "return [...document.querySelectorAll('.scroll')].filter((it) => it.scrollWidth <= it.clientWidth && it.tabIndex === 0)
         .length";
    assert!(number(&browser, stops) < 1.0);
    assert!(is(&browser, "[...document.querySelectorAll('.scroll')].some((it) => it.tabIndex !== 0)"));
}
