//! `gil`: a thread per job, and one lock that whoever computes must hold.
//!
//! **The idea.** CPython's threads are real ones, but its interpreter runs one of them at a time: each holds the
//! *global interpreter lock* while it runs Python code. Here a job holds it between and during its `Compute` steps,
//! and gives it away around what blocks, `Wait` and `Disk`. The rules are CPython's since version 3.2:
//!
//! * Who wants the lock waits on a condition, for the *switch interval* at most: 5 ms. If nobody has got it by
//!   then, it asks the holder to drop it, by a flag.
//! * The holder looks at the flag at each call and each turn of a loop, here between two steps. If it is set, it
//!   drops the lock, and then waits until another thread has really taken it (`FORCE_SWITCHING`): else it would
//!   often take it back itself before the other, asleep on another processor, is even awake.
//!
//! **What the kernel does.** It sees many threads of which one runs and the others sleep on a futex(2): a second
//! processor has nothing to do. It also gets more work, not less. Each switch wakes a thread, often on another
//! processor, with cold caches, and every interval each thread that waits wakes up to complain.
//!
//! **Good at** keeping an interpreter simple: objects need no locks of their own, and a single thread pays almost
//! nothing. Waits overlap as with any threads. **Bad at** computing: N threads take N times as long as one, and a
//! little more; and a thread that needs the lock briefly, after each of many waits, must wait out the interval each
//! time while another one computes (the *convoy effect*).
//!
//! Where this differs from CPython: a whole `Disk` step counts as blocking, while an interpreter would hold the lock
//! for the lines it makes between its writes; and the holder looks at the flag every 100 us or so, not every few
//! bytecodes.
//!
//! Source: CPython, `Python/ceval_gil.c`; A. Pitrou, "Reworking the GIL", python-dev, 2009; D. Beazley,
//! "Understanding the Python GIL", PyCon 2010; the "Thread" row of the course notes' timing table.

#![expect(clippy::doc_markdown, reason = "CPython is a name, and no code")]

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use workloads::task::{DiskWork, Task};
use workloads::{Value, Work};

use super::blocking::{Way, run_by};
use super::threads::thread_per_job;
use super::{Executor, JobResult};
use crate::options::{Kind, Options, Spec};

/// CPython's default, `sys.getswitchinterval()`.
const INTERVAL_MS: usize = 5;

pub(super) const EXECUTOR: Executor = Executor {
    name: "gil",
    family: "threads",
    summary: "a thread per job, under one lock as in CPython: one computes at a time",
    options: &[Spec {
        key: "interval_ms",
        kind: Kind::Number(10_000),
        help: "after how many ms a thread that computes is asked to let another one",
        default: "5",
    }],
    workers: |jobs, _| jobs,
    run: |task, jobs, options| Ok(run(task, jobs, options)),
};

fn run(task: &Arc<dyn Task>, jobs: usize, options: &Options) -> Vec<JobResult> {
    let interval_ms = options.number("interval_ms").unwrap_or(INTERVAL_MS);
    let gil = Gil::new(Duration::from_millis(interval_ms as u64));
    thread_per_job(jobs, |job| run_by(&mut Interpreter::enter(&gil, job), &**task, job))
}

/// The lock. It is a flag under a mutex and not the mutex itself, so that others can wait for it for a limited time,
/// and see whether it has changed hands.
struct Gil {
    state: Mutex<State>,
    /// The lock is free.
    freed: Condvar,
    /// The lock was taken by somebody else than the last holder.
    switched: Condvar,
    /// Somebody has waited for an interval. Set and cleared under the mutex, looked at without it after each step.
    drop_request: AtomicBool,
    interval: Duration,
}

#[derive(Default)]
struct State {
    locked: bool,
    /// The job that holds the lock, or held it last.
    holder: Option<usize>,
    /// How often it went from one job to another.
    switches: u64,
}

impl State {
    /// Whether the lock is held by the job that held it when it had changed hands so many times. Another holder has just
    /// begun, and has an interval of its own.
    fn has_been_held_since(&self, switches: u64) -> bool {
        self.locked && self.switches == switches
    }
}

impl Gil {
    fn new(interval: Duration) -> Self {
        Self {
            state: Mutex::default(),
            freed: Condvar::new(),
            switched: Condvar::new(),
            drop_request: AtomicBool::new(false),
            interval,
        }
    }

