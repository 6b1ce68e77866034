//! Pictures as they are seen: one of every kind, wide and narrow, light, dark and printed, in both languages.

use reports::document::Document;
use reports::language::Language;
use serde_json::Value;

use crate::driver::{Browser, Options};
use crate::pages::{Page, comparison, series};
use crate::sample::course::KINDS;
use crate::{emulate, number, opened, resize, unfold};

/// The pictures that are seen: the name, the width and height of what is drawn, how far to the right it reaches, and of how many pieces
/// it is; of a canvas many, unless it is empty.
fn seen(browser: &Browser) -> Vec<(String, [f64; 4])> {
    let found = browser.run(
        "return [...document.querySelectorAll('figure.picture')].map((figure) => {
             const shown = [...figure.querySelectorAll('svg.drawing, .plot canvas')].filter((it) => it.checkVisibility());
             const box = shown[0]?.getBoundingClientRect();
             const inked = (canvas) => {
                 const empty = document.createElement('canvas');
                 [empty.width, empty.height] = [canvas.width, canvas.height];
                 return canvas.toDataURL() === empty.toDataURL() ? 0 : 100;
             };
             const parts = (it) => (it.tagName === 'CANVAS' ? inked(it) : it.querySelectorAll('path, text').length);
             return [figure.id, shown.length === 1 ? [box.width, box.height, box.right, parts(shown[0])] : [0, 0, 0, 0]];
         })",
        &[],
    );
    let figure = |figure: &Value| {
        let side = |place: usize| figure[1][place].as_f64().unwrap_or_else(|| panic!("{figure}"));
        (figure[0].as_str().unwrap_or_default().to_owned(), [side(0), side(1), side(2), side(3)])
    };
    found.as_array().expect("there are figures").iter().map(figure).collect()
}

/// Each picture is there once, of a size that can be read, within the window, and not empty.
fn assert_seen(browser: &Browser, width: f64, how: &str) -> Vec<String> {
    let seen = seen(browser);
    for (id, [wide, high, right, parts]) in &seen {
        assert!(*wide > 200.0 && *high > 50.0, "{how}: {id} is {wide} by {high}");
        assert!(*right <= width + 0.5, "{how}: {id} reaches to {right}");
        assert!(*parts > 3.0, "{how}: nothing is drawn in {id}");
    }
    let scrolls = number(browser, "return document.documentElement.scrollWidth");
    assert!(scrolls <= width, "{how}: the page is {scrolls} wide");
    seen.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_picture_of_every_kind_can_be_seen_on_every_kind_of_page() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    unfold(&browser);
    for (media, theme, width) in [
        ("screen", "light", 1_280),
        ("screen", "dark", 1_280),
        ("screen", "dark", 360),
        ("screen", "light", 360),
        ("print", "light", 1_047),
    ] {
        emulate(&browser, media, theme);
        resize(&browser, width, 900);
        let shown = assert_seen(&browser, f64::from(width), &format!("{media}, {theme}, {width}"));
        for kind in KINDS {
            assert!(shown.iter().any(|id| id.starts_with(kind)), "there is no {kind} among {shown:?}");
        }
    }
    assert_eq!(browser.log("browser"), [] as [Value; 0]);
}

#[test]
fn pictures_of_two_runs_and_of_a_series_can_be_seen() {
    for (document, kind) in [(comparison(), "changes"), (series(), "series-")] {
        let Some(browser) = Browser::start(&Options::default()) else { return };
        let page = Page::of(&document, Language::English);
        browser.open(&page.url());
        unfold(&browser);
        for width in [1_280, 360] {
            resize(&browser, width, 900);
            let shown = assert_seen(&browser, f64::from(width), &format!("{kind}, {width}"));
            assert!(shown.iter().any(|id| id.starts_with(kind)), "there is no {kind} among {shown:?}");
        }
        assert_eq!(browser.log("browser"), [] as [Value; 0]);
    }
}

