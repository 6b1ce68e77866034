//! HOW it is done: every concurrency model, one file each.

#[cfg(not(target_os = "linux"))]
compile_error!("concur measures Linux system calls (epoll, fork, /proc): it builds and runs on Linux only");

pub mod executor;
pub mod options;
