//! Compares servers, or load generators, in shuffled blocks: see benches/README.md for what the columns mean.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use benches::generator::Generators;
use benches::process::Interrupt;
use benches::ratios::Ratios;
use benches::row::Row;
use benches::wrk::Load;
use clap::Parser;

/// Measures the processor time a request costs each of several servers under one load from wrk.
///
/// Servers run on processor 0 and the load on processor 1. Every server is started afresh for each round.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds: every row once a round, in shuffled order
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// How long each load lasts, in whole seconds
    #[arg(long, default_value = "3s", value_parser = whole_seconds)]
    duration: Duration,
    /// Connections open at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// What to ask for
    #[arg(long, default_value = "/hello")]
    path: String,
    /// Ask for the connection to be closed after each request
    #[arg(long, conflicts_with = "generator")]
    close: bool,
    /// Compare the load generators wrk and `concur load` against one nginx instead
    #[arg(long, conflicts_with = "rows")]
    generator: bool,
    /// floor-epoll, floor-thread, floor-fork, nginx, apache-prefork, hyper, `may_minihttp`, `tiny_http`, concur:MODEL, or NAME='COMMAND with {port}'; the first is the base
    #[arg(value_name = "ROW", required_unless_present = "generator")]
    rows: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ratios: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let load = Load {
        connections: arguments.connections.into(),
        duration: arguments.duration,
        path: arguments.path.clone(),
        close: arguments.close,
    };
    let rounds = arguments.rounds.into();
    let interrupt = Interrupt::install()?;
    let table = if arguments.generator {
        Generators::measure(&load, rounds, &interrupt)?.markdown()
    } else {
        Ratios::measure(&distinct(&arguments.rows)?, &load, rounds, &interrupt)?.markdown()
    };
    print!("{table}");
    if load.close {
        println!("\nEach request asked for its connection to be closed, and brought a new one.");
    }
    println!("\n    {}", command_line());
    Ok(())
}

/// The rows that can be measured here; the same name twice would make a table nobody can read.
fn distinct(texts: &[String]) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match Row::parse(text)? {
            Some(row) if rows.iter().any(|it| it.name == row.name) => {
                bail!("row {} is given twice; the base's second time is added by itself", row.name)
            }
            Some(row) => rows.push(row),
            None if index == 0 => {
                bail!("the first row is the base of all ratios, and it can't be measured here")
            }
            None => {}
        }
    }
    Ok(rows)
}

fn whole_seconds(text: &str) -> Result<Duration> {
    let duration = humantime::parse_duration(text).context("try 3s")?;
    if duration.subsec_nanos() != 0 || duration.is_zero() {
        bail!("wrk takes whole seconds; try 3s");
    }
    Ok(duration)
}

/// How to run the same again.
fn command_line() -> String {
    let arguments = env::args().skip(1).map(|it| quoted(&it)).collect::<Vec<_>>().join(" ");
    format!("cargo run --release -p benches --example ratios -- {arguments}")
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_./:=,@%+".contains(it);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
