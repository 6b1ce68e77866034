//! A client that misbehaves on purpose, and never waits for ever: every step has a time limit, and so has the case.

use std::io::{self, ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use models::address::Address;
use socket2::{Domain, Socket, Type};

use super::case::{Verdict, failed};
use super::subject::{CaseTime, Facts, Subject};

/// A server that took nothing for so long takes nothing until it is read from ...
const STALLED_AFTER: Duration = Duration::from_millis(250);
/// ... or, where it gets more patience, for this part of it.
const STALLS_PER_PATIENCE: u32 = 8;
/// How much of what came is quoted.
const QUOTED_BYTES: usize = 60;

/// One connection to the server under test, over TCP or a Unix socket.
pub(super) struct Client {
    stream: Socket,
    patience: Duration,
    time: CaseTime,
    facts: Arc<Facts>,
}

/// What came of sending without reading.
pub(super) struct Poured {
    /// So many bytes went in.
    pub(super) sent: usize,
    /// How the server ended the connection, if it did.
    pub(super) end: Option<String>,
}

/// What came of waiting for bytes.
pub(super) enum Heard {
    /// Something is there to be read.
    Something,
    /// The connection has ended, in order or by a reset.
    End,
}

impl Client {
    /// Connects.
    pub(super) fn connect(subject: &Subject) -> Verdict<Self> {
        let (patience, time) = (subject.patience(), subject.time());
        subject.facts().goes_on()?;
        let limit = patience.min(time.left()?);
        match connect(subject.address(), limit) {
            Ok(stream) => Ok(Self { stream, patience, time, facts: Arc::clone(subject.facts()) }),
            Err(error) if is_timeout(error.kind()) => {
                failed(format!("can't connect: nobody answered for {}", in_words(limit, patience)))
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
            let limit = self.limit(|limit| self.stream.set_write_timeout(Some(limit)))?;
            match (&self.stream).write(&bytes[sent..]) {
                Ok(more) => sent += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let trouble = self.trouble(&error, "the server took nothing more", limit);
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

    /// Sends `piece` again and again, without reading, until the server takes no more or `at_most` bytes went in. Gives how
    /// many did.
    pub(super) fn pour(&self, piece: &[u8], at_most: usize) -> Verdict<usize> {
        match self.pour_until_end(piece, at_most)? {
            Poured { sent, end: None } => Ok(sent),
            Poured { sent, end: Some(end) } => {
                failed(format!("after {sent} bytes sent and none read: {end}"))
            }
        }
    }

    /// The same, where the server may also end the connection.
    pub(super) fn pour_until_end(&self, piece: &[u8], at_most: usize) -> Verdict<Poured> {
        let mut sent = 0;
        let stalled_after = STALLED_AFTER.max(self.patience / STALLS_PER_PATIENCE);
        while sent < at_most {
            let limit = self.limit(|limit| self.stream.set_write_timeout(Some(limit.min(stalled_after))))?;
            match (&self.stream).write(&piece[sent % piece.len()..]) {
                Ok(more) => sent += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(error.kind()) => break,
                Err(error) => return Ok(Poured { sent, end: Some(self.trouble(&error, "", limit)) }),
            }
        }
        Ok(Poured { sent, end: None })
    }

    /// Reads what there is, at most as much as `buffer` holds; nothing at the end.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Verdict<usize> {
        loop {
            let limit = self.limit(|limit| self.stream.set_read_timeout(Some(limit)))?;
            match (&self.stream).read(buffer) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return failed(self.trouble(&error, "nothing came", limit)),
            }
        }
    }

    /// Waits until there is something to read, which stays there, or the connection has ended.
    pub(super) fn wait_for_something(&self) -> Verdict<Heard> {
        loop {
            let limit = self.limit(|limit| self.stream.set_read_timeout(Some(limit)))?;
            match self.stream.peek(&mut [MaybeUninit::uninit()]) {
                Ok(1..) => return Ok(Heard::Something),
                Ok(0) => return Ok(Heard::End),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_end(error.kind()) => return Ok(Heard::End),
                Err(error) => return failed(self.trouble(&error, "nothing came", limit)),
            }
        }
    }

    /// Whether there is something to read by now, or the end of the connection.
    pub(super) fn has_heard(&self) -> Verdict<bool> {
        let looked = self.stream.set_nonblocking(true).and_then(|()| {
            let peeked = self.stream.peek(&mut [MaybeUninit::uninit()]);
            self.stream.set_nonblocking(false)?;
            Ok(!matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock))
        });
        looked.or_else(|error| failed(format!("can't look whether something came: {error}")))
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
        self.stream.shutdown(Shutdown::Write).or_else(|error| failed(self.trouble(&error, "", self.patience)))
    }

    /// Ends the connection by a reset: whatever is under way is lost. A Unix socket knows none, and is just closed.
    pub(super) fn reset(self) -> Verdict {
        let lingered = self.stream.set_linger(Some(Duration::ZERO));
        lingered.or_else(|error| failed(format!("can't reset a connection: {error}")))
    }

    /// Sets a time limit, and gives it: what is left of the case, and one wait at most.
    fn limit(&self, set: impl Fn(Duration) -> io::Result<()>) -> Verdict<Duration> {
        self.facts.goes_on()?;
        let limit = self.time.left()?.min(self.patience);
        set(limit).or_else(|error| failed(format!("a time limit can't be set: {error}")))?;
        Ok(limit)
    }

    fn trouble(&self, error: &io::Error, silence: &str, limit: Duration) -> String {
        match error.kind() {
            kind if is_timeout(kind) => format!("{silence} for {}", in_words(limit, self.patience)),
            ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
            ErrorKind::BrokenPipe => "the connection was closed".to_owned(),
            _ => error.to_string(),
        }
    }
}

/// How long was waited: for less than the patience where the case's own time was over before.
fn in_words(limit: Duration, patience: Duration) -> String {
    if limit < patience {
        format!("{limit:.1?}, which was all that was left of the time for this case")
    } else {
        format!("{limit:?}")
    }
}

/// Connects within this time.
pub(super) fn connect(address: &Address, within: Duration) -> io::Result<Socket> {
    match address {
        Address::Ip(address) => {
            let stream = TcpStream::connect_timeout(address, within)?;
            stream.set_nodelay(true)?; // what is sent apart must travel apart
            Ok(stream.into())
        }
        Address::Unix(_) => {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.set_write_timeout(Some(within))?; // connect(2) heeds it where the queue is full
            socket.connect(&address.to_sockaddr()?)?;
            Ok(socket)
        }
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Whether this error says that the connection is no more.
fn is_end(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// The beginning of what came, so that it can be printed.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let more = if bytes.len() > QUOTED_BYTES { "..." } else { "" };
    format!("\"{}\"{more}", bytes[..bytes.len().min(QUOTED_BYTES)].escape_ascii())
}

/// So many bytes of which every one can be checked: no two stretches of a buffer's length are the same.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend_from_slice(workloads::http::pattern::piece(bytes.len() as u64, length - bytes.len()));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_the_case_cut_short_is_not_said_to_have_taken_the_patience() {
        let patience = Duration::from_secs(5);
        assert_eq!(in_words(patience, patience), "5s");
        assert!(
            in_words(Duration::from_millis(1_234), patience).starts_with("1.2s, which was all that was left")
        );
    }
}
