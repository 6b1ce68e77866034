//! What a measurement leaves in the process that made it: nothing.

use std::env::temp_dir;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use models::probe::{Operation, Probe, Setting, Sides, forget};
use nix::errno::Errno;
use nix::mqueue::{MQ_OFlag, mq_close, mq_open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, Uid, geteuid, mkfifo, setuid};

use crate::deaths::assert_no_name;
use crate::{Function, first, forking, measure, of, way, ways};

pub(crate) const CASES: &[Function] = functions![
    nothing_is_left_of_a_measurement,
    nothing_is_left_of_one_that_is_refused,
    names_that_a_killed_process_left_are_taken_over,
    names_of_a_process_that_was_killed_are_forgotten,
    a_privileged_process_has_its_queues_apart_from_all_others,
    a_parent_that_ignores_its_children_can_measure,
];

/// What a process has that a measurement could leave behind.
#[derive(Debug, PartialEq)]
struct Belongings {
    descriptors: usize,
    threads: usize,
    shared_mappings: usize,
    timers: String,
    /// Signals that wait, are held back, ignored or handled, and the processors it may run on.
    status: Vec<String>,
}

fn belongings() -> Belongings {
    const FIELDS: [&str; 6] = ["SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "Cpus_allowed:"];
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let fields = status.lines().filter(|line| FIELDS.iter().any(|field| line.starts_with(field)));
    Belongings {
        descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
        threads: fs::read_dir("/proc/self/task").unwrap().count(),
        shared_mappings: fs::read_to_string("/proc/self/maps").unwrap().matches("memfd:concur").count(),
        timers: fs::read_to_string("/proc/self/timers").unwrap_or_default(), // not in every kernel
        status: fields.map(str::to_owned).collect(),
    }
}

/// The same, of a process that had a thread before: with the first one the C library sets a handler of its own.
fn belongings_before() -> Belongings {
    thread::spawn(|| ()).join().unwrap();
    assert!((0..1000).any(|_| belongings().threads == 1 || sleep_a_little()), "a thread does not go");
    belongings()
}

/// A thread that was joined is listed until the kernel has put it away.
fn sleep_a_little() -> bool {
    thread::sleep(Duration::from_millis(1));
    false
}

fn assert_nothing_is_left(way: &Probe, before: &Belongings) {
    assert_eq!(waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD), "{}", way.name);
    let _ = (0..1000).any(|_| belongings() == *before || sleep_a_little());
    assert_eq!(belongings(), *before, "{}", way.name);
    assert_no_name(std::process::id());
}

fn nothing_is_left_of_a_measurement() {
    let before = belongings_before();
    for way in ways() {
        for setting in [first(way), Setting { operation: Operation::Bandwidth, ..first(way) }] {
            let refused = measure(way, &setting).is_err();
            assert!(!refused || ["signal", "eventfd"].contains(&way.name), "{}", way.name);
            assert_nothing_is_left(way, &before);
        }
    }
}

fn nothing_is_left_of_one_that_is_refused() {
    let before = belongings_before();
    for way in ways() {
        // Refused by the one side when both are there.
        let refused = Setting { operation: Operation::Create, sides: Some(Sides::Apart), ..first(way) };
        assert!(measure(way, &refused).is_err(), "{}", way.name);
        assert_nothing_is_left(way, &before);
    }
}

/// A FIFO and a message queue, as a process leaves them that is killed before it has taken their names away.
fn leave_names_of(process: u32) {
    let mode = Mode::S_IRUSR | Mode::S_IWUSR;
    mkfifo(&temp_dir().join(format!("concur-{process}-here")), mode).unwrap();
    let queue = format!("/concur-{process}-there");
    if let Ok(queue) = mq_open(&*queue, MQ_OFlag::O_CREAT | MQ_OFlag::O_RDWR, mode, None) {
        mq_close(queue).unwrap();
    }
}

fn names_that_a_killed_process_left_are_taken_over() {
    if geteuid().is_root() {
        setuid(Uid::from_raw(65_534)).unwrap(); // who may have queues apart from others' finds none of them
    }
    leave_names_of(std::process::id());
    for name in ["fifo", "message-queue"] {
        measure(way(name), &of(Operation::RoundTrip, 64)).unwrap();
    }
    assert_no_name(std::process::id());
}

fn names_of_a_process_that_was_killed_are_forgotten() {
    let mut killed = Command::new("sleep").arg("600").spawn().unwrap();
    leave_names_of(killed.id());
    killed.kill().unwrap();
    killed.wait().unwrap();
    forget(killed.id());
    assert_no_name(killed.id());
}

fn a_privileged_process_has_its_queues_apart_from_all_others() {
    let place = || fs::read_link("/proc/self/ns/ipc").unwrap();
    let (before, refused) = (place(), unshare(CloneFlags::CLONE_NEWIPC).is_err());
    let own = place();
    measure(way("message-queue"), &of(Operation::RoundTrip, 64)).unwrap();
    if refused {
        skipped!("this process may not leave the queues of others");
        assert_eq!(place(), before);
    } else {
        assert!(place() != before && place() != own, "its queues had names among others'");
    }
}

#[expect(unsafe_code, reason = "setting what a signal does is unsafe in nix, for the sake of handlers")]
fn a_parent_that_ignores_its_children_can_measure() {
    // SAFETY: no handler is installed, so no code runs at a signal.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }.unwrap();
    for way in forking() {
        measure(way, &first(way)).unwrap_or_else(|trouble| panic!("{}: {trouble}", way.name));
        assert_eq!(waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD), "{}", way.name);
    }
}
