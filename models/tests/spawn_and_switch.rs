//! What the probes of making and of switching promise, proved on the probes themselves.
//!
//! Many of them fork, and some bind their process to a processor or leave a runtime behind: so each case is a process of its own
//! ([`alone`]), and each measurement one below that.

#[macro_use]
mod alone;

use std::env;
use std::fs;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use alone::{Function, myself};
use models::probe::{Measured, Operation, Probe, Setting, Sides, Suite, Trouble, find, probes};
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

/// A case that hangs is killed after this many seconds.
const TIME_LIMIT_S: u32 = 120;
/// How long most measurements take.
const SHORT: Duration = Duration::from_millis(20);
/// One that is to be broken off: it must not come to its end by itself.
const LONG: Duration = Duration::from_secs(100);
/// Probes with a forked partner that can die.
const PARTNERS: [(Suite, &str); 3] =
    [(Suite::Spawn, "process-pool"), (Suite::Switch, "pipe-processes"), (Suite::Switch, "futex-processes")];

/// Probes that are made of two pipes.
const PIPES: [(Suite, &str); 3] =
    [(Suite::Spawn, "process-pool"), (Suite::Switch, "pipe-processes"), (Suite::Switch, "pipe-threads")];

const CASES: &[Function] = functions![
    every_probe_measures_times_and_leaves_nothing,
    two_sides_are_measured_together_and_apart,
    stacks_of_every_size_are_made,
    a_fork_is_measured_beside_touched_memory,
    more_memory_than_there_is_is_not_touched,
    sleepers_of_every_kind_are_counted_and_go,
    a_process_with_other_threads_is_not_forked,
    a_refused_pipe_is_an_error_that_leaves_nothing,
    a_partner_that_dies_is_an_error,
    children_die_with_a_killed_parent,
    two_threads_that_yield_can_not_be_apart,
];

const ACTORS: &[Function] = functions![measure_as_told];

fn main() -> ExitCode {
    alone::main(&[CASES], &[ACTORS], TIME_LIMIT_S)
}

/// One measurement: its suite, name, setting and milliseconds stand behind the actor's name.
fn measure_as_told() {
    let words: Vec<String> = env::args().skip(3).collect(); // behind the program, the flag and the name: see `myself`
    let [suite, name, setting, ms] = &words[..] else { panic!("four words") };
    let probe = find(serde_json::from_str(suite).unwrap(), name).unwrap();
    measure_here(probe, &serde_json::from_str(setting).unwrap(), Duration::from_millis(ms.parse().unwrap()));
}

/// A measurement in a process of its own, which looks whether anything is left after it.
fn measuring(suite: Suite, name: &str, setting: &Setting, time: Duration) -> Command {
    let (suite, setting) = (serde_json::to_string(&suite).unwrap(), serde_json::to_string(setting).unwrap());
    myself(&["measure_as_told", &suite, name, &setting, &time.as_millis().to_string()])
}

fn measure(suite: Suite, name: &str, setting: &Setting) -> String {
    let Output { status, stdout, stderr } = measuring(suite, name, setting, SHORT).output().unwrap();
    let said = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{name}: {status}: {said}{}", String::from_utf8_lossy(&stderr));
    said
}

/// Measures, prints what came of it, and makes sure that it left nothing.
fn measure_here(probe: &Probe, setting: &Setting, time: Duration) {
    let descriptors = entries("/proc/self/fd");
    let measured = (probe.measure)(setting, time);
    assert_eq!(waitpid(None, None), Err(Errno::ECHILD), "a child is left");
    // may's threads stay, and its epoll set.
    if !probe.name.contains("coroutine") {
        assert_eq!(entries("/proc/self/fd"), descriptors, "a descriptor is left");
        // One that has been joined is listed until the kernel has put it away.
        let until = Instant::now() + Duration::from_secs(10);
        while entries("/proc/self/task") > 1 {
            assert!(Instant::now() < until, "a thread is left");
            sleep(Duration::from_millis(1));
        }
    }
    match measured {
        Ok(measured) => {
            check(&measured, setting.operation);
            println!("{}", told(&measured));
        }
        Err(Trouble::Unsupported(why)) => println!("unsupported: {why}"),
        Err(Trouble::Failed(why)) => println!("failed: {why}"),
        Err(Trouble::Disturbed(why)) => println!("disturbed: {why}"),
    }
}

