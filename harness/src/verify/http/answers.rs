//! What a server answers: every route, one request after another and several at once, to clients fast and slow.

use std::thread;
use std::time::Duration;

use super::super::case::{Case, Verdict, Within, ensure};
use super::super::client::Client;
use super::super::common::{self, stays_small};
use super::super::subject::Subject;
use super::talk::{Http, ask_alone, get, request};
use super::{LARGE_BYTES, PROTOCOL, is_bytes, is_hello, needs_bytes, needs_wait};

/// Between packets that must not travel together.
const PAUSE: Duration = Duration::from_millis(1);
/// Between the parts of a request from somebody slow.
const SLOW_PAUSE: Duration = Duration::from_millis(20);
/// How many requests one connection carries.
const REQUESTS: usize = 100;
/// How much a client who never reads asks for: with replies that are larger than the requests.
const FLOOD_BYTES: usize = 64 << 20;
/// What is under way when the server is asked to stop.
const DRAINED_BYTES: usize = 16 << 20;
const DRAINED_WAIT_MS: u64 = 500;
/// Time for a server to have begun what it was just asked.
const A_MOMENT: Duration = Duration::from_millis(100);

pub(super) fn cases() -> Vec<Case> {
    let parts = [pages(), connections(), deliveries(), stops()];
    parts.into_iter().flatten().collect()
}

/// What is answered.
fn pages() -> Vec<Case> {
    vec![
        Case::shared("get", "GET /hello is 200, with the same body every time (RFC 9110, 9.3.1).", get_hello),
        Case::shared(
            "head",
            "HEAD gets the status and the length that GET gets, and no body, so that the next reply is understood (RFC \
             9110, 9.3.2).",
            head,
        ),
        Case::shared(
            "head-everywhere",
            "HEAD never gets a body: not with a large page, not with one that takes time, not with a 404.",
            head_everywhere,
        ),
        Case::shared(
            "not-found",
            "What is not there is 404, and the connection goes on (RFC 9110, 15.5.5).",
            not_found,
        ),
        Case::shared(
            "method-not-allowed",
            "A method that a page does not have is 405, with an Allow field that lists those it has (RFC 9110, 15.5.6).",
            method_not_allowed,
        ),
        Case::shared(
            "method-unknown",
            "A method that nobody knows is 501, or 405 (RFC 9110, 9.1).",
            |subject| ask_alone(subject, &request("BREW", "/hello", "", b""))?.expect_status(&[501, 405]),
        ),
    ]
}

/// How many requests a connection carries, and in which forms they may come.
fn connections() -> Vec<Case> {
    vec![
        Case::shared("keep-alive", "One connection carries a hundred requests (RFC 9112, 9.3).", keep_alive),
        Case::shared(
            "close",
            "Who asks for Connection: close gets it with the reply, and then the end (RFC 9112, 9.6).",
            close,
        ),
        Case::shared(
            "http-1.0",
            "A client of HTTP/1.0, with no Host, gets its reply and then the end (RFC 9112, 9.3).",
            old_client,
        ),
        Case::shared(
            "http-1.0-keep-alive",
            "A client of HTTP/1.0 who asks to keep the connection is told that it stays, and it does; or it is closed \
             (RFC 9112, 9.3 and C.2.2).",
            old_client_keeps_alive,
        ),
        Case::shared(
            "absolute-form",
            "A target may be a whole address, as a proxy is sent it (RFC 9112, 3.2.2).",
            absolute_form,
        ),
        Case::shared(
            "leading-empty-line",
            "An empty line before a request is passed over (RFC 9112, 2.2).",
            leading_empty_line,
        ),
        Case::shared(
            "field-names",
            "Names of fields and options mean the same in any case (RFC 9110, 5.1 and 7.6.1).",
            field_names,
        ),
    ]
}

/// How requests arrive, and how replies are taken.
fn deliveries() -> Vec<Case> {
    vec![
        Case::shared(
            "pipelining",
            "Twenty requests sent together are answered in their order (RFC 9112, 9.3.2).",
            pipelining,
        ),
        Case::shared(
            "pipelining-waits",
            "Requests that take time keep their places in the line: nobody's answer overtakes another's.",
            pipelining_waits,
        ),
        Case::shared(
            "split-requests",
            "A request comes byte by byte in packets of its own, and is answered as if it came whole.",
            split_requests,
        ),
        Case::shared(
            "joined-requests",
            "Two requests and a half come in one packet: two answers, and the third when the rest is there.",
            joined_requests,
        ),
        Case::shared(
            "half-close",
            "A client asks, then says that it sends no more: it still gets the whole answer, and then the end.",
            half_close,
        ),
        Case::shared(
            "slow-sender",
            "A request takes its time to come; it is answered, and others are served meanwhile.",
            slow_sender,
        ),
        Case::shared("large-body", "A body of 10 MB arrives whole.", large_body),
        Case::own(
            "slow-reader",
            "A client asks for 64 MiB and reads nothing for a while: the server's memory grows by less than 32 MiB, and \
             then the client gets all of it.",
            slow_reader,
        ),
        Case::own(
            "flood",
            "A client sends request after request and reads no reply: the server's memory grows by less than 32 MiB, \
             and others are served.",
            flood,
        ),
    ]
}

