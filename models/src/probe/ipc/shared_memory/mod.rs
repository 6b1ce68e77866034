//! Memory that both sides see, and the ways to take turns at it, a file each: `semaphore.rs`, `futex.rs`, `spin.rs`.
//!
//! `mapping.rs` makes it, `ring.rs` divides it into places for messages. Once it is mapped, a message costs no system call and
//! no copy by the kernel: the sender writes it there and the receiver reads it there. But memory says to nobody that
//! something has been written, and keeps nobody from writing over what was not read yet. That is what a [`Gate`](ring::Gate) is for,
//! and where the ways differ. Threads share all their memory, so `mutex-condvar` and `atomics` are two more gates.
//!
//! Source: `shm_overview(7)`, mmap(2).

pub(super) mod futex;
mod mapping;
pub(super) mod ring;
pub(super) mod semaphore;
pub(super) mod spin;
