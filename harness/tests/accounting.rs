//! The account that is kept of a server agrees with what others say of the same processes, and lacks nothing.
//!
//! These tests need a control group of their own and the kernel's counters, as root has them; elsewhere they say what
//! is missing and are skipped.

mod common;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use common::{PATIENCE, children_of, concur, ended_in_order, eventually, hello, ip, stop};
use harness::load::{Clients, Edge, Load, Outcome, Replies, run};
use harness::measure::after::{
    After, COUNTED_AT_LEAST, Counted, Counting, REQUESTS_AT_LEAST, counting_unavailable,
};
use harness::measure::counters::Counters;
use harness::measure::group::{Group, Used};
use harness::measure::placement::{place, processors};
use harness::measure::reading::Reading;
use harness::measure::sampler::{Sampler, Sampling};
use harness::server::{ServeCommand, Server};
use harness::workload::Workload;
use nix::sys::signal::{Signal, kill};
use perf_event::events::Software;
use reports::record::{Cost, Verdict};

/// By which part two accounts of the same may differ.
const PART: f64 = 0.03;
/// With less processor time than this, the ticks that children's times come in are a large part of it.
const ENOUGH_S: f64 = 0.2;
/// The program under test.
const CONCUR: &str = env!("CARGO_BIN_EXE_concur");

/// One test at a time: they share two sides of a machine, and one counts this process's descriptors.
fn alone() -> MutexGuard<'static, ()> {
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());
    ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A group in which everything can be counted, or none with the reason said.
fn group() -> Option<Group> {
    if let Some(sentence) = counting_unavailable() {
        eprintln!("skipped: {sentence}");
        return None;
    }
    Some(Group::make().unwrap())
}

/// Counts switches from now on.
fn counter(group: &Group) -> Counters {
    Counters::begin(Software::CONTEXT_SWITCHES, group).unwrap()
}

/// A server of ours in the group, on its side of the machine.
fn serve(model: &str, group: &Group) -> Server {
    let side = place(&processors().unwrap()).server;
    let command = ServeCommand::new(model, "http").program(CONCUR).processors(&side);
    command.in_group(Some(group)).start(PATIENCE).unwrap()
}

/// How a server is asked for `/bytes/4000`.
#[derive(Clone, Copy)]
struct Asked {
    keep_alive: bool,
    connections: usize,
    duration: Duration,
}

const KEPT: Asked = Asked { keep_alive: true, connections: 5, duration: Duration::from_millis(700) };
const NEW_EACH: Asked = Asked { keep_alive: false, ..KEPT };

fn load(server: &Server, asked: Asked, window: &mut dyn FnMut(Edge)) -> Outcome {
    go(&plan(server, asked), asked, window)
}

fn plan(server: &Server, asked: Asked) -> Load {
    Load {
        address: server.address(),
        connections: asked.connections,
        keep_alive: asked.keep_alive,
        warm_up: Duration::from_millis(100),
        duration: asked.duration,
        timeout: PATIENCE,
        processors: place(&processors().unwrap()).client,
        ..Load::default()
    }
}

fn go(plan: &Load, asked: Asked, window: &mut dyn FnMut(Edge)) -> Outcome {
    let client = Workload::new("http", "/bytes/4000", 1).unwrap();
    let client = client.client("localhost", asked.keep_alive).unwrap();
    let outcome = run(plan, Clients::of(&*client), window, &AtomicBool::new(false)).unwrap();
    assert_eq!(outcome.errors.total(), 0, "{:?}", outcome.first_error);
    outcome
}

/// What a window cost: processor time as charged to the group, counted switches, and both by the processes' own accounts.
struct Window {
    cpu_s: f64,
    switches: f64,
    clocked: Cost,
    requests: f64,
}

fn window(model: &str, asked: Asked) -> Option<Window> {
    let group = group()?;
    let mut counter = counter(&group);
    let server = serve(model, &group);
    let mut looks: Vec<(Used, u64, Reading)> = Vec::new();
    let outcome = load(&server, asked, &mut |_| {
        let reading = server.tree().reading().unwrap();
        looks.push((group.used().unwrap(), counter.read().unwrap(), reading));
    });
    stop(server);
    let [(used, switches, reading), later] = looks.try_into().unwrap();
    Some(Window {
        cpu_s: used.until(later.0).sum().as_secs_f64(),
        switches: (later.1 - switches) as f64,
        clocked: reading.until(&later.2),
        requests: outcome.requests as f64,
    })
}

