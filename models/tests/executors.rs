//! What every executor promises, proved on the executors themselves.
//!
//! `processes` and `process-pool` fork only a process with one thread, and libtest runs tests on threads. So this file
//! brings its own `main`: it starts itself once for each case, as a process with its own limits, children and output.
//! Arguments that don't begin with a dash select the cases whose names contain one of them.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use models::executor::{Executor, JobResult, executors, find};
use models::options::{Choice, Options};
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, raise, signal};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, alarm};
use workloads::Value;
use workloads::task::{Count, Disk, Family, Primes, Run, Step, Task, Wait};

/// A case that hangs is killed after this many seconds; the slowest takes about one.
const TIME_LIMIT_S: u32 = 60;

macro_rules! functions {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), $name as fn())),*] };
}

const CASES: &[(&str, fn())] = functions![
    every_executor_is_found_by_its_name,
    every_job_of_every_task_comes_to_its_value,
    no_jobs_come_to_no_values,
    values_stand_in_the_order_of_the_jobs_whichever_ends_first,
    three_hundred_jobs_wait_at_the_same_time,
    a_pool_runs_as_many_jobs_at_once_as_it_has_workers,
    a_process_pool_forks_each_worker_once,
    a_job_that_computes_lets_others_through_that_share_its_worker,
    a_failing_disk_is_that_jobs_error_alone,
    a_panic_is_that_jobs_error_alone,
    a_killed_process_is_that_jobs_error_alone,
    a_killed_worker_of_a_process_pool_is_replaced,
    a_panic_with_a_backtrace_fits_onto_a_coroutines_stack,
    a_process_that_exits_early_is_that_jobs_error_alone,
    a_refused_thread_is_that_jobs_error_alone,
    a_refused_process_is_that_jobs_error_alone,
    a_refused_pipe_is_that_jobs_error_alone,
    a_pool_that_is_refused_a_worker_begins_no_job,
    a_process_pool_that_is_refused_a_pipe_begins_no_job,
    no_child_remains,
    no_descriptor_remains,
    no_thread_remains,
    a_child_has_no_other_childs_pipe,
    a_process_with_other_threads_is_not_forked,
    buffered_output_is_written_once,
    children_die_with_a_killed_parent,
    values_hold_where_the_kernel_reaps_the_children,
];

/// Programs that cases run beside themselves, to see them from outside.
const ACTORS: &[(&str, fn())] =
    functions![print_and_fork, fork_and_hang, fork_a_pool_and_hang, panic_in_a_coroutine];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, name] = &arguments[..]
        && flag == "--in-this-process"
    {
        alarm::set(TIME_LIMIT_S);
        let (_, function) = CASES.iter().chain(ACTORS).find(|(each, _)| each == name).expect("a known name");
        function();
        return ExitCode::SUCCESS;
    }
    let filters: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter));
    let chosen: Vec<_> = CASES.iter().map(|(name, _)| *name).filter(|name| wanted(name)).collect();
    println!("\nrunning {} tests", chosen.len());
    let failed = chosen.iter().filter(|name| !passes(name)).count();
    let result = if failed == 0 { "ok" } else { "FAILED" };
    let (passed, left) = (chosen.len() - failed, CASES.len() - chosen.len());
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {left} filtered out\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn passes(name: &str) -> bool {
    let Output { status, stdout, stderr } = myself(name).output().unwrap();
    let passed = status.success();
    println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    if !passed {
        let text = [&stdout[..], &stderr[..]].map(String::from_utf8_lossy).concat();
        println!("---- {name}: {status} ----\n{text}");
    }
    passed
}

/// This program once more, for one case or actor.
fn myself(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--in-this-process", name]);
    command
}

fn run(executor: &Executor, task: impl Task + 'static, jobs: usize) -> Vec<JobResult> {
    let task: Arc<dyn Task> = Arc::new(task);
    (executor.run)(&task, jobs, &Options::default()).unwrap()
}

/// The same with options: `thread-pool:workers=4`.
fn run_choice(choice: &str, task: impl Task + 'static, jobs: usize) -> Vec<JobResult> {
    let Choice { name, options } = choice.parse().unwrap();
    options.check(&name, executor(&name).options).unwrap();
    let task: Arc<dyn Task> = Arc::new(task);
    (executor(&name).run)(&task, jobs, &options).unwrap()
}

