//! What becomes of requests when the server is asked to stop: what has arrived is answered, what is under way arrives whole.
//!
//! Of a request that has arrived in part nobody can say whether the rest will come. So a server may wait for the rest as
//! long as its grace lasts, and answer; or close without a word, and the client asks elsewhere (RFC 9112, 9.3.1). It may not
//! say 400, since nothing was wrong with the request, nor begin an answer and not end it.

use std::thread;
use std::time::Duration;

use super::super::case::{Case, Stop, Verdict, Within, ensure};
use super::super::client::Client;
use super::super::common;
use super::super::subject::Subject;
use super::talk::{Http, Reply, get, request};
use super::{PROTOCOL, is_bytes, is_hello, needs_bytes, needs_echo, needs_wait};

/// What is under way when the server is asked to stop.
const DRAINED_BYTES: usize = 16 << 20;
const DRAINED_WAIT_MS: u64 = 500;
/// A reply that a server may have handed to the kernel as a whole, while its client has not read it yet.
const SENT_BYTES: usize = 1 << 20;
/// A body of which half has arrived.
const UPLOAD_BYTES: usize = 64 << 10;
/// Time for a server to have begun what it was just asked, and to have done what it does on a signal; within the grace.
const A_MOMENT: Duration = Duration::from_millis(100);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::own(
            "drain",
            "Requests that had arrived when SIGTERM came, and were not answered yet, are answered whole, each client's its \
             own, and then the connection ends.",
            |subject| {
                let apart = (PROTOCOL.apart)(subject)?;
                common::drain(subject, &PROTOCOL, &apart)
            },
        ),
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
        Case::own(
            "drain-pipelined",
            "Two requests have arrived together when SIGTERM comes: the first reply, of 1 MiB, arrives whole, and the \
             second whole or not at all.",
            drain_pipelined,
        ),
        Case::own(
            "drain-sending",
            "A client who is still reading a reply of 1 MiB when SIGTERM comes sends its next request: it gets all of that \
             reply, and no reset that overtakes it (RFC 9112, 9.6).",
            drain_sending,
        ),
        Case::own(
            "drain-half-head",
            "Half a head has arrived when SIGTERM comes, and the rest comes soon: the request is answered, or the \
             connection closed without a word, and nobody is told that the request was bad.",
            |subject| {
                let whole = get("/hello");
                let answer = |client: &Client, reply: &Reply| is_hello(client, reply);
                half_there(subject, Half { whole: &whole, there: whole.len() / 2, awaits: false }, &answer)
            },
        ),
        Case::own(
            "drain-half-body",
            "Half a body of 64 KiB has arrived when SIGTERM comes, and the rest comes soon: it is all sent back, or the \
             connection closed without a word, and nobody is told that the request was bad.",
            |subject| {
                let body = super::super::client::pattern(UPLOAD_BYTES);
                let whole = request("POST", "/echo", &format!("Content-Length: {UPLOAD_BYTES}\r\n"), &body);
                let there = whole.len() - UPLOAD_BYTES / 2;
                half_posted(subject, Half { whole: &whole, there, awaits: false }, &body)
            },
        ),
        Case::own("drain-half-chunk", "The same with half a chunk.", |subject| {
            let whole =
                request("POST", "/echo", "Transfer-Encoding: chunked\r\n", b"a\r\n0123456789\r\n0\r\n\r\n");
            let there = whole.len() - b"56789\r\n0\r\n\r\n".len();
            half_posted(subject, Half { whole: &whole, there, awaits: false }, b"0123456789")
        }),
        Case::own(
            "drain-continue",
            "The same with a body that the client was just told to send, by 100 Continue.",
            |subject| {
                let fields = "Content-Length: 5\r\nExpect: 100-continue\r\n";
                let whole = request("POST", "/echo", fields, b"Hello");
                let there = whole.len() - b"Hello".len();
                half_posted(subject, Half { whole: &whole, there, awaits: true }, b"Hello")
            },
        ),
    ]
}

