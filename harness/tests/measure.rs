//! What is measured agrees with what other parts of the kernel say about the same processes.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use harness::measure::census::{Census, Lost};
use harness::measure::host::host;
use harness::measure::life::Reaped;
use harness::measure::limits::{descriptor_limit, need_descriptors, raise_descriptor_limit};
use harness::measure::placement::{bind_thread, place, processors};
use harness::measure::sampler::{Sampler, Sampling};
use harness::measure::tree::Tree;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports::record::Cost;

/// Longer than any step here takes; only a test that fails waits for so long.
const LONG: Duration = Duration::from_secs(30);
/// A clock tick of `/proc/PID/stat`, twice: for each mode one may be cut off.
const TWO_TICKS_S: f64 = 0.02;

/// What reaped children used is one account for the whole process: tests that start any go one by one.
static ONE_BY_ONE: Mutex<()> = Mutex::new(());

/// A process tree that does something for each line it is given and says a line when it is done.
struct Subject {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    _alone: MutexGuard<'static, ()>,
}

impl Subject {
    /// A shell that runs `script` with its input open as descriptor 3 as well: it gives children in the
    /// background an empty standard input.
    fn shell(script: &str) -> Self {
        Self::start(Command::new("sh").args(["-c", &format!("exec 3<&0; {script}")]))
    }

    /// This very program, as a process of its own that runs one of the helpers below.
    fn helper(name: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        Self::start(Command::new(program).args([
            "--exact",
            name,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ]))
    }