    /// Takes the lock (`take_gil`).
    fn take(&self, job: usize) {
        let mut state = self.lock();
        while state.locked {
            let switches = state.switches;
            let (now, wait) =
                self.freed.wait_timeout(state, self.interval).unwrap_or_else(PoisonError::into_inner);
            state = now;
            if wait.timed_out() && state.has_been_held_since(switches) {
                self.drop_request.store(true, Ordering::Relaxed);
            }
        }
        state.locked = true;
        if state.holder != Some(job) {
            state.holder = Some(job);
            state.switches += 1;
        }
        self.drop_request.store(false, Ordering::Relaxed);
        self.switched.notify_all(); // whoever was asked to drop it
    }

    /// Drops the lock (`drop_gil`). If that was asked for, comes back once another job has taken it.
    fn release(&self, job: usize) {
        let mut state = self.lock();
        state.locked = false;
        self.freed.notify_one();
        // Who asked for it is waiting in `take`, and leaves only with the lock: so this ends.
        if self.drop_request.swap(false, Ordering::Relaxed) {
            while state.holder == Some(job) {
                state = self.switched.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job's thread. It holds the lock from here until it is dropped, but for what blocks.
struct Interpreter<'a> {
    gil: &'a Gil,
    job: usize,
}

impl<'a> Interpreter<'a> {
    fn enter(gil: &'a Gil, job: usize) -> Self {
        gil.take(job);
        Self { gil, job }
    }

    /// Does what blocks without the lock (`Py_BEGIN_ALLOW_THREADS`).
    fn allow_threads<T>(&mut self, blocking: impl FnOnce() -> T) -> T {
        self.gil.release(self.job);
        let _taken_again_also_after_a_panic = Retake(self);
        blocking()
    }
}

impl Drop for Interpreter<'_> {
    fn drop(&mut self) {
        self.gil.release(self.job);
    }
}

struct Retake<'a>(&'a Interpreter<'a>);

impl Drop for Retake<'_> {
    fn drop(&mut self) {
        self.0.gil.take(self.0.job);
    }
}

impl Way for Interpreter<'_> {
    /// Between two steps is where the evaluation loop looks at what others want (`eval_breaker`).
    fn compute(&mut self, work: Work) -> Value {
        let value = work();
        if self.gil.drop_request.load(Ordering::Relaxed) {
            self.allow_threads(|| ());
        }
        value
    }

    fn wait(&mut self, time: Duration) {
        self.allow_threads(|| thread::sleep(time));
    }

