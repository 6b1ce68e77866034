//! Small things beside a C program that does the same: the pairs, and their comparison.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, ensure};
use models::probe::{self, Operation, Setting, Sides, Suite};

use crate::apart::{self, PATIENCE};
use crate::blocks::{Blocks, shuffled};
use crate::floor::{self, NO_COMPILER};
use crate::process::{Interrupt, captured};
use crate::table::{self, Table};

/// A C program and the probe that does the same. One more pair is one more line in [`PAIRS`].
#[derive(Debug)]
pub struct Pair {
    /// What it stands under.
    pub name: &'static str,
    /// Its source is `floor/NAME.c`.
    pub program: &'static str,
    /// What the program is told after how long it is to measure.
    pub argument: Option<&'static str>,
    /// How many operations of the probe are one of the program.
    pub operations: u32,
    /// Where the probe is found.
    pub suite: Suite,
    /// Its name.
    pub probe: &'static str,
    /// What is measured of it.
    pub setting: Setting,
}

/// All that are compared, in the order of the table.
pub const PAIRS: &[Pair] = &[
    Pair {
        name: "fork",
        program: "create_fork",
        argument: None,
        operations: 1,
        suite: Suite::Spawn,
        probe: "fork",
        setting: Setting::of(Operation::Create),
    },
    Pair {
        name: "fork beside 256 MiB touched",
        program: "create_fork",
        argument: Some("256"),
        operations: 1,
        suite: Suite::Spawn,
        probe: "fork",
        setting: Setting { touched_bytes: Some(256 * 1024 * 1024), ..Setting::of(Operation::Create) },
    },
    Pair {
        name: "thread, bare",
        program: "create_thread",
        argument: None,
        operations: 1,
        suite: Suite::Spawn,
        probe: "pthread",
        setting: Setting::of(Operation::Create),
    },
    Pair {
        name: "thread, told when its stack is full",
        program: "create_thread",
        argument: Some("told"),
        operations: 1,
        suite: Suite::Spawn,
        probe: "thread",
        setting: Setting::of(Operation::Create),
    },
    Pair {
        name: "thread, std's beside bare C",
        program: "create_thread",
        argument: None,
        operations: 1,
        suite: Suite::Spawn,
        probe: "thread",
        setting: Setting::of(Operation::Create),
    },
    Pair {
        name: "pipe ping-pong, together",
        program: "switch_pipe",
        argument: Some("together"),
        operations: 2,
        suite: Suite::Switch,
        probe: "pipe-processes",
        setting: Setting { sides: Some(Sides::Together), ..Setting::of(Operation::Switch) },
    },
    Pair {
        name: "pipe ping-pong, apart",
        program: "switch_pipe",
        argument: Some("apart"),
        operations: 2,
        suite: Suite::Switch,
        probe: "pipe-processes",
        setting: Setting { sides: Some(Sides::Apart), ..Setting::of(Operation::Switch) },
    },
    round_trip("round trip, pipe, apart", "round_trip_pipe", "pipe", Sides::Apart),
    round_trip("round trip, pipe, together", "round_trip_pipe", "pipe", Sides::Together),
    round_trip("round trip, Unix stream, apart", "round_trip_unix", "unix-stream", Sides::Apart),
    round_trip("round trip, Unix stream, together", "round_trip_unix", "unix-stream", Sides::Together),
    round_trip("round trip, futex, apart", "round_trip_futex", "shared-memory-futex", Sides::Apart),
    round_trip("round trip, futex, together", "round_trip_futex", "shared-memory-futex", Sides::Together),
    round_trip(
        "round trip, semaphore, apart",
        "round_trip_semaphore",
        "shared-memory-semaphore",
        Sides::Apart,
    ),
    round_trip(
        "round trip, semaphore, together",
        "round_trip_semaphore",
        "shared-memory-semaphore",
        Sides::Together,
    ),
];

