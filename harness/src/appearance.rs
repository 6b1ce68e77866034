//! How output looks: how wide it is, in which characters, and whether it is coloured.

use std::env;
use std::io::{IsTerminal, stdout};
use std::os::fd::AsFd;
use std::sync::OnceLock;

use clap::ValueEnum;
use reports::terminal::{Charset, Colours, Terminal};

/// How wide a page is where nobody says: in a pipe or a file.
const WIDTH: usize = 80;

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Colours.
    pub color: Color,
    /// ASCII only, whatever the locale says.
    pub ascii: bool,
}

static WANTED: OnceLock<Wanted> = OnceLock::new();

/// Says once for the whole process what was asked for.
pub fn want(wanted: Wanted) {
    let _ = WANTED.set(wanted); // a second time comes from the same command line
}

fn wanted() -> Wanted {
    WANTED.get().copied().unwrap_or_default()
}

/// What standard output can show.
pub fn terminal() -> Terminal {
    let columns = variable("COLUMNS").and_then(|text| text.parse().ok());
    Terminal { width: width(size_of(stdout()).map(|(columns, _)| columns), columns), charset: charset() }
}

/// Whether what goes to standard output is coloured.
pub fn colours() -> Colours {
    colours_on(&stdout())
}

/// Whether what goes there is coloured.
pub fn colours_on(stream: &impl IsTerminal) -> Colours {
    let shows = stream.is_terminal() && !is_dumb();
    if is_coloured(wanted().color, shows, variable("NO_COLOR").is_some()) {
        Colours::On
    } else {
        Colours::Off
    }
}

/// Whether the terminal can do no more than write one line below the other.
pub fn is_dumb() -> bool {
    variable("TERM").is_some_and(|name| name == "dumb")
}

/// Which characters may be used.
pub fn charset() -> Charset {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
    if !wanted().ascii && knows_utf8(locale.as_deref()) { Charset::Utf8 } else { Charset::Ascii }
}

/// Columns and lines of a terminal; none of anything else, or of a terminal that does not know.
pub fn size_of(stream: impl AsFd + IsTerminal) -> Option<(usize, usize)> {
    let size = stream.is_terminal().then(|| rustix::termios::tcgetwinsize(stream).ok()).flatten()?;
    (size.ws_col > 0 && size.ws_row > 0).then(|| (size.ws_col.into(), size.ws_row.into()))
}

/// A variable of the environment that is set to something.
pub fn variable(name: &str) -> Option<String> {
    env::var_os(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
}

/// A terminal's own width; elsewhere what `COLUMNS` says.
fn width(terminal: Option<usize>, columns: Option<usize>) -> usize {
    terminal.or(columns.filter(|columns| *columns > 0)).unwrap_or(WIDTH)
}

/// `NO_COLOR` as <https://no-color.org> has it: an option on the command line goes before it.
fn is_coloured(color: Color, shows: bool, no_color: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => shows && !no_color,
    }
}

/// Without any locale UTF-8 is taken for granted.
fn knows_utf8(locale: Option<&str>) -> bool {
    locale.is_none_or(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_wide_as_its_terminal_and_80_columns_elsewhere() {
        assert_eq!(width(Some(37), Some(120)), 37);
        assert_eq!(width(None, Some(120)), 120);
        assert_eq!((width(None, None), width(None, Some(0))), (80, 80));
    }

    #[test]
    fn colours_are_for_terminals_unless_somebody_wants_them() {
        assert!(is_coloured(Color::Auto, true, false) && !is_coloured(Color::Auto, false, false));
        assert!(!is_coloured(Color::Auto, true, true));
        assert!(is_coloured(Color::Always, false, true) && !is_coloured(Color::Never, true, false));
    }

    #[test]
    fn the_locale_says_which_characters_there_are() {
        assert!(knows_utf8(None) && knows_utf8(Some("C.UTF-8")) && knows_utf8(Some("zh_CN.utf8")));
        assert!(!knows_utf8(Some("C")) && !knows_utf8(Some("de_DE.ISO-8859-1")));
    }
}
