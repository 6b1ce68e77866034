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
    let beside = if arguments.run.is_dir() { Some(arguments.run.as_path()) } else { arguments.run.parent() };
    let directory = arguments.out.as_deref().or(beside).unwrap_or(Path::new("."));
    publish(&run, directory, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the report's files into `directory` and prints the tables, or the record.
pub(super) fn publish(run: &Run, directory: &Path, json: bool) -> anyhow::Result<()> {
    reports::write_all(run, directory).context("can't write the report; the record itself is safe")?;
    if json {
        super::print(&(serde_json::to_string_pretty(run)? + "\n"))?;
    } else {
        super::print(&terminal::draw(&Document::of(run), terminal()))?;
    }
    eprintln!("concur: the report is in {}/report.html", directory.display());
    Ok(())
}

/// What standard output can show.
fn terminal() -> Terminal {
    let width = stdout().is_terminal().then(|| rustix::termios::tcgetwinsize(stdout()).ok()).flatten();
    let width = width.map_or(WIDTH, |size| usize::from(size.ws_col).max(40));
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
    let locale = set.into_iter().find(|value| !value.is_empty()).unwrap_or_else(|| "C.UTF-8".to_owned());
    let knows_utf8 = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    Terminal { width, charset: if knows_utf8 { Charset::Utf8 } else { Charset::Ascii } }
}
