//! What a load can be besides a closed loop over equal connections, against small servers.

mod closed;
mod command;
mod company;
mod log;
mod open;
mod ports;
mod servers;
#[path = "../common/threads.rs"]
mod threads;
