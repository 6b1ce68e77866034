//! Where lines come from: an editor with history and completion on a terminal, or a pipe.

use std::fs;
use std::io::stdin;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use models::address::Address;
use reedline::{
    ColumnarMenu, Completer, Emacs, FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Reedline,
    ReedlineEvent, ReedlineMenu, Signal, Span, Suggestion, default_emacs_keybindings,
};
use reports::terminal::Colours;
use workloads::files::protocol::Listed;

use super::words::{COMMANDS, quoted};
use crate::appearance;
use crate::label::Label;

/// How many lines the history keeps.
const HISTORY_LINES: usize = 1_000;
const MENU: &str = "completion_menu";

/// Lines, one after another.
pub(super) enum Editor<'a> {
    Typed(Box<Reedline>, Label),
    /// The flag is set while one is waited for.
    Piped(&'a AtomicBool),
}

/// What came of waiting for a line.
pub(super) enum Line {
    Typed(String),
    /// It was given up.
    Dropped,
    /// There are no more.
    End,
}

/// The names that the server is known to have.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<Vec<String>>>);

impl Known {
    pub(super) fn learn(&self, files: &[Listed]) {
        let names = files.iter().map(|file| file.name.as_str().to_owned()).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'a> Editor<'a> {
    /// On a terminal. `stop` ends the waiting.
    pub(super) fn typed(address: &Address, known: &Known, stop: &Arc<AtomicBool>) -> anyhow::Result<Self> {
        let mut keys = default_emacs_keybindings();
        let complete =
            ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]);
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, complete);
        let menu = Box::new(ColumnarMenu::default().with_name(MENU));
        let editor = Reedline::create()
            .with_completer(Box::new(Completions(known.clone())))
            .with_menu(ReedlineMenu::EngineCompleter(menu))
            .with_quick_completions(true)
            .with_partial_completions(true)
            .with_edit_mode(Box::new(Emacs::new(keys)))
            .with_history(history()?)
            .with_ansi_colors(matches!(appearance::colours(), Colours::On))
            .with_break_signal(Arc::clone(stop));
        Ok(Self::Typed(Box::new(editor), Label(format!("{address}> "))))
    }

    /// From standard input.
    pub(super) fn piped(idle: &'a AtomicBool) -> Self {
        Self::Piped(idle)
    }

    /// Waits for the next line.
    pub(super) fn next(&mut self) -> anyhow::Result<Line> {
        match self {
            Self::Typed(editor, label) => Ok(match editor.read_line(label)? {
                Signal::Success(line) => Line::Typed(line),
                Signal::CtrlC => Line::Dropped,
                _ => Line::End,
            }),
            Self::Piped(idle) => {
                let mut line = String::new();
                idle.store(true, Ordering::Relaxed);
                let read = stdin().read_line(&mut line);
                idle.store(false, Ordering::Relaxed);
                Ok(if read? == 0 { Line::End } else { Line::Typed(line) })
            }
        }
    }
}

/// The lines of earlier times, if there is a place for them.
fn history() -> anyhow::Result<Box<FileBackedHistory>> {
    let kept = place().and_then(|place| FileBackedHistory::with_file(HISTORY_LINES, place).ok());
    Ok(Box::new(match kept {
        Some(history) => history,
        None => FileBackedHistory::new(HISTORY_LINES)?,
    }))
}

/// Where the XDG Base Directory Specification has it.
fn place() -> Option<PathBuf> {
    let given = appearance::variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = given.or_else(|| Some(Path::new(&appearance::variable("HOME")?).join(".local/state")))?;
    Some(state.join("concur/files-history"))
}

/// What a word may become.
struct Completions(Known);

impl Completer for Completions {
    fn complete(&mut self, line: &str, at: usize) -> Vec<Suggestion> {
        let typed = &line[..at];
        let (command, begun, start) = word_at_end(typed);
        let words = match command {
            None => COMMANDS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            Some("get" | "G") => self.0.names(),
            Some("put" | "P") => local_files(&begun),
            Some(_) => Vec::new(),
        };
        let fitting = words.into_iter().filter(|word| word.starts_with(&begun));
        fitting.map(|word| suggestion(&word, Span::new(start, at))).collect()
    }
}

/// The command of a line, if it stands there already, and the word that is being typed: what it is without its quotes, and
/// where it begins.
fn word_at_end(typed: &str) -> (Option<&str>, String, usize) {
    let first = typed.len() - typed.trim_start().len();
    let Some(blank) = typed[first..].find(char::is_whitespace) else {
        return (None, typed[first..].to_owned(), first);
    };
    let command = &typed[first..first + blank];
    let rest = &typed[first + blank..];
    let start = first + blank + (rest.len() - rest.trim_start().len());
    let begun = typed[start..].trim_start_matches('\'').replace(r"'\''", "'");
    (Some(command), begun, start)
}

/// The files here whose names begin so.
fn local_files(begun: &str) -> Vec<String> {
    let folder = begun.rfind('/').map_or("", |slash| &begun[..=slash]);
    let entries = fs::read_dir(if folder.is_empty() { "." } else { folder });
    let name = |entry: fs::DirEntry| {
        let slash = if entry.file_type().is_ok_and(|it| it.is_dir()) { "/" } else { "" };
        Some(format!("{folder}{}{slash}", entry.file_name().to_str()?))
    };
    let mut names: Vec<String> = entries.into_iter().flatten().flatten().filter_map(name).collect();
    names.sort();
    names
}

fn suggestion(word: &str, span: Span) -> Suggestion {
    Suggestion { value: quoted(word), span, append_whitespace: !word.ends_with('/'), ..Suggestion::default() }
}

#[cfg(test)]
mod tests {
    use workloads::files::Name;

    use super::*;

    fn completed(line: &str) -> Vec<String> {
        let known = Known::default();
        let file = |name: &str| Listed { name: Name::new(name.as_bytes()).unwrap(), bytes: 0 };
        known.learn(&[file("notes.txt"), file("two words"), file("笔记")]);
        Completions(known).complete(line, line.len()).into_iter().map(|it| it.value).collect()
    }

    #[test]
    fn commands_and_the_servers_names_are_completed() {
        assert_eq!(completed("l"), ["list"]);
        assert_eq!(completed("").len(), COMMANDS.len());
        assert_eq!(completed("get n"), ["notes.txt"]);
        assert_eq!(completed("get 笔"), ["笔记"]);
        assert_eq!(completed("get tw"), ["'two words'"]);
        assert_eq!(completed("get 'two w"), ["'two words'"]);
        assert_eq!(completed("list n"), Vec::<String>::new());
    }

    #[test]
    fn local_files_are_completed_with_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        let line = format!("put {}/f", folder.path().display());
        let path = |name: &str| format!("{}/{name}", folder.path().display());
        assert_eq!(completed(&line), [path("file"), path("folder/")]);
    }
}