/// Measures for longer until there is enough processor time to compare: on a busy machine a server may get little.
fn with_enough_time<T>(
    asked: Asked,
    measure: impl Fn(Asked) -> Option<T>,
    cpu_s: impl Fn(&T) -> f64,
) -> Option<T> {
    for times in [1, 3, 9] {
        let measured = measure(Asked { duration: asked.duration * times, ..asked })?;
        if cpu_s(&measured) > ENOUGH_S {
            return Some(measured);
        }
    }
    panic!("the server got less than {ENOUGH_S} s of processor time in {:?}", asked.duration * 9);
}

fn assert_agree(what: &str, one: f64, other: f64, besides: f64) {
    let allowed = PART * one.max(other) + besides;
    assert!((one - other).abs() <= allowed, "{what}: {one} and {other} differ by more than {allowed}");
}

/// Processor time in seconds and switches, by GNU time.
fn timed(text: &str) -> (f64, f64) {
    let number = |label: &str| -> f64 {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label)).unwrap();
        line.trim().parse().unwrap()
    };
    let cpu_s = number("User time (seconds):") + number("System time (seconds):");
    (cpu_s, number("Voluntary context switches:") + number("Involuntary context switches:"))
}

/// A server's whole life by our account and by GNU time: seconds and switches.
fn lives(model: &str, asked: Asked) -> Option<[(f64, f64); 2]> {
    let group = group()?;
    if Command::new("/usr/bin/time").arg("--version").output().is_err() {
        eprintln!("skipped: there is no /usr/bin/time; install the package time");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let said = directory.path().join("time");
    let side: Vec<String> = place(&processors().unwrap()).server.iter().map(usize::to_string).collect();
    let mut command: Vec<OsString> =
        vec!["/usr/bin/time".into(), "-v".into(), "-o".into(), said.clone().into()];
    command.extend(
        [CONCUR, "serve", model, "--bind", "127.0.0.1:0", "--cpus", &side.join(",")].map(OsString::from),
    );
    command.extend(["--group".into(), group.path().into()]);
    let mut counter = counter(&group);
    let server = Server::start(&command, PATIENCE).unwrap();
    load(&server, asked, &mut |_| {});
    // The first process is GNU time, which would end of the signal and leave the server.
    let [inner] = children_of(server.pid())[..] else { panic!("GNU time has one child") };
    kill(inner, Signal::SIGTERM).unwrap();
    ended_in_order(server);
    let ours = (group.used().unwrap().sum().as_secs_f64(), counter.read().unwrap() as f64);
    Some([ours, timed(&fs::read_to_string(said).unwrap())])
}

/// Seconds and switches of a whole life agree. GNU time cuts each mode off after 10 ms.
fn assert_lives_agree(model: &str, asked: Asked) {
    let _alone = alone();
    let long = Asked { duration: Duration::from_secs(2), ..asked };
    let measured = with_enough_time(long, |asked| lives(model, asked), |[(ours_s, _), _]| *ours_s);
    let Some([(ours_s, ours), (theirs_s, theirs)]) = measured else { return };
    assert_agree(&format!("{model}, seconds"), ours_s, theirs_s, 0.02);
    assert_agree(&format!("{model}, switches"), ours, theirs, 0.0);
}

#[test]
fn a_loop_costs_what_gnu_time_says() {
    assert_lives_agree("epoll", NEW_EACH);
}

#[test]
fn short_lived_children_cost_what_gnu_time_says() {
    assert_lives_agree("fork", NEW_EACH);
}

#[test]
fn children_made_beforehand_cost_what_gnu_time_says() {
    assert_lives_agree("prefork", NEW_EACH);
}

#[test]
fn threads_that_stay_cost_what_gnu_time_says() {
    assert_lives_agree("thread", KEPT);
}

/// What clocks lack is at most this part: a thread's end, once its process no longer has it.
const AT_MOST_LACKING: f64 = 0.3;

#[test]
fn threads_that_come_and_go_are_counted_to_their_end() {
    let _alone = alone();
    let Some(window) = window("thread", NEW_EACH) else { return };
    let (charged_s, clocked_s) = (window.cpu_s, window.clocked.cpu_s().unwrap());
    assert!(clocked_s <= charged_s * (1.0 + PART) + 0.02, "{clocked_s} s of {charged_s} s");
    assert!(clocked_s >= charged_s * (1.0 - AT_MOST_LACKING), "{clocked_s} s of {charged_s} s");
    assert_eq!(window.clocked.switches(), None, "they went with the threads");
    // Each thread leaves its processor at least once: at its end.
    assert!(window.switches >= window.requests * (1.0 - PART), "{} switches", window.switches);
}

/// Both accounts of one window agree. Children's times come in ticks of 10 ms, one for each mode.
fn assert_accounts_agree(model: &str, asked: Asked) {
    let _alone = alone();
    let measured = with_enough_time(asked, |asked| window(model, asked), |window| window.cpu_s);
    let Some(window) = measured else { return };
    assert_agree(model, window.cpu_s, window.clocked.cpu_s().unwrap(), 0.02);
    if let Some(switches) = window.clocked.switches() {
        assert_agree(&format!("{model}, switches"), window.switches, switches as f64, 20.0);
    } else {
        assert_eq!(model, "fork", "only there processes come and go");
    }
}

#[test]
fn both_accounts_of_a_loop_agree() {
    assert_accounts_agree("epoll", KEPT);
}

#[test]
fn both_accounts_of_threads_agree() {
    assert_accounts_agree("thread", KEPT);
}

#[test]
fn both_accounts_of_children_made_beforehand_agree() {
    assert_accounts_agree("prefork", NEW_EACH);
}

#[test]
fn both_accounts_of_short_lived_children_agree() {
    assert_accounts_agree("fork", NEW_EACH);
}

/// CPU time per request of a model, as a ratio to that of `fork` in the next moment: the middle one of three.
fn by_fork(model: &str) -> Option<f64> {
    let each = |model| window(model, NEW_EACH).map(|it| it.cpu_s / it.requests);
    let mut ratios =
        [each(model)? / each("fork")?, each(model)? / each("fork")?, each(model)? / each("fork")?];
    ratios.sort_by(f64::total_cmp);
    Some(ratios[1])
}

#[test]
fn children_that_the_kernel_buries_cost_as_much_as_others() {
    let _alone = alone();
    let Some(ratio) = by_fork("fork:reap=ignore") else { return };
    // Without the children's time it would be about a quarter.
    assert!((0.75..1.25).contains(&ratio), "{ratio}");
}

#[test]
fn children_of_a_double_fork_cost_up_to_twice_as_much_as_others() {
    let _alone = alone();
    let Some(ratio) = by_fork("fork:reap=double-fork") else { return };
    // There are two processes for each request; without the second one's time it would be less than one.
    assert!((1.1..2.2).contains(&ratio), "{ratio}");
}

/// The system calls of a server, its clients coming and going included, and the requests that it answered.
fn calls(model: &str, asked: Asked) -> Option<(Counted, u64)> {
    let group = group()?;
    let server = serve(model, &group);
    let counting = Counting::begin(&group).unwrap();
    let requests = load(&server, asked, &mut |_| {}).requests_in_all;
    let counted = counting.end().unwrap();
    stop(server);
    Some((counted, requests))
}

#[test]
fn a_thread_makes_two_system_calls_for_a_request() {
    let _alone = alone();
    let one = Asked { connections: 1, ..KEPT };
    let Some((counted, requests)) = calls("thread", one) else { return };
    // recv(2) and send(2); the connection's beginning and end are shared by thousands of requests.
    let each = counted.calls.unwrap() as f64 / requests as f64;
    assert!((2.0..2.1).contains(&each), "{counted:?} for {requests} requests");
    assert_eq!(counted.epoll_ctls.unwrap_or(0), 0);
}

/// What `thread` does after the window while one connection asks on, from when the counters are open.
fn after(until: Duration) -> Option<After> {
    let group = group()?;
    let server = serve("thread", &group);
    let replies = Replies::default();
    let mut after = None;
    let mut look = |edge| {
        if edge == Edge::Closes {
            let counting = Counting::begin(&group).unwrap();
            let until = Instant::now() + until;
            after = counting.over(Duration::from_millis(50), until, || replies.so_far()).unwrap();
            replies.enough();
        }
    };
    let one = Asked { connections: 1, ..KEPT };
    let plan = Load { epilogue: PATIENCE, replies: replies.clone(), ..plan(&server, one) };
    go(&plan, one, &mut look);
    stop(server);
    after
}

#[test]
fn system_calls_after_the_window_are_those_of_the_requests_that_were_answered_meanwhile() {
    let _alone = alone();
    if counting_unavailable().is_some() {
        return eprintln!("skipped: nothing can be counted here");
    }
    let after = after(PATIENCE / 2).unwrap();
    let each = after.counted.calls.unwrap() as f64 / after.requests as f64;
    // The generator says of a reply a moment after the server has made its calls.
    assert!((1.95..2.05).contains(&each), "{after:?}");
    assert!(after.requests >= REQUESTS_AT_LEAST && after.counted.took >= COUNTED_AT_LEAST, "{after:?}");
}

#[test]
fn of_too_short_a_time_and_of_too_few_requests_nothing_is_said() {
    let _alone = alone();
    if counting_unavailable().is_some() {
        return eprintln!("skipped: nothing can be counted here");
    }
    assert_eq!(after(Duration::ZERO), None);
    let counting = Counting::begin(&Group::make().unwrap()).unwrap();
    let until = Instant::now() + COUNTED_AT_LEAST * 2;
    assert_eq!(counting.over(COUNTED_AT_LEAST, until, || 7).unwrap(), None);
}

#[test]
fn a_loop_changes_what_it_watches_once_for_a_connection_and_not_for_a_request() {
    let _alone = alone();
    let Some((counted, requests)) = calls("epoll", KEPT) else { return };
    let Some(changes) = counted.epoll_ctls else {
        return eprintln!("skipped: this kernel does not trace single system calls");
    };
    let connections = KEPT.connections as u64;
    assert!((connections..=2 * connections).contains(&changes), "{counted:?} for {requests} requests");
    assert!(counted.calls.unwrap() > requests, "{counted:?} for {requests} requests");
}

#[test]
fn memory_that_children_share_counts_once_in_one_sum_and_often_in_the_other() {
    let _alone = alone();
    let server = common::serve("prefork:workers=8", &[]);
    let address = ip(&server);
    let sampler = Sampler::start(server.tree(), Sampling::default()).unwrap();
    hello(address);
    let cost = sampler.stop().complete(Cost::default());
    let (pss, rss) = (cost.pss_peak_bytes.unwrap(), cost.rss_peak_bytes.unwrap());
    // Nine processes, most of whose pages are shared.
    assert!(pss < rss / 2, "{pss} of {rss}");
    let last = cost.pss_bytes.unwrap();
    assert!(last > 0 && last <= pss, "{last} of {pss}");
    stop(server);
}

#[test]
fn threads_that_share_a_processor_wait_for_it() {
    let _alone = alone();
    let side = *processors().unwrap().first().unwrap();
    let spin = format!("taskset -c {side} sh -c 'while :; do :; done' &");
    if Command::new("taskset").arg("--version").output().is_err() {
        eprintln!("skipped: there is no taskset; install the package util-linux");
        return;
    }
    let script = format!("{spin} {spin} echo 'listening on 127.0.0.1:1'; wait");
    let server = Server::start(&["sh".into(), "-c".into(), script.into()], PATIENCE).unwrap();
    eventually("both have begun", || server.tree().sample().unwrap().processes == 3);
    let before = server.tree().reading().unwrap();
    thread::sleep(Duration::from_secs(2));
    let after = server.tree().reading().unwrap();
    let waited_s = before.until(&after).run_queue_wait_s.expect("no thread came or went");
    // Each has at most its half: together they wait for as long as one of them runs. Who still waits when it is looked at
    // has that time added only when it runs again, which on a busy machine may take a while.
    let elapsed_s = before.elapsed_until(&after).as_secs_f64();
    assert!(waited_s >= 0.5 * elapsed_s, "{waited_s} s of {elapsed_s} s");
    drop(server);
}

#[test]
fn a_group_that_goes_takes_what_is_left_in_it_along() {
    let _alone = alone();
    let group = match Group::make() {
        Ok(group) => group,
        Err(error) => return eprintln!("skipped: {error:#}"),
    };
    let script = "echo 0 > \"$0/cgroup.procs\" && setsid sleep 1000 < /dev/null > /dev/null 2>&1 & wait";
    let mut shell = Command::new("sh").args(["-c", script]).arg(group.path()).spawn().unwrap();
    let members = || fs::read_to_string(group.path().join("cgroup.procs")).unwrap();
    eventually("a daemon is in the group", || !members().is_empty());
    let daemon = members().trim().to_owned();
    let path: PathBuf = group.path().to_owned();
    drop(group);
    assert!(!path.exists());
    shell.wait().unwrap();
    eventually("the daemon is gone", || !PathBuf::from(format!("/proc/{daemon}")).exists());
}

#[test]
fn the_group_of_a_process_that_was_killed_is_removed_by_the_next() {
    let _alone = alone();
    let group = match Group::make() {
        Ok(group) => group,
        Err(error) => return eprintln!("skipped: {error:#}"),
    };
    let mut ended = Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    let forsaken = group.path().with_file_name(format!("concur-{}-0", ended.id()));
    fs::create_dir(&forsaken).unwrap();
    drop(Group::make().unwrap());
    assert!(!forsaken.exists());
    assert!(group.path().exists(), "whose maker lives");
}

#[test]
fn a_measured_server_leaves_nothing_open() {
    let _alone = alone();
    let open = || {
        let targets = fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        targets.filter(|target| !target.starts_with("/proc")).collect::<BTreeSet<_>>()
    };
    let Some(first) = group() else { return }; // what is tried once has been
    drop(first);
    let before = open();
    let group = Group::make().unwrap();
    let path = group.path().to_owned();
    let server = serve("fork", &group);
    let counting = Counting::begin(&group).unwrap();
    hello(ip(&server));
    assert!(open().len() > before.len());
    assert!(counting.end().unwrap().calls > Some(0));
    stop(server);
    drop(group);
    assert_eq!(open(), before);
    assert!(!path.exists(), "{} is left", path.display());
}

/// Not a test: says what can't be counted.
#[test]
#[ignore = "a helper for the tests beside it, which start it as a process of its own"]
fn helper_that_says_what_cannot_be_counted() {
    println!("\nunavailable: {}", counting_unavailable().as_deref().unwrap_or("nothing"));
}

/// What the helper says when it is started by `command`.
fn said_under(command: &[&str]) -> Option<String> {
    let program = std::env::current_exe().unwrap();
    let (first, rest) = command.split_first()?;
    let mut command = Command::new(first);
    command.args(rest).arg(program).args(["--exact", "helper_that_says_what_cannot_be_counted"]);
    let output = command.args(["--ignored", "--nocapture"]).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().find_map(|line| line.strip_prefix("unavailable: ")).map(str::to_owned)
}

#[test]
fn who_may_make_no_group_is_told_what_is_missing_and_what_to_try() {
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let Some(said) = said_under(&nobody) else {
        return eprintln!("skipped: only root can become somebody else, by setpriv");
    };
    assert!(said.contains("no control group can be made in") && said.contains("systemd-run"), "{said}");
}

#[test]
fn tracepoints_are_found_where_tracefs_is_not_mounted() {
    if counting_unavailable().is_some() {
        return eprintln!("skipped: they are not found here at all");
    }
    let script = "umount -l /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; \
                  test ! -e /sys/kernel/tracing/events && exec \"$@\"";
    let Some(said) = said_under(&["unshare", "--mount", "sh", "-c", script, "sh"]) else {
        return eprintln!("skipped: tracefs can't be taken away here");
    };
    assert_eq!(said, "nothing");
}

#[test]
fn a_cell_whose_children_nobody_waits_for_is_valid_and_has_its_cost() {
    let _alone = alone();
    if group().is_none() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut command = concur();
    command.args([
        "run",
        "--suite",
        "servers",
        "--models",
        "fork:reap=ignore",
        "--new-connections",
        "--json",
    ]);
    command.args(["--connections", "2", "--rounds", "1", "--duration", "300ms"]);
    let output = command.arg("--out").arg(out.path().join("run")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let run: reports::record::Run = serde_json::from_slice(&output.stdout).unwrap();
    let cell = run.cells.last().unwrap().server().unwrap();
    // A machine that is busy with other things may disturb it, which is not what this is about.
    let disturbed = cell.noise.is_some_and(|noise| noise.disturbed);
    assert!(cell.verdict == Verdict::Valid && cell.reason.is_none() || disturbed, "{cell:?}");
    assert!(!cell.reason.as_deref().unwrap_or_default().contains("CPU time"), "{cell:?}");
    let cost = cell.server.unwrap();
    assert!(cost.cpu_s().unwrap() > 0.0, "{cost:?}");
    // Each child leaves its processor at its end, if not before.
    assert!(cell.calls.is_none() || cost.switches >= Some(cell.requests), "{cell:?}");
    assert_eq!(cost.clocked_cpu_s, None, "no clock has the children's time");
}
