//! HOW it is done: every concurrency model, one file each.
//!
//! A *server model* takes a listening socket and a [`Service`](workloads::Service) and serves clients until it is
//! asked to stop ([`server`]), or a socket and a [`DatagramService`](workloads::DatagramService) ([`datagram`]); an
//! *executor* takes a [`Task`](workloads::task::Task) and runs a number of jobs of it
//! ([`executor`]). What is done is the same under all of them, and lives in crate `workloads`; a model's file shows
//! its idea and nothing else. Read `server/iterative.rs` first, then `fork.rs` and `thread.rs`, then `select.rs`,
//! `poll.rs` and `epoll.rs` with their common loop in `reactor/`, then `io_uring.rs`, `coroutine.rs` and `asynchronous.rs`,
//! and what is built from the others: `multi_loop.rs` and `hybrid.rs`. Among executors, `executor/line.rs` comes first, then
//! `threads.rs` and `gil.rs`, then the pools.
//!
//! Models are chosen by name and options, written `name:key=value,...` ([`options`]).

#[cfg(not(target_os = "linux"))]
compile_error!("concur measures Linux system calls (epoll, fork, /proc): it builds and runs on Linux only");

#[cfg(test)]
#[macro_use]
#[path = "../tests/common/skipped.rs"]
mod skipped;

pub mod address;
pub mod console;
pub mod datagram;
pub mod executor;
mod forking;
pub mod options;
pub mod probe;
mod runtime;
pub mod server;