fn drain_waiting(subject: &mut Subject) -> Verdict {
    needs_wait(subject)?;
    let client = Client::connect(subject)?;
    client.send(&get(&format!("/wait/{DRAINED_WAIT_MS}")))?;
    thread::sleep(A_MOMENT); // one that has not been read by then is answered all the same
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
    client.wait_for_something()?; // it has begun, and does not fit as long as none of it is read
    subject.ask_to_stop()?;
    thread::sleep(A_MOMENT);
    let mut http = Http::over(&client);
    is_bytes(&client, &http.reply("GET").within("after SIGTERM")?, DRAINED_BYTES)?;
    http.end().within("after the reply")?;
    drop(client);
    subject.has_stopped()
}

fn drain_pipelined(subject: &mut Subject) -> Verdict {
    needs_bytes(subject)?;
    let client = common::idle_client(subject, &PROTOCOL)?; // it has been let in
    let both = [get(&format!("/bytes/{SENT_BYTES}")), get("/hello")].concat();
    subject.ask_to_stop_behind(|| client.send(&both))?;
    thread::sleep(A_MOMENT);
    whole_or_none(&client)?;
    drop(client);
    subject.has_stopped()
}

fn drain_sending(subject: &mut Subject) -> Verdict {
    needs_bytes(subject)?;
    let client = Client::connect(subject)?;
    client.send(&get(&format!("/bytes/{SENT_BYTES}")))?;
    client.wait_for_something()?;
    thread::sleep(A_MOMENT); // as much of it is sent as the kernel takes
    subject.ask_to_stop()?;
    thread::sleep(A_MOMENT);
    let _ = client.send(&get("/hello")); // the connection may have ended, and then it does not go out
    thread::sleep(A_MOMENT);
    whole_or_none(&client)?;
    drop(client);
    subject.has_stopped()
}

/// The first reply must be there, and the second as a whole if at all.
fn whole_or_none(client: &Client) -> Verdict {
    let mut http = Http::over(client);
    is_bytes(client, &http.reply("GET").within("the first reply, after SIGTERM")?, SENT_BYTES)?;
    let second = http.reply_or_end("GET").within("the second reply, after SIGTERM")?;
    second.map_or(Ok(()), |reply| is_hello(client, &reply))
}

/// A request that comes in two parts.
#[derive(Clone, Copy)]
struct Half<'a> {
    whole: &'a [u8],
    /// So much of it is there when SIGTERM comes.
    there: usize,
    /// Then the client waits until it is told to go on.
    awaits: bool,
}

fn half_posted(subject: &mut Subject, half: Half<'_>, body: &[u8]) -> Verdict {
    needs_echo(subject)?;
    half_there(subject, half, &|_, reply| reply.expect_body(body))
}

fn half_there(
    subject: &mut Subject,
    half: Half<'_>,
    is_answer: &dyn Fn(&Client, &Reply) -> Verdict,
) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let (first, rest) = half.whole.split_at(half.there);
    let client = Client::connect(subject)?;
    client.send(first)?;
    let mut http = Http::over(&client);
    if half.awaits {
        let status = http.interim().within("before the body is sent")?;
        ensure(status == 100, || format!("expected 100 before the body is sent, got {status}"))?;
    }
    thread::sleep(A_MOMENT);
    subject.ask_to_stop()?;
    thread::sleep(A_MOMENT.min(subject.facts().settings.grace / 4));
    let taken = client.send(rest).is_ok(); // the connection may have ended, and then it does not go out
    let reply = match http.reply_or_end("POST").within("after SIGTERM, and the rest") {
        // A Unix socket tells its other side at once that no more is taken (EPIPE): who hears that expects no more either.
        Err(Stop::Failed(_)) if !taken && subject.address().is_unix() => None,
        reply => reply?,
    };
    if let Some(reply) = reply {
        is_answer(&client, &reply)?;
        http.end().within("after the reply")?;
    }
    drop(client);
    subject.has_stopped()
}
