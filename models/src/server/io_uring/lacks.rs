//! Whether this machine has what the model needs, and if not, what would help.

use std::io;
use std::sync::OnceLock;

use nix::errno::Errno;

use super::ring::Ring;
use crate::options::Options;
use crate::server::Transport;

/// What this machine lacks: found out once, by setting up a small ring.
pub(super) fn lacks(_: &Options, _: Transport) -> Option<String> {
    static ANSWER: OnceLock<Option<String>> = OnceLock::new();
    let probe = || match Ring::new(2).and_then(|ring| ring.unknown_operations()) {
        Ok(unknown) if unknown.is_empty() => None,
        Ok(unknown) => Some(format!("io_uring of this kernel can't {}; try Linux 6.1", unknown.join(", "))),
        Err(error) => Some(why(&error)),
    };
    ANSWER.get_or_init(probe).clone()
}

/// Why there is no ring, and what would help.
fn why(error: &io::Error) -> String {
    let advice = match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
        Errno::ENOSYS => {
            "this kernel was built without io_uring, or a filter of system calls (seccomp) hides it"
        }
        Errno::EPERM | Errno::EACCES => {
            "it is forbidden; see sysctl kernel.io_uring_disabled, and in a container its filter of system calls \
             (seccomp)"
        }
        Errno::EINVAL => {
            "the kernel is too old: Linux 6.1 is the first with all that is used (DEFER_TASKRUN)"
        }
        Errno::ENOMEM => "no memory for its rings; see ulimit -l",
        Errno::EMFILE | Errno::ENFILE => "no descriptor for it; see ulimit -n",
        _ => "epoll does without it",
    };
    format!("can't set up an io_uring: {error}; {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_comes_with_advice() {
        for (errno, advice) in [
            (Errno::ENOSYS, "built without"),
            (Errno::EPERM, "kernel.io_uring_disabled"),
            (Errno::EINVAL, "too old"),
            (Errno::ENOMEM, "ulimit -l"),
            (Errno::EMFILE, "ulimit -n"),
        ] {
            let reason = why(&errno.into());
            assert!(reason.starts_with("can't set up an io_uring: ") && reason.contains(advice), "{reason}");
        }
    }
}
