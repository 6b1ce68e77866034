//! A server as a process: it gets ready or says why not, and leaves nothing behind however it ends.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::thread;
use std::time::{Duration, Instant};

use harness::measure::tree::{ProcessId, Tree};
use harness::server::{ServeCommand, Server};
use harness::transport::Transport;

use crate::common::write_script;

/// Longer than any step here takes; only a test that fails waits for so long.
const LONG: Duration = Duration::from_secs(30);
const GREET: &str = "echo listening on 127.0.0.1:4321";
/// Sleeps on and on in one process that ends on SIGTERM.
const SLEEP: &str = "exec sleep 1000";

fn shell(script: &str) -> Vec<OsString> {
    ["sh", "-c", script].map(OsString::from).to_vec()
}

fn started(lines: &[&str]) -> Server {
    Server::start(&shell(&lines.join("\n")), LONG).unwrap()
}

fn refused(lines: &[&str], within: Duration) -> String {
    format!("{:#}", Server::start(&shell(&lines.join("\n")), within).unwrap_err())
}

/// Asks again and again; panics if it does not come true.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {LONG:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn assert_gone(processes: &BTreeSet<ProcessId>) {
    let left: Vec<_> = processes.iter().filter(|process| process.is_alive().unwrap()).collect();
    assert!(left.is_empty(), "{left:?} are alive");
}

/// The processes of a server once there are so many.
fn processes(server: &Server, count: usize) -> BTreeSet<ProcessId> {
    let mut living = BTreeSet::new();
    eventually("the server's processes are there", || {
        living = server.tree().living().unwrap();
        living.len() == count
    });
    living
}

#[test]
fn a_server_that_says_its_address_is_ready_and_ends_in_order() {
    let server = started(&[GREET, SLEEP]);
    assert_eq!(server.address(), "127.0.0.1:4321".parse().unwrap());
    assert!(server.is_running());
    let living = processes(&server, 1);
    let ended = server.stop(LONG).unwrap();
    assert_eq!(ended.trouble(), None);
    assert!(!ended.early && !ended.killed && ended.leftovers == 0);
    assert_gone(&living);
}

#[test]
fn a_server_has_a_process_group_of_its_own() {
    let server = started(&[GREET, SLEEP]);
    let group = nix::unistd::getpgid(Some(nix::unistd::Pid::from_raw(server.pid().cast_signed()))).unwrap();
    assert_eq!(group.as_raw().cast_unsigned(), server.pid());
    assert_ne!(group, nix::unistd::getpgrp());
}

#[test]
fn a_server_may_end_by_itself_when_asked() {
    let server = started(&["trap 'exit 0' TERM", GREET, "while :; do sleep 0.02; done"]);
    let ended = server.stop(LONG).unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert!(!ended.killed && !ended.early);
}

#[test]
fn an_address_of_ipv6_is_understood() {
    let server = started(&["echo 'listening on [::1]:80'", SLEEP]);
    assert!(server.address().ip().unwrap().is_ipv6());
}

#[test]
fn a_server_that_ends_early_is_quoted_with_its_status() {
    let error = refused(&["echo 'no such model' >&2", "exit 3"], LONG);
    assert!(error.contains("ended before it was ready (exit status: 3)"), "{error}");
    assert!(error.ends_with("its last words: no such model"), "{error}");
}

#[test]
fn only_the_end_of_a_long_complaint_is_quoted() {
    let error = refused(&["head -c 1000000 /dev/zero | tr '\\0' x >&2", "echo at last >&2", "exit 1"], LONG);
    assert!(error.ends_with("xxxat last"), "{}", error.len());
    assert!((4_000..5_000).contains(&error.len()), "{}", error.len());
}

#[test]
fn a_silent_server_is_given_up_and_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let write = format!("echo $$ > {}", file.display());
    let error = refused(&[&write, "echo still thinking >&2", "sleep 1000"], Duration::from_secs(2));
    assert!(error.contains("within 2s"), "{error}");
    assert!(error.ends_with("its last words: still thinking"), "{error}");
    let pid: u32 = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
    assert_eq!(Tree::new(pid).sample().unwrap().processes, 0);
}

#[test]
fn a_server_that_says_something_else_is_refused() {
    let error = refused(&["echo hello", SLEEP], LONG);
    assert!(error.contains("said 'hello' and not 'listening on ADDRESS'"), "{error}");
    let error = refused(&["echo listening on port 80", SLEEP], LONG);
    assert!(error.contains("said 'listening on port 80'"), "{error}");
}

#[test]
fn a_server_that_closes_its_stdout_is_refused() {
    let error = refused(&["exec >&-", SLEEP], LONG);
    assert!(error.contains("closed its stdout"), "{error}");
}

#[test]
fn a_first_line_without_an_end_is_not_waited_for() {
    let error = refused(&["head -c 100000 /dev/zero | tr '\\0' x", SLEEP], LONG);
    assert!(error.contains("said 'xxx") && error.len() < 2_000, "{}", error.len());
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = Server::start(&["/nowhere/server".into()], LONG).unwrap_err();
    assert!(format!("{error:#}").starts_with("the server /nowhere/server can't be started"), "{error:#}");
}

