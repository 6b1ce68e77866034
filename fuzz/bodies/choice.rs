//! Whatever stands for a model and its options is read or refused, and what was read reads the same once it is written.

use crate::options::Choice;

/// Tries any text.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(choice) = text.parse::<Choice>() {
        assert_eq!(choice.to_string().parse(), Ok(choice), "{text:?}");
    }
    if let Ok(choices) = Choice::list(text) {
        let written: Vec<String> = choices.iter().map(ToString::to_string).collect();
        // Nothing between two commas is no choice of a list, so a nameless one can't be written there.
        if choices.iter().all(|choice| !choice.name.is_empty()) {
            assert_eq!(Choice::list(&written.join(",")), Ok(choices), "{text:?}");
        }
    }
}
