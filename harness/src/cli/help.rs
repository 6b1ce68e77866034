//! Help in the reader's language: the texts of every command and argument, and the words that clap has around them.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory, FromArgMatches};
use reports::language::Language;
use reports::terminal::{Charset, Terminal, draw_text};

use super::Cli;

/// What clap says around our texts, in the order in which it is replaced.
const AROUND: [&str; 10] = [
    "Usage:",
    "Commands:",
    "Arguments:",
    "Options:",
    "Possible values:",
    "Print help (see more with '--help')",
    "Print help (see a summary with '-h')",
    "Print help",
    "Print version",
    "Print this message or the help of the given subcommand(s)",
];
/// What it puts into brackets behind them.
const BRACKETS: [&str; 2] = ["[default: ", "[possible values: "];

/// How wide help is at most, as in [`Cli`].
const WIDTH: usize = 100;

/// What clap says of a command line that it can't understand; `{}` are names and values. They stand here so that the
/// catalogue has them; a test sees to it that clap says them.
pub const REFUSALS: [&str; 15] = [
    "unexpected argument '{}' found",
    "unexpected value '{}' for '{}' found; no more were expected",
    "unrecognized subcommand '{}'",
    "invalid value '{}' for '{}'",
    "the argument '{}' cannot be used with '{}'",
    "the argument '{}' cannot be used with:",
    "the argument '{}' cannot be used multiple times",
    "a value is required for '{}' but none was supplied",
    "the following required arguments were not provided:",
    "[possible values: {}]",
    "tip: a similar argument exists: '{}'",
    "tip: a similar value exists: '{}'",
    "tip: a similar subcommand exists: '{}'",
    "tip: some similar values exist: {}",
    "tip: to pass '{}' as a value, use '-- {}'",
];

/// What others say of a value that is none, and the system of a file or a place: the standard library, humantime, the C
/// library. Their words end up in our sentences.
pub const REASONS: [&str; 19] = [
    "invalid socket address",
    "invalid digit found in string",
    "invalid float literal",
    "cannot parse integer from empty string",
    "number too large to fit in target type",
    "expected number at {}",
    "invalid character at {}",
    "time unit needed, for example {}sec or {}ms",
    "value was empty",
    "No such file or directory",
    "Permission denied",
    "Not a directory",
    "Is a directory",
    "File exists",
    "No space left on device",
    "Connection refused",
    "Address already in use",
    "Cannot assign requested address",
    "os error {}",
];

/// Understands a command line; what is wrong with it, or the help that it asks for, is the error.
pub fn parse(words: impl IntoIterator<Item = OsString>, language: Language) -> Result<Cli, clap::Error> {
    let mut command = command(language);
    let matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn command(language: Language) -> Command {
    match language {
        Language::English => Cli::command(),
        // clap breaks lines at blanks, which Chinese has not: `page` does that.
        Language::Chinese => translated(Cli::command().term_width(usize::MAX), language),
    }
}

fn translated(command: Command, language: Language) -> Command {
    let of = |text: Option<&StyledStr>| text.map(|text| told(text, language));
    let (about, long_about) = (of(command.get_about()), of(command.get_long_about()));
    let (after, after_long) = (of(command.get_after_help()), of(command.get_after_long_help()));
    let mut command = command;
    if let Some(text) = about {
        command = command.about(text);
    }
    if let Some(text) = long_about {
        command = command.long_about(text);
    }
    if let Some(text) = after {
        command = command.after_help(text);
    }
    if let Some(text) = after_long {
        command = command.after_long_help(text);
    }
    command
        .mut_args(|argument| argument_in(argument, language))
        .mut_subcommands(|subcommand| translated(subcommand.term_width(usize::MAX), language))
}

fn argument_in(argument: Arg, language: Language) -> Arg {
    let of = |text: Option<&StyledStr>| text.map(|text| told(text, language));
    let (short, long) = (of(argument.get_help()), of(argument.get_long_help()));
    let argument = match short {
        Some(text) => argument.help(text),
        None => argument,
    };
    match long {
        Some(text) => argument.long_help(text),
        None => argument,
    }
}

fn told(text: &StyledStr, language: Language) -> String {
    language.of(&text.to_string()).into_owned()
}

/// A page of help as clap wrote it, with the words around in `language` and lines that fit a terminal of `width` columns.
pub fn page(text: &str, language: Language, width: usize) -> String {
    if language == Language::English {
        return text.to_owned();
    }
    let terminal = Terminal { width: width.min(WIDTH), charset: Charset::Utf8 };
    text.lines().map(|line| wrapped(&around(line, language), terminal)).collect()
}

/// One line, its words of clap's replaced.
fn around(line: &str, language: Language) -> String {
    let mut line = line.to_owned();
    if let Some((before, text)) = AROUND.iter().find_map(|text| Some((line.find(text)?, *text))) {
        let is_whole = line[..before].ends_with("  ") || line[..before].trim().is_empty();
        if is_whole {
            // A full-width colon needs no blank behind it.
            let behind = line[before + text.len()..].trim_start().to_owned();
            line.truncate(before);
            line += &(language.of(text).into_owned() + &behind);
        }
    }
    for bracket in BRACKETS {
        line = line.replace(bracket, &language.of(bracket));
    }
    // One of several values with its own text.
    let value = line.trim_start().strip_prefix("- ").and_then(|value| value.split_once(':'));
    match value {
        Some((name, text)) => {
            let margin = line.len() - line.trim_start().len();
            format!("{:margin$}- {}", "", language.labelled(name, &language.of(text.trim())))
        }
        None => line,
    }
}

/// A line broken where it must be, below the column in which its text begins.
fn wrapped(line: &str, terminal: Terminal) -> String {
    let margin = line.len() - line.trim_start().len();
    let beside = line[margin..].find("  ").map_or(margin, |gap| {
        let behind = margin + gap;
        behind + line[behind..].len() - line[behind..].trim_start().len()
    });
    let (name, text) = line.split_at(beside);
    if text.trim().is_empty() || terminal.width < beside + 20 {
        return format!("{}\n", line.trim_end());
    }
    let narrower = Terminal { width: terminal.width - beside, ..terminal };
    let lines = draw_text(text, narrower, 0);
    let mut told = String::new();
    for (index, line) in lines.lines().enumerate() {
        let before = if index == 0 { name.to_owned() } else { " ".repeat(beside) };
        told.extend([&*before, line, "\n"]);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_below_its_text() {
        let terminal = Terminal { width: 40, charset: Charset::Utf8 };
        let line = "      --out <DIR>  写到哪里；该目录中不得已有运行";
        let told = wrapped(line, terminal);
        assert_eq!(told, "      --out <DIR>  写到哪里；该目录中不\n                   得已有运行\n");
    }

    #[test]
    fn english_help_stays_as_clap_writes_it() {
        assert_eq!(page("Usage: concur\n", Language::English, 80), "Usage: concur\n");
    }

    #[test]
    fn the_words_around_are_translated_where_they_stand_alone() {
        let told = page("Options:\n  -h, --help  Print help\n", Language::Chinese, 80);
        assert_eq!(told, "选项：\n  -h, --help  输出帮助\n");
    }

    #[test]
    fn the_command_line_is_sound_in_both_languages() {
        command(Language::English).debug_assert();
        command(Language::Chinese).debug_assert();
    }
}
