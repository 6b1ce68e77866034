//! What pictures look like, on their own and on a page.

#[path = "../sample/drawings.rs"]
mod pictures;

use std::collections::BTreeSet;

use insta::assert_snapshot;
use reports::document::Document;
use reports::html::{self, Languages};
use reports::picture::{Drawing, Picture, Point, Row, Series, Style};
use reports::svg;

use crate::sample;

fn drawn(picture: &Picture) -> String {
    let drawn = svg::draw(picture, &|word| word.to_owned());
    let key: Vec<String> = drawn.key.iter().map(|key| format!("{}: {}", key.name, key.swatch)).collect();
    // An element a line, to be read.
    format!("{}\n\n{}\n", drawn.svg.replace("><", ">\n<"), key.join("\n"))
}

fn page(pictures: Vec<Picture>) -> String {
    html::draw(&Document { title: "Pictures".into(), pictures, ..Document::default() }).unwrap()
}

#[test]
fn lines_with_intervals_and_areas() {
    assert_snapshot!(drawn(&pictures::rates()));
}

#[test]
fn lines_over_nines() {
    assert_snapshot!(drawn(&pictures::percentiles()));
}

#[test]
fn points_with_laws() {
    assert_snapshot!(drawn(&pictures::speed_up()));
}

#[test]
fn bars_in_parts() {
    assert_snapshot!(drawn(&pictures::costs()));
}

#[test]
fn a_heat_map() {
    assert_snapshot!(drawn(&pictures::over_time()));
}

#[test]
fn a_timeline() {
    assert_snapshot!(drawn(&pictures::timeline()));
}

#[test]
fn each_part_of_a_bar_has_a_look_of_its_own() {
    let pictures = Document::of(&sample::course::run()).pictures;
    let in_parts =
        |picture: &&Picture| matches!(&picture.drawing, Drawing::Bars(bars) if bars.parts.len() > 1);
    let mut most = 0;
    for picture in pictures.iter().filter(in_parts) {
        let key = svg::draw(picture, &|word| word.to_owned()).key;
        let looks: BTreeSet<&String> = key.iter().map(|entry| &entry.swatch).collect();
        assert_eq!(looks.len(), key.len(), "{}", picture.id);
        most = most.max(key.len());
    }
    assert_eq!(most, 5, "the classes of errors");
}

#[test]
fn every_picture_has_its_sentence_its_link_its_rows_and_a_description() {
    let page = page(pictures::all());
    for picture in pictures::all() {
        assert!(page.contains(&format!("<a href=\"#{}\">", picture.id)), "{}", picture.id);
        assert!(
            page.contains(&format!("<figure class=\"picture\" id=\"{}\">", picture.id)),
            "{}",
            picture.id
        );
        let notice = picture.notice.replace('\'', "&#x27;");
        assert!(page.contains(&format!("<p>{notice}</p>")), "{}", picture.id);
        assert!(page.contains(&format!("<desc id=\"{}-d\">", picture.id)), "{}", picture.id);
        assert!(
            page.contains(&format!("download=\"{}.csv\" href=\"data:text", picture.id)),
            "{}",
            picture.id
        );
    }
    assert_eq!(page.matches("role=\"img\" aria-labelledby").count(), pictures::all().len());
}

#[test]
fn only_lines_are_drawn_anew_by_the_script() {
    let charts = |pictures| page(pictures).matches("<script type=\"application/json\">").count();
    assert_eq!(charts(pictures::all()), 3);
    assert!(!page(vec![pictures::costs(), pictures::over_time()]).contains("uPlot"));
}

#[test]
fn a_page_that_holds_uplot_holds_its_licence() {
    let page = page(vec![pictures::rates()]);
    assert!(
        page.contains("var uPlot=")
            && page.contains("The MIT License (MIT)")
            && page.contains("Leon Sorokin")
    );
}

#[test]
fn a_text_of_a_picture_is_only_text() {
    let mut picture = pictures::percentiles();
    let hostile = "</script><script>alert(1)</script><b>\"'&";
    picture.title = hostile.into();
    picture.notice = hostile.into();
    picture.id = "x\"><i>".into();
    let Drawing::Lines(lines) = &mut picture.drawing else { panic!("it has lines") };
    lines.x.title = hostile.into();
    lines.series[0].name = hostile.into();
    let page = page(vec![picture]);
    for tag in ["<script>alert", "<b>", "<i>"] {
        assert!(!page.contains(tag), "{tag}");
    }
    // One of the chart's data, uPlot's and the page's own.
    assert_eq!(page.matches("</script>").count(), 3);
}