    fn disk(&mut self, work: DiskWork) -> io::Result<Value> {
        self.allow_threads(work)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

    use super::*;

    /// So long that nobody is asked to drop the lock in a test that is about something else.
    const NEVER: Duration = Duration::from_secs(1_000);
    const PATIENCE: Duration = Duration::from_secs(20);

    fn spin(time: Duration) -> Work {
        Box::new(move || {
            let begin = Instant::now();
            while begin.elapsed() < time {}
            0
        })
    }

    /// Waits for something that another thread does.
    fn eventually(what: impl Fn() -> bool) -> bool {
        let begin = Instant::now();
        while !what() {
            if begin.elapsed() > PATIENCE {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }

    #[test]
    fn one_job_at_most_holds_the_lock() {
        let gil = Gil::new(Duration::from_millis(1));
        let (holders, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        thread::scope(|scope| {
            for job in 0..8 {
                let (gil, holders, most) = (&gil, &holders, &most);
                scope.spawn(move || {
                    let mut thread = Interpreter::enter(gil, job);
                    for round in 0..200 {
                        let (holders, most) = (Arc::clone(holders), Arc::clone(most));
                        thread.compute(Box::new(move || {
                            most.fetch_max(1 + holders.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
                            spin(Duration::from_micros(20))();
                            holders.fetch_sub(1, Ordering::SeqCst) as Value
                        }));
                        if round % 8 == job {
                            thread.wait(Duration::from_micros(50));
                        }
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert!(!gil.lock().locked);
    }

    #[test]
    fn a_job_that_never_blocks_is_made_to_let_another_through() {
        let gil = Gil::new(Duration::from_millis(2));
        let other_was_in = AtomicBool::new(false);
        let begin = Instant::now();
        thread::scope(|scope| {
            let mut holder = Interpreter::enter(&gil, 0); // dropped by a failure as well
            scope.spawn(|| {
                let _thread = Interpreter::enter(&gil, 1);
                other_was_in.store(true, Ordering::SeqCst);
            });
            while !other_was_in.load(Ordering::SeqCst) && begin.elapsed() < PATIENCE {
                holder.compute(spin(Duration::from_micros(50)));
            }
            assert!(other_was_in.load(Ordering::SeqCst), "nobody else got the lock");
            drop(holder);
        });
    }

    #[test]
    fn who_was_asked_to_drop_the_lock_comes_back_after_another_has_had_it() {
        let gil = Gil::new(Duration::from_millis(1));
        let turns_of_other = AtomicUsize::new(0);
        let (over, begin) = (AtomicBool::new(false), Instant::now());
        thread::scope(|scope| {
            let mut holder = Interpreter::enter(&gil, 0); // dropped by a failure as well
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) && begin.elapsed() < PATIENCE {
                    let _thread = Interpreter::enter(&gil, 1);
                    turns_of_other.fetch_add(1, Ordering::SeqCst);
                }
            });
            let asked = || gil.drop_request.load(Ordering::SeqCst);
            for _ in 0..20 {
                assert!(eventually(asked), "the other one asks for the lock"); // which the holder keeps until then
                let before = turns_of_other.load(Ordering::SeqCst);
                holder.compute(spin(Duration::ZERO));
                assert!(turns_of_other.load(Ordering::SeqCst) > before, "it took the lock back itself");
            }
            over.store(true, Ordering::SeqCst);
            drop(holder);
        });
    }

    #[test]
    fn a_holder_who_has_just_begun_is_not_asked_yet() {
        let gil = Gil::new(NEVER);
        let is_asked = |switches| gil.lock().has_been_held_since(switches);
        gil.take(0);
        let switches = gil.lock().switches;
        assert!(is_asked(switches));
        gil.release(0);
        assert!(!is_asked(switches), "nobody has it");
        gil.take(0);
        assert!(is_asked(switches), "it has not changed hands");
        gil.release(0);
        gil.take(1);
        assert!(!is_asked(switches), "the next one has just begun");
        assert!(is_asked(switches + 1), "and is no other since");
        gil.release(1);
    }

    #[test]
    fn nobody_is_asked_before_the_interval_is_over() {
        let gil = Gil::new(NEVER);
        thread::scope(|scope| {
            let mut holder = Interpreter::enter(&gil, 0); // dropped by a failure as well
            scope.spawn(|| drop(Interpreter::enter(&gil, 1)));
            for _ in 0..100 {
                holder.compute(spin(Duration::from_micros(50)));
            }
            assert_eq!(gil.lock().switches, 1, "only the first job has had the lock");
            drop(holder);
        });
        assert_eq!(gil.lock().switches, 2);
    }

    #[test]
    fn others_compute_while_a_job_waits() {
        let gil = Gil::new(NEVER);
        let other_was_in = AtomicBool::new(false);
        thread::scope(|scope| {
            let mut waiting = Interpreter::enter(&gil, 0); // dropped by a failure as well
            scope.spawn(|| {
                let _thread = Interpreter::enter(&gil, 1);
                other_was_in.store(true, Ordering::SeqCst);
            });
            let begin = Instant::now();
            while !other_was_in.load(Ordering::SeqCst) && begin.elapsed() < PATIENCE {
                waiting.wait(Duration::from_millis(1));
            }
            assert!(other_was_in.load(Ordering::SeqCst));
            assert!(gil.lock().locked, "it has the lock again");
            drop(waiting);
        });
    }

    #[test]
    fn all_jobs_block_in_their_files_at_the_same_time() {
        const JOBS: usize = 8;
        let gil = Gil::new(NEVER);
        let blocking = Arc::new(AtomicUsize::new(0));
        let results = thread_per_job(JOBS, |job| {
            let blocking = Arc::clone(&blocking);
            let mut thread = Interpreter::enter(&gil, job);
            let all_are_there = thread.disk(Box::new(move || {
                blocking.fetch_add(1, Ordering::SeqCst);
                Ok(eventually(|| blocking.load(Ordering::SeqCst) == JOBS).into())
            }));
            all_are_there.map_err(|error| error.to_string())
        });
        assert_eq!(results, vec![Ok(1); JOBS]);
    }

    #[test]
    fn a_panic_in_what_blocks_takes_no_lock_from_others() {
        let gil = Gil::new(NEVER);
        let other_is_in = Arc::new(AtomicBool::new(false));
        thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let other_is_in = Arc::clone(&other_is_in);
                let mut thread = Interpreter::enter(&gil, 0);
                thread.disk(Box::new(move || {
                    eventually(|| other_is_in.load(Ordering::SeqCst));
                    panic!("as it was asked to");
                }))
            });
            let mut other = loop {
                let other = Interpreter::enter(&gil, 1);
                if gil.lock().switches > 1 {
                    break other; // the panicking one was in before, and blocks now
                }
                drop(other);
                thread::yield_now();
            };
            other_is_in.store(true, Ordering::SeqCst);
            for _ in 0..1_000 {
                other.compute(spin(Duration::from_micros(20)));
                let state = gil.lock();
                assert!(state.locked && state.holder == Some(1), "the lock was taken from its holder");
            }
            drop(other);
            assert!(panicking.join().is_err());
        });
        assert!(!gil.lock().locked);
    }
}
