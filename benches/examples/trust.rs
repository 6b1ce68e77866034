//! Whether the lab's word can be trusted: how often a comparison calls the same server different, and how often it notices
//! one that is a little slower. Each comparison is a whole `concur run` of its own, or two with `concur compare` between them.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use reports::record::Run;
use reports::summary::{ServerRow, Standing, Summary};
use serde_json::Value;
use tempfile::TempDir;

/// Lets `concur` compare epoll with itself under another name, again and again, and counts what it says.
///
/// Exit code 1: the same was called different more than once in twenty times, or a slower one was not noticed nine times
/// in ten.
#[derive(Debug, Parser)]
struct Arguments {
    /// What the other one is
    other: Other,
    /// How many comparisons
    #[arg(long, default_value_t = 20)]
    times: u32,
    /// How much slower it is, in percent of the processor time of a request
    #[arg(long, default_value_t = 10.0)]
    percent: f64,
    /// Rounds of each comparison
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// How long each cell is measured
    #[arg(long, default_value = "300ms")]
    duration: String,
    /// The program
    #[arg(long, default_value = "target/release/concur")]
    concur: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Other {
    /// The same, in the same run
    Same,
    /// One that burns more processor time, in the same run
    Slower,
    /// The same, in another run
    Run,
}

/// What a comparison says of the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Slower,
    Faster,
    /// That it can't tell the two apart.
    Same,
    /// Nothing: one of them has no figure that counts.
    Nothing,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(said) if is_met(arguments.other, &said) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("trust: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<Vec<Said>> {
    let lab = Lab::new(arguments)?;
    let handicap_ns = match arguments.other {
        Other::Same | Other::Run => None,
        Other::Slower => Some(lab.handicap_ns(arguments.percent)?),
    };
    if let Some(ns) = handicap_ns {
        println!("the other one burns {ns} ns more for each request");
    }
    let mut all = Vec::new();
    for time in 1..=arguments.times {
        let (said, figures) = match arguments.other {
            Other::Same | Other::Slower => within_a_run(&lab, handicap_ns)?,
            Other::Run => between_runs(&lab)?,
        };
        println!("{time}: {said:?}: {figures}");
        all.push(said);
    }
    let number = |wanted| all.iter().filter(|said| **said == wanted).count();
    let [slower, faster, same, nothing] = [Said::Slower, Said::Faster, Said::Same, Said::Nothing].map(number);
    println!("of {} times: {slower} slower, {faster} faster, {same} the same, {nothing} no word", all.len());
    Ok(all)
}

fn is_met(other: Other, said: &[Said]) -> bool {
    let part = |wanted: &[Said]| {
        said.iter().filter(|said| wanted.contains(said)).count() as f64 / said.len().max(1) as f64
    };
    match other {
        Other::Same | Other::Run => {
            part(&[Said::Slower, Said::Faster]) <= 0.05 && part(&[Said::Nothing]) <= 0.5
        }
        Other::Slower => part(&[Said::Slower]) >= 0.9,
    }
}

/// Two servers in one run: whether they share a place.
fn within_a_run(lab: &Lab, handicap_ns: Option<f64>) -> Result<(Said, String)> {
    let handicap = handicap_ns.map_or_else(String::new, |ns| format!(" --handicap {ns}ns"));
    let out = lab.run(&["", &handicap])?;
    let [one, other] = ["one", "other"].map(|name| row(out.path(), name));
    let (one, other) = (one?, other?);
    let place = |row: &ServerRow| match row.standing {
        Standing::Ranked(rank) => Some(rank.place),
        Standing::Unranked(_) => None,
    };
    let said = match (place(&one), place(&other)) {
        (Some(one), Some(other)) if one < other => Said::Slower,
        (Some(one), Some(other)) if one > other => Said::Faster,
        (Some(_), Some(_)) => Said::Same,
        _ => Said::Nothing,
    };
    Ok((said, format!("{} and {}", figure(&one), figure(&other))))
}

/// One server in two runs: what `concur compare` says of it.
fn between_runs(lab: &Lab) -> Result<(Said, String)> {
    let (before, after) = (lab.run(&[""])?, lab.run(&[""])?);
    let output = Command::new(&lab.concur)
        .args(["compare", "--json"])
        .args([before.path(), after.path()])
        .output()
        .context("can't start concur")?;
    let answer: Value = serde_json::from_slice(&output.stdout).context("concur compare gave no JSON")?;
    let rows = answer["rows"].as_array().context("concur compare gave no rows")?;
    let compared = rows.iter().find(|row| row["model"] == "one");
    let said = match compared.and_then(|row| row["outcome"].as_str()) {
        Some("slower") => Said::Slower,
        Some("faster") => Said::Faster,
        Some("same" | "cant-tell") => Said::Same,
        _ => Said::Nothing,
    };
    let [one, other] = [before, after].map(|run| row(run.path(), "one").map(|row| figure(&row)));
    Ok((said, format!("{} and {}", one?, other?)))
}

fn figure(row: &ServerRow) -> String {
    row.cpu_us.map_or_else(
        || "no figure".to_owned(),
        |cpu| format!("{:.3} us ({:.3}..{:.3})", cpu.median, cpu.interval.low, cpu.interval.high),
    )
}

fn row(run: &Path, name: &str) -> Result<ServerRow> {
    let summary = Summary::of(&Run::read(run)?);
    let table = summary.servers.into_iter().next().context("the run has no table")?;
    let mut rows = table.rows.into_iter();
    rows.find(|row| row.model == name && !row.again).with_context(|| format!("there is no row {name}"))
}

/// The program, and how it is run.
struct Lab {
    concur: PathBuf,
    rounds: String,
    duration: String,
}

impl Lab {
    fn new(arguments: &Arguments) -> Result<Self> {
        let concur = arguments.concur.canonicalize().with_context(|| {
            format!("{} is not there; build it first: cargo build --release", arguments.concur.display())
        })?;
        let (rounds, duration) = (arguments.rounds.to_string(), arguments.duration.clone());
        Ok(Self { concur, rounds, duration })
    }

    /// What makes a request so much dearer.
    fn handicap_ns(&self, percent: f64) -> Result<f64> {
        let out = self.run(&[""])?;
        let cpu_us = row(out.path(), "one")?.cpu_us.context("the first run has no figure")?.median;
        Ok((cpu_us * 1e3 * percent / 100.0).round())
    }

    /// A run over epoll with these further arguments, once for each, under the names one and other. All are started in the same
    /// way.
    fn run(&self, servers: &[&str]) -> Result<TempDir> {
        let out = tempfile::tempdir().context("can't make a directory")?;
        let mut command = Command::new(&self.concur);
        command.args(["run", "--suite", "servers", "--models", "none", "--warm-up", "100ms"]);
        command.args(["--rounds", &self.rounds, "--duration", &self.duration]);
        for (name, further) in ["one", "other"].iter().zip(servers) {
            let program = self.concur.display();
            command.arg("--cmd");
            command.arg(format!("{name}='{program}' serve epoll --bind 127.0.0.1:{{port}}{further}"));
        }
        command.arg("--out").arg(out.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().context("can't start concur")?;
        ensure!(status.success(), "concur run ended with {status}");
        Ok(out)
    }
}