/// Makes sure that the figures are some.
fn check(measured: &Measured, operation: Operation) {
    if operation == Operation::Sleep {
        let bytes = measured.bytes_each.unwrap();
        assert!(bytes.is_finite() && bytes > 0.0 && measured.times.is_none(), "{measured:?}");
        return;
    }
    let times = measured.times.as_ref().unwrap();
    let [least, median, tail] = [0.0, 0.5, 0.99].map(|share| times.quantile_ns(share).unwrap());
    assert!(times.len() >= 10 && times.operations_each > 0, "{measured:?}");
    assert!(0.0 < least && least <= median && median <= tail, "{least} {median} {tail}");
}

/// Figures on one line.
fn told(measured: &Measured) -> String {
    let median = measured.times.as_ref().and_then(|times| times.quantile_ns(0.5));
    format!(
        "median {median:?} ns, bytes {:?}, number {:?}, {:?}",
        measured.bytes_each, measured.number, measured.remark
    )
}

fn entries(directory: &str) -> usize {
    fs::read_dir(directory).unwrap().count()
}

/// The probes that are tested here.
fn ours() -> impl Iterator<Item = &'static Probe> {
    probes().filter(|probe| probe.suite != Suite::Ipc)
}

fn first_setting(probe: &Probe) -> Setting {
    (probe.settings)().remove(0)
}

/// There is a second processor for the other side.
fn several_processors() -> bool {
    thread::available_parallelism().unwrap().get() > 1
}

fn every_probe_measures_times_and_leaves_nothing() {
    let timed = |probe: &&Probe| first_setting(probe).operation != Operation::Sleep;
    for probe in ours().filter(timed) {
        let said = measure(probe.suite, probe.name, &first_setting(probe));
        print!("    {}: {said}", probe.name);
        // Where others want the processor too, a yield leads to them, and that is no figure.
        let led_to_others = probe.name == "sched-yield" && said.starts_with("disturbed: only");
        assert!(said.starts_with("median Some") || led_to_others, "{}: {said}", probe.name);
    }
}

fn two_sides_are_measured_together_and_apart() {
    let mut measured = 0;
    for probe in ours().filter(|probe| probe.name != "sched-yield") {
        for setting in (probe.settings)().iter().filter(|setting| setting.sides.is_some()) {
            let said = measure(probe.suite, probe.name, setting);
            let alone = setting.sides == Some(Sides::Apart) && !several_processors();
            let due = if alone { "unsupported: there is one processor only" } else { "median Some" };
            assert!(said.starts_with(due), "{} {setting:?}: {said}", probe.name);
            measured += 1;
        }
    }
    assert!(measured >= 8, "two ways, over pipes and futexes, together and apart: {measured}");
}

fn stacks_of_every_size_are_made() {
    let settings = (find(Suite::Spawn, "thread").unwrap().settings)();
    assert_eq!(settings.len(), 3);
    for setting in settings {
        let said = measure(Suite::Spawn, "thread", &setting);
        assert!(said.starts_with("median Some"), "{setting:?}: {said}");
    }
}

fn a_fork_is_measured_beside_touched_memory() {
    for name in ["fork", "vfork", "fork-exec", "posix-spawn"] {
        let [bare, beside] = [0, 256].map(|mib| {
            let setting = Setting { touched_bytes: Some(mib << 20), ..Setting::of(Operation::Create) };
            let said = measure(Suite::Spawn, name, &setting);
            print!("    {name} beside {mib} MiB: {said}");
            if said.starts_with("unsupported: to touch 256 MiB") {
                return None;
            }
            let median = said.strip_prefix("median Some(").and_then(|rest| rest.split(')').next());
            Some(median.unwrap_or_else(|| panic!("{said}")).parse::<f64>().unwrap())
        });
        // 65,536 pages more in its page tables are not to be overlooked, whatever else the machine does.
        if let (true, Some(bare), Some(beside)) = (name.starts_with("fork"), bare, beside) {
            assert!(beside > 3.0 * bare, "{name}: {bare} ns alone, {beside} ns beside 256 MiB");
        }
    }
}

