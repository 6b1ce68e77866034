//! Names and their options: one that is unknown, or named twice, is told beside those that there are.

use super::{run_refused, usage};

#[test]
fn an_unknown_name_lists_the_known_ones() {
    assert_eq!(
        usage(&["serve", "epol"]),
        "concur: there is no server model 'epol'; try one of: loop, fork, prefork, thread, prethread, thread-pool, \
         select, poll, epoll, polling, mio, io-uring, coroutine, async, multi-loop, hybrid"
    );
    assert_eq!(
        usage(&["exec", "thread"]),
        "concur: there is no executor 'thread'; try one of: line, threads, gil, processes, thread-pool, \
         process-pool, rayon, async, coroutine"
    );
    assert_eq!(
        usage(&["exec", "line", "--task", "prime"]),
        "concur: there is no task 'prime'; try one of: primes, count, bubble, selection, insertion, quick, library-sort, \
         fibonacci, counter-lock, counter-atomic, disk, wait, mix"
    );
    assert_eq!(
        usage(&["serve", "epoll", "--workload", "ftp"]),
        "concur: there is no workload 'ftp'; try one of: echo, http, files, chat, broadcast, arrivals, records"
    );
    for arguments in [
        ["run", "--models", "epoll,pol"],
        ["run", "--executors", "lock"],
        ["run", "--tasks", "sort"],
        ["run", "--workload", "talk"],
    ] {
        assert!(usage(&arguments).starts_with("concur: there is no "), "{arguments:?}");
    }
    assert!(usage(&["run", "--workload", "chat"]).starts_with("concur: chat has no load to be put under"));
}

#[test]
fn a_wrong_option_lists_the_right_ones() {
    assert_eq!(
        usage(&["serve", "thread-pool:wrokers=4"]),
        "concur: thread-pool has no option 'wrokers'; it has: workers, queue, per"
    );
    assert_eq!(usage(&["serve", "loop:workers=4"]), "concur: loop has no option 'workers'; it takes none");
    assert_eq!(
        usage(&["serve", "thread-pool:workers=many", "--bind", "127.0.0.1:0"]),
        "concur: option workers can't be 'many'; try a whole number from 1 to 4096"
    );
    assert!(usage(&["run", "--models", "thread:stack"]).contains("write name:key=value"));
}

#[test]
fn a_wrong_value_is_refused_before_a_server_announces_itself_or_a_run_begins() {
    // Nothing on standard output: see `refused`.
    usage(&["serve", "thread:stack=0", "--bind", "127.0.0.1:0"]);
    usage(&["serve", "coroutine:workers=x", "--bind", "127.0.0.1:0"]);
    usage(&["run", "--models", "thread-pool:queue=0", "--out", "/nonexistent/never"]);
    for model in [
        "thread-pool:queue=99999999999",
        "thread-pool:workers=200000",
        "coroutine:workers=100000",
        "coroutine:stack=4k",
    ] {
        usage(&["serve", model, "--bind", "127.0.0.1:0"]);
    }
    assert!(usage(&["run", "--models", ","]).contains("names nothing to measure"));
}

#[test]
fn what_is_named_twice_is_refused() {
    for (arguments, said) in [
        ("--connections 16,16", "--connections names 16 twice; name it once"),
        ("--rate 1000,1e3", "--rate names 1000 twice"),
        ("--idle 5,9,5", "--idle names 5 twice"),
        ("--suite idle,idle", "--suite names idle twice"),
        ("--transport tcp,tcp", "--transport names tcp twice"),
        ("--workload http,http", "--workload names http twice"),
        ("--suite tasks --jobs 1,2,1", "--jobs names 1 twice"),
        ("--suite tasks --tasks wait,wait", "--tasks names wait twice"),
    ] {
        let line = run_refused(arguments);
        assert!(line.contains(said), "{arguments}: {line}");
    }
}

#[test]
fn a_command_without_a_name_or_a_port_is_refused_with_an_example() {
    let cmd = |text: &str| usage(&["run", "--out", "/nonexistent/never", "--cmd", text]);
    for text in ["server {port}", "=server {port}", "a b=server {port}", "epoll:x=server {port}"] {
        assert!(cmd(text).contains("write NAME=COMMAND, as in mine='python3 server.py {port}'"), "{text}");
    }
    assert!(cmd("mine=server --port 80").contains("write {port} in its place"));
    assert!(cmd("mine=server '{port}").contains("not closed"));
    assert!(cmd("epoll=server {port}").contains("there are two servers named 'epoll'"));
}
