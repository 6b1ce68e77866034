//! Stream servers: one file for each model, and the parts they share.
//!
//! Blocking models (`iterative`, `fork`, `prefork`, `thread`, `prethread`, `thread_pool`, `coroutine`) differ in who calls
//! `blocking::serve`; `asynchronous` is the same with `.await`. Readiness models (`select`, `poll`, `epoll`, `polling`, `mio`) differ in one small set each, behind
//! the trait `readiness::Readiness`; their loop stands once, in `reactor`. `multi_loop` runs several of these loops,
//! and `hybrid` has threads compute behind one.
//! `io_uring` is told of completions instead, and has a loop of its own.

use std::io;
use std::sync::Arc;

use socket2::Socket;
use thiserror::Error;
use workloads::Service;

use crate::options::{Options, Spec};

pub(crate) mod acceptor;
pub mod asynchronous;
mod blocking;
pub(crate) mod children;
mod connection;
pub mod coroutine;
pub mod epoll;
mod farewell;
pub mod fork;
pub mod hybrid;
pub mod io_uring;
pub mod iterative;
pub(crate) mod lookout;
pub mod mio;
pub mod multi_loop;
mod outlet;
pub mod path;
pub mod poll;
pub mod polling;
pub mod prefork;
pub mod prethread;
mod reactor;
mod readiness;
mod request_clock;
pub mod select;
pub mod shutdown;
pub mod socket;
mod team;
pub mod thread;
pub mod thread_pool;
mod timers;
pub mod trouble;
mod workers;

pub use shutdown::Shutdown;

/// One model of serving streams, as it stands in the register.
pub struct Model {
    /// The name it is asked for by: `epoll`.
    pub name: &'static str,
    /// What kind it is: `iterative`, `processes`, `threads`, `multiplexing`, `completions`, `coroutines`.
    pub family: &'static str,
    /// The idea in one sentence.
    pub summary: &'static str,
    /// For how many clients at once it has room.
    pub room: fn(&Options) -> Room,
    /// The options it takes.
    pub options: &'static [Spec],
    /// What this machine lacks for it, if anything.
    pub lacks: Lacks,
    /// Serves clients of the listener until the shutdown is requested, then finishes what is under way.
    pub run: Run,
}

impl Model {
    /// For how many clients at once it has room if no option is given.
    pub fn usual_room(&self) -> Room {
        (self.room)(&Options::default())
    }
}

/// How a model is run: until the shutdown is requested and what was under way is finished.
pub type Run = fn(Start<'_>) -> Result<(), ServeError>;

/// What a machine lacks for a model with these options, over this kind of socket: a sentence that says why and what
/// would help; none where it can serve. Asked before a server starts, and what is answered is the reason of an
/// `unsupported` cell.
pub type Lacks = fn(&Options, Transport) -> Option<String>;

/// For models that any machine can run, whatever their options: what [`Model::lacks`] is for most.
pub fn nothing(_: &Options, _: Transport) -> Option<String> {
    None
}

/// For models with room for many clients, whatever their options: what [`Model::room`] is for most.
pub fn many(_: &Options) -> Room {
    Room::Many
}

/// What a stream server's clients come over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP, over IPv4 or IPv6.
    Tcp,
    /// A Unix socket with a path.
    Unix,
}

/// What a server starts with.
pub struct Start<'a> {
    /// Where clients arrive. It does not block: see [`socket::listen`].
    pub listener: Socket,
    /// What is done for them.
    pub service: &'a Arc<dyn Service>,
    /// The model's options; [`Options::check`] has found nothing wrong with them.
    pub options: &'a Options,
    /// How the server is told to stop.
    pub shutdown: &'a Arc<Shutdown>,
}

/// For how many clients at once a model has room; the others wait without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// For one.
    One,
    /// For this many: each of its workers has one.
    Workers(usize),
    /// For this many at best: the kernel deals clients out between its workers beforehand, and one may get several while
    /// another has none.
    DealtOut(usize),
    /// For so many that a single client's descriptors end first.
    Many,
    /// For somewhat fewer than this many descriptors.
    Descriptors(usize),
}

/// Why a server could not serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The system refused something the model can't do without.
    #[error("can't {doing}: {source}")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl ServeError {
    pub(crate) fn io(doing: &'static str, source: io::Error) -> Self {
        Self::Io { doing, source }
    }
}

impl From<io::Error> for ServeError {
    fn from(source: io::Error) -> Self {
        Self::io("go on serving", source)
    }
}

static SERVERS: &[Model] = &[
    iterative::MODEL,
    fork::MODEL,
    prefork::MODEL,
    thread::MODEL,
    prethread::MODEL,
    thread_pool::MODEL,
    select::MODEL,
    poll::MODEL,
    epoll::MODEL,
    polling::MODEL,
    mio::MODEL,
    io_uring::MODEL,
    coroutine::MODEL,
    asynchronous::MODEL,
    multi_loop::MODEL,
    hybrid::MODEL,
];

/// Every stream server model, in the order in which a course meets them.
pub fn servers() -> &'static [Model] {
    SERVERS
}

/// The model of this name.
pub fn server(name: &str) -> Option<&'static Model> {
    SERVERS.iter().find(|model| model.name == name)
}
