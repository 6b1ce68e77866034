//! Where the kernel says by which number an event of its tracing is counted.
//!
//! The numbers stand in tracefs, `events/CATEGORY/NAME/id`. Where nobody has mounted it, a mount of our own that has no
//! place in the tree of files (`fsmount(2)`) does as well: nobody else sees it, and it is gone when it is closed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;

use perf_event::events::Tracepoint;
use rustix::fs::{Mode, OFlags, openat};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

/// Where it is usually mounted.
const USUAL: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/// The event `name`: `raw_syscalls/sys_enter`.
///
/// # Errors
/// The kernel has no such event, tracefs is not mounted and can't be, or it is not for this user to read.
pub(super) fn tracepoint(name: &str) -> io::Result<Tracepoint> {
    let path = format!("events/{name}/id");
    let mut found = Err(io::Error::from(ErrorKind::NotFound));
    for directory in USUAL {
        found = fs::read_to_string(format!("{directory}/{path}"));
        match &found {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => break,
        }
    }
    let text = match found {
        Err(error) if error.kind() == ErrorKind::NotFound => in_a_mount_of_our_own(&path)?,
        found => found?,
    };
    let number =
        text.trim().parse().map_err(|_| io::Error::other(format!("tracefs's {path} is no number")))?;
    Ok(Tracepoint::with_id(number))
}

fn in_a_mount_of_our_own(path: &str) -> io::Result<String> {
    let mount = mounted()?;
    let file = openat(&mount, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = String::new();
    File::from(file).read_to_string(&mut text)?;
    Ok(text)
}

fn mounted() -> io::Result<OwnedFd> {
    let system = fsopen("tracefs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(&system)?;
    let read_only = MountAttrFlags::MOUNT_ATTR_RDONLY;
    Ok(fsmount(&system, FsMountFlags::FSMOUNT_CLOEXEC, read_only)?)
}
