//! A connection over which a good client asks: it knows the right answer to the byte, and how it did not get one.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

use super::menu::Question;
use crate::verify::case::Stop;
use crate::verify::client::quoted;
use crate::verify::http::talk::chunk_size;
use crate::verify::http::talk::head::{Framing, Head};

/// A reply longer than this is none that was asked for.
const REPLY_BYTES_AT_MOST: usize = 12 << 20;

/// How much a narrow socket takes.
const NARROW_BYTES: usize = 16 * 1024;

/// Why a request has no whole and right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The connection was not made.
    Unmade(String),
    /// It ended, or was reset, with not a byte of an answer.
    Unanswered(String),
    /// The answer began, and the connection ended before it did.
    Cut(String),
    /// There is no whole answer within the time that it may take.
    Late(String),
    /// The answer is longer than anything that was asked for, and was not read to its end.
    Long(String),
    /// There is another answer than the right one.
    Wrong(String),
}

/// One connection.
pub(super) struct Talk {
    stream: TcpStream,
    /// What came and is not used up.
    buffer: Vec<u8>,
    /// The server said that it ends the connection, or has done so.
    ending: bool,
}

/// A whole reply.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// How long all of it was.
    pub(super) bytes: usize,
}

impl Trouble {
    /// What happened, in words.
    pub(super) fn words(&self) -> &str {
        let (Self::Unmade(words)
        | Self::Unanswered(words)
        | Self::Cut(words)
        | Self::Late(words)
        | Self::Long(words)
        | Self::Wrong(words)) = self;
        words
    }
}

