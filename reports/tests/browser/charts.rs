//! Charts under a hand: a part of one is looked at, by mouse and by keys, and the legend has the figures under the pointer.

use reports::document::Document;
use reports::language::Language;
use reports::picture::{Drawing, Lines, Picture, Scale};

use crate::driver::{Browser, Options};
use crate::hands::{
    ENTER, ESCAPE, LEFT, Place, RIGHT, TAB, click, double_click, drag, hover, place_of, press,
};
use crate::pages::Page;
use crate::{known, number, opened, settle, text};

/// A chart by its figure's name.
fn chart(id: &str) -> String {
    format!("concur.charts.find((chart) => chart.id === '{id}').u")
}

/// The name of the page's first chart.
fn first(browser: &Browser) -> String {
    text(browser, "return concur.charts[0].id")
}

/// The ends of a chart's axis to the right, as places.
fn range(browser: &Browser, id: &str) -> (f64, f64) {
    let end = |which: &str| number(browser, &format!("return {}.scales.x.{which}", chart(id)));
    (end("min"), end("max"))
}

/// A place within a chart's plane, as shares of its width and height, once it has been brought into the window.
fn within(browser: &Browser, id: &str, x: f64, y: f64) -> Place {
    let script = format!(
        "const it = {}.over;
         it.scrollIntoView({{ block: 'center', behavior: 'instant' }});
         const box = it.getBoundingClientRect();
         return [box.x + arguments[0] * box.width, box.y + arguments[1] * box.height];",
        chart(id)
    );
    let found = browser.run(&script, &[x.into(), y.into()]);
    (found[0].as_f64().unwrap(), found[1].as_f64().unwrap())
}

#[test]
fn dragging_over_a_chart_shows_that_part_and_a_double_click_all_of_it() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let id = first(&browser);
    let whole = range(&browser, &id);
    let at = |share: f64| within(&browser, &id, share, 0.5);
    drag(&browser, at(0.25), at(0.75));
    let part = range(&browser, &id);
    let length = |(low, high): (f64, f64)| high - low;
    let share = length(part) / length(whole);
    assert!((0.45..0.55).contains(&share), "{part:?} of {whole:?}");
    let begins = (part.0 - whole.0) / length(whole);
    assert!((0.2..0.3).contains(&begins), "{part:?} of {whole:?}");
    double_click(&browser, at(0.5));
    assert_eq!(range(&browser, &id), whole);
}

#[test]
fn a_click_alone_leaves_a_chart_as_it_is() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let id = first(&browser);
    let whole = range(&browser, &id);
    click(&browser, within(&browser, &id, 0.5, 0.5));
    assert_eq!(range(&browser, &id), whole);
}

#[test]
fn the_reset_button_shows_all_of_a_chart_again() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let id = first(&browser);
    let whole = range(&browser, &id);
    drag(&browser, within(&browser, &id, 0.2, 0.5), within(&browser, &id, 0.6, 0.5));
    assert!(range(&browser, &id).1 < whole.1);
    click(&browser, place_of(&browser, &format!("#{id} .hint .whole")));
    assert_eq!(range(&browser, &id), whole);
}

#[test]
fn buttons_show_less_and_more_of_a_chart() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let id = first(&browser);
    let whole = range(&browser, &id);
    let pressed = |button: &str| {
        click(&browser, place_of(&browser, &format!("#{id} .hint .{button}")));
        range(&browser, &id)
    };
    let part = pressed("nearer");
    let smaller = pressed("nearer");
    assert!(whole.0 < part.0 && part.0 < smaller.0, "{whole:?}, {part:?}, {smaller:?}");
    assert!(whole.1 > part.1 && part.1 > smaller.1, "{whole:?}, {part:?}, {smaller:?}");
    let larger = pressed("further");
    assert!(larger.0 < smaller.0 && larger.1 > smaller.1, "{larger:?} after {smaller:?}");
    pressed("further");
    assert_eq!(pressed("further"), whole);
}

/// Goes on with the tabulator until a chart has the focus.
fn tab_to_a_chart(browser: &Browser) {
    let is_there = "return document.activeElement.matches('.plot') ? 1 : 0";
    let reached = (0..200).any(|_| {
        press(browser, TAB);
        number(browser, is_there) > 0.5
    });
    assert!(reached, "no chart can be reached with the tabulator");
}

