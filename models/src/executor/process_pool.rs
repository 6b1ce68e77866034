//! `process-pool`: a fixed number of forked children that are given one job after another.
//!
//! **The idea.** The parent forks as many children as there are processors, and talks to each over two pipes: a job's
//! number goes out, what it came to comes back, and the next number goes out. This is what Python's
//! `multiprocessing.Pool` does, and how its users get past the GIL.
//!
//! **What the kernel does.** fork(2) is paid for once a worker, not once a job. Between jobs a worker sleeps in
//! read(2); the parent sleeps in poll(2) over all that are at work. A pipe takes up to `PIPE_BUF` bytes in one
//! piece (pipe(7)), so a message is there as a whole or not at all.
//!
//! **Good at** computing on all processors where threads can't, and at isolation: a worker that crashes or is killed
//! takes its one job with it, and another is forked in its place. **Bad at** jobs with much to say, which all goes
//! through a pipe and is written down and read again; and at jobs that wait, as every pool is.
//!
//! Source: fork(2), pipe(7), poll(2); W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP preforked
//! server"; the `multiprocessing` module of Python.

use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::Arc;

use nix::errno::Errno;
use nix::libc::PIPE_BUF;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use workloads::task::Task;

use super::blocking::{refused, run_to_end, workers};
use super::forking::{decode, encode, fork_child, pipe, reap, verdict};
use super::{Executor, JobResult};
use crate::forking::Alone;
use crate::options::Spec;
use crate::runtime::WORKERS;

pub(super) const EXECUTOR: Executor = Executor {
    name: "process-pool",
    family: "processes",
    summary: "a fixed number of forked children are given one job after another over pipes",
    options: &[Spec { help: "children that take jobs", ..WORKERS }],
    workers,
    run: |task, jobs, options| Ok(run(task, jobs, workers(jobs, options))),
};

fn run(task: &Arc<dyn Task>, jobs: usize, workers: usize) -> Vec<JobResult> {
    let mut pool = match Alone::wait()
        .map_err(|error| error.to_string())
        .and_then(|alone| Pool::start(alone, &**task, jobs, workers))
    {
        Ok(pool) => pool,
        Err(reason) => return vec![Err(reason); jobs],
    };
    while let Some(worker) = pool.wait() {
        pool.hear(worker);
    }
    pool.results.into_iter().map(|result| result.expect("every job was given away")).collect()
}

/// The parent's side.
struct Pool<'a> {
    alone: Alone,
    task: &'a dyn Task,
    /// Those at work.
    workers: Vec<Worker>,
    /// The jobs that nobody has been given.
    left: Range<usize>,
    results: Vec<Option<JobResult>>,
}

/// A child with the pipe that its jobs go into and the one that their results come out of.
struct Worker {
    pid: Pid,
    jobs: PipeWriter,
    results: PipeReader,
    /// The job it was last given.
    job: usize,
}

impl<'a> Pool<'a> {
    /// Forks all workers, or none: a smaller pool than was asked for would be another one.
    fn start(alone: Alone, task: &'a dyn Task, jobs: usize, workers: usize) -> Result<Self, String> {
        let mut pool = Self { alone, task, workers: Vec::new(), left: 0..jobs, results: vec![None; jobs] };
        for _ in 0..workers {
            match pool.fork() {
                Ok(worker) => pool.workers.push(worker),
                Err(reason) => {
                    pool.workers.into_iter().for_each(Worker::dismiss);
                    return Err(reason);
                }
            }
        }
        for worker in std::mem::take(&mut pool.workers) {
            pool.employ(worker);
        }
        Ok(pool)
    }

    /// Forks one more worker.
    fn fork(&mut self) -> Result<Worker, String> {
        let ((theirs, jobs), (results, sender)) = (pipe("workers")?, pipe("workers")?);
        let (task, others) = (self.task, &mut self.workers);
        let work = move || {
            // Its copies of the others' pipes. Were one open here, that worker would never hear the end of its jobs.
            others.clear();
            work(task, theirs, sender)
        };
        match fork_child(&self.alone, (jobs, results), work) {
            Ok((pid, (jobs, results))) => Ok(Worker { pid, jobs, results, job: 0 }),
            Err(error) => Err(refused("process", "workers", &error)),
        }
    }

