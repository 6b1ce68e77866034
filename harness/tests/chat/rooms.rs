//! A room under every model that can carry one, and the sentence of each that can't.

use std::collections::BTreeSet;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use harness::transport::Transport;
use models::datagram::datagram_servers;
use models::server::{Room, servers};
use serde_json::Value;

use crate::common::{children_of, concur, ended_in_order, eventually, runnable, send, side_by_side};
use crate::members::{Member, room};

/// What `concur verify` finds; the names of cases by their outcome.
pub(crate) fn graded(arguments: &[&str]) -> (Value, impl Fn(&str) -> BTreeSet<String> + use<>) {
    let output =
        concur().arg("verify").args(arguments).args(["--workload", "chat", "--json"]).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let cases = answer["suites"][0]["cases"].as_array().unwrap().clone();
    let with = move |outcome: &str| {
        let of = cases.iter().filter(|case| case["outcome"] == outcome);
        of.map(|case| case["name"].as_str().unwrap().to_owned()).collect()
    };
    (answer, with)
}

#[test]
fn every_datagram_model_is_a_room_that_passes_every_case() {
    side_by_side(datagram_servers(), |model| {
        let (answer, with) = graded(&[model.name, "--transport", "udp", "--patience", "20s"]);
        assert_eq!(with("failed"), BTreeSet::new(), "{}: {answer:#}", model.name);
        // What only a stream has.
        let skipped = ["gone-without-a-word", "split-lines"].map(str::to_owned);
        assert_eq!(with("skipped"), BTreeSet::from(skipped), "{}: {answer:#}", model.name);
    });
}

#[test]
fn every_stream_model_that_can_is_a_room_that_passes_every_case() {
    let models = runnable().filter(|model| model.family != "processes");
    let roomy = models.filter(|model| match model.usual_room() {
        Room::One => false,
        Room::Workers(workers) => workers >= 3,
        _ => true,
    });
    side_by_side(roomy, |model| {
        let (answer, with) = graded(&[model.name, "--patience", "20s"]);
        assert_eq!(with("failed"), BTreeSet::new(), "{}: {answer:#}", model.name);
        assert_eq!(with("skipped"), BTreeSet::new(), "{}: {answer:#}", model.name);
    });
}

#[test]
fn a_room_over_a_unix_socket_passes_every_case() {
    for model in ["thread", "epoll"] {
        let (answer, with) = graded(&[model, "--transport", "unix", "--patience", "20s"]);
        assert_eq!(with("failed"), BTreeSet::new(), "{model}: {answer:#}");
    }
}

#[test]
fn a_model_whose_clients_can_not_hear_each_other_refuses_the_room() {
    for (model, why) in
        [("loop", "one client at a time"), ("fork", "share no memory"), ("prefork", "share no memory")]
    {
        let refused =
            concur().args(["serve", model, "--workload", "chat", "--bind", "127.0.0.1:0"]).assert().code(2);
        let said = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
        assert!(
            said.contains(why) && said.contains("try thread or epoll") && said.lines().count() == 1,
            "{said}"
        );
        // Nor is it graded.
        let (answer, with) = graded(&[model]);
        assert_eq!((with("passed").len(), with("failed").len()), (0, 0), "{answer:#}");
    }
}

#[test]
fn a_room_that_closes_says_what_has_happened_in_it_and_tells_its_members() {
    for model in datagram_servers() {
        let server = room(model.name, Transport::Udp, &[]);
        let mut anna = Member::enter(&server, Transport::Udp, "anna");
        let mut bob = Member::enter(&server, Transport::Udp, "bob");
        anna.expect("bob entered");
        bob.say("C anna I am a fool");
        bob.expect("NO that name is not yours");
        bob.say("C bob hello");
        anna.expect("bob said: hello");
        send(&server, nix::sys::signal::Signal::SIGTERM);
        anna.expect("EXIT");
        bob.expect("EXIT");
        eventually("the server ends", || !server.is_running());
        let ended = server.stop(crate::common::PATIENCE).unwrap();
        assert!(ended.status.success() && ended.leftovers == 0, "{}: {ended:?}", model.name);
        let summary = "2 member(s) at most, 1 line(s), 1 refused, 1 of them for somebody else";
        assert!(ended.stderr.contains(summary), "{}: {}", model.name, ended.stderr);
    }
}