#[test]
fn a_server_may_print_as_much_as_it_likes() {
    let much = "head -c 1000000 /dev/zero";
    let server = started(&[GREET, much, &format!("{much} >&2"), "echo done >&2", "exit 7"]);
    eventually("it ends", || !server.is_running());
    let ended = server.stop(LONG).unwrap();
    assert_eq!(ended.status.code(), Some(7));
    assert!(ended.stderr.len() <= 4096 && ended.stderr.ends_with("done"));
}

#[test]
fn a_crash_is_told_from_an_end_on_request() {
    let server = started(&[GREET, "kill -SEGV $$"]);
    eventually("it crashes", || !server.is_running());
    let ended = server.stop(LONG).unwrap();
    assert!(ended.early);
    let trouble = ended.trouble().unwrap();
    assert!(trouble.contains("ended before it was asked to") && trouble.contains("SEGV"), "{trouble}");
}

#[test]
fn a_server_that_ignores_the_request_is_killed() {
    let server = started(&["trap '' TERM", GREET, "while :; do sleep 0.02; done"]);
    let ended = server.stop(Duration::from_millis(100)).unwrap();
    assert!(ended.killed && !ended.early);
    assert!(ended.trouble().unwrap().contains("was killed"));
}

#[test]
fn children_left_behind_are_killed_and_counted() {
    let server = started(&["sleep 1000 &", "sleep 1000 &", GREET, "wait"]);
    let living = processes(&server, 3);
    let ended = server.stop(LONG).unwrap();
    assert_eq!((ended.killed, ended.leftovers), (false, 2));
    assert!(ended.trouble().unwrap().contains("left 2 processes behind"));
    assert_gone(&living);
}

#[test]
fn orphans_in_the_group_are_killed_and_counted() {
    let server = started(&["(sleep 1000 & sleep 1000 &)", GREET, SLEEP]);
    let living = processes(&server, 3);
    assert_eq!(server.stop(LONG).unwrap().leftovers, 2);
    assert_gone(&living);
}

#[test]
fn a_child_with_a_group_of_its_own_is_killed_too() {
    let server = started(&["setsid sleep 1000 &", GREET, "wait"]);
    let living = processes(&server, 2);
    assert_eq!(server.stop(LONG).unwrap().leftovers, 1);
    assert_gone(&living);
}

#[test]
fn children_that_follow_their_parent_are_not_left_behind() {
    let orderly = "trap 'kill $!; wait; exit 0' TERM";
    let server = started(&["sleep 1000 &", orderly, GREET, "while :; do wait; done"]);
    processes(&server, 2);
    let ended = server.stop(LONG).unwrap();
    assert_eq!(ended.trouble(), None);
}

#[test]
fn a_server_that_is_dropped_leaves_nothing() {
    let server = started(&["trap '' TERM", "sleep 1000 &", GREET, "while :; do sleep 1000; done"]);
    let living = processes(&server, 3);
    drop(server);
    assert_gone(&living);
}

#[test]
fn our_own_server_is_told_what_to_serve_where_and_whose_child_it_is() {
    let command = ServeCommand::new("fork:reap=wait", "echo").processors(&[0, 2]);
    let arguments: Vec<String> =
        command.arguments().unwrap().into_iter().map(|argument| argument.into_string().unwrap()).collect();
    let parent = std::process::id().to_string();
    let expected = [
        "serve",
        "fork:reap=wait",
        "--workload",
        "echo",
        "--bind",
        "127.0.0.1:0",
        "--with-parent",
        &parent,
        "--cpus",
        "0,2",
    ];
    assert_eq!(arguments[1..], expected);
    let free = ServeCommand::new("loop", "echo").arguments().unwrap();
    assert!(!free.contains(&"--cpus".into()));
}

#[test]
fn our_own_server_is_told_its_transport() {
    let arguments = |command: &ServeCommand| -> Vec<String> {
        command.arguments().unwrap().into_iter().map(|argument| argument.into_string().unwrap()).collect()
    };
    let udp = arguments(&ServeCommand::new("loop", "echo").transport(Transport::Udp).program("/bin/true"));
    assert_eq!(udp[0], "/bin/true");
    assert!(udp.windows(2).any(|pair| pair == ["--transport", "udp"]), "{udp:?}");
    let unix = ServeCommand::new("loop", "echo").transport(Transport::Unix);
    assert!(unix.arguments().unwrap_err().to_string().contains("has no free port"));
}

#[test]
fn a_directory_made_for_a_server_that_does_not_come_up_is_removed() {
    let script = tempfile::tempdir().unwrap();
    let (program, seen) = (script.path().join("server"), script.path().join("seen"));
    write_script(&program, &format!("echo \"$6\" > {}\nexit 3", seen.display()));
    let command = ServeCommand::new("loop", "echo").transport(Transport::Unix).program(program);
    let error = format!("{:#}", command.start(LONG).unwrap_err());
    assert!(error.contains("ended before it was ready (exit status: 3)"), "{error}");
    let bind = std::fs::read_to_string(seen).unwrap();
    let path = std::path::Path::new(bind.trim().strip_prefix("unix:").unwrap());
    assert!(path.ends_with("socket") && !path.parent().unwrap().exists(), "{}", path.display());
}
