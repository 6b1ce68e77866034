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

#![expect(
    unsafe_code,
    reason = "fork is unsafe: a child with lost threads may find their locks held for ever"
)]

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::PIPE_BUF;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};
use workloads::task::Task;

use super::blocking::{refused, run_to_end};
use super::{Executor, JobResult};

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
    if let Err(reason) = wait_until_single_threaded() {
        return vec![Err(reason); jobs];
    }
    let mut children = Vec::with_capacity(jobs);
    for job in 0..jobs {
        let child = start(&**task, job, &mut children);
        children.push(child);
    }
    // In the order of the jobs. A child that ends early waits as a zombie for its turn, never on a full pipe: its
    // message fits into an empty one.
    children.into_iter().map(|child| child.and_then(finish)).collect()
}

/// Forks a child for one job. The parent's end of the pipe outlives this, the child's end does not: were it still
/// open at the next fork, the next child would have it too, and the end of this one would not end the pipe.
fn start(task: &dyn Task, job: usize, earlier: &mut Vec<Result<Child, String>>) -> Result<Child, String> {
    let (results, sender) = io::pipe().map_err(|error| {
        format!("no pipe could be made for this job: {error}; try fewer jobs, or raise the limit (ulimit -n)")
    })?;
    let parent = getpid();
    // SAFETY: `fork` asks that a child of a multithreaded process call nothing but async-signal-safe functions,
    // since a lock held by a thread that was not copied is never released. `run` has made sure that this
    // process has one thread, which holds no lock here; so the child may do what the parent may.
    match unsafe { fork() } {
        Ok(ForkResult::Parent { child: pid }) => Ok(Child { pid, results }),
        Ok(ForkResult::Child) => {
            drop(results);
            earlier.clear(); // the copies of the other pipes
            work(task, job, parent, sender)
        }
        Err(error) => Err(refused("process", &error.into())),
    }
}

/// What a child does; it never returns to what the parent was about.
///
/// It ends with _exit(2). `std::process::exit` would run the parent's exit handlers and write out the parent's
/// buffered output a second time.
fn work(task: &dyn Task, job: usize, parent: Pid, mut sender: PipeWriter) -> ! {
    // A child must not outlive a parent that is killed; the parent may be gone before this is arranged.
    if set_pdeathsig(Signal::SIGKILL).is_err() || getppid() != parent {
        signal_hook::low_level::exit(FAILED);
    }
    let message = encode(run_to_end(task, job));
    let status = if sender.write_all(&message).is_ok() { 0 } else { FAILED };
    signal_hook::low_level::exit(status)
}

/// The exit status of a child that could not say what its job came to.
const FAILED: i32 = 1;

/// Takes the result of one child and reaps it.
fn finish(child: Child) -> JobResult {
    let mut message = Vec::new();
    let read = child.results.take(PIPE_BUF as u64).read_to_end(&mut message);
    let status = reap(child.pid);
    read.map_err(|error| format!("the job's result could not be read: {error}; try again"))?;
    verdict(status, decode(&message))
}

fn reap(pid: Pid) -> nix::Result<WaitStatus> {
    loop {
        match waitpid(pid, None) {
            Err(Errno::EINTR) => {}
            status => return status,
        }
    }
}

/// What the job came to, from how its process ended and from what it said before.
fn verdict(status: nix::Result<WaitStatus>, said: Option<JobResult>) -> JobResult {
    match (status, said) {
        (Ok(WaitStatus::Signaled(_, signal, _)), _) => Err(format!(
            "the job's process was killed by {signal}; look for a crash in its task, or for memory running out \
             (dmesg) and try fewer jobs"
        )),
        // ECHILD: whoever started us ignores SIGCHLD, so the kernel reaped the child itself. What it said holds.
        (Ok(WaitStatus::Exited(_, 0)) | Err(Errno::ECHILD), Some(result)) => result,
        (Ok(WaitStatus::Exited(_, status)), _) => Err(format!(
            "the job's process ended with status {status} before it gave a result; look for an exit in its task"
        )),
        (status, _) => Err(format!("the job's process ended without a result ({status:?}); try again")),
    }
}

/// A result as the child sends it, in at most `PIPE_BUF` bytes: so much always fits into an empty pipe and is
/// written in one piece (pipe(7)), whether or not the parent is reading yet.
fn encode(result: JobResult) -> Vec<u8> {
    const LONGEST: usize = PIPE_BUF / 8; // JSON takes at most six bytes for a character, and a frame of ten
    let result = result.map_err(|sentence| sentence.chars().take(LONGEST).collect::<String>());
    serde_json::to_vec(&result).expect("a number or a sentence is always JSON")
}

/// The result, if all of it has come: a part of it is no JSON.
fn decode(message: &[u8]) -> Option<JobResult> {
    serde_json::from_slice(message).ok()
}

/// Makes sure that no thread is lost in a fork. Threads come from threads, so one thread stays one.
fn wait_until_single_threaded() -> Result<(), String> {
    const TRIES: u32 = 200;
    for _ in 0..TRIES {
        let threads = fs::read_dir("/proc/self/task")
            .map_err(|error| format!("can't count this process's threads: {error}; mount /proc"))?
            .count();
        if threads == 1 {
            return Ok(());
        }
        // A thread that has been joined is listed until the kernel has put it away.
        thread::sleep(Duration::from_millis(1));
    }
    Err("this process has several threads, and a fork copies only one of them; run the jobs in a process of \
         their own, as `concur exec` does"
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHILD: Pid = Pid::from_raw(1);

    #[test]
    fn a_result_arrives_as_it_was_sent() {
        for result in [Ok(0), Ok(u64::MAX), Err("no room \"here\"\n".to_owned())] {
            assert_eq!(decode(&encode(result.clone())), Some(result));
        }
    }

    #[test]
    fn a_message_fits_into_a_pipe_however_long_the_sentence() {
        for letter in ["\u{1}", "\"", "é", "\u{10ffff}"] {
            let message = encode(Err(letter.repeat(100_000)));
            assert!(message.len() <= PIPE_BUF, "{letter:?}: {}", message.len());
            assert!(matches!(decode(&message), Some(Err(text)) if text.starts_with(letter)));
        }
    }

    #[test]
    fn a_part_of_a_message_is_no_result() {
        let message = encode(Ok(454_396_537));
        for end in 0..message.len() {
            assert_eq!(decode(&message[..end]), None, "{end}");
        }
    }

    #[test]
    fn a_killed_process_gives_no_value_even_if_it_said_one() {
        let killed = WaitStatus::Signaled(CHILD, Signal::SIGKILL, false);
        assert!(verdict(Ok(killed), Some(Ok(1))).unwrap_err().contains("killed by SIGKILL"));
    }

    #[test]
    fn a_process_that_ends_in_silence_is_an_error() {
        for status in [0, 3] {
            let sentence = verdict(Ok(WaitStatus::Exited(CHILD, status)), None).unwrap_err();
            assert!(sentence.contains(&format!("ended with status {status}")), "{sentence}");
        }
        assert!(verdict(Err(Errno::ECHILD), None).unwrap_err().contains("without a result"));
    }

    #[test]
    fn what_was_said_holds_when_the_kernel_has_reaped_the_child_itself() {
        assert_eq!(verdict(Err(Errno::ECHILD), Some(Ok(7))), Ok(7));
    }
}