/// A message of 64 bytes to another process and back. Apart, most of it is the way to a processor that has gone to sleep;
/// together, what the calls cost is seen better.
const fn round_trip(name: &'static str, program: &'static str, probe: &'static str, sides: Sides) -> Pair {
    let setting = Setting::of(Operation::RoundTrip);
    Pair {
        name,
        program,
        argument: Some(match sides {
            Sides::Apart => "apart",
            Sides::Together => "together",
        }),
        operations: 1,
        suite: Suite::Ipc,
        probe,
        setting: Setting { message_bytes: Some(64), sides: Some(sides), ..setting },
    }
}

/// The rows of a pair's blocks: the program, the probe, and the program again as the yardstick.
const ROWS: usize = 3;
const PROBE: usize = 1;
const AGAIN: usize = 2;

/// What was measured of one pair: medians in nanoseconds of one of the program's operations, round by round.
#[derive(Debug)]
pub struct Costs {
    name: &'static str,
    ns: Blocks,
}

impl Costs {
    /// Measures a pair in so many rounds, each for `time`: within a round program, probe and program again follow each other in
    /// shuffled order, each in a process of its own.
    ///
    /// # Errors
    /// There is no C compiler, one of the two fails or can't be done here, or an interruption.
    pub fn measure(pair: &Pair, rounds: usize, time: Duration, interrupt: &Interrupt) -> Result<Self> {
        let program = floor::cost(pair.program)?.context(NO_COMPILER)?;
        let mut ns = Blocks::default();
        for round in 1..=rounds {
            eprintln!("{}: round {round} of {rounds}", pair.name);
            let mut block = vec![None; ROWS];
            for row in shuffled(ROWS) {
                interrupt.check()?;
                block[row] = Some(match row {
                    PROBE => pair.probe_ns(time, interrupt)?,
                    _ => pair.program_ns(&program, time, interrupt)?,
                });
            }
            ns.0.push(block);
        }
        Ok(Self { name: pair.name, ns })
    }

    /// All pairs as a table in Markdown.
    pub fn markdown(costs: &[Self]) -> String {
        let mut table = Table::new(["what", "C, µs", "probe, µs", "ratio", "C again, ratio", "beyond A/A"]);
        for Self { name, ns } in costs {
            let us = |row| table::median(&ns.values(row).iter().map(|ns| ns / 1e3).collect::<Vec<_>>(), 2);
            table.row([
                (*name).to_owned(),
                us(0),
                us(PROBE),
                table::spread(&ns.ratios(PROBE), 3),
                table::spread(&ns.ratios(AGAIN), 3),
                table::difference(ns.difference(PROBE, AGAIN)),
            ]);
        }
        table.markdown()
    }
}

impl Pair {
    fn program_ns(&self, program: &Path, time: Duration, interrupt: &Interrupt) -> Result<f64> {
        let mut command = Command::new(program);
        command.arg(time.as_millis().to_string()).args(self.argument);
        let output = captured(&mut command, time + PATIENCE, interrupt)?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim_end());
        String::from_utf8(output.stdout)?.trim_end().parse().context("the program's median is no number")
    }

    fn probe_ns(&self, time: Duration, interrupt: &Interrupt) -> Result<f64> {
        let probe =
            probe::find(self.suite, self.probe).with_context(|| format!("no probe {}", self.probe))?;
        let figures = apart::figures(probe, &self.setting, time, interrupt)?.map_err(Error::msg)?;
        Ok(apart::median_ns(&figures)? * f64::from(self.operations))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_its_probe() {
        for pair in PAIRS {
            assert!(probe::find(pair.suite, pair.probe).is_some(), "{}", pair.name);
        }
    }

    #[test]
    fn a_ratio_is_taken_within_its_round() {
        let costs = Costs {
            name: "fork",
            ns: Blocks(vec![
                vec![Some(1_000.0), Some(1_100.0), Some(1_000.0)],
                vec![Some(2_000.0), Some(2_200.0), Some(2_000.0)],
            ]),
        };
        assert_eq!(
            Costs::markdown(&[costs]),
            "| what | C, µs | probe, µs |                ratio |       C again, ratio |     beyond A/A |
|:-----|------:|----------:|---------------------:|---------------------:|---------------:|
| fork |  1.50 |      1.65 | 1.100 (1.100..1.100) | 1.000 (1.000..1.000) | too few rounds |
"
        );
    }
}
