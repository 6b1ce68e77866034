//! What it costs to make something that runs a job.

use std::process::ExitCode;

use models::probe::Suite;

mod probes;

fn main() -> ExitCode {
    probes::bench(Suite::Spawn)
}
