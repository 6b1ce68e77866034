//! Load generators against one nginx: how much load each makes, and how much for a second of its own processor time.
//!
//! Starting up and warming up cost processor time too. So a generator's requests are those it made in all, warm-up
//! included, over the time of its whole process. `concur load` says that number as `requests_in_all`; were it not
//! there, its `requests` would be divided by its own `user_s` and `system_s`, both of the measured window.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde_json::Value;

use crate::affinity;
use crate::blocks::{Blocks, shuffled};
use crate::process::{Interrupt, output};
use crate::row::{Row, Running, concur_program};
use crate::table::{self, Table};
use crate::tree::{at_rest, cpu_between};
use crate::wrk::{self, Load};

/// What was measured of wrk, `concur load` and wrk again.
#[derive(Debug, Clone, Default)]
pub struct Generators {
    /// Requests in a second.
    rates: Blocks,
    /// Requests for a second of the generator's processor time.
    per_cpu_second: Blocks,
    /// How much of its processor nginx used, in percent: near 100, it was the limit and not the generator.
    server_percent: Blocks,
    void: Vec<String>,
}

#[derive(Debug, Clone)]
enum Generator {
    Wrk,
    Concur(PathBuf),
}

struct Cell {
    rate: f64,
    per_cpu_second: f64,
    server_percent: f64,
}

/// What a generator says of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Said {
    rate: f64,
    requests: f64,
    /// The processor time these requests took; none: that of the whole process.
    cpu_s: Option<f64>,
}

const NAMES: [&str; 3] = ["wrk", "concur load", "wrk again"];
const AGAIN: usize = 2;

impl Generators {
    /// Measures each generator once a block, in shuffled order, against one nginx.
    pub fn measure(load: &Load, blocks: usize, interrupt: &Interrupt) -> Result<Self> {
        wrk::require()?;
        let generators = [Generator::Wrk, Generator::Concur(concur_program()?), Generator::Wrk];
        let server = Row::nginx()?.start(&load.path, interrupt)?;
        let mut found = Self::default();
        for block in 1..=blocks {
            let [mut rates, mut per_cpu_second, mut server_percent] = [[None; 3]; 3];
            for index in shuffled(generators.len()) {
                eprintln!("round {block} of {blocks}: {}", NAMES[index]);
                match generators[index].measure(&server, load, interrupt) {
                    Ok(cell) => {
                        rates[index] = Some(cell.rate);
                        per_cpu_second[index] = Some(cell.per_cpu_second);
                        server_percent[index] = Some(cell.server_percent);
                    }
                    Err(error) => {
                        interrupt.check()?;
                        found.void.push(format!("{} in round {block}: {error:#}", NAMES[index]));
                    }
                }
            }
            found.rates.0.push(rates.to_vec());
            found.per_cpu_second.0.push(per_cpu_second.to_vec());
            found.server_percent.0.push(server_percent.to_vec());
        }
        Ok(found)
    }

    /// The table and what a reader must know beside it, in Markdown.
    pub fn markdown(&self) -> String {
        let mut table = Table::new([
            "generator",
            "requests/s",
            "ratio to wrk",
            "beyond A/A",
            "requests per CPU second",
            "ratio to wrk",
            "beyond A/A",
            "nginx busy, %",
        ]);
        for (row, name) in NAMES.iter().enumerate() {
            let told = |blocks: &Blocks| match row {
                1 => table::difference(blocks.difference(row, AGAIN)),
                _ => "-".to_owned(),
            };
            table.row([
                (*name).to_owned(),
                table::spread(&self.rates.values(row), 0),
                table::spread(&self.rates.ratios(row), 3),
                told(&self.rates),
                table::spread(&self.per_cpu_second.values(row), 0),
                table::spread(&self.per_cpu_second.ratios(row), 3),
                told(&self.per_cpu_second),
                table::median(&self.server_percent.values(row), 0),
            ]);
        }
        let void = self.void.iter().map(|it| format!("\nVoid: {it}\n"));
        table.markdown() + &void.collect::<String>()
    }
}