#[test]
fn without_a_mouse_a_part_can_be_looked_at_and_left() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let id = first(&browser);
    let whole = range(&browser, &id);
    tab_to_a_chart(&browser);
    assert_eq!(text(&browser, "return document.activeElement.closest('figure').id"), id);
    let pressed = |key: &str| {
        press(&browser, key);
        settle(&browser);
        range(&browser, &id)
    };
    let part = pressed("+");
    assert!(part.0 > whole.0 && part.1 < whole.1, "{part:?} of {whole:?}");
    let further = pressed(RIGHT);
    assert!(further.0 > part.0 && further.1 > part.1, "{further:?} after {part:?}");
    let back = pressed(LEFT);
    assert!(back.0 < further.0 && back.1 < further.1, "{back:?} after {further:?}");
    assert_eq!(pressed("0"), whole);
    pressed("+");
    assert_eq!(pressed(ESCAPE), whole);
    // The button comes next.
    pressed("+");
    press(&browser, TAB);
    assert_eq!(pressed(ENTER), whole);
}

#[test]
fn keys_never_show_what_lies_beyond_the_whole() {
    let Some((browser, _page)) = opened(&Options::default()) else { return };
    let id = first(&browser);
    let whole = range(&browser, &id);
    tab_to_a_chart(&browser);
    press(&browser, "+");
    for _ in 0..12 {
        press(&browser, RIGHT);
    }
    settle(&browser);
    let part = range(&browser, &id);
    assert!((part.1 - whole.1).abs() < 1e-9 && part.0 > whole.0, "{part:?} of {whole:?}");
    for _ in 0..12 {
        press(&browser, "-");
    }
    settle(&browser);
    assert_eq!(range(&browser, &id), whole);
}

/// The page of a record in which no two figures are the same, with its pictures of lines.
fn known_page() -> Option<(Browser, Page, Vec<Picture>)> {
    let browser = Browser::start(&Options::default())?;
    let document = Document::of(&known::servers());
    let page = Page::of(&document, Language::English);
    browser.open(&page.url());
    let is_there = |picture: &Picture| {
        let there = format!("return document.querySelector('#{}') ? 1 : 0", picture.id);
        matches!(picture.drawing, Drawing::Lines(_)) && number(&browser, &there) > 0.5
    };
    let pictures = document.pictures.into_iter().filter(is_there).collect();
    Some((browser, page, pictures))
}

fn lines(picture: &Picture) -> &Lines {
    match &picture.drawing {
        Drawing::Lines(lines) => lines,
        other => panic!("{}: {other:?}", picture.id),
    }
}

/// The picture with this beginning of a name.
fn named<'a>(pictures: &'a [Picture], id: &str) -> &'a Picture {
    pictures.iter().find(|picture| picture.id.starts_with(id)).unwrap_or_else(|| panic!("there is no {id}"))
}

fn kind(scale: Scale) -> &'static str {
    match scale {
        Scale::Linear => "linear",
        Scale::Logarithmic => "logarithmic",
        Scale::Nines => "nines",
    }
}

/// Goes to where a number of the axis to the right is.
fn hover_over(browser: &Browser, picture: &Picture, x: f64) {
    let u = chart(&picture.id);
    let scale = kind(lines(picture).x.scale);
    let share = format!(
        "return {u}.valToPos(concur.numbers.scales.{scale}.fold({x}), 'x') / {u}.over.getBoundingClientRect().width"
    );
    let share = number(browser, &share);
    assert!((-0.001..=1.001).contains(&share), "{}: {x} is at {share}", picture.id);
    hover(browser, within(browser, &picture.id, share.clamp(0.01, 0.99), 0.4));
    settle(browser);
}

/// What stands in a chart's legend, from the axis to the right on.
fn legend(browser: &Browser, picture: &Picture) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('#{} .u-value')].map((value) => value.textContent)",
        picture.id
    );
    let values = browser.run(&script, &[]);
    let values = values.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned());
    values.collect()
}

/// The figures of a text such as `12,345 (9.5–100.2k)`.
fn figures(text: &str) -> Vec<f64> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || ".,-".contains(c)));
    let figure = |word: &str| {
        let (digits, unit) = match word.chars().last()? {
            'k' => (&word[..word.len() - 1], 1e3),
            'M' => (&word[..word.len() - 1], 1e6),
            'G' => (&word[..word.len() - 1], 1e9),
            _ => (word, 1.0),
        };
        digits.replace(',', "").parse::<f64>().ok().map(|value| value * unit)
    };
    words.filter_map(figure).collect()
}

