//! The files under `/proc` about one process, where it is normal that a process vanishes between two looks.
//!
//! Only a file that is gone counts as vanished (`ENOENT`, or `ESRCH` when the process ends while its file is
//! open). Other errors are passed on: out of descriptors, say, every process would seem to have vanished.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::{fs, str};

use nix::errno::Errno;
use procfs::FromRead;
use procfs::process::Stat;

/// The contents of a file under `/proc`; none if the process is gone.
pub(super) fn contents(path: impl AsRef<Path>) -> io::Result<Option<Vec<u8>>> {
    unless_vanished(fs::read(path))
}

/// The numbers that name the entries of a directory: processes in `/proc`, threads in `/proc/PID/task`.
/// Empty if the process is gone.
pub(super) fn numbers_in(path: impl AsRef<Path>) -> io::Result<Vec<i32>> {
    let mut numbers = Vec::new();
    let Some(entries) = unless_vanished(fs::read_dir(path))? else { return Ok(numbers) };
    for entry in entries {
        let Some(entry) = unless_vanished(entry)? else { break };
        numbers.extend(entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    Ok(numbers)
}

/// What `/proc/PID/stat` says (`proc_pid_stat(5)`); none if the process is gone or hidden from us.
pub(super) fn stat(pid: i32) -> io::Result<Option<Stat>> {
    match contents(format!("/proc/{pid}/stat")) {
        Ok(Some(text)) => Stat::from_read(&text[..]).map(Some).map_err(io::Error::other),
        Ok(None) => Ok(None),
        // Where /proc is mounted with hidepid=1 other people's processes can't be read; they are not ours.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
        Err(error) => Err(error),
    }
}

/// The number that follows `label` at the start of a line.
pub(super) fn number_after(text: &[u8], label: &str) -> Option<u64> {
    let line = text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(label.as_bytes()))?;
    str::from_utf8(line).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

/// What was asked for; none if the process is gone.
pub(super) fn unless_vanished<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::ESRCH as i32) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_found_only_at_the_start_of_a_line() {
        let text = b"nonvoluntary_ctxt_switches:\t7\nvoluntary_ctxt_switches:\t42\n";
        assert_eq!(number_after(text, "voluntary_ctxt_switches:"), Some(42));
        assert_eq!(number_after(text, "Pss:"), None);
    }

    #[test]
    fn a_process_that_is_not_there_is_no_error() {
        // Process numbers end at 2^22 on Linux (PID_MAX_LIMIT).
        assert!(stat(i32::MAX).unwrap().is_none());
        assert!(numbers_in(format!("/proc/{}/task", i32::MAX)).unwrap().is_empty());
    }

    #[test]
    fn an_error_that_is_no_vanishing_is_passed_on() {
        assert!(contents("/proc/self/task").is_err(), "a directory can't be read as a file");
    }
}
