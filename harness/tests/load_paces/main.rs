//! What a load can be besides a closed loop over equal connections, against small servers.

#[macro_use]
#[path = "../../../models/tests/common/skipped.rs"]
mod skipped;
mod closed;
mod command;
mod company;
mod log;
mod open;
mod ports;
mod servers;
#[path = "../common/threads.rs"]
mod threads;
