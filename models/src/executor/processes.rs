//! `processes`: a forked child per job.
//!
//! The idea: the parent forks once per job; each child runs its job, writes what it came to into a pipe and ends;
//! the parent reads the pipes and reaps the children.
//!
//! The kernel's fork(2) copies a process: its page tables, its descriptor table, its registers. Memory itself is
//! shared until somebody writes to a page (copy on write). The course notes put this at some 20 times the cost of
//! a thread, and it grows with the parent's memory. From then on nothing is shared, so a result must travel: here through a pipe(7).
//!
//! Good at: using all processors, even where threads can't (Python's GIL), and isolation: a job that crashes or
//! is killed is one job's error. Bad at: many short jobs, since each pays for a process; jobs that share much.
//!
//! Source: fork(2), pipe(7), waitpid(2); the "Process" row of the course notes' timing table.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::sync::Arc;

use nix::libc::PIPE_BUF;
use nix::unistd::Pid;
use workloads::task::Task;

use super::blocking::{refused, run_to_end};
use super::forking::{decode, encode, fork_child, pipe, reap, verdict};
use super::{Executor, JobResult};
use crate::forking::Alone;

pub(super) const EXECUTOR: Executor = Executor {
    name: "processes",
    family: "processes",
    summary: "a forked child per job, all at once; results come back through pipes",
    options: &[],
    workers: |jobs, _| jobs,
    run: |task, jobs, _| Ok(run(task, jobs)),
};

/// A child at work, and the pipe that its result comes through.
struct Child {
    pid: Pid,
    results: PipeReader,
}

fn run(task: &Arc<dyn Task>, jobs: usize) -> Vec<JobResult> {
    let alone = match Alone::wait() {
        Ok(alone) => alone,
        Err(error) => return vec![Err(error.to_string()); jobs],
    };
    let mut children = Vec::with_capacity(jobs);
    for job in 0..jobs {
        let child = start(&alone, &**task, job, &mut children);
        children.push(child);
    }
    // In the order of the jobs. A child that ends early waits as a zombie for its turn, never on a full pipe: its
    // message fits into an empty one.
    children.into_iter().map(|child| child.and_then(finish)).collect()
}

/// Forks a child for one job. The parent's end of the pipe outlives this, the child's end does not: were it still
/// open at the next fork, the next child would have it too, and the end of this one would not end the pipe.
fn start(
    alone: &Alone,
    task: &dyn Task,
    job: usize,
    earlier: &mut Vec<Result<Child, String>>,
) -> Result<Child, String> {
    let (results, sender) = pipe("jobs")?;
    let work = move || {
        earlier.clear(); // the copies of the other pipes
        work(task, job, sender)
    };
    match fork_child(alone, results, work) {
        Ok((pid, results)) => Ok(Child { pid, results }),
        Err(error) => Err(refused("process", "jobs", &error)),
    }
}

fn work(task: &dyn Task, job: usize, mut results: PipeWriter) -> bool {
    results.write_all(&encode(run_to_end(task, job))).is_ok()
}

/// Takes the result of one child and reaps it.
fn finish(child: Child) -> JobResult {
    let mut message = Vec::new();
    let read = child.results.take(PIPE_BUF as u64).read_to_end(&mut message);
    let status = reap(child.pid);
    read.map_err(|error| format!("the job's result could not be read: {error}; try again"))?;
    verdict(status, decode(&message))
}
