//! The command line as its users meet it: listings, and one clear sentence for whatever can't be done.

mod common;

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use common::concur;
use serde_json::Value;

/// Runs a command that can't be carried out, and gives the one line it says about it.
fn refused(command: &mut Command, code: i32) -> String {
    let output = command.assert().code(code).get_output().clone();
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.trim_end().to_owned();
    assert_eq!(line.lines().count(), 1, "{said}");
    line
}

fn usage(arguments: &[&str]) -> String {
    refused(concur().args(arguments), 2)
}

fn json(arguments: &[&str]) -> Value {
    let output = concur().args(arguments).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

#[test]
fn the_listing_names_everything_there_is() {
    let listing = json(&["list", "--json"]);
    let names = |kind: &str| -> Vec<String> {
        let entries = listing[kind].as_array().unwrap();
        for entry in entries {
            assert!(!entry["family"].as_str().unwrap().is_empty(), "{entry}");
            assert!(!entry["summary"].as_str().unwrap().is_empty(), "{entry}");
        }
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    };
    let servers = [
        "loop",
        "fork",
        "prefork",
        "thread",
        "prethread",
        "thread-pool",
        "select",
        "poll",
        "epoll",
        "polling",
        "mio",
        "io-uring",
        "coroutine",
        "async",
        "multi-loop",
        "hybrid",
    ];
    assert_eq!(names("servers"), servers);
    let datagram_servers = ["loop", "fork", "thread", "thread-pool", "epoll", "coroutine"];
    assert_eq!(names("datagram_servers"), datagram_servers);
    assert_eq!(
        names("executors"),
        ["line", "threads", "gil", "processes", "thread-pool", "process-pool", "rayon", "async", "coroutine"]
    );
    let tasks = ["primes", "count", "bubble", "selection", "insertion", "quick", "library-sort", "fibonacci"];
    let others = ["counter-lock", "counter-atomic", "disk", "wait", "mix"];
    assert_eq!(names("tasks"), [&tasks[..], &others].concat());
    assert_eq!(names("workloads"), ["echo", "http"]);
}

#[test]
fn the_listing_as_text_stays_as_it_is() {
    let output = concur().arg("list").assert().success().get_output().stdout.clone();
    insta::assert_snapshot!(String::from_utf8(output).unwrap());
}

#[test]
fn an_executor_says_how_long_it_took_and_what_it_came_to() {
    let outcome = json(&["exec", "processes", "--task", "wait", "--jobs", "3", "--json"]);
    assert_eq!((&outcome["executor"], &outcome["task"]), (&Value::from("processes"), &Value::from("wait")));
    assert_eq!((&outcome["jobs"], &outcome["workers"]), (&Value::from(3), &Value::from(3)));
    assert_eq!(outcome["value"], "5");
    assert_eq!(outcome["failed"], 0);
    assert!(outcome["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn every_executor_can_be_run_and_says_how_many_workers_it_had() {
    let executors = [
        ("line", "", 1),
        ("threads", "", 4),
        ("gil:interval_ms=1", "interval_ms=1", 4),
        ("processes", "", 4),
        ("thread-pool:workers=2", "workers=2", 2),
        ("process-pool:workers=2", "workers=2", 2),
        ("rayon:workers=2", "workers=2", 2),
        ("async:workers=2", "workers=2", 2),
        ("coroutine:stack=64k,workers=2", "stack=64k,workers=2", 2),
    ];
    for (choice, options, workers) in executors {
        let outcome = json(&["exec", choice, "--task", "wait", "--jobs", "4", "--json"]);
        assert_eq!(outcome["executor"], choice.split(':').next().unwrap());
        assert_eq!(
            (&outcome["options"], &outcome["workers"]),
            (&Value::from(options), &Value::from(workers))
        );
        assert_eq!((&outcome["value"], &outcome["failed"]), (&Value::from("5"), &Value::from(0)), "{choice}");
    }
}

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
        "concur: there is no workload 'ftp'; try one of: echo, http"
    );
    for arguments in [
        ["run", "--models", "epoll,pol"],
        ["run", "--executors", "lock"],
        ["run", "--tasks", "sort"],
        ["run", "--workload", "chat"],
    ] {
        assert!(usage(&arguments).starts_with("concur: there is no "), "{arguments:?}");
    }
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
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = usage(&["serve", "epoll", "--bind", &address]);
    assert!(line.starts_with(&format!("concur: can't listen on {address}: ")), "{line}");
    assert!(line.contains("another program listens there; try another port"), "{line}");
}

#[test]
fn a_model_workload_or_address_that_does_not_go_with_the_transport_is_refused() {
    let udp = |model: &str, more: &[&str]| {
        usage(&[&["serve", model, "--transport", "udp", "--bind", "127.0.0.1:0"], more].concat())
    };
    assert_eq!(
        udp("poll", &["--workload", "echo"]),
        "concur: there is no datagram server model 'poll'; try one of: loop, fork, thread, thread-pool, epoll, coroutine"
    );
    assert_eq!(
        udp("loop", &["--workload", "http"]),
        "concur: http needs a stream and can't go over udp; try --workload echo"
    );
    assert!(udp("loop", &["--workload", "ftp"]).contains("there is no workload 'ftp'"));
    assert!(
        udp("fork:stack=1m", &["--workload", "echo"])
            .ends_with("fork has no option 'stack'; it has: children")
    );
    for command in [&["serve", "loop", "--bind"][..], &["load"]] {
        let refused = |address: &str, transport: &str| {
            usage(&[command, &[address, "--transport", transport, "--workload", "echo"]].concat())
        };
        assert_eq!(
            refused("unix:/tmp/x", "udp"),
            "concur: --transport udp needs an IP address, and unix:/tmp/x is a path; try 127.0.0.1:8888"
        );
        assert!(refused("unix:/tmp/x", "tcp").contains("is a path; try 127.0.0.1:8888"));
        assert!(refused("127.0.0.1:1", "unix").contains("is an IP address; try unix:/tmp/concur.sock"));
        assert!(
            refused("/tmp/x", "unix").contains("is not an address")
                && refused("/tmp/x", "unix").contains("unix:PATH")
        );
        assert!(refused("127.0.0.1:1", "tpc").contains("[possible values: tcp, unix, udp]"));
    }
    let load = ["load", "127.0.0.1:1", "--transport", "udp"];
    assert!(usage(&load).ends_with("http needs a stream and can't go over udp; try --workload echo"));
    let large = usage(&[&load[..], &["--workload", "echo", "--message", "65508"]].concat());
    assert!(large.ends_with("--message can't be 65508 over udp; try 1 to 65507"), "{large}");
}

#[test]
fn a_server_that_cannot_be_had_here_is_refused_with_the_reason() {
    let place = tempfile::tempdir().unwrap();
    let bind = format!("unix:{}", place.path().join("socket").display());
    for model in ["multi-loop:workers=2", "prefork:accept=reuseport"] {
        let line = usage(&["serve", model, "--bind", &bind]);
        assert!(line.starts_with(&format!("concur: {model} is unsupported here: ")), "{line}");
    }
    assert!(fs::read_dir(place.path()).unwrap().next().is_none(), "no socket was made");
}

#[test]
fn a_port_in_use_is_named_over_udp_too() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = usage(&["serve", "epoll", "--transport", "udp", "--workload", "echo", "--bind", &address]);
    assert!(line.contains("another program listens there; try another port"), "{line}");
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    assert_eq!(
        usage(&["run", "--connections", "0"]),
        "concur: --connections can't be 0; try --connections 1,16,256"
    );
    assert!(usage(&["run", "--connections", "16,0"]).contains("--connections can't be 0"));
    assert!(usage(&["load", "127.0.0.1:1", "--connections", "0"]).contains("can't be 0"));
    assert!(usage(&["run", "--rounds", "0"]).contains("--rounds can't be 0"));
    assert!(usage(&["run", "--jobs", "0"]).contains("--jobs can't be 0"));
    assert!(usage(&["run", "--jobs", "1,2,0"]).contains("--jobs can't be 0"));
    assert!(usage(&["exec", "line", "--jobs", "0"]).contains("--jobs can't be 0"));
    assert!(usage(&["run", "--duration", "1ms"]).contains("--duration is too short"));
    assert!(usage(&["run", "--workload", "echo", "--message", "0"]).contains("--message can't be 0"));
    assert!(usage(&["run", "--path", "hello"]).contains("begins with a slash"));
    assert!(usage(&["load", "nowhere"]).contains("'nowhere' is not an address"));
}

