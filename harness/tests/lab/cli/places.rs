//! Where a server listens and where a record lies: what is taken, missing, or does not go with the transport.

use std::fs;
use std::net::TcpListener;

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;

use super::{refused, usage};
use crate::common::concur;

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = usage(&["serve", "epoll", "--bind", &address]);
    assert!(line.starts_with(&format!("concur: can't listen on {address}: ")), "{line}");
    assert!(line.contains("another program listens there; try another port"), "{line}");
}

#[test]
fn a_port_in_use_is_named_over_udp_too() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = usage(&["serve", "epoll", "--transport", "udp", "--workload", "echo", "--bind", &address]);
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
fn a_server_that_is_not_there_is_a_failed_load() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let arguments = ["load", &free.to_string(), "--duration", "200ms", "--connections", "2", "--json"];
    let output = concur().args(arguments).assert().code(1).get_output().stdout.clone();
    let answer: Value = serde_json::from_slice(&output).unwrap();
    assert!(answer["errors"]["connect"].as_u64().unwrap() > 0, "{answer}");
    assert!(answer["first_error"].as_str().is_some(), "{answer}");
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
