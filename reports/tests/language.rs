//! That everything people read has its Chinese, and that a report in Chinese is one.

#[allow(dead_code, reason = "the gallery is drawn elsewhere")]
#[path = "sample/gallery.rs"]
mod gallery;
#[path = "language/latin.rs"]
mod latin;
#[path = "language/lint.rs"]
mod lint;
mod sample;
#[path = "language/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use polib::po_file;
use reports::document::Document;
use reports::language::{Language, dictionary};
use reports::record::{Cell, Run, Verdict};
use reports::summary::{Series, Versus};
use reports::terminal::{self, Charset, Terminal};
use reports::{html, markdown};
use source::{Key, normalised};

/// What looks like a sentence and is none that people read, by how its file's name begins, with the reason.
const NOT_READ: [(&str, &str, &str); 15] = [
    ("reports/src/svg/", "area-name halo", "classes of a style sheet"),
    ("workloads/src/http/", "", "goes over the wire, where clients of any kind read it"),
    ("workloads/src/client/", "GET ", "goes over the wire"),
    ("harness/src/verify/", "\n", "goes over the wire: it has a line's end in it"),
    ("harness/src/command/serve.rs", "listening on ", "what programs wait for"),
    ("harness/src/server.rs", "listening on ", "what programs wait for"),
    ("harness/src/failure.rs", "For more information", "what clap says and we leave out"),
    ("harness/src/interpreter/process.rs", "interpreter ", "a thread's name"),
    ("harness/src/server/output.rs", "server output", "a thread's name"),
    ("harness/src/measure/host.rs", "Not affected", "what the kernel writes"),
    ("harness/src/measure/host.rs", "model name", "what the kernel writes"),
    ("harness/src/python.rs", "import ", "Python"),
    ("models/src/lib.rs", "concur measures Linux", "what the compiler says on other systems"),
    ("reports/src/language", "", "the translator's own words and documentation"),
    ("models/src/", "skipped: ", "what tests say"),
];

fn is_read((key, file): &(&Key, &String)) -> bool {
    let is_exempt = |&(folder, text, _): &(&str, &str, &str)| {
        file.starts_with(folder)
            && if text == "\n" { key.text.contains('\n') } else { key.text.starts_with(text) }
    };
    !NOT_READ.iter().any(is_exempt)
}

/// The catalogue: context and key with the translation.
fn catalogue() -> BTreeMap<(Option<String>, String), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales/zh.po");
    let file = po_file::parse(&path).expect("the catalogue is a gettext file");
    file.messages()
        .map(|it| {
            let translation = it.msgstr().expect("no entry has plurals").to_owned();
            ((it.msgctxt().map(str::to_owned), it.msgid().to_owned()), translation)
        })
        .collect()
}

fn chinese() -> Document {
    Document::of(&sample::run()).translated(Language::Chinese)
}

#[test]
fn every_text_that_people_read_has_a_translation() {
    let (found, catalogue) = (source::read(), catalogue());
    let has = |key: &Key| {
        let of = (key.context.map(str::to_owned), key.text.clone());
        catalogue.get(&of).is_some_and(|translation| !translation.is_empty())
    };
    let missing: Vec<_> = found.needed.iter().filter(is_read).filter(|(key, _)| !has(key)).collect();
    assert!(found.needed.len() > 1_000, "{}", found.needed.len());
    assert!(missing.is_empty(), "without a translation: {missing:#?}");
}

#[test]
fn every_entry_stands_in_the_source() {
    let found = source::read();
    let texts: BTreeSet<&str> = found.all.keys().map(|key| key.text.as_str()).collect();
    let catalogue = catalogue();
    let dead: Vec<_> = catalogue.keys().filter(|(_, text)| !texts.contains(text.as_str())).collect();
    assert!(dead.is_empty(), "in the catalogue, but nowhere in the source: {dead:#?}");
}

#[test]
fn a_translation_has_the_values_of_its_text() {
    let numbered = |text: &str| {
        let of = |number: usize| text.matches(&format!("{{{number}}}")).count();
        (1..10).map(of).collect::<Vec<_>>()
    };
    for ((_, text), translation) in catalogue() {
        let values = text.matches("{}").count();
        let (plain, numbered) = (translation.matches("{}").count(), numbered(&translation));
        let as_many = if plain == values {
            numbered.iter().all(|count| *count == 0)
        } else {
            plain == 0 && (0..9).all(|index| numbered[index] == usize::from(index < values))
        };
        assert!(as_many, "{text}\n{translation}");
    }
}

#[test]
fn a_translation_ends_as_its_text_does() {
    for ((_, text), translation) in catalogue() {
        assert_eq!(text.ends_with('\n'), translation.ends_with('\n'), "{text:?}");
        let ends = |text: &str, marks: [char; 2]| text.trim_end().ends_with(marks);
        assert_eq!(ends(&text, ['.', '。']), ends(&translation, ['.', '。']), "{text:?}\n{translation:?}");
    }
}

#[test]
fn placeholders_are_told_from_braces() {
    assert_eq!(normalised("{a} of {b:.1}, {{c}}"), "{} of {}, {c}");
}

