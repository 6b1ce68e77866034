//! Datagram servers: UDP under the models that have something to say to it, one file each.
//!
//! There is one socket for all clients and no connection to watch, so the models differ in who answers: the one who
//! receives (`iterative`, `epoll`), or somebody who is started for it (`fork`, `thread`, `coroutine`) or was waiting
//! (`thread_pool`). Receiving and answering stand once, in `exchange`; how many are busy at once is counted in `crew`.
//!
//! A service that remembers ([`DatagramService::remembers`]), as a chat room does, is answered in the order in which its
//! datagrams arrived (`order`), and hears its console (`beside`).
//!
//! A server may lose datagrams, as the network may. Each model's file says what it does when more come than it can
//! answer: nothing grows without a bound.

use std::sync::Arc;

use socket2::Socket;
use workloads::DatagramService;

use crate::options::{Options, Spec};
use crate::server::{ServeError, Shutdown};

mod beside;
pub mod coroutine;
mod crew;
pub mod epoll;
mod exchange;
pub mod fork;
pub mod iterative;
mod order;
pub mod thread;
pub mod thread_pool;

pub use exchange::bind;

/// One model of serving datagrams, as it stands in the register.
pub struct Model {
    /// The name it is asked for by: that of the stream model with the same idea.
    pub name: &'static str,
    /// What kind it is, as for streams.
    pub family: &'static str,
    /// The idea in one sentence.
    pub summary: &'static str,
    /// The options it takes.
    pub options: &'static [Spec],
    /// Answers datagrams until the shutdown is requested, then what had arrived by then.
    pub run: Run,
}

/// How a model is run: until the shutdown is requested and what had arrived by then is answered.
pub type Run = fn(Start<'_>) -> Result<(), ServeError>;

/// What a server starts with.
pub struct Start<'a> {
    /// Where datagrams arrive; see [`bind`].
    pub socket: Socket,
    /// What is done with them.
    pub service: &'a Arc<dyn DatagramService>,
    /// The model's options; [`Options::check`] has found nothing wrong with them.
    pub options: &'a Options,
    /// How the server is told to stop.
    pub shutdown: &'a Arc<Shutdown>,
}

static SERVERS: &[Model] =
    &[iterative::MODEL, fork::MODEL, thread::MODEL, thread_pool::MODEL, epoll::MODEL, coroutine::MODEL];

/// Every datagram server model, in the order in which a course meets them.
pub fn datagram_servers() -> &'static [Model] {
    SERVERS
}

/// The model of this name.
pub fn datagram_server(name: &str) -> Option<&'static Model> {
    SERVERS.iter().find(|model| model.name == name)
}
