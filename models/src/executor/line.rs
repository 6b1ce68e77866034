//! `line`: one job after another.
//!
//! The idea: a single thread takes the jobs in turn and begins the next when the last is done.
//!
//! The kernel sees one thread. While a job waits for a disk or a peer, the thread sleeps and the processor is
//! anybody else's; while it computes, all processors but one stand idle.
//!
//! Good at: being the measure of all others. Nothing is created, switched or shared, so a single job is never
//! faster than here, and no two jobs ever meet. Bad at: everything that could overlap. The time is the sum of all
//! jobs' times, waits included.
//!
//! Source: the "Line" row of the course notes' timing table.

use super::Executor;
use super::blocking::run_to_end;

pub(super) const EXECUTOR: Executor = Executor {
    name: "line",
    family: "sequential",
    summary: "one job after another",
    options: &[],
    workers: |_, _| 1,
    run: |task, jobs, _| Ok((0..jobs).map(|job| run_to_end(&**task, job)).collect()),
};
