//! Children: how they must end, and which program some of them become.

use std::ffi::CStr;

use nix::errno::Errno;
use nix::sys::wait::WaitStatus;
use nix::unistd::{AccessFlags, Pid, access};

use super::super::Trouble;
use crate::forking::reap;

/// Where there is a program that does nothing.
const PLACES: [&CStr; 2] = [c"/bin/true", c"/usr/bin/true"];

/// The program `true`, which ends at once.
///
/// # Errors
/// There is none.
pub(super) fn program() -> Result<&'static CStr, Trouble> {
    let there = PLACES.into_iter().find(|place| access(*place, AccessFlags::X_OK).is_ok());
    there.ok_or_else(|| Trouble::Unsupported("there is no /bin/true to start; install coreutils".to_owned()))
}

/// Waits for the end of one.
///
/// # Errors
/// It could not become what it was to be, or was killed.
pub(super) fn ended(child: Pid) -> Result<(), Trouble> {
    match reap(child) {
        // ECHILD: whoever started this process ignores SIGCHLD, and the kernel has reaped the child itself.
        Ok(WaitStatus::Exited(_, 0)) | Err(Errno::ECHILD) => Ok(()),
        status => Err(Trouble::Failed(format!("a child did not end as it should ({status:?}); try again"))),
    }
}
