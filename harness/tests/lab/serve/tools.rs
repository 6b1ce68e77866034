//! The tools that people point at a server get right answers from every model: curl, nc, wrk, ab, hey and a browser.
//! Where one of them is not installed, its part is skipped, and says so.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use models::server::Room;

use crate::common::{ip, runnable, serve, side_by_side, stop};

/// Runs a command and gives what it printed, or none if there is no such program here.
pub(crate) fn output(program: &str, arguments: &[&str], input: &str) -> Option<String> {
    let pipes = || Stdio::piped();
    let started =
        Command::new(program).args(arguments).stdin(pipes()).stdout(pipes()).stderr(pipes()).spawn();
    let Ok(mut child) = started else {
        skipped!("{program} is not installed here; .ci/run installs it");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {text}{}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

/// Calls `check` with each model that has room for `clients` at once, and the address of a server under it, a few at
/// the same time: some tools take a time of their own.
fn with_every_model(clients: usize, check: impl Fn(&str, SocketAddr) + Sync) {
    let models = runnable().filter(|model| clients == 1 || model.usual_room() != Room::One);
    side_by_side(models.map(|model| model.name).chain(["epoll:trigger=edge"]), |model| {
        let server = serve(model, &[]);
        check(model, ip(&server));
        stop(server);
    });
}

#[test]
fn curl_gets_pages_heads_and_a_large_body() {
    with_every_model(1, |model, address| {
        let url = |path: &str| format!("http://{address}{path}");
        let (hello, large, nothing) = (url("/hello"), url("/bytes/10000000"), url("/nothing"));
        let Some(text) = output("curl", &["-sS", "-m", "20", &hello, &url("/cpu/100"), &url("/wait/10")], "")
        else {
            return;
        };
        assert_eq!(text, "Hello World\n25\nwaited 10 ms\n", "{model}");
        let head = output("curl", &["-sSI", "-m", "20", &hello], "").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200 OK") && head.contains("Content-Length: 12\r\n"),
            "{model}: {head}"
        );
        let figures = ["-sS", "-m", "20", "-o", "/dev/null", "-w", "%{http_code} %{size_download}"];
        assert_eq!(
            output("curl", &[&figures[..], &[&large]].concat(), "").unwrap(),
            "200 10000000",
            "{model}"
        );
        let status = output("curl", &[&figures[..], &[&nothing]].concat(), "").unwrap();
        assert!(status.starts_with("404 "), "{model}: {status}");
        let old = output("curl", &["-sS0i", "-m", "20", &hello], "").unwrap();
        assert!(old.ends_with("\r\n\r\nHello World\n"), "{model}: {old}");
    });
}

#[test]
fn curl_gets_back_what_it_posts() {
    let long = (0..300_000).map(|number| number.to_string()).collect::<Vec<_>>().join("\n");
    with_every_model(1, |model, address| {
        let url = format!("http://{address}/echo");
        let post = ["-sSi", "-m", "60", "--data-binary", "@-", &url];
        let Some(text) = output("curl", &post, "hello\n") else { return };
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{model}: {text}");
        assert!(text.ends_with("Content-Length: 6\r\n\r\nhello\n"), "{model}: {text}");

        let chunked = ["-H", "Transfer-Encoding: chunked"];
        for body in ["", "hello\n", &long] {
            let text = output("curl", &[&chunked, &post[..]].concat(), body).unwrap();
            let (head, rest) = text.rsplit_once("\r\n\r\n").unwrap();
            assert!(head.ends_with("\r\nTransfer-Encoding: chunked"), "{model}: {head}");
            assert!(rest == body, "{model}: {} bytes", body.len());
        }

        let asking = ["-H", "Expect: 100-continue"];
        let text = output("curl", &[&asking, &post[..]].concat(), &long).unwrap();
        assert!(text.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "{model}");
        assert!(text.ends_with(&format!("\r\n\r\n{long}")), "{model}");

        let head = output("curl", &["-sSI", "-m", "20", &url], "").unwrap();
        assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("\r\nAllow: POST\r\n"), "{model}: {head}");
    });
}

#[test]
fn what_is_typed_into_nc_is_answered() {
    with_every_model(1, |model, address| {
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let typed = "GET /hello HTTP/1.1\r\nHost: nc\r\nConnection: close\r\n\r\n";
        let Some(reply) = output("nc", &["-w", "20", &host, &port], typed) else { return };
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{model}: {reply}");
        assert!(reply.ends_with("\r\n\r\nHello World\n"), "{model}: {reply}");
    });
}

#[test]
fn wrk_meets_no_error() {
    with_every_model(1, |model, address| {
        // The loop would leave all but one waiting.
        let connections = if model == "loop" { "1" } else { "16" };
        let url = format!("http://{address}/hello");
        let Some(text) = output("wrk", &["-t1", "-c", connections, "-d1s", &url], "") else { return };
        assert!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "{model}: {text}");
        assert!(!text.contains("\n  0 requests in"), "{model}: {text}");
    });
}

#[test]
fn ab_meets_no_failure_with_and_without_keep_alive() {
    with_every_model(1, |model, address| {
        let url = format!("http://{address}/hello");
        let concurrency = if model == "loop" { "1" } else { "16" };
        for keep_alive in [&["-k"][..], &[]] {
            let load = ["-q", "-n", "2000", "-c", concurrency, &url];
            let Some(text) = output("ab", &[keep_alive, &load].concat(), "") else { return };
            let figure = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.map(|rest| rest.trim().to_owned())
            };
            assert_eq!(figure("Complete requests:").as_deref(), Some("2000"), "{model}: {text}");
            assert_eq!(figure("Failed requests:").as_deref(), Some("0"), "{model}: {text}");
            assert_eq!(figure("HTML transferred:").as_deref(), Some("24000 bytes"), "{model}: {text}");
        }
    });
}

#[test]
fn hey_meets_no_failure_with_and_without_keep_alive() {
    with_every_model(1, |model, address| {
        let url = format!("http://{address}/hello");
        let concurrency = if model == "loop" { "1" } else { "16" };
        for keep_alive in [&["-disable-keepalive"][..], &[]] {
            let load = ["-n", "2000", "-c", concurrency, &url];
            let Some(text) = output("hey", &[keep_alive, &load].concat(), "") else { return };
            assert!(text.contains("[200]\t2000 responses"), "{model}: {text}");
            assert!(text.contains("24000 bytes"), "{model}: {text}");
            assert!(!text.contains("Error distribution"), "{model}: {text}");
        }
    });
}

#[test]
fn a_browser_shows_the_index_page() {
    with_every_model(1, |model, address| {
        let profile = tempfile::tempdir().unwrap();
        let data = format!("--user-data-dir={}", profile.path().display());
        let url = format!("http://{address}/");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--timeout=20000",
            &data,
            "--dump-dom",
            &url,
        ];
        let Some(page) = output("chromium", &arguments, "") else { return };
        assert!(page.contains("<title>") && page.contains("/hello"), "{model}: {page}");
    });
}
