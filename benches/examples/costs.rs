//! Sets the lab's probes beside C programs that do the same small thing: see benches/README.md.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use benches::apart;
use benches::costs::{Costs, PAIRS};
use benches::process::Interrupt;
use clap::Parser;

/// Measures what small things cost in C and in the lab's probes, round by round, each time in a process of its own.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds: the C program, the probe, and the C program again, in shuffled order
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// How long each measures
    #[arg(long, default_value = "300ms", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// Only pairs whose names contain one of these words
    #[arg(value_name = "WORD")]
    words: Vec<String>,
}

fn main() -> ExitCode {
    if let Some(answered) = apart::answer() {
        return answered;
    }
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("costs: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures what was asked for and prints the table; whether all of it could be measured.
fn run(arguments: &Arguments) -> Result<bool> {
    let wanted =
        |name: &str| arguments.words.is_empty() || arguments.words.iter().any(|it| name.contains(it));
    let pairs: Vec<_> = PAIRS.iter().filter(|pair| wanted(pair.name)).collect();
    let names = || PAIRS.iter().map(|pair| pair.name).collect::<Vec<_>>().join("; ");
    ensure!(!pairs.is_empty(), "no pair has such a name; there are: {}", names());
    let interrupt = Interrupt::install()?;
    let mut costs = Vec::new();
    for pair in &pairs {
        match Costs::measure(pair, arguments.rounds.into(), arguments.duration, &interrupt) {
            Ok(measured) => costs.push(measured),
            Err(error) => eprintln!("costs: {} is left out: {error:#}", pair.name),
        }
        interrupt.check()?;
    }
    print!("{}", Costs::markdown(&costs));
    Ok(costs.len() == pairs.len())
}
