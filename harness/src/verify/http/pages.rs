//! What is answered: pages and what is none, methods, and the date.

use std::time::{Duration, SystemTime};

use super::super::case::{Case, Verdict, Within, ensure, failed};
use super::super::client::{Client, quoted};
use super::super::subject::Subject;
use super::talk::{Http, ask_alone, get, request};
use super::{NOWHERE, PROTOCOL, is_hello};

/// By how much a server's clock may differ from ours.
const CLOCKS_APART_AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn cases() -> Vec<Case> {
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

fn dated(subject: &mut Subject) -> Verdict {
    for (request, status) in [
        (get("/hello"), 200),
        (request("HEAD", "/hello", "", b""), 200),
        (get(NOWHERE), 404),
        (b"what is this\r\n\r\n".to_vec(), 400),
    ] {
        let reply = ask_alone(subject, &request)?;
        let place = format!("the reply to {}", quoted(&request));
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
