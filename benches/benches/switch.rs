//! What it costs to go from one that runs to another.

use std::process::ExitCode;

use models::probe::Suite;

mod probes;

fn main() -> ExitCode {
    probes::bench(Suite::Switch)
}
