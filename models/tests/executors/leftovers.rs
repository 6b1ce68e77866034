//! What must not remain, and what a fork must not take along.

use std::io;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use models::executor::{executors, find};
use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use workloads::Value;
use workloads::task::{Primes, Step, Wait};

use crate::jobs::{Custom, FORKING, executor, job_one, open_descriptors, run, run_choice};
use crate::{Function, TIME_LIMIT_S, myself};

pub(crate) const CASES: &[Function] = functions![
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
pub(crate) const ACTORS: &[Function] = functions![print_and_fork, fork_and_hang, fork_a_pool_and_hang];

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
    let output = myself(&["print_and_fork"]).output().unwrap();
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
        let mut parent = myself(&[name]).stdout(Stdio::piped()).spawn().unwrap();
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
