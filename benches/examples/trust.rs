//! Whether the lab's word can be trusted: how often a comparison calls the same server different, and how often it notices
//! one that is a little slower. Each comparison is a whole `concur run` of its own.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use reports::record::Run;
use reports::summary::{ServerRow, Standing, Summary};

/// Compares `epoll` with itself under another name, again and again, and counts the verdicts.
#[derive(Debug, Parser)]
struct Arguments {
    /// What the other one is: the same, or slower by --percent
    kind: Kind,
    /// How many comparisons
    #[arg(long, default_value_t = 20)]
    times: u32,
    /// How much slower the other one is, in percent of the processor time of a request
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
enum Kind {
    Same,
    Slower,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trust: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let concur = arguments.concur.canonicalize().with_context(|| {
        format!("{} is not there; build it first: cargo build --release", arguments.concur.display())
    })?;
    let handicap_ns = match arguments.kind {
        Kind::Same => None,
        Kind::Slower => {
            let [one, _] = compare(arguments, &concur, None)?;
            let cpu_us = one.cpu_us.context("the first comparison has no figure")?.median;
            Some((cpu_us * 1e3 * arguments.percent / 100.0).round())
        }
    };
    if let Some(ns) = handicap_ns {
        println!("the other one burns {ns} ns more for each request");
    }
    let mut counts = [0; 3];
    for time in 1..=arguments.times {
        let [one, other] = compare(arguments, &concur, handicap_ns)?;
        let verdict = verdict(&one, &other);
        counts[verdict as usize] += 1;
        println!("{time}: {verdict:?}: {} and {}", figures(&one), figures(&other));
    }
    let [slower, faster, same] = counts;
    println!("of {} times: {slower} slower, {faster} faster, {same} about the same", arguments.times);
    Ok(())
}

/// What a comparison says of the other one.
#[derive(Debug, Clone, Copy)]
enum Said {
    Slower,
    Faster,
    Same,
}

fn verdict(one: &ServerRow, other: &ServerRow) -> Said {
    let place = |row: &ServerRow| match row.standing {
        Standing::Ranked(rank) => Some(rank.place),
        Standing::Unranked(_) => None,
    };
    match (place(one), place(other)) {
        (Some(one), Some(other)) if one < other => Said::Slower,
        (Some(one), Some(other)) if one > other => Said::Faster,
        _ => Said::Same,
    }
}

fn figures(row: &ServerRow) -> String {
    row.cpu_us.map_or_else(
        || "no figure".to_owned(),
        |cpu| format!("{:.3} us ({:.3}..{:.3})", cpu.median, cpu.interval.low, cpu.interval.high),
    )
}

/// One comparison: the rows of epoll and of the other one.
fn compare(arguments: &Arguments, concur: &PathBuf, handicap_ns: Option<f64>) -> Result<[ServerRow; 2]> {
    let out = tempfile::tempdir().context("can't make a directory")?;
    let handicap = handicap_ns.map_or_else(String::new, |ns| format!(" --handicap {ns}ns"));
    let other = format!("other='{}' serve epoll --bind 127.0.0.1:{{port}}{handicap}", concur.display());
    let status = Command::new(concur)
        .args(["run", "--suite", "servers", "--models", "epoll", "--warm-up", "100ms"])
        .args(["--rounds", &arguments.rounds.to_string(), "--duration", &arguments.duration])
        .args(["--cmd", &other, "--out"])
        .arg(out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("can't start concur")?;
    ensure!(status.success(), "concur run ended with {status}");
    let summary = Summary::of(&Run::read(out.path())?);
    let table = summary.servers.into_iter().next().context("the run has no table")?;
    let row = |name: &str| {
        table.rows.iter().find(|row| row.model == name).cloned().with_context(|| format!("no row {name}"))
    };
    Ok([row("epoll")?, row("other")?])
}
