//! What is typed at the prompt, and what a file may be called.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use workloads::files::Name;

use crate::cli::FileAction;
use crate::failure::Usage;
use crate::server;

/// The commands by their names, with the letters that go over the wire for them.
pub(super) const COMMANDS: [(&str, &str); 5] =
    [("list", "L"), ("get", "G"), ("put", "P"), ("help", "?"), ("quit", "Q")];

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing.
    Nothing,
    Action(FileAction),
    Help,
    Quit,
}

impl Typed {
    /// Understands a line: words are parted and quoted as in a shell.
    pub(super) fn read(line: &str) -> anyhow::Result<Self> {
        let words = server::words(line).map_err(|trouble| Usage::error(format!("the line {trouble}")))?;
        let Some((first, rest)) = words.split_first() else { return Ok(Self::Nothing) };
        let command = COMMANDS.iter().find(|(name, letter)| first == name || first == letter);
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        match (command.map(|(name, _)| *name), &rest[..]) {
            (Some("list"), []) => Ok(Self::Action(FileAction::List)),
            (Some("get"), [name]) => Ok(get(name, None)),
            (Some("get"), [name, file]) => Ok(get(name, Some(file))),
            (Some("put"), [file]) => Ok(put(file, None)),
            (Some("put"), [file, name]) => Ok(put(file, Some(name))),
            (Some("help"), []) => Ok(Self::Help),
            (Some("quit"), []) => Ok(Self::Quit),
            (Some(command), _) => {
                Err(Usage::error(format!("{command} wants other words behind it; try help")))
            }
            (None, _) => Err(Usage::error(format!("there is no command '{first}'; try help"))),
        }
    }
}

fn get(name: &str, file: Option<&&str>) -> Typed {
    Typed::Action(FileAction::Get { name: name.to_owned(), file: file.map(|file| (*file).into()) })
}

fn put(file: &str, name: Option<&&str>) -> Typed {
    Typed::Action(FileAction::Put { file: file.into(), name: name.map(|name| (*name).to_owned()) })
}

/// A name that a file may have on the server.
pub(super) fn name(name: impl AsRef<OsStr>) -> anyhow::Result<Name> {
    let name = name.as_ref();
    Name::new(name.as_bytes()).ok_or_else(|| {
        Usage::error(format!(
            "no file of a server is called '{}'; a name has at most 255 bytes and no slash, and does not begin with a dot",
            name.to_string_lossy().escape_debug()
        ))
    })
}

/// The name that a file is to have on the server: the one it has here, if none was given.
pub(super) fn name_for(file: &Path, given: Option<&str>) -> anyhow::Result<Name> {
    match given {
        Some(given) => name(given),
        None => name(file.file_name().unwrap_or_default()),
    }
}

/// A word as it is typed so that it is read as one.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "._-+,:@%/".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_command_has_a_name_and_a_letter() {
        assert_eq!(Typed::read(" list ").unwrap(), Typed::read("L").unwrap());
        assert_eq!(Typed::read("G 'two words' here").unwrap(), get("two words", Some(&"here")));
        assert_eq!(Typed::read("put file").unwrap(), put("file", None));
        assert_eq!(Typed::read("").unwrap(), Typed::Nothing);
        assert_eq!(Typed::read("Q").unwrap(), Typed::Quit);
    }

    #[test]
    fn what_is_no_command_is_said_to_be_none() {
        for line in ["lis", "l", "get", "put", "get a b c", "list a", "quit now", "get 'a"] {
            assert!(Typed::read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_file_keeps_its_name_unless_another_is_given() {
        assert_eq!(name_for(Path::new("/tmp/notes.txt"), None).unwrap().as_str(), "notes.txt");
        assert_eq!(name_for(Path::new("/tmp/notes.txt"), Some("other")).unwrap().as_str(), "other");
        assert!(name_for(Path::new("/tmp/.hidden"), None).is_err());
        assert!(name_for(Path::new(OsStr::from_bytes(b"a\xff")), None).is_err());
        assert!(name_for(Path::new("a"), Some("../b")).is_err());
    }

    proptest! {
        #[test]
        fn a_quoted_word_is_read_as_it_was(word in "\\PC{0,20}") {
            let line = format!("get {}", quoted(&word));
            prop_assert_eq!(Typed::read(&line).unwrap(), get(&word, None));
        }
    }
}
