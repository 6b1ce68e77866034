//! The lab from outside: its commands, its servers, its interpreters, and whom it grades.
//!
//! What is here mostly waits, for time limits and for processes, and whatever else runs beside it changes nothing that it
//! looks at: so all of it is one program, whose tests wait at the same time. What measures is in programs of its own, which
//! run one after another. A test here leaves alone what all others share with it: the environment, limits, signals and
//! directory of this process, and the account of its children.

#[macro_use]
#[path = "../../../models/tests/common/skipped.rs"]
mod skipped;
mod cli;
#[path = "../common/mod.rs"]
mod common;
mod compare;
mod docs;
mod files;
mod foreign;
mod lesson;
mod python;
mod python_jobs;
mod recorder;
mod serve;
mod server;
mod tasks;
mod torture;
mod verify;
