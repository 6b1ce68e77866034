//! `concur report`: a record's tables and files, drawn again.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use reports::document::Document;
use reports::record::Run;

use crate::cli::Report;
use crate::failure::Usage;
use crate::language;

pub(super) fn run(arguments: &Report) -> anyhow::Result<ExitCode> {
    let run = Run::read(&arguments.run).map_err(|error| Usage::error(error.to_string()))?;
    if let Some(path) = &arguments.trace {
        trace(&run, path)?;
    }
    if arguments.json {
        super::print(&json(&run)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let beside = if arguments.run.is_dir() { Some(arguments.run.as_path()) } else { arguments.run.parent() };
    let directory = arguments.out.as_deref().or(beside).unwrap_or(Path::new("."));
    publish(&run, directory, false)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the trace that was asked for.
fn trace(run: &Run, path: &Path) -> anyhow::Result<()> {
    if reports::trace::write(run, path)? {
        let told = format!("concur: the trace is in {}; open it at https://ui.perfetto.dev", path.display());
        eprintln!("{}", language::say(&told));
        return Ok(());
    }
    Err(Usage::error("this record has no timeline; measure again with this version of concur: concur run"))
}

/// Prints the tables, or the record, and then writes the report's files into `directory`: what can't be written can at
/// least be read.
pub(super) fn publish(run: &Run, directory: &Path, as_json: bool) -> anyhow::Result<()> {
    let text = if as_json { json(run)? } else { super::page(&Document::of(run)) };
    super::print(&text)?;
    reports::write_all_in(language::current(), run, directory).context("the report's files are missing")?;
    let told = format!("concur: the report is in {}/report.html", directory.display());
    eprintln!("{}", language::say(&told));
    Ok(())
}

fn json(run: &Run) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(run)? + "\n")
}
