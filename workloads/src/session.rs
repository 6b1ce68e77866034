//! The contract between WHAT is done and HOW: a [`Service`] opens a [`Session`] for each connection.
//!
//! A session is a state machine over bytes, as in h11 or rustls. It never reads, writes, sleeps or blocks; it
//! says what it needs [`Next`], and the model that serves it does that in its own way: a thread sleeps where an
//! event loop arms a timer and a coroutine parks. So every model runs the very same code, and a comparison of
//! two models compares the models.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;

use crate::file_part::FilePart;
use crate::outlet::Outlet;

/// What a server does for its clients. One service is shared by all connections of a server.
pub trait Service: Send + Sync {
    /// Opens the state of one new connection.
    fn session(&self, peer: Peer) -> Box<dyn Session>;

    /// Whether it says things to clients unasked, as a chat room does. Each connection then gets an [`Outlet`] and is opened
    /// by [`open`](Self::open); a model whose clients share no memory can't carry such a service.
    fn pushes(&self) -> bool {
        false
    }

    /// Opens the state of one new connection of a service that [`pushes`](Self::pushes). All that its session has to say
    /// goes through `outlet` and nothing through a session's `output`: so lines never mix.
    fn open(&self, peer: Peer, _outlet: Box<dyn Outlet>) -> Box<dyn Session> {
        self.session(peer)
    }

    /// Somebody typed a line at the server's console: a service that pushes may have it to say to all.
    fn console(&self, _line: &str) {}

    /// The server is asked to stop: all connections are going to end, each when what is under way is done. Only services that push
    /// are told.
    fn begins_to_close(&self) {}

    /// The server has ended, and what is returned is said of it all on the console.
    fn closes(&self) -> Option<String> {
        None
    }

    /// The limits every model keeps on this service's behalf.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Does what the first request of a process would do on the side, such as asking the processor what it can do. A model
    /// that forks calls this before: each process then starts with what its parent has.
    fn warm_up(&self) {}
}

/// One connection's side of the conversation: bytes in, bytes out.
///
/// The rules around these calls (what is flushed when, when `end` comes) are kept by
/// [`Conversation`](crate::conversation::Conversation), which every model drives.
pub trait Session: Send {
    /// Takes what has arrived.
    ///
    /// It drains from `input` what it understood, leaves an unfinished rest there, and appends to `output` what
    /// to send. It answers [`Next::Flush`] once `output` stands above [`Limits::output_bytes`], and is then
    /// resumed before it sees more input.
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next;

    /// Goes on once what it asked for is done.
    fn resume(&mut self, done: Done, output: &mut BytesMut) -> Next;

    /// The peer sends no more; `input` holds what was left unfinished.
    fn end(&mut self, _input: &mut BytesMut, _output: &mut BytesMut) -> Next {
        Next::Close
    }

    /// Whether a request has begun to arrive and is not whole, so that its time limit runs.
    fn pending(&self) -> bool {
        false
    }

    /// How far what is [`pending`](Self::pending) has got, in steps that are each worth the time of a request. So a large
    /// one that keeps coming is not cut off by the time that a small one may take.
    fn progress(&self) -> u64 {
        0
    }
}

/// What a session needs next. Whatever it is, output is sent first.
pub enum Next {
    /// More input.
    Read,
    /// Only that the output be sent: a large body goes out in pieces, so that memory stays bounded.
    Flush,
    /// That a part of a file be sent behind the output, and then the same as after [`Flush`](Self::Flush). Where the kernel
    /// can send it, it does (sendfile(2)). A file that turns out shorter ends the connection.
    File(FilePart),
    /// This much time, as if something slow elsewhere had been asked.
    Wait(Duration),
    /// A piece of CPU work. Done in line it stalls an event loop's other clients, which is a lesson of the lab.
    Compute(Work),
    /// To close the connection.
    Close,
    /// To close after a refusal: say no more, but hear the peer out for a bounded while. Closing at once with
    /// unread input would reset the connection, and the reset can overtake the refusal (RFC 9112, 9.6).
    Refuse,
}

/// Takes one step after another from what has arrived, until one says what is needed next, or until there is so much to send
/// that it goes out first.
pub(crate) fn step_by_step(
    input: &mut BytesMut,
    output: &mut BytesMut,
    high_water: usize,
    mut step: impl FnMut(&mut BytesMut, &mut BytesMut) -> Option<Next>,
) -> Next {
    loop {
        if let Some(next) = step(input, output) {
            return next;
        }
        if output.len() > high_water {
            return Next::Flush;
        }
    }
}

/// What has been done for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The output has been handed to the system, and with it the part of a file if one was to be sent.
    Flushed,
    /// The time has passed.
    Waited,
    /// The work has been done, and this is its result.
    Computed(Value),
}

/// A piece of CPU work that may be done on any thread.
pub type Work = Box<dyn FnOnce() -> Value + Send>;

/// What work comes to: a number that can be checked.
pub type Value = u64;

/// Who is at the other end, as far as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peer {
    /// The address of a TCP client; none for a Unix socket.
    pub address: Option<SocketAddr>,
}

/// What a model allows one connection of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a request may take to arrive, from its first byte.
    pub request_time: Duration,
    /// How long a connection may stay silent, and how long a reply may find no taker.
    pub idle_time: Duration,
    /// How many bytes of unfinished input a connection may hold.
    pub input_bytes: usize,
    /// Above this many bytes of output a session asks for [`Next::Flush`].
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_time: Duration::from_secs(20),
            idle_time: Duration::from_secs(75),
            input_bytes: 64 * 1024,
            output_bytes: 64 * 1024,
        }
    }
}

/// One read size for all models, in bytes: else the comparison would measure buffers. At 16 KiB messages, reads
/// of 4 KiB cost three times as much as reads of 64 KiB.
pub const READ_BYTES: usize = 64 * 1024;

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("Read"),
            Self::Flush => f.write_str("Flush"),
            Self::File(part) => write!(f, "File({} B)", part.length()),
            Self::Wait(time) => write!(f, "Wait({time:?})"),
            Self::Compute(_) => f.write_str("Compute"),
            Self::Close => f.write_str("Close"),
            Self::Refuse => f.write_str("Refuse"),
        }
    }
}
