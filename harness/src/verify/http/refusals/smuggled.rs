//! Requests with a body that looks like a request. Where it ends is known, so nobody may take it for the next one.

use super::super::talk::{Http, get, request};
use super::super::{NOWHERE, is_hello};
use super::{behind, sent_with_more};
use crate::verify::case::{Case, Verdict, Within, ensure};
use crate::verify::client::quoted;
use crate::verify::subject::Subject;

/// Requests that differ in how they say where their body ends.
struct WithBody {
    name: &'static str,
    about: &'static str,
    requests: Vec<Vec<u8>>,
    statuses: &'static [u16],
}

pub(super) fn cases() -> Vec<Case> {
    let each = with_bodies().into_iter();
    each.map(|it| Case::shared(it.name, it.about, move |subject| it.is_one_request(subject))).collect()
}

impl WithBody {
    /// Each is answered once: then the connection ends, or what follows the body is answered.
    fn is_one_request(&self, subject: &mut Subject) -> Verdict {
        for request in &self.requests {
            self.is_answered_once(subject, request).within(quoted(request))?;
        }
        Ok(())
    }

    fn is_answered_once(&self, subject: &Subject, request: &[u8]) -> Verdict {
        let client = sent_with_more(subject, request)?;
        let mut http = Http::over(&client);
        let reply = http.reply("GET")?;
        ensure(!reply.interim.contains(&100), || {
            format!("100 came first, and {} after that, without the body", reply.status)
        })?;
        reply.expect_status(self.statuses)?;
        if !reply.persists() {
            return http.end().within("after the reply");
        }
        // It says that it goes on; it may think better of it while it reads the body.
        let Some(next) = http.reply_or_end("GET").within("after the reply")? else { return Ok(()) };
        is_hello(&client, &next).within("the body was taken for the next request, or part of it")?;
        for number in 2..=behind() {
            let place = format!("reply {number} of those to the requests behind the body");
            is_hello(&client, &http.reply("GET").within(&place)?).within(&place)?;
        }
        http.leave()
    }
}

/// With a length and in chunks.
fn with_body(method: &str, path: &str, fields: &str) -> Vec<Vec<u8>> {
    let body = get(NOWHERE);
    let length = format!("{fields}Content-Length: {}\r\n", body.len());
    let chunked = format!("{fields}Transfer-Encoding: chunked\r\n");
    let chunks = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    vec![request(method, path, &length, &body), request(method, path, &chunked, &chunks)]
}

fn with_bodies() -> Vec<WithBody> {
    vec![
        WithBody {
            name: "get-with-body",
            about: "A body with a GET is not the next request: the GET is answered or refused, once, and then the \
                    connection ends, or goes on behind the body (RFC 9110, 9.3.1, and RFC 9112, 11.2).",
            requests: with_body("GET", "/hello", ""),
            statuses: &[200, 400, 413],
        },
        WithBody {
            name: "post-refused-with-body",
            about: "A POST that is refused has a body all the same, which is not the next request: one readable refusal, and \
                    then the connection ends, or goes on behind the body (RFC 9112, 9.3 and 11.2).",
            requests: [with_body("POST", "/hello", ""), with_body("POST", NOWHERE, "")].concat(),
            statuses: &[404, 405, 411, 413, 501],
        },
        WithBody {
            name: "method-with-body",
            about: "A method that nobody knows, or not here, may come with a body, which is not the next request: 501 or \
                    405, readable, and then the end, or what follows the body (RFC 9110, 9.1, and RFC 9112, 11.2).",
            requests: [with_body("BREW", "/hello", ""), with_body("DELETE", "/hello", "")].concat(),
            statuses: &[405, 501],
        },
        WithBody {
            name: "expect-unknown",
            about: "An expectation that nobody knows is 417, readable also while the body is sent (RFC 9110, 10.1.1).",
            requests: [
                vec![request("GET", "/hello", "Expect: a-miracle\r\n", b"")],
                with_body("POST", "/echo", "Expect: a-miracle\r\n"),
            ]
            .concat(),
            statuses: &[417],
        },
        WithBody {
            name: "expect-refused-with-body",
            about: "A request that will be refused is refused readably also for who expects a 100 and sends its body \
                    without one; that body is not the next request (RFC 9110, 10.1.1).",
            requests: with_body("POST", "/hello", "Expect: 100-continue\r\n"),
            statuses: &[404, 405, 411, 413, 501],
        },
    ]
}