    /// Gives a worker the next job. One for whom there is none is dismissed.
    fn employ(&mut self, mut worker: Worker) {
        let Some(job) = self.left.next() else { return worker.dismiss() };
        worker.job = job;
        // If it has died meanwhile it can't take it, and the end of its results will tell.
        let _ = worker.jobs.write_all(&job.to_ne_bytes());
        self.workers.push(worker);
    }

    /// Waits until a worker has something to say or has died, and takes it out; none when nobody is at work.
    fn wait(&mut self) -> Option<Worker> {
        while !self.workers.is_empty() {
            let results = self.workers.iter().map(|worker| worker.results.as_fd());
            let mut fds: Vec<_> = results.map(|results| PollFd::new(results, PollFlags::POLLIN)).collect();
            let ready = match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) => fds.iter().position(|fd| fd.any() == Some(true)),
                Err(Errno::EINTR) => None,
                Err(_) => Some(0), // no memory to watch them all with: then one is waited for in read(2)
            };
            if let Some(ready) = ready {
                return Some(self.workers.swap_remove(ready));
            }
        }
        None
    }

    /// Takes what a worker says and gives it another job, or puts another worker in the place of one who died.
    fn hear(&mut self, mut worker: Worker) {
        let job = worker.job;
        match worker.listen() {
            Ok(Some(result)) => {
                self.results[job] = Some(result);
                self.employ(worker);
            }
            Ok(None) => {
                self.results[job] = Some(verdict(reap(worker.pid), None));
                drop(worker);
                self.replace();
            }
            Err(reason) => {
                self.results[job] = Some(Err(reason));
                worker.end_now();
                self.replace();
            }
        }
    }

    /// Forks a worker for the next job, if there is one.
    fn replace(&mut self) {
        if self.left.is_empty() {
            return;
        }
        match self.fork() {
            Ok(worker) => self.employ(worker),
            // The others go on; but somebody has to.
            Err(_) if !self.workers.is_empty() => {}
            Err(reason) => self.results[self.left.clone()].fill(Some(Err(reason))),
        }
    }
}

impl Worker {
    /// What its job came to; none if it has died.
    fn listen(&mut self) -> Result<Option<JobResult>, String> {
        let mut message = [0; PIPE_BUF];
        loop {
            return match self.results.read(&mut message) {
                Ok(0) => Ok(None),
                Ok(bytes) => match decode(&message[..bytes]) {
                    Some(result) => Ok(Some(result)),
                    None => {
                        Err("the worker said something that is no result; look for a task that writes into \
                                 descriptors of others"
                            .to_owned())
                    }
                },
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Err(format!("the job's result could not be read: {error}; try again")),
            };
        }
    }

    /// Lets a worker with nothing to do end: it hears that there are no more jobs.
    fn dismiss(self) {
        let Self { pid, jobs, .. } = self;
        drop(jobs);
        let _ = reap(pid); // all its jobs have their results, so how it ended is of no interest
    }

    /// Ends a worker that can't be understood.
    fn end_now(self) {
        let _ = kill(self.pid, Signal::SIGKILL); // it may have ended by itself
        let _ = reap(self.pid);
    }
}

/// What a worker does: it runs jobs until there are no more.
fn work(task: &dyn Task, mut jobs: PipeReader, mut results: PipeWriter) -> bool {
    let mut number = [0; size_of::<usize>()];
    loop {
        match jobs.read_exact(&mut number) {
            Ok(()) => {}
            Err(error) => return error.kind() == ErrorKind::UnexpectedEof,
        }
        let message = encode(run_to_end(task, usize::from_ne_bytes(number)));
        if results.write_all(&message).is_err() {
            return false;
        }
    }
}
