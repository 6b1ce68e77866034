//! An end of two streams of bytes, there and back: what pipes, FIFOs, Unix stream sockets and TCP have in common.
//!
//! write(2) takes as much as there is room for and sleeps when there is none; read(2) gives what has come, which may be a part
//! of a message or two of them. A stream has no borders, so both are called until the message is whole. Here both sides know how
//! long one is; else its length would have to stand before it.

use std::os::fd::{AsFd, OwnedFd};

use nix::unistd::{read, write};

use super::super::Trouble;
use super::ticks::uninterrupted;
use super::{End, Peer};

/// One end.
pub(super) struct Stream {
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
}

impl Stream {
    /// Of a socket, which is both in one.
    pub(super) fn of(socket: impl Into<OwnedFd>) -> Result<Self, Trouble> {
        let output = socket.into();
        Ok(Self { input: output.try_clone()?, output })
    }
}

impl End for Stream {
    fn send(&mut self, message: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
        write_whole(&self.output, message, peer)
    }

    fn receive(&mut self, message: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble> {
        read_whole(&self.input, message, peer)
    }
}

/// Writes all of it.
///
/// # Errors
/// Nobody reads it any more.
pub(super) fn write_whole(output: impl AsFd, mut bytes: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
    while !bytes.is_empty() {
        let taken = uninterrupted(peer, || write(&output, bytes))?;
        bytes = &bytes[taken..];
    }
    Ok(())
}

/// Reads until there is no room left.
///
/// # Errors
/// The other side has ended.
pub(super) fn read_whole(input: impl AsFd, mut room: &mut [u8], peer: &Peer<'_>) -> Result<(), Trouble> {
    while !room.is_empty() {
        match uninterrupted(peer, || read(&input, room))? {
            0 => return Err(Trouble::Failed("the other side has closed its end; measure again".to_owned())),
            got => room = &mut room[got..],
        }
    }
    Ok(())
}
