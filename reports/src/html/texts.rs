//! Every text that stands on a page, so that all of them can be had in another language.

use std::collections::BTreeSet;

use super::WORDS;
use super::data::Data;
use crate::document::{Document, Explanation};
use crate::picture::{Axis, Drawing, Picture};
use crate::svg;
use crate::table::Table;

/// The texts of `document`'s page that have letters in them, each once, in the language of the document; the page's own words, and
/// those of drawings, in English.
pub fn texts(document: &Document) -> BTreeSet<String> {
    let mut texts = vec![document.title.clone(), document.legend.to_owned()];
    texts.extend(WORDS.iter().map(|(_, word)| (*word).to_owned()));
    texts.extend(svg::words().map(str::to_owned));
    for conclusion in &document.conclusions {
        texts.extend([&conclusion.suite, &conclusion.text, &conclusion.trust].map(Clone::clone));
    }
    if let Some(brief) = &document.brief {
        of_table(&brief.table, &mut texts);
        texts.push(brief.by.to_owned());
    }
    texts.extend(document.warnings.iter().cloned());
    for fact in &document.facts {
        texts.push(fact.name.to_owned());
        texts.extend((!fact.code).then(|| fact.value.clone()));
    }
    document.tables.iter().for_each(|table| of_table(table, &mut texts));
    document.pictures.iter().for_each(|picture| of_picture(picture, &mut texts));
    document.explanations.iter().for_each(|explanation| of_explanation(explanation, &mut texts));
    texts.into_iter().filter(|text| text.chars().any(char::is_alphabetic)).collect()
}

fn of_table(table: &Table, texts: &mut Vec<String>) {
    texts.push(table.title.clone());
    for column in &table.columns {
        texts.extend([column.title.to_string(), column.unit.to_owned()]);
    }
    texts.extend(table.rows.iter().flatten().chain(&table.notes).cloned());
}

fn of_explanation(explanation: &Explanation, texts: &mut Vec<String>) {
    texts.push(explanation.text.to_owned());
    texts.extend(explanation.columns.iter().map(|&column| column.to_owned()));
}

fn of_picture(picture: &Picture, texts: &mut Vec<String>) {
    texts.extend([picture.title.clone(), picture.notice.clone()]);
    texts.extend(Data::of(picture).headings().iter().cloned());
    match &picture.drawing {
        Drawing::Lines(lines) => {
            of_axes([&lines.x, &lines.y], texts);
            texts.extend(lines.series.iter().map(|series| series.name.clone()));
            texts.extend(lines.areas.iter().map(|area| area.name.clone()));
        }
        Drawing::Bars(bars) => {
            of_axes([&bars.axis], texts);
            texts.extend(bars.parts.iter().cloned());
            texts.extend(bars.rows.iter().flat_map(|bar| [bar.label.clone(), bar.value.clone()]));
        }
        Drawing::Heat(heat) => of_axes([&heat.x, &heat.y], texts),
        Drawing::Tracks(tracks) => texts.extend(tracks.rows.iter().map(|row| row.label.clone())),
    }
}

fn of_axes<const N: usize>(axes: [&Axis; N], texts: &mut Vec<String>) {
    texts.extend(axes.into_iter().flat_map(|axis| [axis.title.clone(), axis.unit.clone()]));
}
