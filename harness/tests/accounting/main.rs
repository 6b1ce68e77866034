//! The account that is kept of a server agrees with what others say of the same processes, and lacks nothing.
//!
//! These tests need a control group of their own and the kernel's counters, as root has them; elsewhere they say what
//! is missing and are skipped.

#[macro_use]
#[path = "../../../models/tests/common/skipped.rs"]
mod skipped;
mod calls;
#[path = "../common/mod.rs"]
mod common;
mod groups;
mod lives;
mod measured;
mod windows;
