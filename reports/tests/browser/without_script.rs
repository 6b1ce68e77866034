//! The page where scripts are switched off: everything can be read and seen, and nothing is offered that would not work.

use crate::driver::Options;
use crate::{number, opened, text};

#[test]
fn without_scripts_tables_and_drawings_are_there() {
    let Some((browser, _page)) = opened(&Options { without_script: true }) else { return };
    let count =
        |selector: &str| number(&browser, &format!("return document.querySelectorAll('{selector}').length"));
    assert!(count("canvas") < 1.0, "the page's script has run");
    assert!(count("table.rows tbody tr") > 10.0);
    let drawn = browser.run(
        "return [...document.querySelectorAll('figure.picture svg.drawing')].map((it) => it.getBoundingClientRect().height)",
        &[],
    );
    let drawn = drawn.as_array().unwrap();
    assert!(drawn.len() > 5 && drawn.iter().all(|height| height.as_f64().unwrap() > 80.0), "{drawn:?}");
}

#[test]
fn without_scripts_nothing_is_shown_that_needs_one() {
    let Some((browser, _page)) = opened(&Options { without_script: true }) else { return };
    let shown = "return [...document.querySelectorAll('button')].filter((it) => it.offsetParent !== null).map((it) => it.textContent).join()";
    assert_eq!(text(&browser, shown), "");
}
