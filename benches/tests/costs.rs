//! The C programs that time small things say what they measured, and nothing else; and none of them waits for ever.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use benches::costs::PAIRS;
use benches::floor::{self, NO_COMPILER};
use benches::process::{Interrupt, captured};
use harness::measure::placement::{Bound, processors};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longer than anything here takes; a test that waits so long has failed.
const LIMIT: Duration = Duration::from_secs(20);

/// Those that have another side.
const WITH_TWO_SIDES: [&str; 5] =
    ["switch_pipe", "round_trip_pipe", "round_trip_unix", "round_trip_futex", "round_trip_semaphore"];

/// The program of this name; all are built when the first is asked for.
fn program(name: &str) -> Option<&'static Path> {
    static PROGRAMS: LazyLock<BTreeMap<&str, Option<PathBuf>>> = LazyLock::new(|| {
        let names: BTreeSet<_> = PAIRS.iter().map(|pair| pair.program).collect();
        names.into_iter().map(|name| (name, floor::cost(name).unwrap())).collect()
    });
    let program = PROGRAMS[name].as_deref();
    if program.is_none() {
        skipped!("{NO_COMPILER}");
    }
    program
}

fn run(program: &Path, words: &[&str]) -> Output {
    captured(Command::new(program).args(words), LIMIT, &Interrupt::default()).unwrap()
}

/// Runs the program of each pair with these words and that of the pair, and looks at what came of it.
fn with_each(words: &[&str], look: impl Fn(&str, Output)) {
    for pair in PAIRS {
        let Some(program) = program(pair.program) else { return };
        let words: Vec<_> = words.iter().copied().chain(pair.argument).collect();
        look(pair.name, run(program, &words));
    }
}

fn assert_refused(name: &str, Output { status, stdout, stderr }: Output) {
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(2), 0), "{name}: {said}");
    assert!(said.starts_with("usage: ") && said.lines().count() == 1, "{name}: {said}");
}

/// A running program; dropped, it is killed. That its other side goes with it is what is tried here.
struct Running(Child);

impl Running {
    fn start(program: &Path) -> Self {
        // What it says of its other side is looked at when it has ended.
        let mut command = Command::new(program);
        Self(command.args(["60000", "together"]).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn ended(&mut self) -> ExitStatus {
        until(|| self.0.try_wait().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Does `test` with each program that has another side, once that is there.
fn with_both_sides(test: impl Fn(&str, Running, Pid)) {
    for name in WITH_TWO_SIDES {
        let Some(program) = program(name) else { return };
        let running = Running::start(program);
        let other = until(|| child_of(running.0.id()));
        test(name, running, other);
    }
}

fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < LIMIT, "it did not come to that");
        sleep(Duration::from_millis(5));
    }
}

/// State and parent of a process: the fields after its name, which is in parentheses (`proc_pid_stat(5)`).
fn state(stat: &str) -> Option<(&str, u32)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?, fields.next()?.parse().ok()?))
}

fn child_of(parent: u32) -> Option<Pid> {
    let numbers =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    numbers.filter_map(|name| name.parse::<i32>().ok()).map(Pid::from_raw).find(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default(); // it may have ended
        state(&stat).is_some_and(|(_, of)| of == parent)
    })
}

/// Whether it runs no more; who is to reap it may not have done so yet.
fn has_ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state(&stat).is_none_or(|(state, _)| state == "Z" || state == "X")
}

#[test]
fn a_program_prints_a_time_in_nanoseconds() {
    with_each(&["20"], |name, Output { status, stdout, stderr }| {
        let said = String::from_utf8_lossy(&stderr).into_owned();
        if said.contains("one processor only") {
            skipped!("{name}: {said}");
            return;
        }
        assert!(status.success(), "{name}: {said}");
        let ns: f64 = String::from_utf8(stdout).unwrap().trim_end().parse().unwrap();
        assert!(ns.is_finite() && ns > 0.0, "{name}: {ns}");
    });
}

#[test]
fn a_time_that_is_none_is_refused_with_2_in_one_line() {
    for time in ["x", "", "0", "-1", "60001", "99999999999999999999", "20ms"] {
        with_each(&[time], |name, output| assert_refused(&format!("{name} {time}"), output));
    }
}

#[test]
fn a_word_that_nobody_knows_is_refused_with_2_in_one_line() {
    for pair in PAIRS {
        let Some(program) = program(pair.program) else { return };
        for words in [&["20", "sideways"][..], &["20", ""], &["20", "together", "apart"], &[]] {
            assert_refused(&format!("{} {words:?}", pair.name), run(program, words));
        }
    }
}

#[test]
fn sides_that_are_not_told_where_to_be_are_refused_with_2_in_one_line() {
    for name in WITH_TWO_SIDES {
        let Some(program) = program(name) else { return };
        assert_refused(name, run(program, &["20"]));
    }
}

#[test]
fn memory_that_is_no_number_of_mib_is_refused_with_2_in_one_line() {
    let Some(program) = program("create_fork") else { return };
    for mib in ["-1", "1025", "16MiB", "1.5", "99999999999999999999"] {
        assert_refused(mib, run(program, &["20", mib]));
    }
}

#[test]
fn sides_can_be_together_on_one_processor_and_say_that_they_can_t_be_apart() {
    let first = processors().unwrap()[0];
    for name in WITH_TWO_SIDES {
        let Some(program) = program(name) else { return };
        let _bound = Bound::to(&[first]).unwrap(); // what is started meanwhile has no other
        assert!(run(program, &["20", "together"]).status.success(), "{name}");
        let Output { status, stderr, .. } = run(program, &["20", "apart"]);
        let said = String::from_utf8(stderr).unwrap();
        assert_eq!((status.code(), said.lines().count()), (Some(1), 1), "{name}: {said}");
        assert!(said.contains("one processor only"), "{name}: {said}");
    }
}

#[test]
fn a_killed_program_takes_its_other_side_along() {
    with_both_sides(|_, mut running, other| {
        running.0.kill().unwrap();
        running.ended();
        until(|| has_ended(other).then_some(()));
    });
}

#[test]
fn a_program_whose_other_side_is_killed_says_so_and_ends_with_1() {
    with_both_sides(|name, mut running, other| {
        kill(other, Signal::SIGKILL).unwrap();
        assert_eq!(running.ended().code(), Some(1), "{name}");
        let said = io::read_to_string(running.0.stderr.take().unwrap()).unwrap();
        assert_eq!(said, "the other side ended before its time\n", "{name}");
    });
}