impl Talk {
    /// Connects.
    pub(super) fn connect(address: SocketAddr, within: Duration) -> Result<Self, Trouble> {
        let stream = TcpStream::connect_timeout(&address, within)
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|error| Trouble::Unmade(format!("can't connect: {error}")))?;
        Ok(Self { stream, buffer: Vec::new(), ending: false })
    }

    /// The same with a socket that takes little before it is read: what the server sends it is long under way.
    pub(super) fn connect_narrow(address: SocketAddr, within: Duration) -> Result<Self, Trouble> {
        let connected = || {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            socket.set_recv_buffer_size(NARROW_BYTES)?;
            socket.connect_timeout(&address.into(), within)?;
            Ok::<TcpStream, io::Error>(socket.into())
        };
        let stream = connected().map_err(|error| Trouble::Unmade(format!("can't connect: {error}")))?;
        Ok(Self { stream, buffer: Vec::new(), ending: false })
    }

    /// Sends all of `bytes`, and says how many went in if not all did.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.set_write_timeout(Some(Duration::from_secs(2)))?;
        self.stream.write_all(bytes)
    }

    /// Says that no more will be sent.
    pub(super) fn half_close(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write); // one that has gone needs not be told
    }

    /// Asks, and wants the right answer by then.
    pub(super) fn ask(&mut self, question: &Question, until: Instant) -> Result<(), Trouble> {
        // What can't be sent has no answer, and how that came shows when it is read.
        let sent = self.send(&question.request);
        let reply = match self.reply(question.is_head, until) {
            Err(Trouble::Unanswered(words)) if sent.is_err() => Err(Trouble::Unanswered(words)),
            reply => reply,
        }?;
        if reply.status != 200 {
            return Err(Trouble::Wrong(format!("expected status 200, got {}", reply.status)));
        }
        question.check(&reply.body).map_err(Trouble::Wrong)?;
        if self.buffer.is_empty() {
            Ok(())
        } else {
            Err(Trouble::Wrong(format!("after the whole reply came {}", quoted(&self.buffer))))
        }
    }

    /// Whether another request can follow.
    pub(super) fn goes_on(&self) -> bool {
        !self.ending
    }

    /// Reads a whole reply, well-formed, by then; to a HEAD one without a body.
    pub(super) fn reply(&mut self, to_head: bool, until: Instant) -> Result<Reply, Trouble> {
        loop {
            let head_bytes = self.until_mark(b"\r\n\r\n", 0, until)?;
            let head = Head::parse(&self.buffer[..head_bytes]).map_err(wrong)?;
            let interim = (100..200).contains(&head.status);
            let ends = head.field("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
            let body_bytes = match head.framing().map_err(wrong)? {
                _ if interim || to_head || matches!(head.status, 204 | 304) => head_bytes..head_bytes,
                Framing::Length(length) => {
                    self.at_least(head_bytes + length, until)?;
                    head_bytes..head_bytes + length
                }
                Framing::Close => {
                    while self.fill(until)? {}
                    head_bytes..self.buffer.len()
                }
                Framing::Chunked => {
                    let body = self.chunks(head_bytes, until)?;
                    let bytes = body.1;
                    self.buffer.drain(..bytes);
                    self.ending |= ends;
                    return Ok(Reply { status: head.status, body: body.0, bytes });
                }
            };
            let body = self.buffer[body_bytes.clone()].to_vec();
            self.buffer.drain(..body_bytes.end);
            if interim {
                continue;
            }
            self.ending |= ends;
            return Ok(Reply { status: head.status, body, bytes: body_bytes.end });
        }
    }

    /// A body in chunks from there on, and where it ends.
    fn chunks(&mut self, mut at: usize, until: Instant) -> Result<(Vec<u8>, usize), Trouble> {
        let mut body = Vec::new();
        loop {
            let end = self.until_mark(b"\r\n", at, until)?;
            let line = String::from_utf8_lossy(&self.buffer[at..end - 2]).into_owned();
            let Some(size) = chunk_size(&line) else {
                return Err(Trouble::Wrong(format!("the chunk size {line:?} is no number")));
            };
            if size == 0 {
                return Ok((body, self.until_mark(b"\r\n", end, until)?)); // nobody here sends trailers
            }
            self.at_least(end + size + 2, until)?;
            body.extend_from_slice(&self.buffer[end..end + size]);
            at = end + size + 2;
        }
    }

    /// Where the first mark behind `from` ends.
    fn until_mark(&mut self, mark: &[u8], from: usize, until: Instant) -> Result<usize, Trouble> {
        loop {
            let found = self.buffer[from..].windows(mark.len()).position(|window| window == mark);
            if let Some(at) = found {
                return Ok(from + at + mark.len());
            }
            self.more(until)?;
        }
    }

    fn at_least(&mut self, bytes: usize, until: Instant) -> Result<(), Trouble> {
        while self.buffer.len() < bytes {
            self.more(until)?;
        }
        Ok(())
    }

    /// Reads more, which must come.
    fn more(&mut self, until: Instant) -> Result<(), Trouble> {
        if self.fill(until)? { Ok(()) } else { Err(self.over("the connection ended")) }
    }

    /// Reads more; false at the end.
    fn fill(&mut self, until: Instant) -> Result<bool, Trouble> {
        let mut room = [0; 16 * 1024];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Trouble::Late(format!("nothing more came after {} bytes", self.buffer.len())));
            }
            if self.buffer.len() > REPLY_BYTES_AT_MOST {
                return Err(Trouble::Long("the reply is longer than any that was asked for".to_owned()));
            }
            let read = self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(&mut room));
            match read {
                Ok(read) => {
                    self.buffer.extend_from_slice(&room[..read]);
                    self.ending |= read == 0;
                    return Ok(read > 0);
                }
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => {
                    self.ending = true;
                    return Err(self.over(&error.to_string()));
                }
            }
        }
    }

    /// The connection is over, in the middle of an answer or before one.
    fn over(&self, how: &str) -> Trouble {
        match self.buffer.len() {
            0 => Trouble::Unanswered(format!("{how} with not a byte of an answer")),
            bytes => Trouble::Cut(format!("{how} after {bytes} bytes of an answer")),
        }
    }

    /// Reads just so many bytes, of whatever there is, by then.
    pub(super) fn read_just(&mut self, bytes: usize, until: Instant) -> Result<(), Trouble> {
        let mut room = vec![0; bytes];
        let mut at = 0;
        while at < bytes {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Trouble::Late(format!("nothing more came after {at} bytes")));
            }
            let read =
                self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(&mut room[at..]));
            match read {
                Ok(0) => return Err(Trouble::Cut(format!("the connection ended after {at} bytes"))),
                Ok(read) => at += read,
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(Trouble::Cut(format!("{error} after {at} bytes"))),
            }
        }
        Ok(())
    }

    /// Whether all that came is used up, and the connection has ended or ends by then.
    pub(super) fn is_at_its_end(&mut self, until: Instant) -> Result<bool, Trouble> {
        Ok(self.buffer.is_empty() && !self.fill(until)?)
    }

    /// Ends the connection by a reset.
    pub(super) fn reset(self) {
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)); // else it is just closed
    }

    /// The address at this end.
    pub(super) fn own_address(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }
}

fn wrong(stop: Stop) -> Trouble {
    match stop {
        Stop::Failed(words) | Stop::Skipped(words) => Trouble::Wrong(words),
    }
}
