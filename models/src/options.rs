//! `name:key=value,...`: how a model or an executor and its options are written.
//!
//! ```
//! use models::options::{Choice, Kind, Spec};
//!
//! const SPECS: &[Spec] = &[Spec { key: "workers", kind: Kind::Number(64), help: "how many", default: "one per core" }];
//! let choice: Choice = "thread-pool:workers=4".parse().unwrap();
//! assert_eq!(choice.name, "thread-pool");
//! choice.options.check("thread-pool", SPECS).unwrap();
//! assert_eq!(choice.options.number("workers"), Some(4));
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

/// One option that a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spec {
    /// What stands before the `=`.
    pub key: &'static str,
    /// What may stand behind it.
    pub kind: Kind,
    /// What it does, in a few words.
    pub help: &'static str,
    /// What holds without it, in words.
    pub default: &'static str,
}

/// What the value of an option is, and its bounds: beyond them a server would not get far, or would end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A whole number from 1 to this.
    Number(usize),
    /// A size in bytes from the first to the second: `65536`, `64k` or `1m`.
    Bytes(usize, usize),
    /// One of these words. The first one is the default.
    #[serde(rename = "word")]
    Word(&'static [&'static str]),
}

impl Kind {
    fn allows(self, text: &str) -> bool {
        match self {
            Self::Number(most) => text.parse().is_ok_and(|number| (1..=most).contains(&number)),
            Self::Bytes(least, most) => bytes(text).is_some_and(|bytes| (least..=most).contains(&bytes)),
            Self::Word(words) => words.contains(&text),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(most) => write!(f, "a whole number from 1 to {most}"),
            Self::Bytes(least, most) => write!(f, "a size from {}k to {}k", least / 1024, most / 1024),
            Self::Word(words) => write!(f, "one of: {}", words.join(", ")),
        }
    }
}

fn bytes(text: &str) -> Option<usize> {
    let (digits, unit) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1024),
        b'm' | b'M' => (&text[..text.len() - 1], 1024 * 1024),
        b'g' | b'G' => (&text[..text.len() - 1], 1024 * 1024 * 1024),
        _ => (text, 1),
    };
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

/// A model or executor as asked for: its name and options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The name before the colon.
    pub name: String,
    /// What follows it.
    pub options: Options,
}

/// Options as given, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<String, String>);

/// What is wrong with a choice or an option; each message says what to try.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OptionError {
    /// No `=`, or no key before it.
    #[error("'{0}' is not an option; write name:key=value,key=value, as in thread-pool:workers=4")]
    NotAnOption(String),
    /// The same key twice.
    #[error("option '{0}' is given twice; give it once")]
    Twice(String),
    /// A key that the model does not have.
    #[error("{name} has no option '{key}'; {known}")]
    Unknown {
        /// The model.
        name: String,
        /// The key that was given.
        key: String,
        /// What it has instead, as a clause.
        known: String,
    },
    /// A value that can't be understood.
    #[error("option {key} can't be '{value}'; try {expected}")]
    Value {
        /// The option.
        key: String,
        /// What was given.
        value: String,
        /// What would do.
        expected: String,
    },
}

impl FromStr for Choice {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let mut options = BTreeMap::new();
        for pair in rest.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
                // A colon in a key would make it the next choice of a list.
                Some((key, value)) if !key.is_empty() && !key.contains(':') && !value.is_empty() => {
                    if options.insert(key.to_owned(), value.to_owned()).is_some() {
                        return Err(OptionError::Twice(key.to_owned()));
                    }
                }
                _ => return Err(OptionError::NotAnOption(pair.to_owned())),
            }
        }
        Ok(Self { name: name.trim().to_owned(), options: Options(options) })
    }
}

impl Choice {
    /// Reads choices separated by commas. Options are separated by commas as well, and tell themselves apart by
    /// their `=`, before which there is no colon: `epoll,thread-pool:workers=4,queue=8,poll` are three.
    pub fn list(text: &str) -> Result<Vec<Self>, OptionError> {
        let mut choices: Vec<String> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let is_option = part.find(['=', ':']).is_some_and(|at| part[at..].starts_with('='));
            match choices.last_mut() {
                Some(last) if is_option && last.contains(':') => {
                    last.push(',');
                    last.push_str(part);
                }
                _ => choices.push(part.to_owned()),
            }
        }
        choices.iter().map(|choice| choice.parse()).collect()
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.options.0.is_empty() { Ok(()) } else { write!(f, ":{}", self.options) }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.0.iter().enumerate() {
            write!(f, "{}{key}={value}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Options {
    /// Refuses keys that `specs` does not list, and values that are not of their kind; the message says what would do.
    pub fn check(&self, name: &str, specs: &[Spec]) -> Result<(), OptionError> {
        for (key, value) in &self.0 {
            let Some(spec) = specs.iter().find(|spec| spec.key == key) else {
                let (name, key) = (name.to_owned(), key.clone());
                return Err(OptionError::Unknown { name, key, known: known(specs) });
            };
            if !spec.kind.allows(value) {
                let (key, value, expected) = (key.clone(), value.clone(), spec.kind.to_string());
                return Err(OptionError::Value { key, value, expected });
            }
        }
        Ok(())
    }

    /// The text of an option.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets an option that was not given.
    pub fn set_default(&mut self, key: &str, value: &str) {
        self.0.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }

    /// The word that was given for an option of [`Kind::Word`], else its first one. Whether it is one of those allowed
    /// is for [`check`](Self::check) to say.
    pub fn word<'a>(&'a self, spec: &Spec) -> &'a str {
        let default = match spec.kind {
            Kind::Word(words) => words.first().copied().unwrap_or_default(),
            Kind::Number(_) | Kind::Bytes(..) => "",
        };
        self.text(spec.key).unwrap_or(default)
    }

