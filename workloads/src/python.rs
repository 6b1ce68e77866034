//! The course's servers as Python programs of our own, for comparison: the texts of `workloads/python/`.
//!
//! They are one session free of IO (`session.py`) under one server a file, as the lab's own are. Here they stand as
//! texts, so that a program can write them out wherever it runs.

/// A file: its name and its text.
pub type File = (&'static str, &'static str);

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../python/", $name)))),*]
    };
}

/// The files that all servers share.
pub const SHARED: &[File] = files!["ready_loop.py", "serving.py", "session.py"];

/// A server each, in the order in which a course meets them.
pub const SERVERS: &[File] = files![
    "loop_server.py",
    "fork_server.py",
    "process_server.py",
    "thread_server.py",
    "select_server.py",
    "poll_server.py",
    "epoll_server.py",
    "gevent_server.py",
];
