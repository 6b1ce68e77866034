//! A job that fails is told of, and no other job with it.

use std::time::Duration;

use models::executor::executors;
use nix::sys::signal::{Signal, raise};
use workloads::Value;
use workloads::task::Step;

use crate::jobs::{Custom, FORKING, error_of_job_one, executor, job_one, run, run_choice};
use crate::{Function, myself};

pub(crate) const CASES: &[Function] = functions![
    a_failing_disk_is_that_jobs_error_alone,
    a_panic_is_that_jobs_error_alone,
    a_killed_process_is_that_jobs_error_alone,
    a_killed_worker_of_a_process_pool_is_replaced,
    a_panic_with_a_backtrace_fits_onto_a_coroutines_stack,
    a_process_that_exits_early_is_that_jobs_error_alone,
];

/// Programs that cases run beside themselves, to see them from outside.
pub(crate) const ACTORS: &[Function] = functions![panic_in_a_coroutine];

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
    let output = myself(&["panic_in_a_coroutine"]).env("RUST_BACKTRACE", "full").output().unwrap();
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
