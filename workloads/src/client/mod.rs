//! The other side of each protocol, as free of IO as the sessions: the bytes of a request and the check of a reply.
//!
//! Every reply is checked byte by byte, and that must cost a load generator next to nothing: a request is built
//! once, and checking allocates nothing once a connection has seen its first reply.

mod difference;
pub mod echo;
pub mod files;
pub mod http;

pub use echo::EchoClient;
pub use http::HttpClient;

/// What a load generator says, over and over, and how it knows the answer to be right.
pub trait Client: Send + Sync {
    /// One whole request, built beforehand.
    fn request(&self) -> &[u8];

    /// A checker for the replies on one new connection.
    fn checker(&self) -> Box<dyn Checker>;

    /// The same as messages of their own, if that makes sense for this workload.
    fn as_datagrams(&self) -> Option<&dyn DatagramClient> {
        None
    }
}

/// What a load generator says in datagrams, over and over, and how it knows the answer to be right.
///
/// A reply that was given up can still come, while the answer to the next message is waited for. So messages carry a
/// number, where they have room for one.
pub trait DatagramClient: Send + Sync {
    /// Replaces what `datagram` holds by the message of this number.
    fn write(&self, number: u64, datagram: &mut Vec<u8>);

    /// What a datagram is that came in while the answer to message `number` was waited for. The first message of this
    /// socket had the number `first`.
    fn check(&self, first: u64, number: u64, datagram: &[u8]) -> Answer;
}

/// What a datagram turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The right answer.
    Right,
    /// The right answer to an earlier message: one that was given up, or one that came twice. It counts for nothing.
    Late,
    /// Not the right answer: one sentence says how.
    Wrong(String),
}

/// Checks the replies on one connection, as their bytes arrive.
pub trait Checker: Send {
    /// Looks at bytes that have just arrived: all of them belong to replies not yet whole.
    fn arrived(&mut self, bytes: &[u8]) -> Reply;

    /// The server sends no more. Between replies that is a plain close ([`Reply::More`]: nothing is wrong so far,
    /// and only the caller knows whether it still waits for a reply); within one it is a short reply, unless the
    /// reply's end is marked by the close itself.
    fn ended(&mut self) -> Reply;

    /// The connection is closed, and what follows comes over a new one: a reply under way is forgotten, what was
    /// learned stays. So a new connection per request needs no new checker each.
    fn restart(&mut self);
}

/// What a checker makes of the bytes so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Right so far, not whole.
    More,
    /// A whole and right reply, which took this many of the bytes just given.
    Whole {
        /// How many of the bytes given in this call belong to the reply (what follows belongs to the next).
        used: usize,
        /// Whether the server said that it will close the connection.
        closing: bool,
    },
    /// The connection ended before the reply did.
    Short,
    /// Not the right reply: one sentence says how.
    Wrong(String),
}
