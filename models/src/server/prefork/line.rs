//! Passing accepted clients to other processes (`SCM_RIGHTS`, unix(7)).
//!
//! A descriptor is a number that means something in one process only. Sent as such a message through a Unix socket, it
//! arrives as another number for the same open connection. So the parent accepts, and each worker gets its clients
//! through a line of its own. A worker without a client says so in a pipe that all of them write to: the pipe is the
//! queue of those who are free.

use std::io::{self, IoSlice, IoSliceMut, PipeReader, PipeWriter, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use socket2::Socket;
use workloads::Peer;

use super::Door;
use crate::server::acceptor;
use crate::server::trouble;

/// The parent's ends of all lines.
pub(super) struct Lines {
    /// By the worker's place; none where no worker is.
    by_place: Vec<Option<Line>>,
    /// How many lines have been laid, for serial numbers.
    laid: u32,
    free: PipeReader,
    say_free: PipeWriter,
    /// Whose turn it is when nobody is free.
    turn: usize,
}

struct Line {
    end: OwnedFd,
    /// Tells this worker from those who had its place before it, whose words may still be in the pipe.
    serial: u32,
}

/// A word in the pipe: a place and a serial number. Such short writes are never torn apart (pipe(7), `PIPE_BUF`).
type Word = [u8; 8];

/// How passing a client went.
pub(super) enum Passed {
    /// It is on its way to the worker.
    Through,
    /// That worker can't take it: it has just died, or its line is full.
    Not,
}

impl Lines {
    /// For so many workers, who are not there yet.
    pub(super) fn new(workers: usize) -> io::Result<Self> {
        let (free, say_free) = io::pipe()?;
        fcntl(&free, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self { by_place: (0..workers).map(|_| None).collect(), laid: 0, free, say_free, turn: 0 })
    }

    /// How many workers there are to be.
    pub(super) fn places(&self) -> usize {
        self.by_place.len()
    }

    /// Lays a line to the worker that is to be made for `place`, and gives the worker's end.
    pub(super) fn lay(&mut self, place: usize) -> io::Result<WorkersEnd> {
        let (ours, line) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let serial = self.laid;
        self.laid = self.laid.wrapping_add(1);
        self.by_place[place] = Some(Line { end: ours, serial });
        let word = word(place, serial);
        Ok(WorkersEnd { line, say_free: self.say_free.try_clone()?, word })
    }

    /// Forgets the worker that had `place`.
    pub(super) fn cut(&mut self, place: usize) {
        self.by_place[place] = None;
    }

    /// Cuts all lines: every worker leaves once it has served whom it was passed.
    pub(super) fn cut_all(&mut self) {
        self.by_place.fill_with(|| None);
    }

    /// Readable while somebody is free.
    pub(super) fn anybody_free(&self) -> BorrowedFd<'_> {
        self.free.as_fd()
    }

    /// Takes one who is free out of the queue.
    pub(super) fn next_free(&self) -> io::Result<Option<usize>> {
        let mut said = Word::default();
        loop {
            match (&self.free).read_exact(&mut said) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
            let (place, serial) = understood(said);
            let line = self.by_place.get(place).and_then(Option::as_ref);
            if line.is_some_and(|line| line.serial == serial) {
                return Ok(Some(place));
            }
            // Who said that has died since.
        }
    }

    /// One after another, free or not.
    pub(super) fn next_in_turn(&mut self) -> usize {
        self.turn = (self.turn + 1) % self.by_place.len();
        self.turn
    }

    /// Passes a client to the worker at `place`.
    ///
    /// # Errors
    /// The system has no room for one more descriptor on its way.
    pub(super) fn pass(&self, place: usize, client: &Socket) -> io::Result<Passed> {
        let Some(line) = &self.by_place[place] else { return Ok(Passed::Not) };
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let descriptors = [client.as_fd()];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        rights.push(SendAncillaryMessage::ScmRights(&descriptors)); // the space is made for it
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        loop {
            return match sendmsg(&line.end, &[IoSlice::new(&[0])], &mut rights, flags) {
                Ok(_) => Ok(Passed::Through),
                Err(rustix::io::Errno::INTR) => continue,
                Err(rustix::io::Errno::PIPE | rustix::io::Errno::CONNRESET | rustix::io::Errno::AGAIN) => {
                    Ok(Passed::Not)
                }
                Err(error) => Err(error.into()),
            };
        }
    }
}

fn word(place: usize, serial: u32) -> Word {
    ((place as u64) << 32 | u64::from(serial)).to_ne_bytes()
}

fn understood(word: Word) -> (usize, u32) {
    let word = u64::from_ne_bytes(word);
    ((word >> 32) as usize, word as u32)
}

/// A worker's end of its line.
pub(super) struct WorkersEnd {
    line: OwnedFd,
    say_free: PipeWriter,
    word: Word,
}

impl WorkersEnd {
    /// The line as a place to wait for clients.
    pub(super) fn door(self) -> impl Door + use<> {
        LineDoor { end: self }
    }
}

/// A worker stays until its line is cut, also when it is asked to stop: Ctrl-C reaches it at the same moment as its parent,
/// who may still have clients for it.
struct LineDoor {
    end: WorkersEnd,
}

/// What there is on a line.
enum Received {
    Client(Socket),
    /// A client who was lost on the way, since this process has no descriptor for it.
    Lost,
    Nothing,
    /// The parent has cut it.
    End,
}

impl Door for LineDoor {
    fn client(&mut self) -> io::Result<Option<(Socket, Peer)>> {
        self.end.say_free.write_all(&self.end.word)?;
        loop {
            match self.receive()? {
                Received::Client(socket) => {
                    // One who has left has no address any more.
                    let peer =
                        socket.peer_addr().map_or(Peer { address: None }, |from| acceptor::peer(&from));
                    return Ok(Some((socket, peer)));
                }
                Received::Lost => {
                    trouble::report(
                        "a worker has no descriptor for a client, who is turned away (see ulimit -n)",
                    );
                    self.end.say_free.write_all(&self.end.word)?;
                }
                Received::End => return Ok(None),
                Received::Nothing => self.wait()?,
            }
        }
    }
}

impl LineDoor {
    fn receive(&self) -> io::Result<Received> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let bytes = loop {
            match recvmsg(&self.end.line, &mut [IoSliceMut::new(&mut byte)], &mut control, flags) {
                Ok(message) => break message.bytes,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return Ok(Received::Nothing),
                Err(error) => return Err(error.into()),
            }
        };
        let client = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        Ok(match client {
            Some(descriptor) => Received::Client(Socket::from(descriptor)),
            None if bytes > 0 => Received::Lost,
            None => Received::End,
        })
    }

    fn wait(&self) -> io::Result<()> {
        match poll(&mut [PollFd::new(self.end.line.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
