//! The load generator against small servers, each of which does one thing right or wrong.

mod closes;
mod counts;
mod faults;
mod runs;
mod servers;
#[path = "../common/threads.rs"]
mod threads;
