//! What a server answers: every route, one request after another and several at once, to clients fast and slow.

use std::thread;
use std::time::{Duration, SystemTime};

use super::super::case::{Case, Verdict, Within, ensure, failed, skipped};
use super::super::client::Client;
use super::super::common::{self, stays_small};
use super::super::subject::Subject;
use super::talk::{Http, ask_alone, get, request};
use super::{LARGE_BYTES, NOWHERE, PROTOCOL, Paths, has, is_bytes, is_hello, needs_bytes, needs_wait};

/// Between packets that must not travel together.
const PAUSE: Duration = Duration::from_millis(1);
/// Between the parts of a request from somebody slow.
const SLOW_PAUSE: Duration = Duration::from_millis(20);
/// How many requests one connection carries.
const REQUESTS: usize = 100;
/// How much a client who never reads asks for: with replies that are larger than the requests.
const FLOOD_BYTES: usize = 64 << 20;
/// By how much a server's clock may differ from ours.
const CLOCKS_APART_AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);
/// How many requests are sent together.
const PIPELINED: usize = 20;
/// Time for a server to have begun what it was just asked.
const A_MOMENT: Duration = Duration::from_millis(100);
/// What the first of two clients waits for, as parts of the patience: one try after another, and never longer than this.
const WAITED_PARTS: [u32; 3] = [8, 4, 2];
const WAITED_AT_MOST: Duration = Duration::from_secs(10);
/// The second waits for this part of that.
const SHORTER_BY: u32 = 10;
/// A line that every server should take (RFC 9112, 3).
const LINE_BYTES: usize = 8_000;
/// What the lab's own servers take: a head of so many bytes and so many fields.
const OUR_HEAD_BYTES: usize = 16 << 10;
const OUR_FIELDS: usize = 100;
/// Why a case about the lab's own limits is skipped.
pub(super) const NOT_OURS: &str =
    "that is where the lab's own models draw the line; others may draw it elsewhere";