#[test]
fn what_the_command_line_does_not_know_gets_one_line_too() {
    for arguments in [
        &["nope"][..],
        &["run", "--connections", "abc"],
        &["run", "--connections", "-1"],
        &["serve", "epoll", "--grace", "5"],
        &["serve"],
        &["run", "--nope"],
    ] {
        let line = usage(arguments);
        assert!(line.starts_with("concur: ") && line.contains("see concur --help"), "{line}");
    }
    assert!(usage(&["serve", "epoll", "--bind", "foo"]).contains("try 127.0.0.1:8888"));
    assert!(usage(&["run", "--timeout", "0s"]).contains("--timeout can't be 0"));
    assert!(usage(&["load", "127.0.0.1:1", "--timeout", "0s"]).contains("can't be 0"));
    assert!(usage(&["load", "127.0.0.1:1", "--cpus", "99999"]).contains("there is no processor 99999"));
    assert!(usage(&["serve", "epoll", "--cpus", "99999"]).contains("--cpus"));
    assert!(usage(&["run", "--jobs", "100000"]).contains("at most --jobs 10000"));
    assert!(usage(&["run", "--models", "epoll,poll,epoll"]).contains("names something twice"));
}

#[test]
fn an_option_that_no_suite_heeds_is_refused_in_one_line() {
    for (option, value) in [
        ("--jobs", "4"),
        ("--tasks", "primes"),
        ("--executors", "line"),
        ("--size", "full"),
        ("--models", "epoll"),
    ] {
        let said = usage(&["run", "--suite", "ipc", option, value]);
        assert!(said.contains(option) && said.contains("and the suite has none; leave it out"), "{said}");
    }
    let said = usage(&["run", "--suite", "spawn", "--cmd", "mine=server {port}"]);
    assert!(said.contains("--cmd is for servers"), "{said}");
    let said = usage(&["run", "--suite", "switch", "--python", "pypy3"]);
    assert!(said.contains("--python is for servers and tasks"), "{said}");
    let said = usage(&["run", "--suite", "servers", "--jobs", "4"]);
    assert!(said.contains("--jobs is for tasks"), "{said}");
    let said = usage(&["run", "--suite", "tasks", "--models", "epoll"]);
    assert!(said.contains("--models is for servers"), "{said}");
}

