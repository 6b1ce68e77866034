//! A client that misbehaves on purpose, and never waits for ever: every step has a time limit, and so has the case.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::case::{Verdict, ensure, failed};
use super::subject::{CaseTime, Facts, Subject};

/// A server that took nothing for so long takes nothing until it is read from ...
const STALLED_AFTER: Duration = Duration::from_millis(250);
/// ... or, where it gets more patience, for this part of it.
const STALLS_PER_PATIENCE: u32 = 8;
/// How much of what came is quoted.
const QUOTED_BYTES: usize = 60;

/// One connection to the server under test.
pub(super) struct Client {
    stream: TcpStream,
    patience: Duration,
    time: CaseTime,
    facts: Arc<Facts>,
}

impl Client {
    /// Connects.
    pub(super) fn connect(subject: &Subject) -> Verdict<Self> {
        let patience = subject.patience();
        subject.facts().goes_on()?;
        let connected = TcpStream::connect_timeout(&subject.address(), patience);
        let prepared = connected.and_then(|stream| {
            stream.set_nodelay(true)?; // what is sent apart must travel apart
            Ok(stream)
        });
        match prepared {
            Ok(stream) => {
                Ok(Self { stream, patience, time: subject.time(), facts: Arc::clone(subject.facts()) })
            }
            Err(error) => failed(format!("can't connect: {error}")),
        }
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Sends all of `bytes`.
    pub(super) fn send(&self, bytes: &[u8]) -> Verdict {
        let mut sent = 0;
        while sent < bytes.len() {
            self.limit(|limit| self.stream.set_write_timeout(Some(limit)))?;
            match (&self.stream).write(&bytes[sent..]) {
                Ok(more) => sent += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let trouble = self.trouble(&error, "the server took nothing more");
                    return failed(format!("after {sent} of {} bytes sent: {trouble}", bytes.len()));
                }
            }
        }
        Ok(())
    }

