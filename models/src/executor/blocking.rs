//! One job from its first step to its value, with blocking calls: what a thread or a process of its own does.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use workloads::task::{Run, Step, Task};

use super::JobResult;

/// Runs one job. A job that fails or panics comes to a sentence, and its neighbours never notice.
///
/// A panic must end here in every executor: in line it would end the jobs that come after, and a forked child
/// that unwound further would go on with its copy of the parent's work.
pub(super) fn run_to_end(task: &dyn Task, job: usize) -> JobResult {
    // The job is gone after a panic, so nobody can see what it left half done.
    catch_unwind(AssertUnwindSafe(|| steps(task.start(job)))).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn steps(mut run: Box<dyn Run>) -> JobResult {
    let mut last = None;
    loop {
        last = match run.next(last) {
            Step::Compute(work) => Some(work()),
            Step::Wait(time) => {
                thread::sleep(time);
                None
            }
            Step::Disk(work) => Some(work().map_err(|error| error.to_string())?),
            Step::Done(value) => return Ok(value),
        };
    }
}

/// A job's panic as a sentence on one line.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> String {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("it gave no reason").replace('\n', " ");
    format!("the job panicked, which is a fault in its task: {message}")
}

/// The system's refusal to make a thread or a process, as a sentence that says what to try.
pub(super) fn refused(what: &str, error: &io::Error) -> String {
    format!(
        "no {what} could be made for this job: {error}; try fewer jobs, or raise the limit on processes and \
         threads (ulimit -u, a container's pids limit)"
    )
}
