//! What every executor gives: the value of each job, in order, as many at once as it says.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use models::executor::{executors, find};
use models::options::{Choice, Options};
use workloads::Value;
use workloads::task::{CounterAtomic, CounterLock, Family, Primes, Run, Step, Task, Wait};

use crate::Function;
use crate::jobs::{Custom, FORKING, executor, run, run_choice, small_tasks};

pub(crate) const CASES: &[Function] = functions![
    every_executor_is_found_by_its_name,
    every_job_of_every_task_comes_to_its_value,
    jobs_that_share_memory_are_refused_where_there_is_none_and_would_lose_their_sum,
    no_jobs_come_to_no_values,
    values_stand_in_the_order_of_the_jobs_whichever_ends_first,
    three_hundred_jobs_wait_at_the_same_time,
    a_pool_runs_as_many_jobs_at_once_as_it_has_workers,
    a_process_pool_forks_each_worker_once,
    a_job_that_computes_lets_others_through_that_share_its_worker,
];

fn every_executor_is_found_by_its_name() {
    let names: Vec<_> = executors().iter().map(|executor| executor.name).collect();
    assert_eq!(
        names,
        ["line", "threads", "gil", "processes", "thread-pool", "process-pool", "rayon", "async", "coroutine"]
    );
    assert!(names.iter().all(|name| executor(name).name == *name));
    assert!(find("lines").is_none());
    let workers = |options: &Options| -> Vec<usize> {
        executors().iter().map(|executor| (executor.workers)(10, options)).collect()
    };
    let cores = thread::available_parallelism().unwrap().get().min(10);
    assert_eq!(workers(&Options::default()), [1, 10, 10, 10, cores, cores, cores, cores, cores]);
    let three = "any:workers=3".parse::<Choice>().unwrap().options;
    assert_eq!(workers(&three), [1, 10, 10, 10, 3, 3, 3, 3, 3]);
}

fn every_job_of_every_task_comes_to_its_value() {
    for executor in executors() {
        for task in small_tasks().iter().filter(|task| executor.refuses(&***task).is_none()) {
            let results = (executor.run)(task, 5, &Options::default()).unwrap();
            assert_eq!(results, vec![Ok(task.expected()); 5], "{} {}", executor.name, task.name());
            task.check(5).unwrap();
        }
    }
}

fn jobs_that_share_memory_are_refused_where_there_is_none_and_would_lose_their_sum() {
    let counters: [Arc<dyn Task>; 2] =
        [Arc::new(CounterLock::new(1_000)), Arc::new(CounterAtomic::new(1_000))];
    for task in &counters {
        let refusing: Vec<_> =
            executors().iter().filter(|executor| executor.refuses(&**task).is_some()).collect();
        assert_eq!(refusing.iter().map(|executor| executor.name).collect::<Vec<_>>(), FORKING);
        for executor in refusing {
            let results = (executor.run)(task, 2, &Options::default()).unwrap();
            assert_eq!(results, [Ok(1_000), Ok(1_000)], "each sees its own adds in its copy");
            assert!(task.check(2).unwrap_err().contains("came to 0 instead of 2000"), "{}", executor.name);
        }
    }
    assert!(executors().iter().all(|executor| executor.refuses(&Primes::default()).is_none()));
}

fn no_jobs_come_to_no_values() {
    for executor in executors() {
        assert_eq!(run(executor, Primes::default(), 0), []);
    }
}

fn values_stand_in_the_order_of_the_jobs_whichever_ends_first() {
    for executor in executors() {
        let last_ends_first = Custom(|job| Step::Wait(Duration::from_millis(40 - 10 * job as u64)));
        assert_eq!(run(executor, last_ends_first, 4), [Ok(0), Ok(1), Ok(2), Ok(3)], "{}", executor.name);
    }
}

fn three_hundred_jobs_wait_at_the_same_time() {
    // `coroutine` last: its threads stay.
    for name in ["threads", "gil", "processes", "async", "async:workers=1", "coroutine:workers=1"] {
        let begin = Instant::now();
        let results = run_choice(name, Wait { times: 1, each: Duration::from_millis(200) }, 300);
        assert_eq!(results, vec![Ok(1); 300], "{name}");
        let one_after_another = Duration::from_secs(60);
        assert!(begin.elapsed() < one_after_another / 3, "{name} took {:?}", begin.elapsed());
    }
}

fn a_pool_runs_as_many_jobs_at_once_as_it_has_workers() {
    for choice in ["thread-pool:workers=3", "rayon:workers=3", "async:workers=3"] {
        let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let count = {
            let most = Arc::clone(&most);
            Custom(move |_| {
                let (at_once, most) = (Arc::clone(&at_once), Arc::clone(&most));
                Step::Compute(Box::new(move || {
                    most.fetch_max(1 + at_once.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(30)); // as seen from outside, it works
                    at_once.fetch_sub(1, Ordering::SeqCst) as Value
                }))
            })
        };
        assert_eq!(run_choice(choice, count, 12), (0..12).map(Ok).collect::<Vec<_>>(), "{choice}");
        assert_eq!(most.load(Ordering::SeqCst), 3, "{choice}");
    }
}

fn a_process_pool_forks_each_worker_once() {
    let say_who = |_| {
        thread::sleep(Duration::from_millis(5));
        Step::Done(Value::from(std::process::id()))
    };
    let results = run_choice("process-pool:workers=3", Custom(say_who), 30);
    let workers: BTreeSet<Value> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(workers.len(), 3, "{workers:?}");
    assert!(!workers.contains(&Value::from(std::process::id())), "the parent did a job itself");
}

/// A task whose first job computes, step after step, until another has been there.
struct Patient {
    other_was_here: Arc<AtomicBool>,
}

impl Task for Patient {
    fn name(&self) -> &'static str {
        "patient"
    }
    fn family(&self) -> Family {
        Family::Cpu
    }
    fn summary(&self) -> &'static str {
        "computes until another job has been there"
    }
    fn start(&self, job: usize) -> Box<dyn Run> {
        Box::new(PatientJob { job, begin: Instant::now(), other_was_here: Arc::clone(&self.other_was_here) })
    }
    fn expected(&self) -> Value {
        1
    }
}

struct PatientJob {
    job: usize,
    begin: Instant,
    other_was_here: Arc<AtomicBool>,
}

impl Run for PatientJob {
    fn next(&mut self, last: Option<Value>) -> Step {
        let spin = || {
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_micros(100) {}
            0
        };
        match (self.job, last) {
            (0, _) if self.other_was_here.load(Ordering::SeqCst) => Step::Done(1),
            (0, _) if self.begin.elapsed() > Duration::from_secs(20) => Step::Done(0),
            (0, _) => Step::Compute(Box::new(spin)),
            // It comes back from a wait, and needs the worker then.
            (_, None) if self.begin.elapsed() < Duration::from_millis(10) => {
                Step::Wait(Duration::from_millis(10))
            }
            (_, None) => Step::Compute(Box::new(spin)),
            (_, Some(_)) => {
                self.other_was_here.store(true, Ordering::SeqCst);
                Step::Done(1)
            }
        }
    }
}

fn a_job_that_computes_lets_others_through_that_share_its_worker() {
    for choice in ["gil", "async:workers=1", "coroutine:workers=1"] {
        let task = Patient { other_was_here: Arc::new(AtomicBool::new(false)) };
        assert_eq!(run_choice(choice, task, 2), [Ok(1), Ok(1)], "{choice}");
    }
}