    /// A number or a size. Whether it is within its bounds is for [`check`](Self::check) to say, before a model runs.
    pub fn number(&self, key: &str) -> Option<usize> {
        self.text(key).and_then(bytes)
    }
}

fn known(specs: &[Spec]) -> String {
    match specs {
        [] => "it takes none".to_owned(),
        _ => format!("it has: {}", specs.iter().map(|spec| spec.key).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[Spec] = &[
        Spec { key: "workers", kind: Kind::Number(64), help: "how many", default: "one per core" },
        Spec { key: "queue", kind: Kind::Number(64), help: "how many may wait", default: "1024" },
    ];

    fn options(text: &str) -> Options {
        text.parse::<Choice>().unwrap().options
    }

    #[test]
    fn a_choice_reads_and_writes_the_same() {
        for text in ["epoll", "thread-pool:queue=8,workers=4"] {
            assert_eq!(text.parse::<Choice>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_list_keeps_options_with_their_choice() {
        let list = |text| Choice::list(text).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            list("epoll, thread-pool:workers=4,queue=8,poll"),
            ["epoll", "thread-pool:queue=8,workers=4", "poll"]
        );
        assert!(list("").is_empty());
    }

    #[test]
    fn blanks_around_names_keys_and_values_are_nothing() {
        for text in ["thread-pool : workers = 4 , queue=8", " thread-pool:queue=8,  workers=4 "] {
            assert_eq!(text.parse::<Choice>().unwrap().to_string(), "thread-pool:queue=8,workers=4");
        }
        assert!(matches!("a: =b".parse::<Choice>(), Err(OptionError::NotAnOption(_))));
    }

    #[test]
    fn what_a_list_holds_can_be_written_as_a_list_even_with_a_colon_in_a_value() {
        let list = Choice::list("a:z=c:d,b=e").unwrap();
        assert_eq!(Choice::list(&list[0].to_string()), Ok(list));
    }

    #[test]
    fn a_wrong_option_lists_the_right_ones() {
        let error = options("thread-pool:wrokers=4").check("thread-pool", SPECS).unwrap_err();
        assert_eq!(error.to_string(), "thread-pool has no option 'wrokers'; it has: workers, queue");
        let error = options("loop:x=4").check("loop", &[]).unwrap_err();
        assert_eq!(error.to_string(), "loop has no option 'x'; it takes none");
    }

    #[test]
    fn a_wrong_value_says_what_would_do() {
        let error = |text: String| options(&text).check("thread-pool", SPECS).unwrap_err().to_string();
        for value in ["0", "65", "many", "-1", "99999999999999999999"] {
            let expected = format!("option workers can't be '{value}'; try a whole number from 1 to 64");
            assert_eq!(error(format!("thread-pool:workers={value}")), expected);
        }
    }

    #[test]
    fn sizes_take_units_and_keep_their_bounds() {
        const STACK: &[Spec] =
            &[Spec { key: "stack", kind: Kind::Bytes(65_536, 1 << 20), help: "", default: "" }];
        for (text, bytes) in [("64k", 65_536), ("1M", 1 << 20), ("70000", 70_000)] {
            let options = options(&format!("thread:stack={text}"));
            options.check("thread", STACK).unwrap();
            assert_eq!(options.number("stack"), Some(bytes));
        }
        for text in ["63k", "2m", "k", "1g", "99999999999999999999k"] {
            let error = options(&format!("thread:stack={text}")).check("thread", STACK).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("option stack can't be '{text}'; try a size from 64k to 1024k")
            );
        }
        assert_eq!(options("thread").number("stack"), None);
    }

    #[test]
    fn a_word_is_one_of_those_listed_and_the_first_unless_given() {
        const REAP: Spec =
            Spec { key: "reap", kind: Kind::Word(&["handler", "wait"]), help: "", default: "handler" };
        assert_eq!(options("fork").word(&REAP), "handler");
        assert_eq!(options("fork:reap=wait").word(&REAP), "wait");
        options("fork:reap=wait").check("fork", &[REAP]).unwrap();
        let error = options("fork:reap=never").check("fork", &[REAP]).unwrap_err();
        assert_eq!(error.to_string(), "option reap can't be 'never'; try one of: handler, wait");
    }

    #[test]
    fn what_is_not_an_option_is_refused() {
        for text in ["a:b", "a:=1", "a:b=", "a:b:c=1"] {
            assert!(matches!(text.parse::<Choice>(), Err(OptionError::NotAnOption(_))), "{text}");
        }
        assert_eq!("a:b=1,b=2".parse::<Choice>(), Err(OptionError::Twice("b".into())));
    }
}
