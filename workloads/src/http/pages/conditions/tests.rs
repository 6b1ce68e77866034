//! Conditions against examples, and against a naive reading of RFC 9110, 13.2.2.

use proptest::prelude::*;

use super::*;

const TAG: &str = "\"1-2-3\"";
const MODIFIED: u64 = 784_111_777;
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn validators(is_settled: bool) -> Validators {
    Validators { tag: TAG.to_owned(), is_settled, modified: Some(MODIFIED) }
}

fn head(fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET /a HTTP/1.1\r\nHost: a\r\n{}\r\n", fields.concat())
}

fn come_to(fields: &[(&str, &str)]) -> Outcome {
    outcome(&Asked::read(head(fields).as_bytes()).unwrap(), &validators(true))
}

#[test]
fn tags_of_a_list_are_found_with_commas_in_them() {
    let found = tags(b" \"a,b\" ,, W/\"c\",\"\"").unwrap();
    let texts: Vec<_> =
        found.iter().map(|tag| (tag.is_weak, std::str::from_utf8(tag.opaque).unwrap())).collect();
    assert_eq!(texts, [(false, "\"a,b\""), (true, "\"c\""), (false, "\"\"")]);
    for wrong in ["a", "\"a", "\"a\" \"b\"", "w/\"a\"", "W/ \"a\"", "\"a b\"", "\"a\",b", "*", "\"a\"x"] {
        assert_eq!(tags(wrong.as_bytes()), None, "{wrong}");
    }
}

#[test]
fn who_has_the_page_gets_304() {
    for fields in [
        &[("If-None-Match", TAG)][..],
        &[("If-None-Match", "W/\"1-2-3\"")],
        &[("If-None-Match", "\"x\", \"1-2-3\"")],
        &[("If-None-Match", "\"x\""), ("If-None-Match", TAG)],
        &[("If-None-Match", "*")],
        &[("If-Modified-Since", DATE)],
        &[("If-Modified-Since", AFTER)],
        &[("If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT")],
        &[("If-Modified-Since", "Sun Nov  6 08:49:37 1994")],
        &[("If-None-Match", TAG), ("If-Modified-Since", BEFORE)],
        &[("If-Match", TAG), ("If-None-Match", TAG)],
    ] {
        assert_eq!(come_to(fields), Outcome::NotModified, "{fields:?}");
    }
}

#[test]
fn who_has_another_page_gets_it() {
    for fields in [
        &[][..],
        &[("If-None-Match", "\"x\"")],
        &[("If-None-Match", "1-2-3")],
        &[("If-None-Match", "*, \"x\"")],
        &[("If-Modified-Since", BEFORE)],
        &[("If-Modified-Since", "yesterday")],
        &[("If-Modified-Since", "")],
        &[("If-Modified-Since", DATE), ("If-Modified-Since", DATE)],
        &[("If-None-Match", "\"x\""), ("If-Modified-Since", DATE)],
        &[("If-Match", TAG)],
        &[("If-Match", "*")],
        &[("If-Unmodified-Since", DATE)],
        &[("If-Match", TAG), ("If-Unmodified-Since", BEFORE)],
        &[("If-Unmodified-Since", "never")],
    ] {
        assert_eq!(come_to(fields), Outcome::Go, "{fields:?}");
    }
}

#[test]
fn who_means_another_page_gets_412() {
    for fields in [
        &[("If-Match", "\"x\"")][..],
        &[("If-Match", "W/\"1-2-3\"")],
        &[("If-Match", "1-2-3")],
        &[("If-Match", "")],
        &[("If-Match", "\"x\""), ("If-None-Match", TAG)],
        &[("If-Unmodified-Since", BEFORE)],
        &[("If-Match", "\"x\""), ("If-Unmodified-Since", AFTER)],
    ] {
        assert_eq!(come_to(fields), Outcome::Failed, "{fields:?}");
    }
}

#[test]
fn a_range_holds_for_the_very_page_alone() {
    let holds = |value: &str, is_settled| {
        let head = head(&[("If-Range", value)]);
        range_holds(&Asked::read(head.as_bytes()).unwrap(), &validators(is_settled))
    };
    assert!(holds(TAG, true) && holds(DATE, true));
    for value in ["\"x\"", "W/\"1-2-3\"", "\"1-2-3\", \"x\"", BEFORE, AFTER, "1-2-3", "", "*"] {
        assert!(!holds(value, true), "{value}");
    }
    assert!(!holds(TAG, false) && !holds(DATE, false), "it may be written to again within the second");
    let none = head(&[]);
    assert!(range_holds(&Asked::read(none.as_bytes()).unwrap(), &validators(false)));
    let twice = head(&[("If-Range", TAG), ("If-Range", TAG)]);
    assert!(!range_holds(&Asked::read(twice.as_bytes()).unwrap(), &validators(true)));
}

