//! What a good client asks for, and what the right answers are.

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::talk::{Reply, Talk, Trouble};
use super::victim::Victim;
use crate::verify::case::{Verdict, failed};
use crate::verify::client::{pattern, quoted};

/// The longest body that is asked for, in bytes: more than one piece of a reply.
const BYTES_AT_MOST: usize = 150_000;
/// The longest body that is posted.
const POSTED_AT_MOST: usize = 20_000;
/// How long a server at rest may take for its first answers.
const FIRST_WITHIN: Duration = Duration::from_secs(10);

/// The dishes of a server.
pub(super) struct Menu {
    /// The body of `/hello`.
    hello: Vec<u8>,
    /// It has `/bytes/N`.
    pub(super) has_bytes: bool,
    /// It takes a POST at `/echo`.
    has_echo: bool,
    /// What is in `/bytes/N` is known, since the server is ours.
    is_ours: bool,
    /// The first bytes of the pattern.
    pattern: Vec<u8>,
    /// How long the whole reply to `/hello` is, where the connection goes on.
    pub(super) hello_bytes: usize,
}

/// A request, and what must come back.
pub(super) struct Question {
    pub(super) request: Vec<u8>,
    pub(super) is_head: bool,
    right: Right,
}

enum Right {
    Just(Vec<u8>),
    SoMany(usize),
}

impl Question {
    /// What is wrong with a body, if anything.
    pub(super) fn check(&self, body: &[u8]) -> Result<(), String> {
        let is_right = match &self.right {
            Right::Just(right) => body == right,
            Right::SoMany(bytes) => body.len() == *bytes,
        };
        if is_right {
            return Ok(());
        }
        let (Right::Just(right), true) = (&self.right, body.len() < 4_096) else {
            return Err(format!("a body of {} bytes is not the right one", body.len()));
        };
        Err(format!("expected the body {}, got {}", quoted(right), quoted(body)))
    }
}

/// A GET request, after which the connection goes on or not.
pub(super) fn get(path: &str, stays: bool) -> Vec<u8> {
    request("GET", path, "", stays, b"")
}

/// A request.
pub(super) fn request(method: &str, path: &str, fields: &str, stays: bool, body: &[u8]) -> Vec<u8> {
    let close = if stays { "" } else { "Connection: close\r\n" };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: torture.test\r\n{close}{fields}\r\n");
    [head.as_bytes(), body].concat()
}

impl Menu {
    /// Asks a server at rest what it has.
    pub(super) fn of(victim: &Victim, is_ours: bool) -> Verdict<Self> {
        let reply = |request: &[u8]| -> Result<Reply, Trouble> {
            let mut talk = Talk::connect(victim.address(), FIRST_WITHIN)?;
            let _ = talk.send(request); // how that went shows in the reply
            talk.reply(false, Instant::now() + FIRST_WITHIN)
        };
        let hello = match reply(&get("/hello", true)) {
            Ok(hello) if hello.status == 200 => hello,
            Ok(hello) => return failed(format!("/hello is answered with {}, not 200", hello.status)),
            Err(trouble) => return failed(format!("/hello is not answered: {}", trouble.words())),
        };
        let bytes = reply(&get("/bytes/100", false));
        let echo = reply(&request("POST", "/echo", "Content-Length: 5\r\n", false, b"Hello"));
        Ok(Self {
            hello: hello.body,
            hello_bytes: hello.bytes,
            has_bytes: bytes.is_ok_and(|bytes| bytes.status == 200 && bytes.body.len() == 100),
            has_echo: echo.is_ok_and(|echo| echo.status == 200 && echo.body == b"Hello"),
            is_ours,
            pattern: pattern(BYTES_AT_MOST),
        })
    }

    /// Any request that the server has an answer for.
    pub(super) fn any(&self, rng: &mut Rng, stays: bool) -> Question {
        match rng.u32(0..8) {
            0 | 1 if self.has_bytes => self.bytes(rng.usize(0..5_000), stays),
            2 if self.has_bytes => self.bytes(rng.usize(0..=BYTES_AT_MOST), stays),
            3 if self.has_echo => self.posted(rng.usize(0..2_000), stays),
            4 if self.has_echo => self.posted(rng.usize(0..POSTED_AT_MOST), stays),
            _ => self.hello(stays),
        }
    }

    /// `/hello`.
    pub(super) fn hello(&self, stays: bool) -> Question {
        Question { request: get("/hello", stays), is_head: false, right: Right::Just(self.hello.clone()) }
    }

    /// So many bytes.
    pub(super) fn bytes(&self, bytes: usize, stays: bool) -> Question {
        let right = match self.pattern.get(..bytes) {
            Some(right) if self.is_ours => Right::Just(right.to_vec()),
            _ => Right::SoMany(bytes),
        };
        Question { request: get(&format!("/bytes/{bytes}"), stays), is_head: false, right }
    }

    /// A body that comes back.
    fn posted(&self, bytes: usize, stays: bool) -> Question {
        let body = &self.pattern[self.pattern.len() - bytes..];
        let fields = format!("Content-Length: {bytes}\r\n");
        Question {
            request: request("POST", "/echo", &fields, stays, body),
            is_head: false,
            right: Right::Just(body.to_vec()),
        }
    }
}
