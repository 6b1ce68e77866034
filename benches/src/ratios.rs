//! Servers under one and the same load from wrk: the processor time that a request costs each of them.

use anyhow::{Result, bail};

use crate::affinity;
use crate::blocks::{Blocks, shuffled};
use crate::connects::accepted;
use crate::process::{Interrupt, output};
use crate::row::Row;
use crate::table::{self, Table};
use crate::tree::{at_rest, cpu_between};
use crate::wrk::{self, Load};

/// What was measured, block by block, and which cells are void.
#[derive(Debug, Clone, Default)]
pub struct Ratios {
    /// The servers; the first is the base and the last is the base again.
    names: Vec<String>,
    /// Processor time per request in microseconds.
    cpu_us: Blocks,
    /// Requests answered in a second.
    rates: Blocks,
    /// One sentence per void cell.
    void: Vec<String>,
}

struct Cell {
    cpu_us: f64,
    rate: f64,
}

impl Ratios {
    /// Measures every row once a block, in shuffled order, each time in a fresh process. The first row is the base;
    /// an A/A row, the base again, is added. A cell in which something goes wrong is void; a base that does not
    /// answer, and an interruption, are errors.
    pub fn measure(rows: &[Row], load: &Load, blocks: usize, interrupt: &Interrupt) -> Result<Self> {
        wrk::require()?;
        let Some(base) = rows.first() else { bail!("no row is left to measure") };
        let body = base.start(&load.path, interrupt)?.body;
        let rows: Vec<Row> = rows.iter().cloned().chain([base.again()]).collect();
        let mut ratios = Self { names: rows.iter().map(|row| row.name.clone()).collect(), ..Self::default() };
        for block in 1..=blocks {
            let mut cpu_us = vec![None; rows.len()];
            let mut rates = vec![None; rows.len()];
            for index in shuffled(rows.len()) {
                let name = &rows[index].name;
                eprintln!("round {block} of {blocks}: {name}");
                match Cell::measure(&rows[index], load, &body, interrupt) {
                    Ok(cell) => {
                        cpu_us[index] = Some(cell.cpu_us);
                        rates[index] = Some(cell.rate);
                    }
                    Err(error) => {
                        interrupt.check()?;
                        ratios.void.push(format!("{name} in round {block}: {error:#}"));
                    }
                }
            }
            ratios.cpu_us.0.push(cpu_us);
            ratios.rates.0.push(rates);
        }
        Ok(ratios)
    }

    /// The table and what a reader must know beside it, in Markdown.
    pub fn markdown(&self) -> String {
        let again = self.names.len() - 1;
        let mut table = Table::new([
            "row",
            "CPU per request, µs",
            "requests/s",
            "ratio of rates",
            &format!("CPU, ratio to {}", self.names[0]),
            "beyond A/A",
        ]);
        for (row, name) in self.names.iter().enumerate() {
            let is_yardstick = row == 0 || row == again;
            let told = || table::difference(self.cpu_us.difference(row, again));
            table.row([
                name.clone(),
                table::spread(&self.cpu_us.values(row), 2),
                table::median(&self.rates.values(row), 0),
                table::spread(&self.rates.ratios(row), 3),
                table::spread(&self.cpu_us.ratios(row), 3),
                if is_yardstick { "-".to_owned() } else { told() },
            ]);
        }
        let void = self.void.iter().map(|it| format!("\nVoid: {it}\n"));
        table.markdown() + &void.collect::<String>()
    }
}

impl Cell {
    fn measure(row: &Row, load: &Load, body: &[u8], interrupt: &Interrupt) -> Result<Self> {
        let server = row.start(&load.path, interrupt)?;
        if server.body != body {
            bail!(
                "its answer is not the base's ({} bytes, the base's has {}, or other ones): no comparison",
                server.body.len(),
                body.len()
            );
        }
        let (before, connected) = (at_rest(server.process.id())?, accepted()?);
        let report = output(&mut load.wrk(server.port), affinity::LOAD, load.limit(), interrupt)?;
        let cpu_s = cpu_between(&before, &at_rest(server.process.id())?)?;
        let counts = wrk::parse(&report)?;
        let connects = accepted()? - connected;
        if load.close && connects < counts.requests {
            bail!(
                "{connects} connections for {} requests: it keeps connections that are to be closed",
                counts.requests
            );
        }
        Ok(Self { cpu_us: cpu_s * 1e6 / counts.requests as f64, rate: counts.per_second })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(values: [f64; 3]) -> Vec<Option<f64>> {
        values.map(Some).to_vec()
    }

    #[test]
    fn the_yardstick_is_not_compared_with_itself() {
        let ratios = Ratios {
            names: vec!["base".into(), "other".into(), "base again".into()],
            cpu_us: Blocks(vec![block([4.0, 8.0, 4.0]); 5]),
            rates: Blocks(vec![block([100.0, 50.0, 100.0]); 5]),
            void: vec!["other in round 6: no request was answered".into()],
        };
        assert_eq!(
            ratios.markdown(),
            "| row        | CPU per request, µs | requests/s |       ratio of rates |   CPU, ratio to base | beyond A/A |
|:-----------|--------------------:|-----------:|---------------------:|---------------------:|-----------:|
| base       |   4.00 (4.00..4.00) |        100 | 1.000 (1.000..1.000) | 1.000 (1.000..1.000) |          - |
| other      |   8.00 (8.00..8.00) |         50 | 0.500 (0.500..0.500) | 2.000 (2.000..2.000) |        yes |
| base again |   4.00 (4.00..4.00) |        100 | 1.000 (1.000..1.000) | 1.000 (1.000..1.000) |          - |

Void: other in round 6: no request was answered
"
        );
    }
}
