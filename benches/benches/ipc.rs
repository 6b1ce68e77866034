//! What it costs to send a message and to get it back, and how many go one way.

use std::process::ExitCode;

use models::probe::Suite;

mod probes;

fn main() -> ExitCode {
    probes::bench(Suite::Ipc)
}