fn executor(name: &str) -> &'static Executor {
    find(name).unwrap()
}

/// Those that fork.
const FORKING: [&str; 2] = ["processes", "process-pool"];

fn small_tasks() -> [Arc<dyn Task>; 4] {
    [
        Arc::new(Primes { below: 1_000 }),
        Arc::new(Count { steps: 10_000 }),
        Arc::new(Disk { lines: 500, ..Disk::default() }),
        Arc::new(Wait { times: 3, each: Duration::from_millis(1) }),
    ]
}

/// A task made of a function from the job to its one step, or to its value when there is none.
struct Custom<F>(F);

impl<F: Fn(usize) -> Step + Send + Sync> Task for Custom<F> {
    fn name(&self) -> &'static str {
        "custom"
    }
    fn family(&self) -> Family {
        Family::Cpu
    }
    fn summary(&self) -> &'static str {
        "does what a test says, then comes to the job's number"
    }
    fn start(&self, job: usize) -> Box<dyn Run> {
        Box::new(Once { step: Some((self.0)(job)), value: job as Value })
    }
    fn expected(&self) -> Value {
        unreachable!("the jobs come to different values")
    }
}

struct Once {
    step: Option<Step>,
    value: Value,
}

impl Run for Once {
    fn next(&mut self, _: Option<Value>) -> Step {
        self.step.take().unwrap_or(Step::Done(self.value))
    }
}

/// A task whose job 1 does something special, and whose others wait for a moment.
fn job_one(special: fn() -> Step) -> impl Task {
    Custom(move |job| if job == 1 { special() } else { Step::Wait(Duration::from_millis(5)) })
}

/// The error of job 1 of four; the others must have their values.
fn error_of_job_one(results: &[JobResult]) -> &str {
    let [Ok(0), Err(error), Ok(2), Ok(3)] = results else { panic!("{results:?}") };
    assert!(!error.contains('\n'), "more than a line: {error}");
    error
}

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
        for task in small_tasks() {
            let results = (executor.run)(&task, 5, &Options::default()).unwrap();
            assert_eq!(results, vec![Ok(task.expected()); 5], "{} {}", executor.name, task.name());
        }
    }
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

fn a_failing_disk_is_that_jobs_error_alone() {
    let full = || Step::Disk(Box::new(|| std::fs::write("/dev/full", "x").map(|()| 0)));
    for executor in executors() {
        let results = run(executor, job_one(full), 4);
        assert!(error_of_job_one(&results).contains("No space left on device"), "{}", executor.name);
    }
}

fn a_panic_is_that_jobs_error_alone() {
    let panicking_step: fn() -> Step = || Step::Compute(Box::new(|| panic!("lost\ncount")));
    let panicking_start: fn() -> Step = || panic!("lost {}", "count");
    for executor in executors() {
        for panics in [panicking_step, panicking_start] {
            let results = run(executor, job_one(panics), 4);
            assert!(error_of_job_one(&results).contains("lost count"), "{}", executor.name);
        }
    }
}

fn a_killed_process_is_that_jobs_error_alone() {
    let dying = || {
        raise(Signal::SIGKILL).unwrap();
        unreachable!("a killed process goes on")
    };
    for name in FORKING {
        let results = run(executor(name), job_one(dying), 4);
        assert!(error_of_job_one(&results).contains("killed by SIGKILL"), "{name}");
    }
}

fn a_killed_worker_of_a_process_pool_is_replaced() {
    let every_third_dies = Custom(|job| {
        if job % 3 == 1 {
            raise(Signal::SIGKILL).unwrap();
        }
        Step::Wait(Duration::from_millis(1))
    });
    let results = run_choice("process-pool:workers=1", every_third_dies, 10);
    for (job, result) in results.iter().enumerate() {
        match result {
            Ok(value) => assert!(*value == job as Value && job % 3 != 1, "{job}: {value}"),
            Err(error) => assert!(error.contains("killed by SIGKILL") && job % 3 == 1, "{job}: {error}"),
        }
    }
}

