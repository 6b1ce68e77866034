//! Where lines are shown. Whatever others say, it can't steer the terminal: control characters are replaced.

use std::io::{self, Write, stderr, stdout};
use std::time::Duration;

use reedline::ExternalPrinter;
use reports::terminal::draw_text;
use workloads::chat::text;

use super::keyboard::has_terminal;
use crate::{appearance, language};

/// So many lines may wait for the editor to show them; then who shows one waits.
const LINES: usize = 256;
/// How long an editor may take to show one of them.
const PATIENCE: Duration = Duration::from_secs(1);

/// A terminal with a line editor on it, or standard output as it is.
pub(super) struct Screen {
    printer: Option<ExternalPrinter<String>>,
}

impl Screen {
    /// With an editor if there is a terminal for one.
    pub(super) fn of_terminal() -> Self {
        Self { printer: has_terminal().then(|| ExternalPrinter::new(LINES)) }
    }

    /// What an editor is given, to show what comes above its line.
    pub(super) fn printer(&self) -> Option<&ExternalPrinter<String>> {
        self.printer.as_ref()
    }

    /// Shows what somebody said.
    ///
    /// # Errors
    /// Nobody reads standard output any more.
    pub(super) fn line(&self, line: &str) -> io::Result<()> {
        let line = text::clean(line);
        if let Some(printer) = &self.printer {
            print_above(printer, &line);
            return Ok(());
        }
        let mut out = stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// Says something of our own, in the reader's language: apart from what others say, on standard error.
    pub(super) fn note(&self, sentence: &str) {
        let sentence = language::say(sentence);
        match &self.printer {
            Some(printer) => print_above(printer, &sentence),
            None => note_plainly(&sentence),
        }
    }

    /// Shows what the editor had no time for, once it has given the terminal back.
    pub(super) fn finish(self) {
        let left = self.printer.iter().flat_map(|printer| printer.receiver().try_iter());
        for line in left {
            let _ = writeln!(stdout(), "{line}"); // nobody may be looking any more
        }
    }
}

/// A note before there is a screen.
pub(super) fn note_plainly(sentence: &str) {
    let _ = writeln!(stderr(), "concur: {sentence}"); // nobody may be looking any more
}

/// The editor counts a line as one of the terminal's, so a longer one is cut into several beforehand. One that takes nothing
/// has given the terminal back, and the line is written as it is.
fn print_above(printer: &ExternalPrinter<String>, line: &str) {
    for part in draw_text(line, appearance::terminal(), 0).lines() {
        if printer.sender().send_timeout(part.to_owned(), PATIENCE).is_err() {
            let _ = writeln!(stdout(), "{part}"); // nobody may be looking any more
        }
    }
}