#[test]
fn what_is_no_number_is_not_drawn() {
    let mut picture = pictures::percentiles();
    let Drawing::Lines(lines) = &mut picture.drawing else { panic!("it has lines") };
    let nowhere = |x, y| Point { x, y, interval: Some((f64::NAN, f64::INFINITY)) };
    lines.series.push(Series {
        name: "nothing".into(),
        points: vec![
            nowhere(f64::NAN, 1.0),
            nowhere(1.0, f64::INFINITY),
            nowhere(f64::NEG_INFINITY, f64::NAN),
        ],
        style: Style::Measured,
    });
    let page = page(vec![picture]);
    let svg = &page[page.find("<svg class=\"drawing\"").unwrap()..];
    let svg = &svg[..svg.find("</svg>").unwrap()];
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn pictures_of_nothing_are_drawn_all_the_same() {
    for mut picture in pictures::all() {
        match &mut picture.drawing {
            Drawing::Lines(lines) => lines.series.clear(),
            Drawing::Bars(bars) => bars.rows.clear(),
            Drawing::Heat(heat) => {
                heat.counts.clear();
                heat.x_edges.clear();
                heat.y_edges.clear();
            }
            Drawing::Tracks(tracks) => tracks.rows.clear(),
        }
        let drawn = drawn(&picture);
        assert!(drawn.contains("</svg>") && !drawn.contains("NaN"), "{drawn}");
    }
}

#[test]
fn the_page_has_both_languages_where_there_is_a_dictionary() {
    let document = Document { title: "Pictures".into(), ..Document::default() };
    let dictionary = [("Pictures".to_owned(), "图 </script>".to_owned())].into();
    let page = html::draw_in(&document, &Languages { dictionary, ..Languages::default() }).unwrap();
    assert!(page.contains("id=\"dictionary\">{\"d70feae\":\"图 \\u003c/script\\u003e\"}</script>"), "{page}");
    assert!(page.contains("id=\"language\"></button>"));
    assert!(html::draw(&document).unwrap().contains("id=\"language\" hidden></button>"));
}

#[test]
fn large_pictures_stay_small_on_a_page() {
    let mut heat = pictures::over_time();
    let Drawing::Heat(map) = &mut heat.drawing else { panic!("it has a map") };
    map.x_edges = (0..=120).map(f64::from).collect();
    map.y_edges = (0..=40).map(|row| 10.0 * 1.3_f64.powi(row)).collect();
    map.counts =
        (0..120_u64).map(|slice| (0..40).map(|row| (slice * 31 + row * 17) % 5_000).collect()).collect();
    let mut timeline = pictures::timeline();
    let Drawing::Tracks(tracks) = &mut timeline.drawing else { panic!("it has rows") };
    let states: String = (0..300).map(|look| if look % 3 == 0 { 'R' } else { 'S' }).collect();
    tracks.rows =
        (0..64).map(|row| Row { label: format!("thread {row}"), first: 0, states: states.clone() }).collect();
    for (picture, most) in [(heat, 150_000), (timeline, 150_000)] {
        let size = drawn(&picture).len();
        assert!(size < most, "{}: {size}", picture.id);
    }
}

/// What stands between tags, but for scripts, styles, code and what a browser may break.
fn shown(page: &str) -> Vec<String> {
    let mut rest = page;
    let mut shown = Vec::new();
    while let Some(start) = rest.find('<') {
        shown.push(rest[..start].trim().to_owned());
        rest = &rest[start..];
        let skipped = ["<script", "<style", "<code", "<td class=\"left", "<th scope=\"row"];
        let tag = skipped.iter().find(|tag| rest.starts_with(**tag));
        let name = tag.map(|tag| tag[1..].split(' ').next().unwrap_or_default());
        // A cell's end is not written.
        let end = match name {
            None => ">".to_owned(),
            Some("td") => "\n".to_owned(),
            Some(name) => format!("</{name}>"),
        };
        rest = &rest[rest.find(&end).unwrap() + end.len()..];
    }
    let unescaped = |text: &String| {
        let marks = [("&lt;", "<"), ("&gt;", ">"), ("&#x27;", "'"), ("&quot;", "\""), ("&amp;", "&")];
        marks.iter().fold(text.clone(), |text, (escaped, mark)| text.replace(escaped, mark))
    };
    shown.iter().map(unescaped).collect()
}

#[test]
fn every_text_of_a_page_is_among_those_that_can_be_translated() {
    let document = Document { pictures: pictures::all(), ..Document::of(&sample::run()) };
    let texts = html::texts(&document);
    let is_word = |text: &String| text.chars().filter(|c| c.is_alphabetic()).count() > 3;
    // Names of files, a name that is cut, what a bar is called beside its figure, and the letters of a timeline.
    let is_name = |text: &String| {
        ["run.json", "cells.csv", "report.md"].contains(&text.as_str())
            || text.contains('…')
            || text.contains("µs ±")
            || text.chars().all(|c| "RrSDTZ".contains(c))
    };
    let missing: Vec<String> = shown(&html::draw(&document).unwrap())
        .into_iter()
        .filter(|text| is_word(text) && !is_name(text) && !texts.contains(text))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_words_of_a_page_and_of_its_drawings_can_be_in_another_language() {
    let document = Document { pictures: vec![pictures::timeline()], ..Document::default() };
    let words = |word: &str| format!("«{word}»");
    let page =
        html::draw_in(&document, &Languages { own: "zh", words: &words, ..Languages::default() }).unwrap();
    assert!(page.contains("<html lang=\"zh\">"));
    for word in ["«Pictures»", "«running»", "«time»", "«states, a letter for each look»"] {
        assert!(page.contains(word), "{word}");
    }
}