impl Generator {
    fn measure(&self, server: &Running, load: &Load, interrupt: &Interrupt) -> Result<Cell> {
        let server_before = at_rest(server.process.id())?;
        let before = cpu_of_children()?;
        let start = Instant::now();
        let report = output(&mut self.command(load, server.port), affinity::LOAD, load.limit(), interrupt)?;
        let elapsed = start.elapsed().as_secs_f64();
        let process_cpu = cpu_of_children()? - before;
        let server_cpu = cpu_between(&server_before, &at_rest(server.process.id())?)?;
        let said = self.understand(&report)?;
        Ok(Cell {
            rate: said.rate,
            per_cpu_second: said.requests / said.cpu_s.unwrap_or(process_cpu),
            server_percent: 100.0 * server_cpu / elapsed,
        })
    }

    fn command(&self, load: &Load, port: u16) -> Command {
        match self {
            Self::Wrk => load.wrk(port),
            Self::Concur(program) => {
                let mut command = Command::new(program);
                command
                    .arg("load")
                    .arg(load.url(port))
                    .arg("--connections")
                    .arg(load.connections.to_string());
                let duration = format!("{}s", load.duration.as_secs());
                command.args(["--threads", "1", "--duration", &duration, "--json"]);
                command
            }
        }
    }

    fn understand(&self, report: &str) -> Result<Said> {
        match self {
            Self::Wrk => {
                let counts = wrk::parse(report)?;
                Ok(Said { rate: counts.per_second, requests: counts.requests as f64, cpu_s: None })
            }
            Self::Concur(_) => understand_concur(report),
        }
    }
}

/// Reads what `concur load --json` says. Errors among its requests make it void, as they do with wrk.
fn understand_concur(report: &str) -> Result<Said> {
    let json: Value = serde_json::from_str(report).context("concur load wrote no JSON")?;
    let number = |name: &str| json.pointer(name).and_then(Value::as_f64);
    let needed = |name: &str| number(name).with_context(|| format!("concur load said no {name}"));

    let errors = json.get("errors").and_then(Value::as_object);
    let failed: f64 = errors.into_iter().flat_map(|it| it.values()).filter_map(Value::as_f64).sum();
    if failed > 0.0 {
        bail!("concur load had {failed} errors");
    }
    let rate = needed("/requests_per_second")?;
    if let Some(requests) = number("/requests_in_all") {
        return Ok(Said { rate, requests, cpu_s: None });
    }
    let of_client =
        |name: &str| number(&format!("/client/{name}")).map_or_else(|| needed(&format!("/{name}")), Ok);
    let cpu_s = of_client("user_s")? + of_client("system_s")?;
    Ok(Said { rate, requests: needed("/requests")?, cpu_s: Some(cpu_s) })
}

/// User and system time of all children that were waited for, in seconds (`getrusage(2)`). The generators are reaped
/// one at a time and nginx only at the end, so a difference belongs to one generator.
fn cpu_of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("can't read the children's processor time")?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_in_all_are_set_against_the_whole_process() {
        let json = r#"{"requests": 90, "requests_in_all": 100, "requests_per_second": 30.0, "user_s": 1, "system_s": 2}"#;
        assert_eq!(understand_concur(json).unwrap(), Said { rate: 30.0, requests: 100.0, cpu_s: None });
    }

    #[test]
    fn without_them_the_window_is_set_against_its_own_time() {
        for json in [
            r#"{"requests": 90, "requests_per_second": 30.0, "user_s": 1.5, "system_s": 2}"#,
            r#"{"requests": 90, "requests_per_second": 30.0, "client": {"user_s": 1.5, "system_s": 2}}"#,
        ] {
            assert_eq!(
                understand_concur(json).unwrap(),
                Said { rate: 30.0, requests: 90.0, cpu_s: Some(3.5) }
            );
        }
    }

    #[test]
    fn errors_make_a_report_void() {
        let json =
            r#"{"requests_in_all": 100, "requests_per_second": 30.0, "errors": {"reset": 2, "wrong": 0}}"#;
        assert_eq!(understand_concur(json).unwrap_err().to_string(), "concur load had 2 errors");
    }

    #[test]
    fn a_missing_figure_is_named() {
        let error = understand_concur(r#"{"requests_in_all": 100}"#).unwrap_err();
        assert_eq!(error.to_string(), "concur load said no /requests_per_second");
    }
}
