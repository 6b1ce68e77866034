//! The chat room from outside: under every model, with a console, with our own client in a pipe and on a terminal, and servers
//! with faults that the cases of `concur verify` are to find.

#[macro_use]
#[path = "../../../models/tests/common/skipped.rs"]
mod skipped;
mod client;
#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod faults;
mod lessons;
mod members;
mod rooms;
mod terminal;
