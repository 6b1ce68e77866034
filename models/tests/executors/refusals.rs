//! What the machine refuses: threads, processes, pipes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use workloads::task::Step;

use crate::Function;
use crate::jobs::{Custom, executor, open_descriptors, run, run_choice};

pub(crate) const CASES: &[Function] = functions![
    a_refused_thread_is_that_jobs_error_alone,
    a_refused_process_is_that_jobs_error_alone,
    a_refused_pipe_is_that_jobs_error_alone,
    a_pool_that_is_refused_a_worker_begins_no_job,
    a_process_pool_that_is_refused_a_pipe_begins_no_job,
];

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
