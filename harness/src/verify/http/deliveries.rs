//! How requests arrive, and how replies are taken: together and in pieces, by clients fast and slow.

use std::thread;
use std::time::Duration;

use super::super::case::{Case, Verdict, Within, ensure, failed};
use super::super::client::Client;
use super::super::common::{self, stays_small};
use super::super::subject::Subject;
use super::talk::{Http, get};
use super::{LARGE_BYTES, PROTOCOL, Paths, has, is_bytes, is_hello, needs_bytes, needs_wait};

/// Between packets that must not travel together.
const PAUSE: Duration = Duration::from_millis(1);
/// Between the parts of a request from somebody slow.
const SLOW_PAUSE: Duration = Duration::from_millis(20);
/// How much a client who never reads asks for: with replies that are larger than the requests.
const FLOOD_BYTES: usize = 64 << 20;
/// How many requests are sent together.
const PIPELINED: usize = 20;
/// Time for a server to have begun what it was just asked.
const A_MOMENT: Duration = Duration::from_millis(100);
/// What the first of two clients waits for, as parts of the patience: one try after another, and never longer than this.
const WAITED_PARTS: [u32; 3] = [8, 4, 2];
const WAITED_AT_MOST: Duration = Duration::from_secs(10);
/// The second waits for this part of that.
const SHORTER_BY: u32 = 10;

pub(super) fn cases() -> Vec<Case> {
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
