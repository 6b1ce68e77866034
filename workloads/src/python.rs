//! The course's programs in Python, written anew for comparison: the texts of `workloads/python/`.
//!
//! The servers are one session free of IO (`session.py`) under one server a file, as the lab's own are; the jobs in `jobs/`
//! are the lab's tasks (`work.py`) under one way of running them a file. Here they stand as texts, so that a program can
//! write them out wherever it runs.

/// A file: its name and its text.
pub type File = (&'static str, &'static str);

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../python/", $name)))),*]
    };
}

macro_rules! jobs {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../python/jobs/", $name)))),*]
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

/// What tells an interpreter: it is run before anything else, by any Python.
pub const PROBE: &str = include_str!("../python/jobs/probe.py");

/// The files that all ways of running jobs share.
pub const JOBS_SHARED: &[File] = jobs!["children.py", "running.py", "sorting.py", "work.py"];

/// A way of running jobs each. Each is a program that says `ready`, runs its jobs and prints what came of them.
pub const JOBS: &[File] = jobs![
    "line.py",
    "threads.py",
    "processes.py",
    "thread_pool.py",
    "process_pool.py",
    "futures_threads.py",
    "futures_processes.py",
    "subinterpreters.py",
];