    /// Sends one piece after another, with a pause behind each.
    pub(super) fn send_slowly<'a>(
        &self,
        pieces: impl IntoIterator<Item = &'a [u8]>,
        pause: Duration,
    ) -> Verdict {
        for piece in pieces {
            self.send(piece)?;
            thread::sleep(pause);
        }
        Ok(())
    }

    /// Sends what `next` gives, without reading, until the server takes no more or `at_most` bytes went in. Gives how
    /// many did.
    pub(super) fn pour(&self, piece: &[u8], at_most: usize) -> Verdict<usize> {
        let mut sent = 0;
        let stalled_after = STALLED_AFTER.max(self.patience / STALLS_PER_PATIENCE);
        while sent < at_most {
            self.limit(|limit| self.stream.set_write_timeout(Some(limit.min(stalled_after))))?;
            match (&self.stream).write(&piece[sent % piece.len()..]) {
                Ok(more) => sent += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(error.kind()) => break,
                Err(error) => {
                    let trouble = self.trouble(&error, "");
                    return failed(format!("after {sent} bytes sent and none read: {trouble}"));
                }
            }
        }
        Ok(sent)
    }

    /// Reads what there is, at most as much as `buffer` holds; nothing at the end.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Verdict<usize> {
        loop {
            self.limit(|limit| self.stream.set_read_timeout(Some(limit)))?;
            match (&self.stream).read(buffer) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return failed(self.trouble(&error, "nothing came")),
            }
        }
    }

    /// Waits until there is something to read, and leaves it there.
    pub(super) fn wait_for_something(&self) -> Verdict {
        self.limit(|limit| self.stream.set_read_timeout(Some(limit)))?;
        match self.stream.peek(&mut [0]) {
            Ok(_) => Ok(()),
            Err(error) => failed(self.trouble(&error, "nothing came")),
        }
    }

    /// Reads just what is expected, and fails at the first byte that differs.
    pub(super) fn expect(&self, expected: &[u8]) -> Verdict {
        let mut buffer = vec![0; expected.len().min(256 * 1024)];
        let mut at = 0;
        while at < expected.len() {
            let room = buffer.len().min(expected.len() - at);
            let place = || format!("after {at} of {} bytes received", expected.len());
            let read = match self.read(&mut buffer[..room]) {
                Ok(0) => return failed(format!("{}: the connection ended", place())),
                Ok(read) => read,
                Err(stop) => return Err(stop.within(&place())),
            };
            if let Some(wrong) = (0..read).find(|&index| buffer[index] != expected[at + index]) {
                return failed(format!(
                    "byte {} of {} is wrong: expected {}, got {}",
                    at + wrong,
                    expected.len(),
                    quoted(&expected[at + wrong..]),
                    quoted(&buffer[wrong..read])
                ));
            }
            at += read;
        }
        Ok(())
    }

    /// The connection must end here, in order and with nothing more.
    pub(super) fn expect_end(&self) -> Verdict {
        let mut buffer = [0; 256];
        match self.read(&mut buffer) {
            Ok(0) => Ok(()),
            Ok(read) => {
                failed(format!("expected the end of the connection, got {}", quoted(&buffer[..read])))
            }
            Err(stop) => Err(stop.within("expected the end of the connection")),
        }
    }

    /// Sends `message` and reads the same at the same time.
    pub(super) fn echo(&self, message: &[u8]) -> Verdict {
        if message.len() <= 16 * 1024 {
            self.send(message)?;
            return self.expect(message);
        }
        self.both_ways(message, || self.expect(message))
    }

    /// Sends `message` while `receive` reads.
    pub(super) fn both_ways(&self, message: &[u8], receive: impl FnOnce() -> Verdict) -> Verdict {
        thread::scope(|scope| {
            let sending = scope.spawn(|| self.send(message));
            let received = receive();
            if received.is_err() {
                let _ = self.stream.shutdown(Shutdown::Both); // the other side of us need not go on
            }
            let sent = sending.join().unwrap_or_else(|_| failed("the sending thread panicked"));
            received.and(sent)
        })
    }

    /// Says that no more will be sent. Then the connection must end, with nothing more: a byte too many shows here.
    pub(super) fn leave(&self) -> Verdict {
        self.half_close()?;
        self.expect_end()
    }

    /// Says that no more will be sent.
    pub(super) fn half_close(&self) -> Verdict {
        self.stream.shutdown(Shutdown::Write).or_else(|error| failed(self.trouble(&error, "")))
    }

    /// Ends the connection by a reset: whatever is under way is lost.
    pub(super) fn reset(self) -> Verdict {
        let lingered = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        lingered.or_else(|error| failed(format!("can't reset a connection: {error}")))
    }

    /// Sets a time limit: what is left of the case, and one wait at most.
    fn limit(&self, set: impl Fn(Duration) -> std::io::Result<()>) -> Verdict {
        self.facts.goes_on()?;
        let left = self.time.until.saturating_duration_since(Instant::now());
        ensure(!left.is_zero(), || format!("the case took longer than {:?}", self.time.allowed))?;
        set(left.min(self.patience)).or_else(|error| failed(format!("a time limit can't be set: {error}")))
    }

    fn trouble(&self, error: &std::io::Error, silence: &str) -> String {
        match error.kind() {
            kind if is_timeout(kind) => format!("{silence} for {:?}", self.patience),
            ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
            ErrorKind::BrokenPipe => "the connection was closed".to_owned(),
            _ => error.to_string(),
        }
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// The beginning of what came, so that it can be printed.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let more = if bytes.len() > QUOTED_BYTES { "..." } else { "" };
    format!("\"{}\"{more}", bytes[..bytes.len().min(QUOTED_BYTES)].escape_ascii())
}

/// So many bytes of which every one can be checked: no two stretches of a buffer's length are the same.
pub(super) fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend_from_slice(workloads::http::pattern::piece(bytes.len() as u64, length - bytes.len()));
    }
    bytes
}
