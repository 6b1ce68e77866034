//! No word of any report in Chinese is English, but names.

use std::collections::BTreeMap;

use reports::document::Document;
use reports::language::Language;
use reports::record::{Cell, Run, Verdict};
use reports::summary::{Series, Versus};
use reports::terminal::{self, Charset, Terminal};
use reports::{html, markdown};

use super::{latin, with_reasons};
use crate::{gallery, large, sample};

/// Documents of every kind, each with a name.
fn documents() -> Vec<(&'static str, Document)> {
    let everything = || with_reasons(sample::course::run());
    let (old, new) = (everything(), slower(everything()));
    let versus = Versus::of(&old, &new).named("runs/1".into(), "runs/2".into());
    let series = ["a", "b", "c"].map(|name| (name.to_owned(), everything()));
    let changing = [("a", old.clone()), ("b", old.clone()), ("c", new.clone())];
    let changing = changing.map(|(name, run)| (name.to_owned(), run));
    let elsewhere = Versus::of(&old, &elsewhere(new.clone()));
    let of = Document::of;
    vec![
        ("the gallery's", of(&Run { notes: Vec::new(), ..gallery::record() })),
        ("sample", of(&with_reasons(sample::run()))),
        ("everything", of(&everything())),
        ("loads", of(&with_reasons(sample::loads::run()))),
        ("probes", of(&with_reasons(sample::probes::run()))),
        ("many", of(&large::record::run(2))),
        ("one round", of(&large::record::run(1))),
        ("nothing", of(&Run { cells: Vec::new(), complete: false, ..sample::run() })),
        ("a part", of(&Run { complete: false, planned: 900, ..with_reasons(sample::run()) })),
        ("nothing that counts", of(&void(everything()))),
        ("the same twice", Document::versus(&Versus::of(&old, &old))),
        ("two runs", Document::versus_with_both(&versus, &old, &new)),
        ("two machines", Document::versus(&elsewhere)),
        ("a series", Document::series(&Series::of(&series).unwrap())),
        ("a series that changes", Document::series(&Series::of(&changing).unwrap())),
    ]
}

/// The run with every server slower, and one of them gone.
fn slower(mut run: Run) -> Run {
    run.cells.retain(|cell| cell.server().is_none_or(|cell| cell.model != "poll"));
    for cell in &mut run.cells {
        if let Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) = cell
            && let Some(cost) = &mut cell.server
        {
            cost.user_s = cost.user_s.map(|seconds| 1.5 * seconds);
            cost.system_s = cost.system_s.map(|seconds| 1.5 * seconds);
        }
    }
    run
}

/// The run of another machine, another build and other places.
fn elsewhere(mut run: Run) -> Run {
    run.host.cores = 4;
    run.host.mitigations = Vec::new();
    run.concur = "0.2.0".into();
    for cell in &mut run.cells {
        if let Cell::Servers(cell) = cell {
            cell.placement.server = vec![2, 3];
            cell.seconds *= 2.0;
        }
    }
    run
}

/// The run with no cell that counts.
fn void(mut run: Run) -> Run {
    for cell in &mut run.cells {
        match cell {
            Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) => cell.verdict = Verdict::Errors,
            Cell::Tasks(cell) => cell.verdict = Verdict::Unsupported,
            Cell::Spawn(cell) | Cell::Switch(cell) | Cell::Ipc(cell) => cell.verdict = Verdict::Unstable,
        }
    }
    run
}

/// All texts of a document but those that are code or of the machine.
fn texts(document: &Document) -> Vec<String> {
    fn collect(value: serde_json::Value, found: &mut Vec<String>) {
        use serde_json::Value;
        match value {
            Value::String(text) => found.push(text),
            Value::Array(values) => values.into_iter().for_each(|value| collect(value, found)),
            Value::Object(fields) => {
                let is_code = fields.get("code").and_then(Value::as_bool) == Some(true);
                let own = |name: &str| NO_TEXTS.contains(&name) || (is_code && name == "value");
                fields
                    .into_iter()
                    .filter(|(name, _)| !own(name))
                    .for_each(|(_, value)| collect(value, found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = Vec::new();
    collect(serde_json::to_value(document).unwrap(), &mut found);
    found
}

/// Fields that no reader sees as words.
const NO_TEXTS: [&str; 10] =
    ["id", "kind", "scale", "style", "on", "align", "states", "language", "files", "belief"];

/// What only the records of these tests have, and what threads are called there, cut where there is no room.
const INVENTED: [&str; 9] =
    ["example", "work", "worker", "wor", "clone", "function", "mitigation", "job", "conc"];

/// Halves of `message-queue`, where a terminal has no room for it on one line.
const HALVES: [&str; 2] = ["message", "queue"];

#[test]
fn no_word_of_any_document_stays_english() {
    let mut left = BTreeMap::new();
    for (name, document) in documents() {
        let chinese = document.translated(Language::Chinese);
        for text in texts(&chinese) {
            left.extend(latin::english(&text, &INVENTED).into_iter().map(|found| (found, name)));
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

/// What a form says besides its document: what had no room, a page's own words.
#[test]
fn no_word_of_a_form_stays_english() {
    let mut left = BTreeMap::new();
    for (name, document) in documents() {
        let mut chinese = document.translated(Language::Chinese);
        chinese.facts.retain(|fact| !fact.code);
        let forms = [
            markdown::draw(&chinese).replace("</summary>", ""),
            terminal::draw(&chinese, Terminal { width: 80, charset: Charset::Utf8 }),
            without_code(&html::draw(&chinese).unwrap()),
        ];
        let not_words = [&INVENTED[..], &HALVES].concat();
        for form in &forms {
            left.extend(latin::english(form, &not_words).into_iter().map(|found| (found, name)));
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

/// The text of a page, without its elements, styles, scripts and code.
fn without_code(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, behind)) = rest.split_once('<') {
        text += before;
        let element = behind.split([' ', '>']).next().unwrap_or_default();
        let end = match element {
            "style" | "script" | "code" | "template" => format!("</{element}>"),
            _ => ">".to_owned(),
        };
        rest = behind.split_once(&end).map_or("", |(_, behind)| behind);
        text.push('\n');
    }
    text += rest;
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (entity, plain)| text.replace(entity, plain))
}