fn more_memory_than_there_is_is_not_touched() {
    let setting = Setting { touched_bytes: Some(1 << 60), ..Setting::of(Operation::Create) };
    for name in ["fork", "vfork", "fork-exec", "posix-spawn"] {
        let said = measure(Suite::Spawn, name, &setting);
        assert!(said.starts_with("unsupported: to touch") && said.contains("touch less"), "{name}: {said}");
    }
}

fn sleepers_of_every_kind_are_counted_and_go() {
    let mut kinds = 0;
    for probe in ours().filter(|probe| first_setting(probe).operation == Operation::Sleep) {
        let said = measure(probe.suite, probe.name, &first_setting(probe));
        print!("    {}: {said}", probe.name);
        // All that were asked for: no other number is told.
        assert!(said.contains("bytes Some") && said.contains("number None"), "{}: {said}", probe.name);
        kinds += 1;
    }
    assert_eq!(kinds, 4);
}

fn a_process_with_other_threads_is_not_forked() {
    let forking =
        ["fork", "fork-exec", "process-pool", "pipe-processes", "futex-processes", "sleeping-processes"];
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let thread = thread::spawn(move || ended.recv());
    for probe in ours().filter(|probe| forking.contains(&probe.name)) {
        let error = (probe.measure)(&first_setting(probe), SHORT).unwrap_err();
        assert!(error.to_string().contains("several threads"), "{}: {error}", probe.name);
    }
    drop(end);
    thread.join().unwrap().unwrap_err();
}

fn a_refused_pipe_is_an_error_that_leaves_nothing() {
    // All numbers below the last one are then taken.
    let files: Vec<_> = (0..64).map(|_| fs::File::open("/dev/null").unwrap()).collect();
    let first_free = files.last().unwrap().as_raw_fd() as u64 + 1;
    for (suite, name) in PIPES {
        let probe = find(suite, name).unwrap();
        let before = entries("/proc/self/fd");
        setrlimit(Resource::RLIMIT_NOFILE, first_free + 3, 1024).unwrap(); // room for one pipe of the two
        let measured = (probe.measure)(&first_setting(probe), SHORT);
        setrlimit(Resource::RLIMIT_NOFILE, 1024, 1024).unwrap();
        let error = measured.unwrap_err().to_string();
        assert!(error.contains("open files"), "{name}: {error}");
        assert_eq!(waitpid(None, None), Err(Errno::ECHILD), "{name}: a child is left");
        assert_eq!(entries("/proc/self/fd"), before, "{name}: a pipe is left");
    }
}

/// Starts a long measurement, and waits until it has forked its partner.
fn begin(suite: Suite, name: &str) -> (Child, Pid) {
    let setting = first_setting(find(suite, name).unwrap());
    let child = measuring(suite, name, &setting, LONG).stdout(Stdio::piped()).spawn().unwrap();
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let partner = loop {
        let partners = fs::read_to_string(&children).unwrap();
        if let Some(partner) = partners.split_whitespace().next() {
            break partner.parse().unwrap();
        }
        sleep(Duration::from_millis(1)); // the case's own time limit ends it
    };
    (child, Pid::from_raw(partner))
}

fn a_partner_that_dies_is_an_error() {
    for (suite, name) in PARTNERS {
        let (child, partner) = begin(suite, name);
        kill(partner, Signal::SIGKILL).unwrap();
        let Output { status, stdout, .. } = child.wait_with_output().unwrap();
        let said = String::from_utf8(stdout).unwrap();
        assert!(status.success() && said.starts_with("failed: the other"), "{name}: {status}: {said}");
        assert!(said.contains("before its time"), "{name}: {said}");
    }
}

fn children_die_with_a_killed_parent() {
    for (suite, name) in PARTNERS {
        let (mut child, partner) = begin(suite, name);
        child.kill().unwrap();
        child.wait().unwrap();
        // Who adopts it may be slow to reap it: then it is a zombie.
        let stat = format!("/proc/{partner}/stat");
        while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            sleep(Duration::from_millis(1)); // the case's own time limit ends it
        }
    }
}

fn two_threads_that_yield_can_not_be_apart() {
    let setting = Setting { sides: Some(Sides::Apart), ..Setting::of(Operation::Switch) };
    let said = measure(Suite::Switch, "sched-yield", &setting);
    assert!(said.starts_with("unsupported: ") && said.contains("together"), "{said}");
}