#[test]
fn a_file_that_was_just_written_has_a_weak_tag() {
    let file = tempfile::tempfile().unwrap();
    let metadata = file.metadata().unwrap();
    let modified = metadata.modified().unwrap();
    assert!(Validators::of(&metadata, modified).etag().starts_with("W/\""));
    let later = Validators::of(&metadata, modified + SETTLED_AFTER);
    assert!(later.etag().starts_with('"') && later.is_settled);
}

#[test]
fn times_that_no_date_can_say_are_left_out_and_do_no_harm() {
    let file = tempfile::tempfile().unwrap();
    let now = UNIX_EPOCH + Duration::from_secs(MODIFIED);
    for (modified, expected) in [
        (UNIX_EPOCH - Duration::from_secs(10), None),
        (UNIX_EPOCH, Some("Thu, 01 Jan 1970 00:00:00 GMT")),
        (now + Duration::from_secs(1_000), Some(DATE)),
    ] {
        file.set_modified(modified).unwrap();
        let validators = Validators::of(&file.metadata().unwrap(), now);
        assert_eq!(validators.last_modified().as_deref(), expected, "{modified:?}");
        assert!(tags(validators.etag().as_bytes()).is_some(), "{}", validators.etag());
    }
    let far = Validators { modified: Some(LAST_SECOND), ..validators(true) };
    assert_eq!(far.last_modified().as_deref(), Some("Fri, 31 Dec 9999 23:59:59 GMT"));
}

/// A condition that may be there, and whether it holds for the file.
fn tag_condition() -> impl Strategy<Value = Option<(&'static str, bool, bool)>> {
    // The value, and whether it matches strongly and weakly.
    prop::option::of(prop::sample::select(vec![
        (TAG, true, true),
        ("W/\"1-2-3\"", false, true),
        ("\"x\"", false, false),
        ("*", true, true),
        ("W/\"x\", \"1-2-3\"", true, true),
    ]))
}

/// The value, and by how many seconds it is off; none if it is no date.
fn date_condition() -> impl Strategy<Value = Option<(&'static str, Option<i32>)>> {
    prop::option::of(prop::sample::select(vec![
        (BEFORE, Some(-1)),
        (DATE, Some(0)),
        (AFTER, Some(1)),
        ("06 Nov 1994", None),
    ]))
}

proptest! {
    #[test]
    fn conditions_come_to_what_a_naive_reading_says(
        if_match in tag_condition(),
        if_unmodified in date_condition(),
        if_none_match in tag_condition(),
        if_modified in date_condition(),
    ) {
        let mut fields = Vec::new();
        fields.extend(if_modified.map(|(value, _)| ("If-Modified-Since", value)));
        fields.extend(if_none_match.map(|(value, ..)| ("If-None-Match", value)));
        fields.extend(if_unmodified.map(|(value, _)| ("If-Unmodified-Since", value)));
        fields.extend(if_match.map(|(value, ..)| ("If-Match", value)));
        // Step by step, as the RFC numbers them.
        let step_1 = if_match.map(|(_, strongly, _)| strongly);
        let step_2 = if_unmodified.and_then(|(_, off)| off).map(|off| off >= 0);
        let step_3 = if_none_match.map(|(.., weakly)| !weakly);
        let step_4 = if_modified.and_then(|(_, off)| off).map(|off| off < 0);
        let expected = if !step_1.or(step_2).unwrap_or(true) {
            Outcome::Failed
        } else if !(if if_none_match.is_some() { step_3 } else { step_4 }).unwrap_or(true) {
            Outcome::NotModified
        } else {
            Outcome::Go
        };
        prop_assert_eq!(come_to(&fields), expected, "{:?}", fields);
    }

    #[test]
    fn no_value_makes_it_panic(value in "[ -~]{0,30}", bytes in prop::collection::vec(any::<u8>(), 0..30)) {
        let _ = (tags(value.as_bytes()), tags(&bytes), date(Single::One(&bytes)), date(Single::One(value.as_bytes())));
    }
}
