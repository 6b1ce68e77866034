//! The workloads by name: what a server serves, and what a load generator then asks for.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::time::ClockId;
use serde::Serialize;
use workloads::arrivals::Arrivals;
use workloads::broadcast::Broadcast;
use workloads::chat;
use workloads::client::Client;
use workloads::client::echo::EchoClient;
use workloads::client::http::HttpClient;
use workloads::datagram::DATAGRAM_BYTES_AT_MOST;
use workloads::echo::Echo;
use workloads::files::{Files, Settings};
use workloads::http::{Http, Pages};
use workloads::records::Records;
use workloads::{DatagramService, Service};

use crate::cli::Content;
use crate::failure::Usage;
use crate::transport::Transport;

/// A workload as it stands in the register.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Entry {
    /// The name it is asked for by.
    pub name: &'static str,
    /// What carries it.
    pub family: &'static str,
    /// One sentence on what it does.
    pub summary: &'static str,
}

/// Every workload.
pub const WORKLOADS: &[Entry] = &[
    Entry { name: "echo", family: "stream or datagrams", summary: "what came in goes out again" },
    Entry {
        name: "http",
        family: "stream",
        summary: "HTTP/1.1: /, /hello, /bytes/N, /cpu/N (computes), /wait/MS (waits), POST /echo and the pages of --root",
    },
    Entry {
        name: "files",
        family: "stream",
        summary: "a folder (--root) whose files are listed, fetched and brought: for concur files",
    },
    Entry {
        name: "chat",
        family: "stream or datagrams",
        summary: "a room of members who hear each other: L name enters, C name text speaks, Q name leaves",
    },
    Entry {
        name: "broadcast",
        family: "datagrams",
        summary: "what came in goes to everybody who listens at a network's broadcast address",
    },
    Entry {
        name: "arrivals",
        family: "stream",
        summary: "says of each piece how it arrived: what was sent apart may come together",
    },
    Entry {
        name: "records",
        family: "stream",
        summary: "records of 16 bytes, Python's struct 'i5sf', each answered by a line however they were split",
    },
];

/// A workload together with what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workload {
    /// Messages of so many bytes.
    Echo {
        /// The size of one.
        message_bytes: usize,
    },
    /// Requests for this path.
    Http {
        /// It begins with a slash.
        path: String,
    },
}

/// The largest echo message a client may send: it holds all of it in memory.
const MESSAGE_BYTES_AT_MOST: usize = 16 * 1024 * 1024;

impl Content {
    /// Whether it says something that only a file server has a use for.
    fn is_of_files(&self) -> bool {
        self.max_files.is_some() || self.max_file_bytes.is_some() || self.read_only
    }
}

impl Workload {
    /// The workload of this name; `path` and `message_bytes` are used by the one that has them.
    pub fn new(name: &str, path: &str, message_bytes: usize) -> anyhow::Result<Self> {
        match name {
            "echo" if !(1..=MESSAGE_BYTES_AT_MOST).contains(&message_bytes) => Err(Usage::error(format!(
                "--message can't be {message_bytes}; try 1 to {MESSAGE_BYTES_AT_MOST}"
            ))),
            "echo" => Ok(Self::Echo { message_bytes }),
            "http" if !path.starts_with('/') || path.bytes().any(|byte| !byte.is_ascii_graphic()) => {
                Err(Usage::error(format!("--path can't be '{path}'; it begins with a slash, as in /hello")))
            }
            "http" => Ok(Self::Http { path: path.to_owned() }),
            "files" => Err(Usage::error("files is no load: its client is concur files; try --workload http")),
            _ if is_known(name) => Err(Usage::error(format!(
                "{name} has no load to be put under, but cases: see concur verify; try --workload echo or http"
            ))),
            _ => Err(unknown(name)),
        }
    }

    /// Refuses what this transport can't carry.
    pub fn check(&self, transport: Transport) -> anyhow::Result<()> {
        match self {
            Self::Echo { message_bytes }
                if transport == Transport::Udp && *message_bytes > DATAGRAM_BYTES_AT_MOST =>
            {
                Err(Usage::error(format!(
                    "--message can't be {message_bytes} over udp; try 1 to {DATAGRAM_BYTES_AT_MOST}"
                )))
            }
            Self::Http { .. } if transport == Transport::Udp => Err(no_datagrams("http")),
            Self::Echo { .. } | Self::Http { .. } => Ok(()),
        }
    }

