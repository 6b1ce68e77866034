//! Descriptors in tokio's epoll set, and the word that they stay open for as long as they are there.

#![expect(
    unsafe_code,
    reason = "tokio can't see that a descriptor of ours stays open as long as it is watched"
)]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use socket2::Socket;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::server::shutdown::Client;

/// What keeps a descriptor open, and always the same one, as long as it lives.
///
/// # Safety
/// Whoever implements it promises just that.
pub(super) unsafe trait StaysOpen: AsRawFd {}

// SAFETY: both own their descriptor, and close it when they are dropped.
unsafe impl StaysOpen for Socket {}
// SAFETY: as above.
unsafe impl StaysOpen for OwnedFd {}
// SAFETY: a `Client` owns its socket and never changes it, and the `Arc` keeps the client.
unsafe impl StaysOpen for Arc<Client> {}

/// Puts a descriptor into tokio's epoll set.
pub(super) fn watched<T: StaysOpen>(descriptor: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    // SAFETY: the descriptor must stay open, and the same one, as long as the `AsyncFd` lives: see [`StaysOpen`].
    Ok(unsafe { AsyncFd::register_with_interest(descriptor, interest) }?)
}