/// Texts of drawings that lie on each other, or reach beyond their drawing.
fn crowded(browser: &Browser) -> Vec<String> {
    let found = browser.run(
        "const faults = [];
         // The script's own drawings are canvases: what they stand for is looked at as well.
         document.querySelectorAll('.live').forEach((it) => it.classList.remove('live'));
         for (const drawing of document.querySelectorAll('svg.drawing')) {
             const all = drawing.getBoundingClientRect();
             const texts = [...drawing.querySelectorAll('text')].map((it) => [it.textContent, it.getBoundingClientRect()]);
             const id = drawing.closest('figure').id;
             texts.forEach(([text, box], place) => {
                 if (box.left < all.left - 1 || box.right > all.right + 1 || box.top < all.top - 2 || box.bottom > all.bottom + 2)
                     faults.push(`${id}: ${text} is cut`);
                 for (const [other, its] of texts.slice(place + 1)) {
                     const wide = Math.min(box.right, its.right) - Math.max(box.left, its.left);
                     const high = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
                     // A line's box is higher than its letters.
                     if (wide > 0.5 && high > box.height * 0.35) faults.push(`${id}: ${text} touches ${other}`);
                 }
             });
         }
         return faults;",
        &[],
    );
    let found = found.as_array().expect("faults are listed");
    found.iter().map(|fault| fault.as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn no_word_of_a_drawing_is_cut_or_touches_another() {
    let mut document = Document::of(&crate::sample::course::run());
    // Among them are names that have no room.
    document.pictures.splice(..0, crate::drawings::all());
    for language in [Language::English, Language::Chinese] {
        let Some(browser) = Browser::start(&Options::default()) else { return };
        let page = Page::of(&document, language);
        browser.open(&page.url());
        for width in [1_280, 360] {
            resize(&browser, width, 900);
            assert_eq!(crowded(&browser), [""; 0], "{language:?}, {width}");
        }
    }
}

#[test]
fn words_that_lie_on_each_other_would_be_found() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    browser.run(
        "const word = document.querySelector('svg.drawing text'); word.after(word.cloneNode(true));
         const far = word.cloneNode(true); far.setAttribute('x', 470); far.setAttribute('class', ''); far.textContent = 'far too long a word'; word.after(far)",
        &[],
    );
    let found = crowded(&browser);
    assert!(found.iter().any(|fault| fault.contains("touches")), "{found:?}");
    assert!(found.iter().any(|fault| fault.contains("is cut")), "{found:?}");
}

#[test]
fn words_of_drawings_can_be_read_on_a_telephone() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    resize(&browser, 360, 740);
    let least = "document.querySelectorAll('.live').forEach((it) => it.classList.remove('live'));
         return Math.min(...[...document.querySelectorAll('svg.drawing')].map((drawing) => {
             const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
             return scale * Math.min(...[...drawing.querySelectorAll('text')].map((it) => parseFloat(getComputedStyle(it).fontSize)));
         }))";
    let least = number(&browser, least);
    assert!(least >= 10.0, "the smallest is {least} pixels high");
}

#[test]
fn letters_on_a_canvas_grow_with_the_readers() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let axis = "return parseFloat(concur.charts[0].u.axes[0].font[0])";
    let usual = number(&browser, axis);
    browser.run("document.documentElement.style.fontSize = '200%'; concur.redraw()", &[]);
    let larger = number(&browser, axis);
    assert!((larger / usual - 2.0).abs() < 0.1, "{usual} and {larger}");
}

/// How far two colours are apart to who sees all, and to who sees no red, no green or no blue: the least of these, as the difference
/// of CIE 1976.
const APART: &str = "
    // Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency (2009), severity 1.
    const eyes = [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ];
    const linear = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    const through = (eye, rgb) => eye.map((row) => Math.min(Math.max(row.reduce((sum, share, at) => sum + share * rgb[at], 0), 0), 1));
    const lab = ([r, g, b]) => {
        const xyz = [(0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047, 0.2126 * r + 0.7152 * g + 0.0722 * b,
            (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883];
        const [x, y, z] = xyz.map((v) => (v > 216 / 24389 ? Math.cbrt(v) : (24389 / 27 * v + 16) / 116));
        return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
    };
    const apart = (one, other) => Math.min(...eyes.map((eye) => {
        const [a, b] = [one, other].map((hex) => lab(through(eye, linear(hex))));
        return Math.hypot(...a.map((v, at) => v - b[at]));
    }));
    const luminance = (hex) => { const [r, g, b] = linear(hex); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const contrast = (one, other) => {
        const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const of = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();";

#[test]
fn lines_parts_of_bars_and_classes_of_heat_are_told_apart_by_all_eyes() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    for theme in ["light", "dark"] {
        emulate(&browser, "screen", theme);
        for set in [
            "['--c0', '--c1', '--c2', '--c3', '--c4', '--c5', '--c6', '--c7']",
            "['--c0', '--h1', '--c1', '--c7', '--page']",
            "['--h0', '--h1', '--h2', '--h3', '--h4', '--h5']",
        ] {
            let least = number(
                &browser,
                &format!(
                    "{APART} const set = {set}.map(of);
                     return Math.min(...set.flatMap((one, at) => set.slice(at + 1).map((other) => apart(one, other))))"
                ),
            );
            assert!(least > 9.0, "{theme}, {set}: two are {least} apart");
        }
    }
}

#[test]
fn lines_stand_out_from_the_page() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    for theme in ["light", "dark"] {
        emulate(&browser, "screen", theme);
        let least = format!(
            "{APART} return Math.min(...[0, 1, 2, 3, 4, 5, 6, 7].map((at) => contrast(of(`--c${{at}}`), of('--page'))))"
        );
        let least = number(&browser, &least);
        // WCAG 2.2, 1.4.11: what is needed to understand a graphic.
        assert!(least >= 3.0, "{theme}: a line has a contrast of {least}");
    }
}