    /// The name as it stands in the register.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Echo { .. } => "echo",
            Self::Http { .. } => "http",
        }
    }

    /// What is asked for, as it stands in the record.
    pub fn request(&self) -> String {
        match self {
            Self::Echo { message_bytes } => format!("{message_bytes} B"),
            Self::Http { path } => path.clone(),
        }
    }

    /// The side that asks.
    pub fn client(&self, host: &str, keep_alive: bool) -> anyhow::Result<Box<dyn Client>> {
        Ok(match self {
            Self::Echo { message_bytes } => Box::new(EchoClient::new(*message_bytes)),
            Self::Http { path } => Box::new(
                HttpClient::new(path, host, keep_alive).map_err(|error| Usage::error(error.to_string()))?,
            ),
        })
    }
}

/// As people read it: `http /hello`, `echo 64 B`.
impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.request())
    }
}

/// The side that answers.
///
/// # Errors
/// There is no such workload, or `content` has what it has no use for.
pub fn service(name: &str, content: &Content) -> anyhow::Result<Arc<dyn Service>> {
    content.room.check(name)?;
    if content.list && name != "http" && is_known(name) {
        return Err(Usage::error(format!(
            "--list lists directories as pages, and {name} has none; try http"
        )));
    }
    match name {
        "echo" | "chat" | "arrivals" | "records" if content.root.is_some() => Err(Usage::error(format!(
            "--root is the folder of a workload that serves one, and {name} serves none"
        ))),
        "echo" | "http" | "chat" | "arrivals" | "records" if content.is_of_files() => {
            Err(Usage::error(format!(
                "--max-files, --max-file-bytes and --read-only are for --workload files, and not for {name}"
            )))
        }
        "echo" => Ok(Arc::new(Echo)),
        "files" => files(content),
        "http" => Ok(Arc::new(Http { clock: coarse_clock, pages: pages(content)?, ..Http::default() })),
        "chat" => Ok(Arc::new(chat::Lines::new(content.room.rules()?, Instant::now))),
        "arrivals" => Ok(Arc::new(Arrivals)),
        "records" => Ok(Arc::new(Records)),
        "broadcast" => Err(Usage::error("broadcast needs datagrams; try --transport udp")),
        _ => Err(unknown(name)),
    }
}

/// The folder of pages, if one is served.
fn pages(content: &Content) -> anyhow::Result<Option<Arc<Pages>>> {
    let Some(root) = &content.root else {
        let lacks_root = Usage::error("--list lists a folder; say which one by --root DIR");
        return if content.list { Err(lacks_root) } else { Ok(None) };
    };
    let pages = Pages::open(root, content.list).map_err(|error| {
        Usage::error(format!(
            "--root {} can't be served: {error}; try a folder that you may enter",
            root.display()
        ))
    })?;
    Ok(Some(Arc::new(pages)))
}

/// The file server's side.
fn files(content: &Content) -> anyhow::Result<Arc<dyn Service>> {
    let Some(root) = &content.root else {
        return Err(Usage::error("files needs the folder that it serves; try --root DIR"));
    };
    let usual = Settings::default();
    let settings = Settings {
        max_files: content.max_files.unwrap_or(usual.max_files),
        max_file_bytes: content.max_file_bytes.unwrap_or(usual.max_file_bytes),
        read_only: content.read_only,
    };
    let files = Files::open(root, settings).map_err(|error| {
        let root = root.display();
        Usage::error(format!(
            "the folder {root} can't be served: {error}; try --root with one that you may read"
        ))
    })?;
    Ok(Arc::new(files))
}

/// The side that answers datagrams.
///
/// # Errors
/// There is no such workload, it needs a stream, or `content` has what it has no use for.
pub fn datagram_service(name: &str, content: &Content) -> anyhow::Result<Arc<dyn DatagramService>> {
    content.room.check(name)?;
    match name {
        "echo" => Ok(Arc::new(Echo)),
        "chat" => Ok(Arc::new(chat::Datagrams::new(content.room.rules()?, Instant::now))),
        "broadcast" => Ok(Arc::new(Broadcast { to: content.room.broadcast_to()? })),
        name if is_known(name) => Err(no_datagrams(name)),
        _ => Err(unknown(name)),
    }
}

fn is_known(name: &str) -> bool {
    WORKLOADS.iter().any(|entry| entry.name == name)
}

fn no_datagrams(name: &str) -> anyhow::Error {
    Usage::error(format!("{name} needs a stream and can't go over udp; try --workload echo"))
}

/// A clock for the `Date` field, which counts seconds: it moves every few milliseconds and is read in a few
/// nanoseconds (`CLOCK_REALTIME_COARSE`, `clock_gettime(2)`).
fn coarse_clock() -> SystemTime {
    let now = ClockId::CLOCK_REALTIME_COARSE.now().map(Duration::from);
    UNIX_EPOCH + now.unwrap_or_default() // the call can't fail for a clock that exists
}

fn unknown(name: &str) -> anyhow::Error {
    let known: Vec<_> = WORKLOADS.iter().map(|entry| entry.name).collect();
    Usage::error(format!("there is no workload '{name}'; try one of: {}", known.join(", ")))
}
