//! The connection to a file server. It blocks, but for a tenth of a second at most without a look at whether somebody has
//! pressed Ctrl-C.

use std::io::{self, ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use bytes::BytesMut;
use models::address::Address;
use socket2::{Domain, Socket, Type};
use workloads::client::files::{self, Content, Part};
use workloads::files::protocol::Status;

use crate::failure::Interrupted;

/// How long a call may block.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How much is read at a time, in bytes.
const READ_BYTES: usize = 256 << 10;

/// One connection.
pub(super) struct Link {
    socket: Socket,
    /// What has come and was not taken yet.
    input: BytesMut,
    buffer: Vec<u8>,
    timeout: Duration,
    stop: Arc<AtomicBool>,
}

impl Link {
    /// Connects.
    pub(super) fn open(address: &Address, timeout: Duration, stop: &Arc<AtomicBool>) -> anyhow::Result<Self> {
        let socket = connect(address, timeout).with_context(|| {
            format!(
                "can't connect to {address}; is a server there, as of concur serve epoll --workload files?"
            )
        })?;
        socket.set_read_timeout(Some(LOOK_EVERY))?;
        socket.set_write_timeout(Some(LOOK_EVERY))?;
        Ok(Self {
            socket,
            input: BytesMut::new(),
            buffer: vec![0; READ_BYTES],
            timeout,
            stop: Arc::clone(stop),
        })
    }

    /// Whether another command can be sent: the server has said nothing unasked, nor has it ended the connection.
    pub(super) fn is_quiet(&self) -> bool {
        self.input.is_empty() && !self.has_something()
    }

    /// Whether there is something to read, or the end of it.
    pub(super) fn has_something(&self) -> bool {
        let looked = self.socket.set_nonblocking(true).and_then(|()| {
            let looked = self.socket.peek(&mut [MaybeUninit::uninit()]);
            self.socket.set_nonblocking(false)?;
            looked
        });
        !matches!(looked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Sends all of `bytes`.
    pub(super) fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut sent = 0;
        while sent < bytes.len() {
            sent +=
                self.patiently("the server takes nothing", |link| (&link.socket).write(&bytes[sent..]))?;
        }
        Ok(())
    }

    /// The server's answer.
    pub(super) fn status(&mut self) -> anyhow::Result<Status> {
        loop {
            match files::status(&mut self.input)? {
                Some(status) => return Ok(status),
                None => self.receive()?,
            }
        }
    }

    /// The bytes that follow an answer, piece by piece; gives their checksum, which is right.
    pub(super) fn content(
        &mut self,
        length: u64,
        mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<u32> {
        let mut content = Content::new(length);
        loop {
            match content.next(&mut self.input)? {
                Part::Bytes(bytes) => take(&bytes)?,
                Part::Whole(sum) => return Ok(sum),
                Part::More => self.receive()?,
            }
        }
    }

    /// Reads something more.
    fn receive(&mut self) -> anyhow::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = self.patiently("nothing comes from the server", |link| (&link.socket).read(&mut buffer));
        if let Ok(read) = read {
            self.input.extend_from_slice(&buffer[..read]);
        }
        self.buffer = buffer;
        match read? {
            0 => Err(anyhow!("the server has ended the connection; try again")),
            _ => Ok(()),
        }
    }

    /// Tries again and again until it works, takes too long, or nobody wants it any more.
    fn patiently(
        &mut self,
        silence: &str,
        mut act: impl FnMut(&Self) -> io::Result<usize>,
    ) -> anyhow::Result<usize> {
        let deadline = Instant::now() + self.timeout;
        loop {
            match act(self) {
                Ok(bytes) => return Ok(bytes),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(anyhow!(error).context("the connection is lost; try again")),
            }
            if self.stop.load(Ordering::Relaxed) {
                return Err(Interrupted.into());
            }
            if Instant::now() >= deadline {
                return Err(anyhow!("{silence} for {:?}; try a longer --timeout", self.timeout));
            }
        }
    }
}

fn connect(address: &Address, timeout: Duration) -> io::Result<Socket> {
    match address {
        Address::Ip(address) => {
            let stream = TcpStream::connect_timeout(address, timeout)?;
            stream.set_nodelay(true)?;
            Ok(stream.into())
        }
        Address::Unix(_) => {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.set_write_timeout(Some(timeout))?; // connect(2) heeds it where the queue is full
            socket.connect(&address.to_sockaddr()?)?;
            Ok(socket)
        }
    }
}
