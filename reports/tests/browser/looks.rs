//! The page on a telephone and a projector, in the dark, on paper, and to those who don't see it.

use reports::document::Document;
use reports::language::Language;
use serde_json::json;

use crate::driver::{Browser, Options};
use crate::pages::{Page, comparison, series};
use crate::{axe, emulate, number, opened, resize, sample, text, unfold};

#[test]
fn nothing_has_to_be_scrolled_to_the_side_on_a_telephone() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    unfold(&browser);
    for (width, height) in [(360, 740), (768, 1024), (1920, 1080)] {
        resize(&browser, width, height);
        let wide = number(&browser, "return document.documentElement.scrollWidth");
        assert!(wide <= f64::from(width), "{wide} of {width}: {}", too_wide(&browser));
    }
}

#[test]
fn buttons_above_a_narrow_page_keep_their_distance_from_what_follows() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    for width in [360, 768, 1_280] {
        resize(&browser, width, 740);
        let between = "const buttons = [...document.querySelectorAll('header button')].map((it) => it.getBoundingClientRect().bottom);
             return document.querySelector('.conclusions').getBoundingClientRect().top - Math.max(...buttons)";
        let between = number(&browser, between);
        assert!(between >= 8.0, "{between} pixels at {width}");
    }
}

#[test]
fn with_letters_twice_as_large_nothing_has_to_be_scrolled_to_the_side() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    unfold(&browser);
    browser.run("document.documentElement.style.fontSize = '200%'; concur.redraw()", &[]);
    for width in [1_280, 640] {
        resize(&browser, width, 800);
        let wide = number(&browser, "return document.documentElement.scrollWidth");
        assert!(wide <= f64::from(width), "{wide} of {width}: {}", too_wide(&browser));
    }
}

/// What reaches beyond the window.
fn too_wide(browser: &Browser) -> String {
    let found = browser.run(
        "return [...document.querySelectorAll('body *')].filter((it) => !it.closest('.scroll')
             && it.getBoundingClientRect().right > innerWidth + 1)
             .slice(0, 5).map((it) => it.outerHTML.slice(0, 120)).join('\\n')",
        &[],
    );
    found.to_string()
}

/// How light a colour such as `rgb(255, 255, 255)` is, from 0 to 255.
fn lightness(colour: &str) -> f64 {
    let parts =
        colour.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|part| part.parse::<f64>().ok());
    let parts: Vec<f64> = parts.take(3).collect();
    assert_eq!(parts.len(), 3, "{colour} is no colour");
    parts.iter().sum::<f64>() / 3.0
}

#[test]
fn it_is_dark_where_the_system_is_and_its_button_turns_that_round() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let colours = || {
        let of = |what: &str| {
            lightness(&text(&browser, &format!("return getComputedStyle(document.body).{what}")))
        };
        (of("backgroundColor"), of("color"))
    };
    let (paper, ink) = colours();
    assert!(paper > 200.0 && ink < 80.0, "{paper}, {ink}");
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.tools("Emulation.setEmulatedMedia", &dark);
    let (paper, ink) = colours();
    assert!(paper < 60.0 && ink > 180.0, "{paper}, {ink}");
    browser.run("document.getElementById('theme').click()", &[]);
    assert!(colours().0 > 200.0);
}

#[test]
fn it_prints_light_and_without_what_can_be_pressed() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let pdf = browser.print();
    // %PDF, in base 64; and more than one page of it.
    assert!(pdf.starts_with("JVBERi"), "{}", &pdf[..20]);
    assert!(pdf.len() > 40_000, "{} bytes", pdf.len());
    let dark = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
    browser.tools("Emulation.setEmulatedMedia", &json!({ "media": "print", "features": dark }));
    let shown = "return getComputedStyle(document.querySelector('.controls')).display";
    assert_eq!(text(&browser, shown), "none");
    let ink = lightness(&text(&browser, "return getComputedStyle(document.body).color"));
    assert!(ink < 80.0, "the ink is {ink} light");
}

/// The colours and widths that a page is looked over in.
const ALL: [(&str, u32); 4] = [("light", 1_280), ("dark", 1_280), ("dark", 360), ("light", 360)];

/// Looks over a page, all of it unfolded, in these colours and widths.
fn assert_no_faults(document: &Document, language: Language, looks: &[(&str, u32)]) {
    let Some(axe) = axe::source() else { return };
    let Some(browser) = Browser::start(&Options::default()) else { return };
    let page = Page::of(document, language);
    browser.open(&page.url());
    axe::shorten(&browser);
    unfold(&browser);
    for (theme, width) in looks {
        emulate(&browser, "screen", theme);
        resize(&browser, *width, 800);
        let found = axe::faults(&browser, &axe);
        assert!(found.is_empty(), "{language:?}, {theme}, {width}: {found:#?}");
    }
}

#[test]
fn axe_finds_nothing_serious_on_the_page_of_a_record() {
    assert_no_faults(&Document::of(&sample::course::run()), Language::English, &ALL);
}

#[test]
fn axe_finds_nothing_serious_on_the_chinese_page_of_a_record() {
    assert_no_faults(&Document::of(&sample::course::run()), Language::Chinese, &ALL);
}

#[test]
fn axe_finds_nothing_serious_on_the_page_of_two_runs() {
    assert_no_faults(&comparison(), Language::English, &ALL[1..3]);
}

#[test]
fn axe_finds_nothing_serious_on_the_page_of_a_series() {
    assert_no_faults(&series(), Language::Chinese, &ALL[1..3]);
}

#[test]
fn axe_would_find_a_picture_without_a_name() {
    let Some(axe) = axe::source() else { return };
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    browser.run("document.querySelector('main').append(document.createElement('img'))", &[]);
    let found = axe::faults(&browser, &axe);
    assert!(found.iter().any(|fault| fault.contains("image-alt")), "{found:?}");
}