fn a_panic_with_a_backtrace_fits_onto_a_coroutines_stack() {
    let output = myself("panic_in_a_coroutine").env("RUST_BACKTRACE", "full").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("stack backtrace"), "{output:?}");
}

fn panic_in_a_coroutine() {
    let results = run(executor("coroutine"), job_one(|| panic!("lost")), 4);
    assert!(error_of_job_one(&results).contains("lost"));
}

fn a_process_that_exits_early_is_that_jobs_error_alone() {
    for exiting in
        [|| signal_hook::low_level::exit(3), || signal_hook::low_level::exit(0)] as [fn() -> Step; 2]
    {
        for name in FORKING {
            let results = run(executor(name), job_one(exiting), 4);
            assert!(error_of_job_one(&results).contains("before it gave a result"), "{name}");
        }
    }
}

fn a_refused_thread_is_that_jobs_error_alone() {
    refused("threads", "no thread could be made");
    refused("gil", "no thread could be made");
}

fn a_refused_process_is_that_jobs_error_alone() {
    refused("processes", "no process could be made");
}

/// Runs four jobs where the system allows the user two more processes or threads.
fn refused(name: &str, sentence: &str) {
    let is_alone = allow_two_more();
    let results = run(executor(name), Custom(|_| Step::Wait(Duration::from_secs(1))), 4);
    let error = results[3].as_ref().unwrap_err();
    assert!(error.contains(sentence) && error.contains("try fewer jobs"), "{error}");
    if is_alone {
        assert!(matches!(results[..], [Ok(0), Ok(1), Err(_), Err(_)]), "{results:?}");
    }
}

/// Lets the user of this process have two more processes or threads; false where others of the same user count too.
#[expect(unsafe_code, reason = "nix's safe setuid stands behind a feature that nothing else needs")]
fn allow_two_more() -> bool {
    // The limit does not hold for root, so root becomes a user who has no other process. Others may not, and the
    // limit holds for them as they are.
    // SAFETY: setuid takes a number and touches no memory; this process has one thread.
    let is_alone = unsafe { nix::libc::setuid(1_000_000_000 + std::process::id()) } == 0;
    setrlimit(Resource::RLIMIT_NPROC, 3, 3).unwrap();
    is_alone
}

fn a_pool_that_is_refused_a_worker_begins_no_job() {
    allow_two_more();
    let choices = [
        ("process-pool:workers=4", "no process could be made"),
        ("thread-pool:workers=4", "no thread could be made"),
        ("rayon:workers=4", "no thread could be made"),
        ("async:workers=4", "no thread could be made"),
        ("coroutine:workers=4", "no thread could be made"),
    ];
    for (choice, sentence) in choices {
        let begun = Arc::new(AtomicBool::new(false));
        let beginning = {
            let begun = Arc::clone(&begun);
            Custom(move |_| {
                begun.store(true, Ordering::SeqCst);
                Step::Wait(Duration::from_millis(1))
            })
        };
        for result in run_choice(choice, beginning, 8) {
            let error = result.unwrap_err();
            assert!(error.contains(sentence) && error.contains("try fewer workers"), "{choice}: {error}");
        }
        assert!(!begun.load(Ordering::SeqCst), "{choice}");
        if choice.starts_with("process-pool") {
            assert_eq!(waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD));
        }
    }
}

fn a_process_pool_that_is_refused_a_pipe_begins_no_job() {
    let before = open_descriptors();
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, before as u64 + 7, most).unwrap();
    for result in run_choice("process-pool:workers=8", Custom(|_| Step::Wait(Duration::ZERO)), 20) {
        let error = result.unwrap_err();
        assert!(error.contains("no pipe could be made") && error.contains("try fewer workers"), "{error}");
    }
    assert_eq!(open_descriptors(), before);
    assert_eq!(waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD));
}

fn a_refused_pipe_is_that_jobs_error_alone() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, open_descriptors() as u64 + 12, most).unwrap();
    let results = run(executor("processes"), Custom(|_| Step::Wait(Duration::ZERO)), 20);
    assert_eq!(results[..10], (0..10).map(Ok).collect::<Vec<_>>());
    let error = results[19].as_ref().unwrap_err();
    assert!(error.contains("no pipe could be made") && error.contains("ulimit -n"), "{error}");
}

