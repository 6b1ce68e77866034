//! `concur compare`, and `concur report`: what is done with runs that are there.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What `compare --json` holds.
pub(super) const COMPARE_JSON: &str = "\
A row is slower or faster if the interval of its CPU time per request, the later run's by the earlier one's, lies beyond the \
threshold (how far the same server, measured twice in one run, was from itself, at least 1%; and 2% more, an allowance for what \
differs between runs) and chance alone would show that in any row with a probability below 5%. It is the same if the interval lies within the threshold.

--json: old, new {path, started, concur, complete}; hosts_differ, placements_differ (texts; empty where the same); \
warnings (texts); between_runs (what thresholds are multiplied by); rows [{suite, setting, model, threshold {ratio, pairs, apart, \
here}, outcome: slower, \
faster, same or cant-tell; reason (text, where it can't be told); cpu_us, rate, p99_us {old, new, ends, \
ratio, low, high, coverage} (ends: those of both medians' intervals); p_value (Welch's test on logarithms, Holm's correction); rounds [earlier, later]; lost (text, where the later run \
has errors or no figures)}]; only_old, only_new [{suite, setting, model}]; timed (tasks and probes, as rows; name instead of model, measure: \
seconds, time-us, bytes-per-second or bytes-each, and figure instead of cpu_us), timed_only_old, timed_only_new.

Of three runs or more the answer covers each step from a run to the next and the way from the first to the last, and the correction is for \
all of them together. --json: runs [{path, started, concur, complete}], steps and overall (each as above), rows [{suite, setting, model, cpu_us, \
rate, p99_us [{median, low, high, coverage}, null where a run has none]}], timed [{suite, setting, name, measure, figure, as cpu_us}]. --fail-on looks at the last step and at the way from the first run to the last.

--fail-on slower also fails on rows that are missing in the later run, came to errors or have no figures there, and where no row \
could be compared.

Exit codes: 0 done, 1 --fail-on found something, 2 the runs can't be compared as given.";

/// `concur report`.
#[derive(Debug, Args)]
pub struct Report {
    /// The run: its directory, or its run.json.
    pub run: PathBuf,
    /// Where to write [default: beside the record].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write what processes, threads and coroutines did to this file as well, as a trace for Perfetto.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Print the record as JSON instead of tables.
    #[arg(long)]
    pub json: bool,
}

/// `concur compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The runs: their directories or their run.json, the earlier one first; or a directory that holds several runs. Three or
    /// more are a series, in the order of their start.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Write report.html and report.md into this directory as well.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// End with exit code 1 if any row came to this.
    #[arg(long, value_name = "OUTCOME")]
    pub fail_on: Option<FailOn>,
    /// Compare runs of different hosts or placements all the same.
    #[arg(long)]
    pub force: bool,
    /// Print what was found as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `compare` can fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// CPU time per request grew.
    Slower,
}
