//! What `concur load` says of all this.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::servers::{echo, echo_after, server};

fn concur(address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concur"));
    command.args(["load", address, "--workload", "echo", "--warm-up", "100ms"]).args(arguments);
    command
}

/// The exit code, and what was printed.
fn said(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The one line of a command that can't be carried out.
fn usage(arguments: &[&str]) -> String {
    let (code, out, line) = said(&mut concur("127.0.0.1:1", arguments));
    assert_eq!((code, out.as_str(), line.lines().count()), (2, "", 1), "{line}");
    line
}

#[test]
fn an_open_loop_answers_with_both_latencies_and_its_lag() {
    let address = server(echo).to_string();
    let arguments = ["--rate", "1000", "--schedule", "poisson", "--seed", "9", "--duration", "1s", "--json"];
    let (_, out, _) = said(&mut concur(&address, &arguments));
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&answer["rate"], &answer["seed"]), (&1000.0.into(), &9.into()), "{answer}");
    assert_eq!(answer["schedule"], "poisson");
    assert!(answer["offered"].as_u64().is_some_and(|due| due > 0) && answer["left"].is_u64(), "{answer}");
    for name in ["latency_us", "uncorrected_latency_us", "lag_us"] {
        assert!(answer[name]["p50"].is_f64(), "{name}: {answer}");
    }
}

#[test]
fn a_rate_that_cannot_be_reached_is_said_and_the_figures_are_printed() {
    let address = server(echo_after(Duration::from_millis(20))).to_string();
    let arguments = ["--rate", "1000", "--connections", "2", "--duration", "500ms", "--timeout", "500ms"];
    let (code, text, _) = said(&mut concur(&address, &arguments));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(" of 1,000 requests a second left: "), "{text}");
    assert!(text.contains("from when they left p50 ") && text.contains("every reply was right"), "{text}");
    let (code, out, _) = said(concur(&address, &arguments).arg("--json"));
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert!(answer["rate_missed"].as_str().unwrap().starts_with("only "), "{answer}");
    assert!(answer["left"].as_u64() < answer["offered"].as_u64(), "{answer}");
}

#[test]
fn a_percentile_without_enough_replies_is_told_with_what_would_do() {
    let address = server(echo_after(Duration::from_millis(1))).to_string();
    let arguments = ["--percentile", "99.9999", "--percentile", "50", "--duration", "300ms"];
    let (code, text, _) = said(&mut concur(&address, &arguments));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("p99.9999 needs 10,000,000 replies and there were "), "{text}");
    assert!(text.contains("; try --duration ") && text.contains("\np50 "), "{text}");
    let (_, out, _) = said(concur(&address, &arguments).arg("--json"));
    let answer: Value = serde_json::from_str(&out).unwrap();
    let percentiles = answer["percentiles"].as_array().unwrap();
    assert!(percentiles[0]["latency_us"].is_null() && percentiles[0]["reason"].is_string(), "{answer}");
    assert!(percentiles[1]["latency_us"].is_f64() && percentiles[1]["reason"].is_null(), "{answer}");
}

#[test]
fn a_rate_that_never_comes_to_a_percentile_is_refused_before_anything_starts() {
    assert_eq!(
        usage(&["--rate", "1000", "--duration", "5s", "--percentile", "99.99"]).trim(),
        "concur: p99.99 needs 100,000 replies, and 1000 requests a second for 5s are 5,000; try --duration 1m 40s"
    );
}

#[test]
fn loads_that_make_no_sense_get_one_line() {
    for (arguments, words) in [
        (&["--rate", "0"][..], "0 requests a second can't be asked for"),
        (&["--rate", "nan"], "can't be asked for"),
        (&["--rate", "10", "--think", "1s"], "cannot be used with"),
        (&["--schedule", "poisson"], "--rate"),
        (&["--pipeline", "0"], "can't be under way at once"),
        (&["--pipeline", "2", "--new-connections"], "no room for several"),
        (&["--idle", "2", "--new-connections"], "must then stay open too"),
        (&["--beside", "/cpu/9"], "--beside asks an HTTP server"),
        (&["--beside-connections", "2"], "--beside"),
        (&["--percentile", "100"], "--percentile can't be 100"),
        (&["--histogram-log", "/nonexistent/log"], "can't write the histogram log"),
        (&["--transport", "udp", "--slow", "1"], "over UDP"),
        (&["--duration", "2days"], "can't take more than a day"),
    ] {
        let line = usage(arguments);
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn company_and_what_it_comes_to_are_told() {
    let server = Command::new(env!("CARGO_BIN_EXE_concur"))
        .args(["serve", "epoll", "--bind", "127.0.0.1:0", "--with-parent"])
        .arg(std::process::id().to_string())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .map(Guard)
        .unwrap();
    let address = server.address();
    let mut command = Command::new(env!("CARGO_BIN_EXE_concur"));
    command.args(["load", &address, "--duration", "500ms", "--connections", "2", "--pipeline", "3"]);
    command.args(["--think", "5ms", "--idle", "4", "--slow", "1", "--beside", "/bytes/9"]);
    let (code, text, _) = said(&mut command);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("3 requests under way on each, pauses of 5000 us, 4 more idle, 1 more slow"),
        "{text}"
    );
    assert!(text.contains("replies to /bytes/9, latency p50"), "{text}");
    let (_, out, _) = said(command.arg("--json"));
    let answer: Value = serde_json::from_str(&out).unwrap();
    let shape = serde_json::json!({
        "pipeline": 3, "think_us": 5000.0, "idle_connections": 4, "slow_connections": 1,
        "beside_connections": 1, "beside_request": "/bytes/9"
    });
    assert_eq!(answer["shape"], shape);
    assert!(answer["beside"]["requests"].as_u64().unwrap() > 0, "{answer}");
}

/// A server process that ends with the test.
struct Guard(std::process::Child);

impl Guard {
    /// Where it says it listens.
    fn address(&self) -> String {
        use std::io::{BufRead, BufReader};
        // The first line is read through a handle of its own; nothing else is said.
        let stdout = self.0.stdout.as_ref().unwrap();
        let handle = std::os::fd::AsFd::as_fd(stdout).try_clone_to_owned().unwrap();
        let mut line = String::new();
        BufReader::new(std::fs::File::from(handle)).read_line(&mut line).unwrap();
        line.trim().rsplit(' ').next().unwrap().to_owned()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