pub(super) fn cases() -> Vec<Case> {
    let parts = [pages(), connections(), limits(), deliveries()];
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
            "A method that a page does not have is 405, with an Allow field that lists those it has (RFC 9110, 15.5.6), \
             or 501 where the server does not have it at all (9.1).",
            method_not_allowed,
        ),
        Case::shared(
            "method-unknown",
            "A method that nobody knows is 501, or 405 (RFC 9110, 9.1).",
            |subject| ask_alone(subject, &request("BREW", "/hello", "", b""))?.expect_status(&[501, 405]),
        ),
        Case::shared(
            "date",
            "A reply, good or bad, says when it was made, once, in the form that all understand, and that is about now \
             (RFC 9110, 6.6.1).",
            dated,
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
            "waits-overlap",
            "A client who asks later for something quicker has it first: requests that wait do so side by side.",
            waits_overlap,
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
            "A client asks for 64 MiB and reads nothing for a while: the server's memory grows by less than 32 MiB, \
             others are served meanwhile, and then the client gets all of it.",
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

/// What may look odd, or large, and must be taken all the same.
fn limits() -> Vec<Case> {
    vec![
        Case::shared(
            "host-without-blank",
            "A field's value may follow the colon with no blank between them (RFC 9112, 5).",
            |subject| takes(subject, b"GET /hello HTTP/1.1\r\nHost:verify.test\r\n\r\n", 200),
        ),
        Case::shared(
            "line-of-8000-bytes",
            "A request line of 8,000 bytes is taken, as every server should: it asks for what is not there, which is a \
             404 and no complaint about its length (RFC 9112, 3).",
            |subject| {
                let path = "a".repeat(LINE_BYTES - "GET / HTTP/1.1\r\n".len());
                takes(subject, &get(&format!("/{path}")), 404)
            },
        ),
        Case::shared(
            "head-at-limit",
            "A head of 16 KiB, to the byte, is taken by the lab's own models.",
            |subject| {
                is_ours(subject)?;
                let rest = get("/hello").len() + "X: \r\n".len();
                let field = format!("X: {}\r\n", "a".repeat(OUR_HEAD_BYTES - rest));
                takes(subject, &request("GET", "/hello", &field, b""), 200)
            },
        ),
        Case::shared("fields-at-limit", "100 fields are taken by the lab's own models.", |subject| {
            is_ours(subject)?;
            takes(subject, &request("GET", "/hello", &"X: y\r\n".repeat(OUR_FIELDS - 1), b""), 200) // and the Host
        }),
    ]
}

fn is_ours(subject: &Subject) -> Verdict {
    if subject.facts().is_ours { Ok(()) } else { skipped(NOT_OURS) }
}

/// The request is answered with this status.
fn takes(subject: &Subject, request: &[u8], status: u16) -> Verdict {
    ask_alone(subject, request)?.expect_status(&[status])
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
    with_body.must_persist()?;
    let without = http.ask(&request("HEAD", "/hello", "", b""))?;
    without.expect_status(&[200])?;
    // A length that GET gives HEAD may leave out, but not change.
    let lengths = (without.field("Content-Length"), with_body.field("Content-Length"));
    ensure(lengths.0.is_none() || lengths.0 == lengths.1, || {
        format!("Content-Length is {:?} with HEAD and {:?} with GET", lengths.0, lengths.1)
    })?;
    without.must_persist()?;
    let next = http.ask(&get("/hello")).within("the request after a HEAD")?;
    is_hello(&client, &next)
}

fn head_everywhere(subject: &mut Subject) -> Verdict {
    for path in ["/", "/hello", "/bytes/100000", "/wait/1", NOWHERE] {
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
    let reply = http.ask(&get(NOWHERE))?;
    reply.expect_status(&[404])?;
    if reply.persists() {
        is_hello(&client, &http.ask(&get("/hello")).within("the request after a 404")?)?;
    }
    Ok(())
}

fn method_not_allowed(subject: &mut Subject) -> Verdict {
    for method in ["POST", "DELETE"] {
        let reply = ask_alone(subject, &request(method, "/hello", "Content-Length: 0\r\n", b""))?;
        reply.expect_status(&[405, 501]).within(method)?;
        ensure(reply.status == 501 || reply.lists("Allow", "GET"), || {
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
    (PROTOCOL.exchange)(&client).map(|_| ())
}

fn field_names(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let reply = http.ask(b"GET /hello HTTP/1.1\r\nhOST: verify.test\r\ncONNECTION: cLOSE\r\n\r\n")?;
    is_hello(&client, &reply)?;
    http.end()
}

fn pipelining(subject: &mut Subject) -> Verdict {
    // Each is answered in its own way; where there is no /bytes, at least no two neighbours get the same.
    let paths = Paths::of(subject)?;
    let client = Client::connect(subject)?;
    let requests: Vec<Vec<u8>> = (0..PIPELINED).map(|number| paths.request(number)).collect();
    client.send(&requests.concat())?;
    let mut http = Http::over(&client);
    for number in 0..PIPELINED {
        let place = format!("reply {} of {PIPELINED}", number + 1);
        let reply = http.reply("GET").within(&place)?;
        paths.check(&client, &reply, number).within(&place)?;
        if number + 1 < PIPELINED {
            reply.must_persist()?;
        }
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
        if index + 1 < paths.len() {
            reply.must_persist()?;
        }
        match path.strip_prefix("/bytes/").and_then(|length| length.parse().ok()) {
            Some(length) => is_bytes(&client, &reply, length),
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
        let reply = http.reply("GET")?;
        is_hello(&client, &reply)?;
        if !reply.persists() {
            return http.end();
        }
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
        let reply = http.reply("GET").within(place)?;
        is_hello(&client, &reply).within(place)?;
        reply.must_persist()?;
    }
    thread::sleep(SLOW_PAUSE);
    client.send(&requests[cut..])?;
    is_hello(&client, &http.reply("GET").within("the third request")?)?;
    http.no_more()
}

fn half_close(subject: &mut Subject) -> Verdict {
    let paths: &[&str] = if has(needs_wait(subject))? { &["/hello", "/wait/50"] } else { &["/hello"] };
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
        common::others_are_served(subject, &PROTOCOL)?;
        thread::sleep(SLOW_PAUSE);
    }
    is_hello(&slow, &Http::over(&slow).reply("GET")?)
}

fn large_body(subject: &mut Subject) -> Verdict {
    needs_bytes(subject)?;
    let length = 10_000_000;
    let client = Client::connect(subject)?;
    is_bytes(&client, &Http::over(&client).ask(&get(&format!("/bytes/{length}")))?, length)
}

fn slow_reader(subject: &mut Subject) -> Verdict {
    needs_bytes(subject)?;
    let client = Client::connect(subject)?;
    stays_small(subject, || {
        (PROTOCOL.burden)(&client)?;
        client.wait_for_something()?;
        common::others_are_served(subject, &PROTOCOL)
    })?;
    is_bytes(&client, &Http::over(&client).reply("GET").within("reading at last")?, LARGE_BYTES)
}

fn flood(subject: &mut Subject) -> Verdict {
    let path = if has(needs_bytes(subject))? { "/bytes/10000" } else { "/hello" };
    let client = Client::connect(subject)?;
    // A server that ends a connection with the reply takes no flood.
    stays_small(subject, || client.pour_until_end(&get(path), FLOOD_BYTES).map(|_| ()))?;
    common::others_are_served(subject, &PROTOCOL)
}

/// The second client's wait is over before the first one's, unless it stood in a line behind it.
fn waits_overlap(subject: &mut Subject) -> Verdict {
    subject.several(2)?;
    subject.can_wait_for_two()?;
    needs_wait(subject)?;
    let mut waited = Duration::ZERO;
    // A machine that stood still meanwhile shows nothing: a longer wait leaves more room for that.
    for part in WAITED_PARTS {
        waited = (subject.patience() / part).min(WAITED_AT_MOST);
        let clients = [Client::connect(subject)?, Client::connect(subject)?];
        let [first, second] = &clients;
        first.send(&get(&format!("/wait/{}", waited.as_millis())))?;
        thread::sleep(A_MOMENT);
        second.send(&get(&format!("/wait/{}", (waited / SHORTER_BY).as_millis())))?;
        Http::over(second).reply("GET").within("the second client")?.expect_status(&[200])?;
        let is_overtaken = !first.has_heard()?;
        Http::over(first).reply("GET").within("the first client")?.expect_status(&[200])?;
        if is_overtaken {
            return Ok(());
        }
    }
    failed(format!(
        "a client who waits {:?} had its answer only when another had waited its {waited:?}",
        waited / SHORTER_BY
    ))
}

fn dated(subject: &mut Subject) -> Verdict {
    for (request, status) in [
        (get("/hello"), 200),
        (request("HEAD", "/hello", "", b""), 200),
        (get(NOWHERE), 404),
        (b"what is this\r\n\r\n".to_vec(), 400),
    ] {
        let reply = ask_alone(subject, &request)?;
        let place = format!("the reply to {}", super::super::client::quoted(&request));
        reply.expect_status(&[status]).within(&place)?;
        let Some(text) = reply.field("Date") else {
            return failed(format!("{place} has no Date"));
        };
        is_about_now(text).within(&place)?;
    }
    Ok(())
}

/// A date in the form of RFC 9110, 5.6.7, with the right day of the week, and not far from ours.
fn is_about_now(text: &str) -> Verdict {
    let date = httpdate::parse_http_date(text).ok().filter(|date| httpdate::fmt_http_date(*date) == text);
    let Some(date) = date else {
        return failed(format!("{text:?} is no date like \"Sun, 06 Nov 1994 08:49:37 GMT\""));
    };
    let now = SystemTime::now();
    let apart = now.duration_since(date).or_else(|_| date.duration_since(now)).unwrap_or_default();
    ensure(apart <= CLOCKS_APART_AT_MOST, || format!("it is dated {text}, which is not about now"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_form_and_is_about_now() {
        let now = httpdate::fmt_http_date(SystemTime::now());
        assert!(is_about_now(&now).is_ok());
        let other_day = if now.starts_with("Mon") { "Tue" } else { "Mon" };
        for wrong in [
            "",
            "now",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            &now.replace("GMT", "UTC"),
            &now.to_lowercase(),
            &format!("{other_day}{}", &now[3..]),
        ] {
            assert!(is_about_now(wrong).is_err(), "{wrong}");
        }
    }
}