/// What becomes of a request when the server is asked to stop.
fn stops() -> Vec<Case> {
    vec![
        Case::own(
            "drain-waiting",
            "A request that waits for something slow when SIGTERM comes is answered whole.",
            drain_waiting,
        ),
        Case::own(
            "drain-large",
            "A large reply that is under way when SIGTERM comes arrives whole.",
            drain_large,
        ),
    ]
}

fn get_hello(subject: &mut Subject) -> Verdict {
    for time in ["the first time", "the second time"] {
        let client = Client::connect(subject)?;
        (PROTOCOL.exchange)(&client).within(time)?;
    }
    Ok(())
}

fn head(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let with_body = http.ask(&get("/hello"))?;
    let without = http.ask(&request("HEAD", "/hello", "", b""))?;
    without.expect_status(&[200])?;
    // A length that GET gives HEAD may leave out, but not change.
    let lengths = (without.field("Content-Length"), with_body.field("Content-Length"));
    ensure(lengths.0.is_none() || lengths.0 == lengths.1, || {
        format!("Content-Length is {:?} with HEAD and {:?} with GET", lengths.0, lengths.1)
    })?;
    let next = http.ask(&get("/hello")).within("the request after a HEAD")?;
    is_hello(&client, &next)
}

fn head_everywhere(subject: &mut Subject) -> Verdict {
    for path in ["/", "/hello", "/bytes/100000", "/wait/1", "/nothing-is-here"] {
        let status = ask_alone(subject, &get(path)).within(path)?.status;
        let client = Client::connect(subject)?;
        let mut http = Http::over(&client);
        let reply = http.ask(&request("HEAD", path, "Connection: close\r\n", b"")).within(path)?;
        reply.expect_status(&[status]).within(path)?;
        http.end().within(format!("after HEAD {path}"))?;
    }
    Ok(())
}

fn not_found(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let reply = http.ask(&get("/nothing-is-here"))?;
    reply.expect_status(&[404])?;
    if reply.persists() {
        is_hello(&client, &http.ask(&get("/hello")).within("the request after a 404")?)?;
    }
    Ok(())
}

fn method_not_allowed(subject: &mut Subject) -> Verdict {
    for method in ["POST", "DELETE"] {
        let reply = ask_alone(subject, &request(method, "/hello", "Content-Length: 0\r\n", b""))?;
        reply.expect_status(&[405]).within(method)?;
        ensure(reply.lists("Allow", "GET"), || {
            format!(
                "the 405 to {method} says Allow: {}, without GET",
                reply.field("Allow").unwrap_or("nothing")
            )
        })?;
    }
    Ok(())
}

fn keep_alive(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    for number in 1..=REQUESTS {
        let place = format!("request {number} of {REQUESTS}");
        let reply = http.ask(&get("/hello")).within(&place)?;
        is_hello(&client, &reply).within(&place)?;
        ensure(reply.persists(), || format!("{place}: the reply ends the connection"))?;
    }
    http.no_more()
}

fn close(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let reply = http.ask(&request("GET", "/hello", "Connection: close\r\n", b""))?;
    is_hello(&client, &reply)?;
    ensure(reply.lists("Connection", "close"), || "the reply does not say Connection: close".to_owned())?;
    http.end()
}

fn old_client(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let reply = http.ask(b"GET /hello HTTP/1.0\r\n\r\n")?;
    is_hello(&client, &reply)?;
    ensure(reply.field("Transfer-Encoding").is_none(), || {
        "a client of HTTP/1.0 was sent a transfer coding (RFC 9112, 6.1)".to_owned()
    })?;
    http.end()
}

fn old_client_keeps_alive(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let keep = b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let reply = http.ask(keep)?;
    is_hello(&client, &reply)?;
    if !reply.lists("Connection", "keep-alive") {
        return http.end().within("the reply does not say Connection: keep-alive");
    }
    is_hello(&client, &http.ask(keep).within("the reply said Connection: keep-alive")?)
}

fn absolute_form(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let reply = Http::over(&client).ask(&get("http://verify.test/hello"))?;
    is_hello(&client, &reply)
}

fn leading_empty_line(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    client.send(b"\r\n")?;
    (PROTOCOL.exchange)(&client)
}

fn field_names(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let reply = http.ask(b"GET /hello HTTP/1.1\r\nhOST: verify.test\r\ncONNECTION: cLOSE\r\n\r\n")?;
    is_hello(&client, &reply)?;
    http.end()
}

fn pipelining(subject: &mut Subject) -> Verdict {
    needs_bytes(subject)?;
    let client = Client::connect(subject)?;
    let requests: Vec<Vec<u8>> = (1..=20).map(|length| get(&format!("/bytes/{length}"))).collect();
    client.send(&requests.concat())?;
    let mut http = Http::over(&client);
    for length in 1..=20 {
        let place = format!("reply {length} of 20");
        is_bytes(subject, &http.reply("GET").within(&place)?, length).within(&place)?;
    }
    http.no_more()
}

