//! That everything people read has its Chinese, and that all of its Chinese is read.

#[path = "language/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use polib::po_file;
use reports::language::Language;
use source::{Key, normalised};

/// What looks like a sentence and is none that people read, by how its file's name begins, with the reason.
const NOT_READ: [(&str, &str, &str); 28] = [
    ("reports/src/svg/", "area-name halo", "classes of a style sheet"),
    ("workloads/src/http/", "", "goes over the wire, where clients of any kind read it"),
    ("workloads/src/folder", "", "goes over the wire, as the reason of a refusal"),
    ("workloads/src/client/http/attacks", "", "goes over the wire"),
    ("workloads/src/client/http/malformed", "", "goes over the wire"),
    ("harness/src/verify/http/folder/ranges.rs", "content-range: ", "what a reply has in it"),
    ("workloads/src/chat/command.rs", "", "goes over the wire, where clients of any kind read it"),
    ("workloads/src/chat/room.rs", "STATUS ", "goes over the wire"),
    ("workloads/src/chat/room/tests.rs", "", "what tests say"),
    ("workloads/src/broadcast.rs", "", "goes over the wire"),
    ("harness/src/verify/chat/", "{} said: ", "goes over the wire"),
    ("harness/src/command/chat.rs", "listening on ", "what programs wait for"),
    ("workloads/src/arrivals.rs", "", "goes over the wire, where clients of any kind read it"),
    ("workloads/src/records.rs", "", "goes over the wire, where clients of any kind read it"),
    ("workloads/src/client/", "GET ", "goes over the wire"),
    ("harness/src/verify/", "\n", "goes over the wire: it has a line's end in it"),
    ("harness/src/torture/", "\n", "goes over the wire: it has a line's end in it"),
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

/// A text that nobody can translate must not be gone through in all the ways there are to take it apart.
#[test]
fn a_long_text_without_a_translation_ends() {
    let text = "zebra: one, two; gnu: three, four. ".repeat(500);
    let begun = Instant::now();
    assert_eq!(Language::Chinese.of(&text), text);
    assert!(begun.elapsed() < Duration::from_secs(30), "it takes an exponential time");
}
