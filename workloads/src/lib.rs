//! WHAT is done: the workloads of the lab, free of sockets, processes and threads.
//!
//! The lab compares ways of being concurrent, so the work must be the same under all of them. It is written once,
//! here, in three shapes:
//!
//! * A stream [`Service`] opens a [`Session`] for each connection: a state machine that takes bytes, gives bytes,
//!   and says what it needs next. [`echo`], [`http`], [`files`] and [`chat`] are services, and the small
//!   [`arrivals`] and [`records`]. A model drives a session through its
//!   [`Conversation`], which keeps the rules that are the same for all models.
//! * A [`DatagramService`] answers messages, each by itself: [`echo`] and [`chat`] are among these as well, and
//!   [`broadcast`].
//! * A [`Task`](task::Task) is a run of steps with a value at the end: [`task`] has computing, disk and waiting ones.
//!
//! [`folder`] opens what strangers may see of a folder. [`python`] holds the course's own servers, to compare with. [`client`] is the other side of each protocol: the bytes of a request and the check of a reply.
//!
//! Nothing in this crate reads a socket, sleeps or starts a thread. How that is done is what crate `models` is about.

pub mod arrivals;
pub mod broadcast;
pub mod chat;
pub mod client;
pub mod conversation;
pub mod datagram;
pub mod echo;
pub mod file_part;
pub mod files;
pub mod folder;
pub mod handicap;
pub mod http;
mod later;
pub mod limited;
pub mod outlet;
pub mod python;
pub mod records;
pub mod session;
pub mod task;

pub use conversation::Conversation;
pub use datagram::DatagramService;
pub use file_part::{FILE_PART_BYTES, FilePart};
pub use outlet::Outlet;
pub use session::{Done, Limits, Next, Peer, READ_BYTES, Service, Session, Value, Work};
