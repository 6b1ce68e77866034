//! How many requests a connection carries, and in which forms they may come.

use super::super::case::{Case, Verdict, Within, ensure};
use super::super::client::Client;
use super::super::subject::Subject;
use super::talk::{Http, get, request};
use super::{PROTOCOL, is_hello};

/// How many requests one connection carries.
const REQUESTS: usize = 100;

pub(super) fn cases() -> Vec<Case> {
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
