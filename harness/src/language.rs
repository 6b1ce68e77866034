//! The language of what this process says: chosen once, before the command line is understood, since what is wrong with
//! that is said in it as well.
//!
//! Texts are English inside and translated where they leave: in [`failure`](crate::failure) errors, in
//! [`command`](crate::command) what is printed. Records and `--json` stay as they are.

use std::env;
use std::ffi::OsString;
use std::sync::OnceLock;

use reports::language::Language;

/// What tells a process that it is one of our own and no person reads it: its words become part of a record, which is English.
pub const OF_OWN_PROCESSES: (&str, &str) = ("CONCUR_LANG", "en");

static CHOSEN: OnceLock<Language> = OnceLock::new();

/// Chooses the language by the words of a command line and by the environment. The first choice holds.
pub fn choose(words: impl IntoIterator<Item = OsString>) -> Language {
    let of_own = || env::var(OF_OWN_PROCESSES.0).ok().and_then(|name| name.parse().ok());
    let asked = asked(words).or_else(of_own);
    *CHOSEN.get_or_init(|| asked.unwrap_or_else(Language::of_environment))
}

/// The language in which this process speaks: English if nobody has chosen.
pub fn current() -> Language {
    CHOSEN.get().copied().unwrap_or_default()
}

/// `text` in that language.
pub fn say(text: &str) -> String {
    current().of(text).into_owned()
}

/// What `--lang` asks for, if it can be understood; if not, the command line is refused later.
fn asked(words: impl IntoIterator<Item = OsString>) -> Option<Language> {
    let words = words.into_iter().map(|word| word.to_string_lossy().into_owned());
    let mut words = words.take_while(|word| word != "--");
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--lang") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => continue,
        };
        if let Some(language) = value.and_then(|value| value.parse().ok()) {
            return Some(language);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Language> {
        asked(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_option_may_stand_anywhere_before_somebody_elses_words() {
        assert_eq!(of("concur --lang zh list"), Some(Language::Chinese));
        assert_eq!(of("concur list --lang=en"), Some(Language::English));
        assert_eq!(of("concur launch -- program --lang zh"), None);
        assert_eq!(of("concur list --lang tlh"), None);
        assert_eq!(of("concur list --language zh"), None);
    }
}
