//! Anyone's server: it is started from a command, is ready when its port accepts, and leaves nothing behind.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::measure::placement::processors;
use harness::server::{ForeignCommand, Server};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::{PATIENCE, concur, connect, eventually, hello, processes_marked, stop};

fn command(typed: &str) -> ForeignCommand {
    ForeignCommand::parse(typed).unwrap().launched_by(env!("CARGO_BIN_EXE_concur"))
}

/// One of our own servers as if it were somebody else's.
fn own(more: &str) -> ForeignCommand {
    command(&format!("{} serve epoll --bind 127.0.0.1:{{port}} {more}", env!("CARGO_BIN_EXE_concur")))
}

fn refused(typed: &str, within: Duration) -> String {
    format!("{:#}", command(typed).start("http", &[], within).unwrap_err())
}

#[test]
fn a_server_that_says_where_it_listens_is_ready_there() {
    let server = own("--workload {workload}").start("echo", &[], PATIENCE).unwrap();
    let mut stream = connect(server.address());
    stream.write_all(b"echo this").unwrap();
    let mut echoed = [0; 9];
    stream.read_exact(&mut echoed).unwrap();
    assert_eq!(&echoed, b"echo this");
    drop(stream);
    stop(server);
}

#[test]
fn a_server_that_says_nothing_is_ready_when_its_port_accepts() {
    let silent = "exec \"$0\" serve epoll --bind 127.0.0.1:$1 >&-";
    let talking = "echo starting up; exec \"$0\" serve epoll --bind 127.0.0.1:$1";
    for script in [silent, talking] {
        let typed = format!("sh -c '{script}' {} {{port}}", env!("CARGO_BIN_EXE_concur"));
        let server = command(&typed).start("http", &[], PATIENCE).unwrap();
        hello(server.address());
        stop(server);
    }
}

#[test]
fn a_server_runs_on_its_processors_from_its_first_moment() {
    let last = *processors().unwrap().last().unwrap();
    let server = own("").start("http", &[last], PATIENCE).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    assert!(status.contains(&format!("\nCpus_allowed_list:\t{last}\n")), "{status}");
    // The launcher has become the server: no process stands between.
    assert_eq!(server.tree().sample().unwrap().processes, 1);
    stop(server);
}

#[test]
fn a_server_that_ends_at_once_is_quoted() {
    let error = refused("sh -c 'echo no such page >&2; exit 3' {port}", PATIENCE);
    assert!(error.contains("ended before it was ready (exit status: 3)"), "{error}");
    assert!(error.ends_with("its last words: no such page"), "{error}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = refused("/nowhere/server {port}", PATIENCE);
    assert!(error.contains("/nowhere/server can't be started"), "{error}");
}

#[test]
fn a_server_that_never_accepts_is_given_up_and_is_gone() {
    let mark = format!("CONCUR_TEST_MARK=never-accepts-{}", std::process::id());
    let error = refused(&format!("env {mark} sleep 1000 {{port}}"), Duration::from_millis(300));
    assert!(error.contains("ended before it was ready") || error.contains("nor accepted"), "{error}");
    let error = refused(&format!("env {mark} sh -c 'sleep 1000' {{port}}"), Duration::from_millis(300));
    assert!(error.contains("neither said 'listening on ADDRESS' nor accepted a connection"), "{error}");
    assert_eq!(processes_marked(&mark), Vec::<String>::new());
}

#[test]
fn a_port_that_is_taken_is_tried_again_with_another() {
    let directory = tempfile::tempdir().unwrap();
    let (file, program) = (directory.path().join("once"), env!("CARGO_BIN_EXE_concur"));
    let script = "test -e \"$1\" || { touch \"$1\"; echo Address already in use >&2; exit 1; }; \
                  exec \"$0\" serve epoll --bind 127.0.0.1:$2";
    let typed = format!("sh -c '{script}' {program} '{}' {{port}}", file.display());
    let server = command(&typed).start("http", &[], PATIENCE).unwrap();
    hello(server.address());
    stop(server);
}

/// Not a test: a harness with somebody's server, which the test after it kills.
#[test]
#[ignore = "a helper for the test beside it, which starts it as a process of its own"]
fn helper_that_holds_a_server() {
    let server: Server = command("sh -c 'sleep 1000; true' {port}").start("http", &[], PATIENCE).unwrap();
    drop(server);
}

#[test]
fn a_server_and_its_children_end_when_the_harness_is_killed() {
    let mark = format!("CONCUR_TEST_MARK=killed-{}", std::process::id());
    let (name, value) = mark.split_once('=').unwrap();
    let mut harness = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "foreign::helper_that_holds_a_server", "--ignored", "--test-threads=1"])
        .env(name, value)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let sleeping = || {
        processes_marked(&mark)
            .iter()
            .any(|pid| std::fs::read(format!("/proc/{pid}/comm")).is_ok_and(|it| it == b"sleep\n"))
    };
    eventually("the server is there", sleeping);
    kill(Pid::from_raw(harness.id().cast_signed()), Signal::SIGKILL).unwrap();
    harness.wait().unwrap();
    eventually("nothing of it is left", || processes_marked(&mark).is_empty());
}

#[test]
fn nothing_is_launched_once_who_asked_for_it_has_gone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("launched");
    let launch = |stdin: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_concur"));
        command.args(["launch", "--gate", "--", "touch"]).arg(&file).stdin(stdin).output().unwrap()
    };
    let output = launch(Stdio::null());
    assert!(!output.status.success() && !file.exists(), "{output:?}");
    let (gate, mut opener) = std::io::pipe().unwrap();
    opener.write_all(b"\n").unwrap();
    assert!(launch(gate.into()).status.success() && file.exists());
}

#[test]
fn what_is_not_for_people_is_not_in_the_help() {
    let help = concur().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(!help.contains("launch") && !help.contains("guard"), "{help}");
    assert_eq!(concur().arg("launch").output().unwrap().status.code(), Some(2));
}