    fn start(command: &mut Command) -> Self {
        let alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child =
            command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output, _alone: alone }
    }

    fn tree(&self) -> Tree {
        Tree::new(self.child.id())
    }

    fn hear(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim_end() != word {
            line.clear();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "it ended before it said '{word}'");
        }
    }

    fn tell(&mut self, word: &str) {
        // At once: who reads what there is must not find a word without its end.
        self.input.as_mut().unwrap().write_all(format!("{word}\n").as_bytes()).unwrap();
    }

    /// Lets it run to its end, and gives what it used by the kernel's account of reaped children.
    fn end(mut self) -> Cost {
        let before = Reaped::so_far().unwrap();
        self.input = None;
        self.child.wait().unwrap();
        before.until(&Reaped::so_far().unwrap())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // The children end with the first process: they read from its input, or were killed with its group.
        let group = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {LONG:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn assert_about(one: f64, other: f64) {
    assert!((one - other).abs() <= 0.1 * one.max(other) + TWO_TICKS_S, "{one} s is not about {other} s");
}

const COUNT: &str = "i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done";

#[test]
fn the_time_of_living_and_of_reaped_children_agrees_with_getrusage() {
    // Two of three children end and are waited for; the third lives on.
    let script = format!(
        "read go; ({COUNT}) & one=$!; ({COUNT}) & two=$!; ({COUNT}; echo third; read end) <&3 & \
         wait $one $two; echo both; wait"
    );
    let mut subject = Subject::shell(&script);
    let before = subject.tree().reading().unwrap();
    subject.tell("go");
    let mut words = Vec::new();
    while words.len() < 2 {
        let mut line = String::new();
        assert_ne!(subject.output.read_line(&mut line).unwrap(), 0);
        words.push(line);
    }
    let after = subject.tree().reading().unwrap();
    let window = before.until(&after);
    assert!(after.took() <= before.elapsed_until(&after) + after.took());
    let life = subject.end();
    assert!(window.cpu_s().unwrap() > 0.0);
    assert_about(window.cpu_s().unwrap(), life.cpu_s().unwrap());
}

#[test]
fn a_window_holds_no_more_time_than_the_processors_have() {
    let mut subject = Subject::shell("(while :; do :; done) & (while :; do :; done) & echo spinning; wait");
    subject.hear("spinning");
    let before = subject.tree().reading().unwrap();
    thread::sleep(Duration::from_millis(500));
    let after = subject.tree().reading().unwrap();
    let cost = before.until(&after);
    let elapsed = (before.elapsed_until(&after) + after.took()).as_secs_f64();
    assert!(cost.cpu_s().unwrap() > 0.0);
    // Two processes; a clock that was a scheduler's tick behind at the first reading catches up here.
    assert!(cost.cpu_s().unwrap() <= 2.0 * (elapsed + 0.01), "{cost:?} in {elapsed} s");
}

#[test]
fn system_time_is_told_from_user_time() {
    let copy = "dd if=/dev/zero of=/dev/null bs=1M count=20000 2>/dev/null";
    let mut subject = Subject::shell(&format!("read go; {copy}; echo done; read end"));
    let before = subject.tree().reading().unwrap();
    subject.tell("go");
    subject.hear("done");
    let cost = before.until(&subject.tree().reading().unwrap());
    assert!(cost.system_s > cost.user_s, "{cost:?}");
}

#[test]
fn switches_of_a_process_that_waits_again_and_again_are_counted() {
    const TURNS: u64 = 50;
    let mut subject = Subject::shell("echo ready; while read line; do echo $line; done");
    subject.hear("ready");
    let before = subject.tree().reading().unwrap();
    for _ in 0..TURNS {
        subject.tell("turn");
        subject.hear("turn");
        // Long enough for it to wait for the next line.
        thread::sleep(Duration::from_millis(2));
    }
    let cost = before.until(&subject.tree().reading().unwrap());
    let voluntary = cost.voluntary_switches.expect("one thread lived all the time");
    assert!(voluntary >= TURNS / 2, "{voluntary}");
    assert!(cost.involuntary_switches.is_some());
    let life = subject.end();
    assert!(life.voluntary_switches.unwrap() >= voluntary, "{life:?}");
}

#[test]
fn switches_are_unknown_when_children_came_and_went() {
    let mut subject = Subject::shell("echo ready; read go; sleep 0; sleep 0; echo done; read end");
    subject.hear("ready");
    let before = subject.tree().reading().unwrap();
    subject.tell("go");
    subject.hear("done");
    let cost = before.until(&subject.tree().reading().unwrap());
    assert_eq!((cost.voluntary_switches, cost.involuntary_switches), (None, None));
    assert!(subject.end().voluntary_switches.unwrap() >= 2, "the life of its children has them");
}

/// Not a test: a process whose threads come and go, which the test after it looks at.
#[test]
#[ignore = "a helper for the tests beside it, which start it as a process of its own"]
fn helper_with_threads_that_come_and_go() {
    let mut lines = std::io::stdin().lines();
    println!("\nready");
    lines.next();
    for _ in 0..20 {
        let busy = || {
            let end = Instant::now() + Duration::from_millis(5);
            while Instant::now() < end {}
        };
        thread::spawn(busy).join().unwrap();
    }
    println!("done");
    lines.next();
}

#[test]
fn threads_that_came_and_went_keep_their_time_and_leave_switches_unknown() {
    let mut subject = Subject::helper("helper_with_threads_that_come_and_go");
    subject.hear("ready");
    let before = subject.tree().reading().unwrap();
    subject.tell("go");
    subject.hear("done");
    let window = before.until(&subject.tree().reading().unwrap());
    assert_eq!(window.voluntary_switches, None);
    let life = subject.end();
    // Loading the program is in its life and not in the window.
    assert!(
        window.cpu_s().unwrap() > 0.0 && window.cpu_s().unwrap() <= life.cpu_s().unwrap() + TWO_TICKS_S,
        "{window:?} {life:?}"
    );
    assert!(life.voluntary_switches.is_some());
}

/// Not a test: a process with many threads.
#[test]
#[ignore = "a helper for the tests beside it, which start it as a process of its own"]
fn helper_with_forty_threads() {
    for _ in 0..40 {
        thread::spawn(thread::park);
    }
    println!("\nready");
    std::io::stdin().lines().next();
}

#[test]
fn threads_of_one_process_are_counted() {
    let mut subject = Subject::helper("helper_with_forty_threads");
    subject.hear("ready");
    let sample = subject.tree().sample().unwrap();
    // The first thread and the one that runs the helper come on top.
    assert_eq!((sample.processes, sample.threads), (1, 42));
}

#[test]
fn zombies_do_not_count() {
    let mut subject = Subject::shell("sleep 0 & echo ready; exec sleep 1000");
    subject.hear("ready");
    eventually("one process is alive", || subject.tree().sample().unwrap().processes == 1);
}

#[test]
fn a_tree_that_has_ended_is_empty() {
    let subject = Subject::shell("exit 0");
    let tree = subject.tree();
    subject.end();
    assert_eq!(tree.sample().unwrap().processes, 0);
    assert_eq!(tree.pss_bytes().unwrap(), 0);
    let nothing = tree.reading().unwrap();
    assert!(nothing.until(&tree.reading().unwrap()).cpu_s().unwrap() < f64::EPSILON);
}

#[test]
fn memory_shared_by_forked_processes_counts_once() {
    let child = "(echo up; read end) <&3 &";
    let mut subject = Subject::shell(&format!("{child} {child} {child} {child} wait"));
    for _ in 0..4 {
        subject.hear("up");
    }
    let living = subject.tree().living().unwrap();
    assert_eq!(living.len(), 5);
    let pss = subject.tree().pss_bytes().unwrap();
    let rss: u64 = living
        .iter()
        .map(|id| procfs::process::Process::new(id.pid).unwrap().statm().unwrap().resident)
        .sum::<u64>()
        * procfs::page_size();
    assert!(pss > 0 && pss < rss, "{pss} of {rss}");
    // All of them run one program, whose file is not their own memory.
    let fileless = subject.tree().fileless_bytes().unwrap();
    assert!(fileless > 0 && fileless < pss, "{fileless} of {pss}");
}

/// Looks at a subject before it has children, while it has them, and when they are gone.
fn census(script: &str) -> Census {
    let mut subject = Subject::shell(script);
    let mut census = Census::default();
    for word in ["before", "there", "gone"] {
        if word != "before" {
            subject.tell("go on");
        }
        subject.hear(word);
        subject.tree().look(&mut census).unwrap();
    }
    // It waits for more to read, so that its whole group is killed when it is dropped.
    census
}

#[test]
fn children_that_are_waited_for_lose_no_time() {
    let census = census("echo before; read go; (echo there; read go) <&3 & wait; echo gone; read go");
    assert_eq!(census.lost(true), None);
}

#[test]
fn orphans_that_stay_lose_no_time() {
    let census = census("(sleep 1000 &); echo before; read go; echo there; read go; echo gone; read go");
    assert_eq!(census.lost(true), None);
}

#[test]
fn orphans_that_end_take_their_time_with_them() {
    // The shell between ends at once and leaves an orphan.
    let mut subject = Subject::shell("(sleep 1000 &); echo there; read end");
    let mut census = Census::default();
    subject.hear("there");
    let two = |census: &mut Census| subject.tree().look(census).unwrap().processes == 2;
    eventually("one process and the orphan are there", || two(&mut census));
    assert_eq!(census.lost(false), None);
    let first = subject.child.id().cast_signed();
    for process in subject.tree().living().unwrap().iter().filter(|process| process.pid != first) {
        kill(Pid::from_raw(process.pid), Signal::SIGKILL).unwrap();
    }
    // It is a zombie, whose time can still be read, until the system process waits for it.
    eventually("its time is lost", || {
        subject.tree().look(&mut census).unwrap();
        census.lost(false) == Some(Lost::Orphaned)
    });
}

#[test]
fn children_of_one_who_ignores_sigchld_take_their_time_with_them() {
    // A shell waits for its children whatever it was told; Python does not.
    let program = |children: u32| {
        let lines = [
            "import os, signal, sys, time",
            "def say(word): print(word, flush=True); sys.stdin.buffer.raw.read(100)",
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
            "say('before')",
            "hold, held = os.pipe()",
            &format!("pids = [os.fork() for _ in range({children})]"),
            "if 0 in pids: os.close(held); os.read(hold, 1); os._exit(0)",
            "say('there')",
            "os.close(held)",
            "while any(os.path.exists(f'/proc/{pid}') for pid in pids): time.sleep(0.01)",
            "say('gone')",
        ];
        format!("exec python3 -c \"{}\"", lines.join("\n"))
    };
    if Command::new("python3").arg("-V").output().is_err() {
        eprintln!("skipped: there is no python3");
        return;
    }
    let with_a_child = census(&program(1));
    assert_eq!(with_a_child.lost(false), Some(Lost::Unwaited), "seen in the child");
    let childless = census(&program(0));
    assert_eq!(childless.lost(true), Some(Lost::Ignored), "seen in the parent");
    assert_eq!(childless.lost(false), None, "nothing came or went");
}

#[test]
fn a_sampler_keeps_the_peak_of_what_has_ended() {
    let mut subject =
        Subject::shell("(echo up; read end) <&3 & (echo up; read end) <&3 & wait; echo alone; read end");
    subject.hear("up");
    subject.hear("up");
    let sampling = Sampling {
        count_every: Duration::from_millis(5),
        memory_every: Duration::from_millis(5),
        processors: vec![*processors().unwrap().last().unwrap()],
    };
    let sampler = Sampler::start(subject.tree(), sampling).unwrap();
    thread::sleep(Duration::from_millis(200));
    subject.tell("end");
    subject.tell("end");
    subject.hear("alone");
    let peaks = sampler.stop();
    assert_eq!(peaks.trouble, None);
    assert_eq!((peaks.processes, peaks.threads), (Some(3), Some(3)));
    assert!(peaks.pss_bytes > Some(0) && peaks.counts >= 2 && peaks.sums >= 2, "{peaks:?}");
    let cost = peaks.complete(Cost { user_s: Some(1.0), ..Cost::default() });
    assert_eq!((cost.processes_peak, cost.pss_peak_bytes), (Some(3), peaks.pss_bytes));
    assert_eq!(cost.user_s, Some(1.0));
}

#[test]
fn sampling_stays_within_its_budget() {
    let subject = Subject::shell("for i in 1 2 3 4 5 6 7 8 9 10; do (read end) <&3 & done; wait");
    let greedy =
        Sampling { count_every: Duration::ZERO, memory_every: Duration::ZERO, ..Sampling::default() };
    let began = Instant::now();
    let sampler = Sampler::start(subject.tree(), greedy).unwrap();
    thread::sleep(Duration::from_secs(1));
    let peaks = sampler.stop();
    // Two hundredths, and four samples at the ends that come whatever they cost.
    let taken = peaks.counts + peaks.sums;
    assert!(taken >= 4);
    let allowed =
        began.elapsed().as_secs_f64() * 0.02 + peaks.cpu.as_secs_f64() * 4.0 / f64::from(taken) * 2.0;
    assert!(peaks.cpu.as_secs_f64() <= allowed + 0.01, "{peaks:?}");
}

#[test]
fn the_host_is_described() {
    let host = host().unwrap();
    assert!(!host.cpu.is_empty());
    assert_eq!(host.cores, processors().unwrap().len());
    assert_eq!(host.cores, thread::available_parallelism().unwrap().get());
    assert!(host.kernel.starts_with("Linux "), "{}", host.kernel);
    assert!(host.memory_bytes > 16 << 20);
    assert!(host.nofile > 0);
    let affected = |state: &String| state.split_once(": ").is_some_and(|(_, how)| how != "Not affected");
    assert!(host.mitigations.iter().all(affected), "{:?}", host.mitigations);
    assert!(host.loopback_mtu_bytes.is_none_or(|mtu| mtu >= 576));
}

#[test]
fn too_many_descriptors_are_refused_with_what_to_do() {
    let limit = raise_descriptor_limit().unwrap();
    assert_eq!(descriptor_limit().unwrap(), limit);
    need_descriptors(limit).unwrap();
    let Some(more) = limit.checked_add(1) else { return };
    let error = need_descriptors(more).unwrap_err().to_string();
    assert!(error.contains(&format!("needs {more} descriptors and the limit is {limit}")), "{error}");
    assert!(error.contains(&format!("`ulimit -n {more}`")) && error.contains("--connections"), "{error}");
}

#[test]
fn a_thread_runs_where_it_is_bound() {
    let all = processors().unwrap();
    let last = *all.last().unwrap();
    let bound = move || {
        bind_thread(&[last]).unwrap();
        processors().unwrap()
    };
    assert_eq!(thread::spawn(bound).join().unwrap(), [last]);
    let free = || {
        bind_thread(&[]).unwrap();
        processors().unwrap()
    };
    assert_eq!(thread::spawn(free).join().unwrap(), all);
}

#[test]
fn server_and_client_together_use_all_processors() {
    let all = processors().unwrap();
    let placement = place(&all);
    let mut both = [placement.server.clone(), placement.client].concat();
    both.sort_unstable();
    both.dedup();
    assert_eq!(both, all);
    assert!(!placement.server.is_empty());
}
