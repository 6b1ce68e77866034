//! What is answered to what.

use std::fs::File;
use std::ops::Range;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, SystemTime};

use super::connection::Connection;
use super::fault::Fault;
use super::request::{Framing, Request};

/// Taken by who waits where all wait in a line.
static LINE: Mutex<()> = Mutex::new(());

pub(super) enum Next {
    Read,
    Close,
    Refuse,
}

/// A head with a text behind it, and so many bytes more, or a part of a file.
pub(super) struct Reply {
    pub(super) text: Vec<u8>,
    pub(super) filling: usize,
    pub(super) file: Option<(File, Range<u64>)>,
}

impl Reply {
    pub(super) fn new(status: u16, body: &[u8], filling: usize, fields: &str, head_only: bool) -> Self {
        let length = body.len() + filling;
        let (body, filling) = if head_only { (&[][..], 0) } else { (body, filling) };
        let head = format!("HTTP/1.1 {status} As It Is\r\n{fields}Content-Length: {length}\r\n\r\n");
        Self { text: [head.as_bytes(), body].concat(), filling, file: None }
    }
}

impl Connection {
    pub(super) fn answer(&self, request: &Request) -> (Reply, Next) {
        let head_only = request.method == "HEAD" && self.fault != Fault::HeadWithBody;
        let (connection, next) = request.persistence();
        let only_hello = self.fault.has_only_hello();
        if request.path == "/echo" && !only_hello {
            let fields = "Allow: POST\r\nConnection: close\r\n";
            return (self.reply(405, "only POST\n", fields, head_only), Next::Refuse);
        }
        let number = |prefix| {
            let found = request.path.strip_prefix(prefix).and_then(|text: &str| text.parse().ok());
            found.filter(|_| !only_hello)
        };
        let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
        let has_body = !matches!(request.framing, Framing::Length(0));
        if is_read && has_body && self.fault != Fault::TakesGetBodies {
            return self.refusal(413, request.method == "HEAD");
        }
        let (body, filling) = if request.path == "/hello" {
            ("hello\n", 0)
        } else if let Some(bytes) = number("/bytes/") {
            ("", bytes)
        } else if let Some(ms) = number("/wait/") {
            let _turn = (self.fault == Fault::WaitsInLine).then(|| LINE.lock());
            thread::sleep(Duration::from_millis(if is_read { ms as u64 } else { 0 }));
            ("waited\n", 0)
        } else if let Some(page) = self.page(request).filter(|_| is_read && !has_body) {
            return (page, next);
        } else if has_body {
            return self.declined(404, "");
        } else {
            return (self.reply(404, "nothing here\n", connection, head_only), next);
        };
        match request.method.as_str() {
            "GET" | "HEAD" => (self.made(200, body.as_bytes(), filling, connection, head_only), next),
            "POST" if only_hello => self.declined(501, ""),
            "POST" | "PUT" | "DELETE" => self.declined(405, "Allow: GET, HEAD\r\n"),
            _ => self.declined(501, ""),
        }
    }

    /// What body the request has is not read, so that the connection can't go on.
    fn declined(&self, status: u16, fields: &str) -> (Reply, Next) {
        if self.fault == Fault::TakesRefusedBodies {
            return (self.reply(status, "not here\n", fields, false), Next::Read);
        }
        (self.reply(status, "not here\n", &format!("{fields}Connection: close\r\n"), false), Next::Refuse)
    }

    fn reply(&self, status: u16, body: &'static str, fields: &str, head_only: bool) -> Reply {
        self.made(status, body.as_bytes(), 0, fields, head_only)
    }

    pub(super) fn refusal(&self, status: u16, head_only: bool) -> (Reply, Next) {
        match self.fault {
            Fault::DiesOfGarbage => std::process::exit(1),
            Fault::RefusesInFreeForm => {
                return (
                    Reply { text: b"That is no request.\r\n\r\n".to_vec(), filling: 0, file: None },
                    Next::Refuse,
                );
            }
            _ => {}
        }
        (self.reply(status, "refused\n", "Connection: close\r\n", head_only), Next::Refuse)
    }

    /// A body goes back as it came.
    pub(super) fn echoed(&self, body: &[u8], request: &Request) -> (Reply, Next) {
        let (connection, next) = request.persistence();
        (self.made(200, body, 0, connection, false), next)
    }

    pub(super) fn made(
        &self,
        status: u16,
        body: &[u8],
        filling: usize,
        fields: &str,
        head_only: bool,
    ) -> Reply {
        let date = match self.fault {
            Fault::NoDate => String::new(),
            Fault::OddDate => "Date: today\r\n".to_owned(),
            _ => format!("Date: {}\r\n", httpdate::fmt_http_date(SystemTime::now())),
        };
        Reply::new(status, body, filling, &(date + fields), head_only)
    }
}