#[test]
fn a_report_in_chinese_on_a_terminal() {
    assert_snapshot!(terminal::draw(&chinese(), Terminal { width: 100, charset: Charset::Utf8 }));
}

#[test]
fn a_report_in_chinese_as_markdown() {
    assert_snapshot!(markdown::draw(&chinese()));
}

/// The record with reasons as the harness gives them, in the place of its own.
fn with_reasons(run: Run) -> Run {
    let mut run = Run { notes: Vec::new(), ..run };
    let steal = "the machine was disturbed: the hypervisor gave 12% of the time to others";
    for (index, cell) in run.cells.iter_mut().enumerate() {
        let (reason, said) = match cell {
            Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) => (&mut cell.reason, steal),
            Cell::Tasks(cell) => (&mut cell.reason, "1 of 10 jobs failed; job 3 came to 1 instead of 9592"),
            Cell::Spawn(cell) | Cell::Switch(cell) | Cell::Ipc(cell) => (&mut cell.reason, steal),
        };
        if reason.is_some() || index % 7 == 0 {
            *reason = Some(said.to_owned());
        }
    }
    run
}

#[test]
fn nothing_in_a_report_stays_english() {
    let document = Document::of(&with_reasons(sample::run())).translated(Language::Chinese);
    let found = lint::english(&markdown::draw(&document));
    assert!(found.is_empty(), "{found:#?}");
}

/// Documents of every kind, each with a name.
fn documents() -> Vec<(&'static str, Document)> {
    let everything = || with_reasons(sample::course::run());
    let (old, new) = (everything(), slower(everything()));
    let versus = Versus::of(&old, &new).named("runs/1".into(), "runs/2".into());
    let series = ["a", "b", "c"].map(|name| (name.to_owned(), everything()));
    let elsewhere = Versus::of(&old, &elsewhere(new.clone()));
    let of = Document::of;
    vec![
        ("the gallery's", of(&Run { notes: Vec::new(), ..Run::read(&gallery::directory()).unwrap() })),
        ("sample", of(&with_reasons(sample::run()))),
        ("everything", of(&everything())),
        ("loads", of(&with_reasons(sample::loads::run()))),
        ("probes", of(&with_reasons(sample::probes::run()))),
        ("many", of(&sample::large::run(2))),
        ("one round", of(&sample::large::run(1))),
        ("nothing", of(&Run { cells: Vec::new(), complete: false, ..sample::run() })),
        ("a part", of(&Run { complete: false, planned: 900, ..with_reasons(sample::run()) })),
        ("nothing that counts", of(&void(everything()))),
        ("the same twice", Document::versus(&Versus::of(&old, &old))),
        ("two runs", Document::versus_with_both(&versus, &old, &new)),
        ("two machines", Document::versus(&elsewhere)),
        ("a series", Document::series(&Series::of(&series).unwrap())),
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
const INVENTED: [&str; 8] = ["example", "worker", "wor", "clone", "function", "mitigation", "job", "conc"];

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
        for form in &forms {
            left.extend(latin::english(form, &INVENTED).into_iter().map(|found| (found, name)));
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

#[test]
fn no_line_in_chinese_is_wider_than_the_terminal() {
    for width in [80, 120] {
        let page = terminal::draw(&chinese(), Terminal { width, charset: Charset::Utf8 });
        for line in page.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{line}");
        }
    }
}

#[test]
fn a_page_says_its_language() {
    let page = html::draw(&chinese()).unwrap();
    assert!(page.contains(r#"<html lang="zh-CN">"#), "{}", &page[..200]);
    let english = html::draw(&Document::of(&sample::run())).unwrap();
    assert!(english.contains(r#"<html lang="en">"#));
}

#[test]
fn figures_and_names_are_the_same_in_both_languages() {
    let (english, chinese) = (Document::of(&sample::run()), chinese());
    for (one, other) in english.sections.iter().zip(&chinese.sections) {
        for (one, other) in one.table.rows.iter().zip(&other.table.rows) {
            let figures = |row: &[String]| {
                let is_figure = |text: &&String| !text.contains(char::is_alphabetic);
                row.iter().filter(is_figure).cloned().collect::<Vec<_>>()
            };
            assert_eq!(figures(one), figures(other));
        }
    }
}

#[test]
fn what_another_version_said_stays_as_it_is() {
    let run = Run { notes: vec!["Zebras were counted as well.".to_owned()], ..sample::run() };
    let document = Document::of(&run).translated(Language::Chinese);
    assert!(document.facts.iter().any(|fact| fact.value == "Zebras were counted as well."));
}

/// A text that nobody can translate must not be gone through in all the ways there are to take it apart.
#[test]
fn a_long_text_without_a_translation_ends() {
    let text = "zebra: one, two; gnu: three, four. ".repeat(500);
    let begun = Instant::now();
    assert_eq!(Language::Chinese.of(&text), text);
    assert!(begun.elapsed() < Duration::from_secs(30), "it takes an exponential time");
}

#[test]
fn a_dictionary_has_the_texts_of_a_document() {
    let document = Document::of(&sample::run());
    let titles = document.sections.iter().map(|section| section.table.title.as_str());
    let found = dictionary(titles.clone());
    assert!(titles.into_iter().all(|title| found.contains_key(title)), "{found:#?}");
}