fn no_child_remains() {
    for name in FORKING {
        run(executor(name), job_one(|| signal_hook::low_level::exit(3)), 20);
        assert_eq!(waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD), "{name}");
    }
}

fn no_descriptor_remains() {
    let before = open_descriptors();
    for executor in executors().iter().filter(|executor| executor.name != "coroutine") {
        run(executor, job_one(|| panic!("lost")), 20);
        assert_eq!(open_descriptors(), before, "{}", executor.name);
    }
}

fn no_thread_remains() {
    for executor in executors().iter().filter(|executor| executor.name != "coroutine") {
        run(executor, Custom(|_| Step::Disk(Box::new(|| Ok(0)))), 20);
        // It forks only where there is one thread.
        assert_eq!(
            run(find("processes").unwrap(), Custom(|_| Step::Done(7)), 1),
            [Ok(7)],
            "{}",
            executor.name
        );
    }
}

fn a_child_has_no_other_childs_pipe() {
    let before = open_descriptors();
    for (choice, of_its_own) in [("processes", 1), ("process-pool:workers=5", 2)] {
        let count = Custom(move |_| Step::Disk(Box::new(move || only_so_many_more(of_its_own, before))));
        assert_eq!(run_choice(choice, count, 20), (0..20).map(Ok).collect::<Vec<_>>(), "{choice}");
    }
}

fn only_so_many_more(of_its_own: usize, before: usize) -> io::Result<Value> {
    let now = open_descriptors();
    if now == before + of_its_own {
        Ok(0)
    } else {
        Err(io::Error::other(format!("{now} open, before {before}")))
    }
}

/// How many descriptors this process has open.
fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1 // one is the listing's own
}

fn a_process_with_other_threads_is_not_forked() {
    let (end, until_the_end) = mpsc::channel::<()>();
    let other = thread::spawn(move || until_the_end.recv().is_err());
    for name in FORKING {
        for result in run(executor(name), Wait::default(), 2) {
            assert!(result.unwrap_err().contains("several threads"), "{name}");
        }
    }
    drop(end);
    assert!(other.join().unwrap());
    for name in FORKING {
        assert_eq!(run(executor(name), Wait { times: 0, each: Duration::ZERO }, 2), [Ok(0), Ok(0)], "{name}");
    }
}

fn buffered_output_is_written_once() {
    let output = myself("print_and_fork").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "once");
}

fn print_and_fork() {
    print!("once"); // no newline: it stays in the buffer until this process ends
    for name in FORKING {
        let waiting = Wait { times: 1, each: Duration::from_millis(1) };
        assert_eq!(run(executor(name), waiting, 3), [Ok(1), Ok(1), Ok(1)]);
    }
}

fn children_die_with_a_killed_parent() {
    for name in ["fork_and_hang", "fork_a_pool_and_hang"] {
        let mut parent = myself(name).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(parent.stdout.take().unwrap());
        for _ in 0..3 {
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            assert_eq!(line, "at work\n");
        }
        parent.kill().unwrap();
        parent.wait().unwrap();
        // The pipe ends when the last process that holds it has gone.
        said.read_to_end(&mut Vec::new()).unwrap();
    }
}

fn fork_and_hang() {
    hang("processes");
}

fn fork_a_pool_and_hang() {
    hang("process-pool:workers=3");
}

fn hang(choice: &str) {
    let hanging = Custom(|_| {
        io::stdout().write_all(b"at work\n").unwrap();
        Step::Wait(Duration::from_secs(2 * u64::from(TIME_LIMIT_S)))
    });
    run_choice(choice, hanging, 3);
}

#[expect(unsafe_code, reason = "setting what a signal does is unsafe in nix, for the sake of handlers")]
fn values_hold_where_the_kernel_reaps_the_children() {
    // SAFETY: no handler is installed, so no code runs at a signal. It is what a parent that ignores SIGCHLD
    // leaves to the programs it starts.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }.unwrap();
    for name in FORKING {
        assert_eq!(run(executor(name), Primes { below: 30 }, 3), [Ok(129), Ok(129), Ok(129)], "{name}");
        assert_eq!(waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD), "{name}");
    }
}