#[test]
fn under_fork_the_console_is_a_child_whose_lines_nobody_else_can_send() {
    let mut server = room("fork", Transport::Udp, &[]);
    let mut anna = Member::enter(&server, Transport::Udp, "anna");
    assert_eq!(children_of(server.pid()).len(), 1);
    server.type_line("good morning").unwrap();
    anna.expect("administrator said: good morning");
    // Whoever guesses at what the child says has neither its address nor its word.
    let mut liar = Member::connect(&server, Transport::Udp);
    for line in
        ["administrator said: go home", "C administrator go home", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0Lgo home"]
    {
        liar.say(line);
        assert!(liar.hear().starts_with("NO "), "{line}");
    }
    server.end_input();
    let mut bob = Member::enter(&server, Transport::Udp, "bob");
    anna.expect("bob entered");
    bob.say("C bob hello");
    anna.expect("bob said: hello");
    assert_eq!(children_of(server.pid()).len(), 1, "it still tells the time");
    send(&server, nix::sys::signal::Signal::SIGTERM);
    ended_in_order(server);
}

#[test]
fn a_server_in_the_background_leaves_its_terminal_alone() {
    if Command::new("script").arg("--version").output().is_err() {
        return skipped!("there is no script(1) to make a terminal");
    }
    // With job control on, what runs in the background is in a group of its own; reading there would stop it.
    let program = env!("CARGO_BIN_EXE_concur");
    let said = tempfile::NamedTempFile::new().unwrap();
    let shell = format!(
        "set -m; {program} serve loop --workload chat --transport udp --bind 127.0.0.1:0 >{said} & \
         until grep -q listening {said} || ! kill -0 $!; do sleep 0.1; done; sleep 1; \
         echo \"state: $(ps -o stat= -p $!)\"; kill $!; kill -CONT $!; wait $!; echo \"ended: $?\"",
        said = said.path().display()
    );
    let mut script = Command::new("script");
    script.args(["-qec", &shell, "/dev/null"]).env("SHELL", "/bin/bash");
    let output = script.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let state = said.lines().find_map(|line| line.strip_prefix("state: ")).unwrap_or_default();
    assert!(state.starts_with(['S', 'R', 'D']) && said.contains("ended: 0"), "{said}");
}

#[test]
fn options_of_a_room_are_refused_elsewhere() {
    for (arguments, said) in [
        (&["epoll", "--max-members", "3"][..], "are a chat room's"),
        (&["epoll", "--workload", "chat", "--max-members", "0"], "--max-members can't be 0"),
        (&["epoll", "--workload", "chat", "--member-time", "0s"], "--member-time is more than 0"),
        (&["epoll", "--workload", "chat", "--broadcast-to", "127.255.255.255:9"], "where broadcast sends"),
        (&["epoll", "--workload", "broadcast"], "broadcast needs datagrams"),
        (&["loop", "--workload", "broadcast", "--transport", "udp", "--broadcast-to", "[::1]:9"], "IPv4"),
        (
            &["loop", "--workload", "broadcast", "--transport", "udp", "--bind", "0.0.0.0:9999"],
            "hear its own broadcast",
        ),
        (&["loop", "--workload", "records", "--transport", "udp"], "records needs a stream"),
    ] {
        let refused = concur().arg("serve").args(arguments).assert().code(2);
        let line = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
        assert!(line.contains(said) && line.lines().count() == 1, "{arguments:?}: {line}");
    }
    assert!(servers().iter().any(|model| model.name == "epoll"));
}