fn pipelining_waits(subject: &mut Subject) -> Verdict {
    needs_wait(subject)?;
    needs_bytes(subject)?;
    let client = Client::connect(subject)?;
    let paths = ["/bytes/3", "/wait/40", "/bytes/200000", "/wait/10", "/bytes/5"];
    client.send(&paths.map(get).concat())?;
    let mut http = Http::over(&client);
    for (index, path) in paths.into_iter().enumerate() {
        let place = format!("reply {} of {}, to {path}", index + 1, paths.len());
        let reply = http.reply("GET").within(&place)?;
        match path.strip_prefix("/bytes/").and_then(|length| length.parse().ok()) {
            Some(length) => is_bytes(subject, &reply, length),
            // What it says is up to the server, but it is none of the others.
            None => {
                reply.expect_status(&[200]).and(ensure(![3, 200_000, 5].contains(&reply.body.len()), || {
                    format!("{} bytes of another request's answer came", reply.body.len())
                }))
            }
        }
        .within(&place)?;
    }
    http.no_more()
}

fn split_requests(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    for _ in 0..2 {
        client.send_slowly(get("/hello").chunks(1), PAUSE)?;
        is_hello(&client, &http.reply("GET")?)?;
    }
    http.no_more()
}

fn joined_requests(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let requests = get("/hello").repeat(3);
    let cut = requests.len() * 5 / 6;
    client.send(&requests[..cut])?;
    for place in ["the first request", "the second request"] {
        is_hello(&client, &http.reply("GET").within(place)?).within(place)?;
    }
    thread::sleep(SLOW_PAUSE);
    client.send(&requests[cut..])?;
    is_hello(&client, &http.reply("GET").within("the third request")?)?;
    http.no_more()
}

fn half_close(subject: &mut Subject) -> Verdict {
    let paths: &[&str] = if needs_wait(subject).is_ok() { &["/hello", "/wait/50"] } else { &["/hello"] };
    for path in paths {
        let client = Client::connect(subject)?;
        client.send(&get(path))?;
        client.half_close()?;
        let mut http = Http::over(&client);
        http.reply("GET").within(path)?.expect_status(&[200]).within(path)?;
        http.end().within(format!("after {path}"))?;
    }
    Ok(())
}

fn slow_sender(subject: &mut Subject) -> Verdict {
    let slow = Client::connect(subject)?;
    for part in get("/hello").chunks(6) {
        slow.send(part)?;
        if subject.has_room_for_two() {
            common::serve_one(subject, &PROTOCOL).within("another client meanwhile")?;
        }
        thread::sleep(SLOW_PAUSE);
    }
    is_hello(&slow, &Http::over(&slow).reply("GET")?)
}

fn large_body(subject: &mut Subject) -> Verdict {
    needs_bytes(subject)?;
    let length = 10_000_000;
    is_bytes(subject, &ask_alone(subject, &get(&format!("/bytes/{length}")))?, length)
}

fn slow_reader(subject: &mut Subject) -> Verdict {
    needs_bytes(subject)?;
    let client = Client::connect(subject)?;
    stays_small(subject, || {
        (PROTOCOL.burden)(&client)?;
        client.wait_for_something()
    })?;
    is_bytes(subject, &Http::over(&client).reply("GET").within("reading at last")?, LARGE_BYTES)
}

fn flood(subject: &mut Subject) -> Verdict {
    let path = if needs_bytes(subject).is_ok() { "/bytes/10000" } else { "/hello" };
    let client = Client::connect(subject)?;
    stays_small(subject, || client.pour(&get(path), FLOOD_BYTES).map(|_| ()))?;
    if subject.has_room_for_two() {
        common::serve_one(subject, &PROTOCOL).within("another client meanwhile")?;
    }
    Ok(())
}

fn drain_waiting(subject: &mut Subject) -> Verdict {
    needs_wait(subject)?;
    let client = Client::connect(subject)?;
    client.send(&get(&format!("/wait/{DRAINED_WAIT_MS}")))?;
    thread::sleep(A_MOMENT);
    subject.ask_to_stop()?;
    let mut http = Http::over(&client);
    http.reply("GET").within("after SIGTERM")?.expect_status(&[200])?;
    http.end().within("after the reply")?;
    drop(client);
    subject.has_stopped()
}

fn drain_large(subject: &mut Subject) -> Verdict {
    needs_bytes(subject)?;
    let client = Client::connect(subject)?;
    client.send(&get(&format!("/bytes/{DRAINED_BYTES}")))?;
    thread::sleep(A_MOMENT); // and none of it is read, so that it does not fit
    subject.ask_to_stop()?;
    thread::sleep(A_MOMENT);
    let mut http = Http::over(&client);
    is_bytes(subject, &http.reply("GET").within("after SIGTERM")?, DRAINED_BYTES)?;
    http.end().within("after the reply")?;
    drop(client);
    subject.has_stopped()
}
