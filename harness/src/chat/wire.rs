//! The way to a room: datagrams, or lines over a stream.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::thread;

use anyhow::Context;
use crossbeam_channel::{Receiver, Sender, bounded};
use models::address::Address;
use socket2::{Domain, Socket, Type};

use super::Ask;
use crate::transport::Transport;

/// A longer line, or datagram, is shown as far as it goes.
const LINE_BYTES: usize = 64 * 1024;
/// So many lines may have come that are not shown yet; then the kernel keeps them.
const LINES: usize = 1024;

/// What came from the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A line; what was not UTF-8 in it is replaced.
    Line(String),
    /// Nothing more will come: why.
    End(String),
}

/// The sending side.
pub(super) struct Wire {
    socket: Arc<Socket>,
    is_stream: bool,
}

impl Wire {
    /// Connects, and has a thread listen to what comes.
    pub(super) fn connect(ask: &Ask) -> anyhow::Result<(Self, Receiver<Arrival>)> {
        let is_stream = ask.transport != Transport::Udp;
        let connected = connect(ask).with_context(|| format!("can't reach a room at {}", ask.address));
        let socket = Arc::new(connected?);
        let (send, heard) = bounded(LINES);
        let (ears, address) = (Arc::clone(&socket), ask.address.clone());
        let listen = move || {
            let why = if is_stream { lines(&ears, &send) } else { datagrams(&ears, &send) };
            let _ = send.send(Arrival::End(in_words(&address, why.as_ref().err())));
        };
        thread::Builder::new().name("ears".to_owned()).spawn(listen)?;
        Ok((Self { socket, is_stream }, heard))
    }

    /// Whether lines can get lost.
    pub(super) fn is_lossy(&self) -> bool {
        !self.is_stream
    }

    /// Says a line. Over a stream it may wait for room, as long as the room may take to answer.
    pub(super) fn say(&self, line: &str) -> io::Result<()> {
        if self.is_stream {
            return match (&*self.socket).write_all(format!("{line}\n").as_bytes()) {
                Err(error) if is_end(&error) => Ok(()),
                other => other,
            };
        }
        match self.socket.send(line.as_bytes()) {
            Ok(_) => Ok(()),
            // It can be the fate of an earlier one that is told here; whether anybody listens shows when nobody answers.
            Err(error) if is_passing(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Wire {
    /// The thread that listens ends with it.
    fn drop(&mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both); // it may have ended already
    }
}

fn connect(ask: &Ask) -> io::Result<Socket> {
    let address = ask.address.to_sockaddr()?;
    let kind = if ask.transport == Transport::Udp { Type::DGRAM } else { Type::STREAM };
    let socket = Socket::new(Domain::from(i32::from(address.family())), kind, None)?;
    socket.set_write_timeout(Some(ask.patience))?;
    if kind == Type::STREAM && !ask.address.is_unix() {
        socket.connect_timeout(&address, ask.patience)?;
        socket.set_nodelay(true)?;
    } else {
        socket.connect(&address)?;
    }
    Ok(socket)
}

/// The other side has gone: the thread that listens says so, and why.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

/// Nobody listens, or there is no room in the kernel just then: that may change.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

fn in_words(address: &Address, error: Option<&io::Error>) -> String {
    match error {
        None => format!("the room at {address} has closed the connection"),
        Some(error) if error.kind() == ErrorKind::ConnectionRefused => {
            format!("nobody listens at {address} (any more): {error}")
        }
        Some(error) => format!("the connection to {address} is lost: {error}"),
    }
}

/// Hands on each datagram until nobody wants more. One without a byte says nothing; a socket that was shut down gives those.
fn datagrams(mut socket: &Socket, send: &Sender<Arrival>) -> io::Result<()> {
    let mut buffer = vec![0; LINE_BYTES];
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) if send.send(line(&buffer[..length])).is_err() => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hands on each line until the stream ends or nobody wants more.
fn lines(mut socket: &Socket, send: &Sender<Arrival>) -> io::Result<()> {
    let (mut piece, mut begun) = ([0; 4096], Vec::new());
    loop {
        let length = match socket.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        for part in piece[..length].split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES - begun.len();
            begun.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                if send.send(line(&begun)).is_err() {
                    return Ok(());
                }
                begun.clear();
            }
        }
    }
}

fn line(bytes: &[u8]) -> Arrival {
    Arrival::Line(String::from_utf8_lossy(bytes).trim_end_matches(['\r', '\n']).to_owned())
}