#[test]
fn two_runs_never_share_a_directory() {
    let place = tempfile::tempdir().unwrap();
    let run = |out: &[&str]| {
        let mut command = concur();
        command
            .current_dir(place.path())
            .args(["run", "--suite", "tasks", "--tasks", "wait", "--rounds", "1"]);
        command.args(["--jobs", "1", "--executors", "line", "--python", "none"]).args(out);
        command
    };
    let both = [run(&[]).spawn().unwrap(), run(&[]).spawn().unwrap()];
    for mut child in both {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(fs::read_dir(place.path().join("runs")).unwrap().count(), 2);
    run(&["--out", "mine"]).assert().success();
    let line = refused(&mut run(&["--out", "mine"]), 2);
    assert!(line.contains("mine holds a run already"), "{line}");
}

#[test]
fn too_few_descriptors_are_said_before_anything_starts() {
    let out = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_concur");
    let run = format!("ulimit -n 64; exec {program} run --connections 64 --out {}", out.path().display());
    let line = refused(Command::new("sh").args(["-c", &run]), 2);
    assert!(line.contains("the limit is 64; raise it with `ulimit -n"), "{line}");
    assert!(fs::read_dir(out.path()).unwrap().next().is_none(), "nothing was begun");
}

#[test]
fn an_unreadable_record_gets_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    assert!(usage(&["report", &path("missing.json")]).contains("missing.json"));
    assert!(usage(&["report", directory.path().to_str().unwrap()]).contains("run.json"));
    fs::write(path("empty.json"), "").unwrap();
    fs::write(path("half.json"), "{\"schema\": 1, \"cells\": [").unwrap();
    fs::write(path("future.json"), "{\"schema\": 99}").unwrap();
    for name in ["empty.json", "half.json", "future.json"] {
        let line = usage(&["report", &path(name)]);
        assert!(line.contains(name), "{line}");
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let line = usage(&["run", "--out", file.join("run").to_str().unwrap()]);
    assert!(line.contains("try another one with --out"), "{line}");
}

#[test]
fn a_server_that_is_not_there_is_a_failed_load() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let arguments = ["load", &free.to_string(), "--duration", "200ms", "--connections", "2", "--json"];
    let output = concur().args(arguments).assert().code(1).get_output().stdout.clone();
    let answer: Value = serde_json::from_slice(&output).unwrap();
    assert!(answer["errors"]["connect"].as_u64().unwrap() > 0, "{answer}");
    assert!(answer["first_error"].as_str().is_some(), "{answer}");
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

/// What `concur run` says to these arguments, having begun nothing.
fn run_refused(arguments: &str) -> String {
    let out = tempfile::tempdir().unwrap();
    let line = refused(concur().arg("run").args(arguments.split(' ')).arg("--out").arg(out.path()), 2);
    assert!(fs::read_dir(out.path()).unwrap().next().is_none(), "nothing was begun");
    line
}

#[test]
fn durations_beyond_a_day_are_refused_alike() {
    let endless = "18446744073709551615s";
    for option in ["--think", "--timeout", "--duration", "--warm-up"] {
        for line in [usage(&["run", option, endless]), usage(&["load", "127.0.0.1:1", option, endless])] {
            let wanted =
                format!("concur: a load can't take more than a day, and {option} is longer; try {option} 2s");
            assert_eq!(line, wanted);
        }
    }
}

#[test]
fn a_load_that_makes_no_sense_is_refused_before_the_first_cell() {
    for (arguments, said) in [
        ("--new-connections --slow 1", "must then stay open too"),
        ("--new-connections --idle 5", "must then stay open too"),
        ("--new-connections --beside /hello", "must then stay open too"),
        ("--suite idle --new-connections", "must then stay open too"),
        ("--new-connections --pipeline 2", "no room for several"),
        ("--beside /hello --beside-connections 0", "--beside-connections can't be 0"),
        ("--beside-connections 2", "--beside"),
        ("--pipeline 0", "can't be under way at once"),
        ("--pipeline 5000", "try 1 to 4096"),
        ("--rate 0", "0 requests a second can't be asked for"),
        ("--rate 1e9", "requests a second can't be asked for"),
        ("--rate 1 --duration 100ms", "is fewer than 10 requests; try --duration 10s"),
        ("--rate 100 --think 1ms", "cannot be used with"),
        ("--knee --think 1ms", "cannot be used with"),
    ] {
        let line = run_refused(arguments);
        assert!(line.contains(said), "{arguments}: {line}");
    }
    let line = usage(&["load", "127.0.0.1:1", "--rate", "1", "--duration", "100ms"]);
    assert_eq!(line, "concur: --rate 1 for 100ms is fewer than 10 requests; try --duration 10s");
}

#[test]
fn more_connections_than_can_be_counted_are_refused_and_no_panic() {
    let most = usize::MAX.to_string();
    for line in [
        run_refused(&format!("--models epoll --connections {most} --idle 5")),
        usage(&["load", "127.0.0.1:1", "--connections", &most, "--idle", &most]),
    ] {
        assert!(line.contains("raise it with `ulimit -n"), "{line}");
    }
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
fn an_option_that_nothing_would_heed_is_refused() {
    for option in [
        "--workload http",
        "--path /",
        "--message 9",
        "--transport unix",
        "--connections 5",
        "--rate 100",
        "--knee",
        "--idle 5",
        "--new-connections",
        "--pipeline 2",
        "--think 1ms",
        "--slow 1",
        "--beside /",
    ] {
        let name = option.split(' ').next().unwrap();
        let line = run_refused(&format!("--suite stevens {option}"));
        assert_eq!(
            line,
            format!(
                "concur: Stevens' comparison has a load of its own; leave {name} out, or name another --suite"
            )
        );
        let line = run_refused(&format!("--suite tasks {option}"));
        assert!(line.starts_with(&format!("concur: {name} is for servers")), "{line}");
    }
    for (arguments, said) in [
        ("--suite idle --knee", "--knee compares servers"),
        ("--suite idle --transport udp --workload echo", "over UDP there are no idle connections"),
        ("--schedule poisson", "--schedule spaces the requests of an open loop; give it a --rate"),
        ("--budget 1h", "--until"),
    ] {
        let line = run_refused(arguments);
        assert!(line.contains(said), "{arguments}: {line}");
    }
}

#[test]
fn a_budget_that_five_rounds_do_not_go_into_is_refused() {
    let run = "--suite servers --models epoll --again none --until 2% --duration 1s --warm-up 100ms";
    let line = run_refused(&format!("{run} --budget 5s"));
    assert!(
        line.contains("--until takes 5 rounds at least, which need about 7s here, and --budget is 5s"),
        "{line}"
    );
    let line = run_refused(&format!("{run} --knee --budget 50s"));
    assert!(line.contains("which need about 57s here"), "{line}");
}