/// Whether a figure is `value` with the four digits that one in thousands has at least.
fn says(figure: f64, value: f64) -> bool {
    (figure - value).abs() <= 6e-4 * value.abs().max(1e-9)
}

#[test]
fn the_legend_has_the_figures_under_the_pointer() {
    let Some((browser, _page, pictures)) = known_page() else { return };
    for id in ["rate-by-connections", "latency-by-rate", "memory-by-connections", "latency-by-percentile"] {
        let picture = named(&pictures, id);
        let all = &lines(picture).series;
        for place in 0..all[0].points.len() {
            let x = all[0].points[place].x;
            hover_over(&browser, picture, x);
            let said: Vec<Vec<f64>> = legend(&browser, picture).iter().map(|value| figures(value)).collect();
            assert_eq!(said.len(), all.len() + 1, "{id}: {said:?}");
            assert!(says(said[0][0], x), "{id} at {x}: {said:?}");
            for (series, said) in all.iter().zip(&said[1..]) {
                let Some(point) = series.points.iter().find(|point| (point.x - x).abs() < 1e-9) else {
                    assert!(said.is_empty(), "{id} at {x}: {} has {said:?}", series.name);
                    continue;
                };
                let ends = point.interval.map(|(low, high)| [low, high]);
                let expected: Vec<f64> = std::iter::once(point.y).chain(ends.into_iter().flatten()).collect();
                let same = said.iter().zip(&expected).all(|(said, value)| says(*said, *value));
                assert!(
                    same && said.len() == expected.len(),
                    "{id}, {} at {x}: {said:?}, {expected:?}",
                    series.name
                );
            }
        }
    }
}

/// Where a chart's cursor is, from the left of its plane; below nought where it has none.
fn cursor(browser: &Browser, picture: &Picture) -> f64 {
    number(browser, &format!("return {}.cursor.left", chart(&picture.id)))
}

#[test]
fn cursors_on_axes_of_the_same_thing_move_together_to_the_same_number() {
    let Some((browser, _page, pictures)) = known_page() else { return };
    let (rates, memory) =
        (named(&pictures, "rate-by-connections"), named(&pictures, "memory-by-connections"));
    // One of ratios and one of differences: the same number is at another place there.
    assert_ne!(lines(rates).x.scale, lines(memory).x.scale);
    assert_eq!(lines(rates).x.title, lines(memory).x.title);
    let offered = named(&pictures, "latency-by-rate");
    assert_ne!(lines(offered).x.title, lines(rates).x.title);
    for (over, follows) in [(rates, memory), (memory, rates)] {
        for connections in [1.0, 16.0, 64.0] {
            hover_over(&browser, over, connections);
            let place = format!(
                "return {}.valToPos(concur.numbers.scales.{}.fold({connections}), 'x')",
                chart(&follows.id),
                kind(lines(follows).x.scale)
            );
            let (is, expected) = (cursor(&browser, follows), number(&browser, &place));
            assert!((is - expected).abs() < 12.0, "{} at {connections}: {is}, not {expected}", follows.id);
            assert!(says(figures(&legend(&browser, follows)[0])[0], connections), "{}", follows.id);
            assert!(cursor(&browser, offered) < 0.0);
        }
    }
    hover(&browser, place_of(&browser, "h1"));
    settle(&browser);
    assert!(cursor(&browser, rates) < 0.0 && cursor(&browser, memory) < 0.0);
}

#[test]
fn a_chart_that_does_not_show_a_number_has_no_cursor_there() {
    let Some((browser, _page, pictures)) = known_page() else { return };
    let (rates, memory) =
        (named(&pictures, "rate-by-connections"), named(&pictures, "memory-by-connections"));
    hover_over(&browser, rates, 16.0);
    assert!(cursor(&browser, memory) >= 0.0);
    // Up to about 32 of 64.
    drag(&browser, within(&browser, &memory.id, 0.02, 0.5), within(&browser, &memory.id, 0.5, 0.5));
    hover_over(&browser, rates, 64.0);
    assert!(cursor(&browser, memory) < 0.0);
    hover_over(&browser, rates, 16.0);
    assert!(cursor(&browser, memory) >= 0.0);
}
