//! Loopback connections whose both ends are ours, and the two calls on them.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use rustix::io::{Errno, Result};
use rustix::net::{RecvFlags, SendFlags, recv, send};

/// What goes each way, in bytes: about a short HTTP request, or the reply to it.
pub(super) const MESSAGE_BYTES: usize = 128;
/// One side waits for the other this long; only a thread that can't run takes longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Both ends of a connection: who asks, and who answers. Their calls block.
pub(super) fn connected() -> anyhow::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let asking = TcpStream::connect(listener.local_addr()?)?;
    let (answering, from) = listener.accept()?;
    ensure!(from == asking.local_addr()?, "somebody else connected first");
    for end in [&asking, &answering] {
        end.set_nodelay(true)?;
        end.set_read_timeout(Some(PATIENCE))?;
        end.set_write_timeout(Some(PATIENCE))?;
    }
    Ok((asking, answering))
}

/// One call, if all goes well; a signal or a full buffer makes it more.
pub(super) fn send_all(to: impl AsFd, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match send(&to, bytes, SendFlags::NOSIGNAL) {
            Ok(sent) => bytes = &bytes[sent..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// One call, if all goes well; false at the end of the stream.
pub(super) fn receive_all(from: impl AsFd, mut into: &mut [u8]) -> Result<bool> {
    while !into.is_empty() {
        match recv(&from, &mut *into, RecvFlags::empty()) {
            Ok((_, 0)) => return Ok(false),
            Ok((_, received)) => into = &mut into[received..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// What a thread came to.
pub(super) fn joined<T>(joined: thread::Result<anyhow::Result<T>>) -> anyhow::Result<T> {
    joined.unwrap_or_else(|_| Err(anyhow!("a thread panicked; its message is on stderr")))
}
