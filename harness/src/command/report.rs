//! `concur report`: a record's tables and files, drawn again.

use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use reports::document::Document;
use reports::record::Run;
use reports::terminal::{self, Charset, Terminal};

use crate::cli::Report;
use crate::failure::Usage;

/// How wide the tables are where nobody says: in a pipe or a file.
const WIDTH: usize = 120;

pub(super) fn run(arguments: &Report) -> anyhow::Result<ExitCode> {
    let run = Run::read(&arguments.run).map_err(|error| Usage::error(error.to_string()))?;
    if arguments.json {
        super::print(&json(&run)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let beside = if arguments.run.is_dir() { Some(arguments.run.as_path()) } else { arguments.run.parent() };
    let directory = arguments.out.as_deref().or(beside).unwrap_or(Path::new("."));
    publish(&run, directory, false)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the tables, or the record, and then writes the report's files into `directory`: what can't be written can at
/// least be read.
pub(super) fn publish(run: &Run, directory: &Path, as_json: bool) -> anyhow::Result<()> {
    let text = if as_json { json(run)? } else { terminal::draw(&Document::of(run), terminal()) };
    super::print(&text)?;
    reports::write_all(run, directory).context("the report's files are missing")?;
    eprintln!("concur: the report is in {}/report.html", directory.display());
    Ok(())
}

fn json(run: &Run) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(run)? + "\n")
}

/// What standard output can show.
pub(super) fn terminal() -> Terminal {
    let width = stdout().is_terminal().then(|| rustix::termios::tcgetwinsize(stdout()).ok()).flatten();
    let width = width.map_or(WIDTH, |size| usize::from(size.ws_col).max(40));
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
    let locale = set.into_iter().find(|value| !value.is_empty()).unwrap_or_else(|| "C.UTF-8".to_owned());
    let knows_utf8 = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    Terminal { width, charset: if knows_utf8 { Charset::Utf8 } else { Charset::Ascii } }
}
