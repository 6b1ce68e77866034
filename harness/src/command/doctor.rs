//! `concur doctor`: what this machine can do, and what that means for the figures.

use std::fmt::Write as _;
use std::process::ExitCode;

use reports::terminal::padded;
use serde::Serialize;

use crate::cli::Doctor;
use crate::doctor::{Examination, examine, findings, warnings};
use crate::language;
use crate::measure::limits::raise_descriptor_limit;

/// How wide the names are.
const NAMES: usize = 14;

/// What `--json` prints.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    examination: Examination,
    warnings: Vec<String>,
}

pub(super) fn run(arguments: &Doctor) -> anyhow::Result<ExitCode> {
    let stop = super::stop_on_signals()?;
    // As in a run, whose record would show this limit.
    raise_descriptor_limit()?;
    let examination = examine(&stop)?;
    let warnings = warnings(&examination);
    super::print(&if arguments.json {
        serde_json::to_string_pretty(&Answer { examination, warnings })? + "\n"
    } else {
        text(&examination, &warnings)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Each figure, with what it means below it; then the warnings.
fn text(examination: &Examination, warnings: &[String]) -> String {
    let language = language::current();
    let mut text = String::new();
    for finding in findings(examination) {
        // Writing to a String can't fail.
        let (name, figure) = (language.heading(finding.name), language.heading(&finding.figure));
        let _ = writeln!(text, "{}  {figure}", padded(&name, NAMES));
        let _ = writeln!(text, "{:<NAMES$}    {}", "", language.of(&finding.means));
    }
    text.push('\n');
    if warnings.is_empty() {
        text.push_str(&language.of("nothing speaks against measuring here\n"));
    }
    for warning in warnings {
        let _ = writeln!(text, "{}", language.of(&format!("warning: {warning}")));
    }
    text
}
