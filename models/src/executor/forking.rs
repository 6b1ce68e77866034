//! Child processes and their messages: what the executors that fork have in common.

use std::io::{self, PipeReader, PipeWriter};

use nix::errno::Errno;
use nix::libc::PIPE_BUF;
use nix::sys::wait::WaitStatus;

use super::JobResult;
pub(super) use crate::forking::{fork_child, reap};

/// A pipe between a parent and a child; the refusal says what to try fewer of.
pub(super) fn pipe(fewer: &str) -> Result<(PipeReader, PipeWriter), String> {
    io::pipe().map_err(|error| {
        format!(
            "no pipe could be made for this job: {error}; try fewer {fewer}, or raise the limit (ulimit -n)"
        )
    })
}

/// What a job came to, from how its process ended and from what it said before.
pub(super) fn verdict(status: nix::Result<WaitStatus>, said: Option<JobResult>) -> JobResult {
    match (status, said) {
        (Ok(WaitStatus::Signaled(_, signal, _)), _) => Err(format!(
            "the job's process was killed by {signal}; look for a crash in its task, or for memory running out \
             (dmesg) and try fewer jobs"
        )),
        // ECHILD: whoever started us ignores SIGCHLD, so the kernel reaped the child itself. What it said holds.
        (Ok(WaitStatus::Exited(_, 0)) | Err(Errno::ECHILD), Some(result)) => result,
        (Ok(WaitStatus::Exited(_, status)), _) => Err(format!(
            "the job's process ended with status {status} before it gave a result; look for an exit in its task"
        )),
        (status, _) => Err(format!("the job's process ended without a result ({status:?}); try again")),
    }
}

/// A result as the child sends it, in at most `PIPE_BUF` bytes: so much always fits into an empty pipe and is
/// written in one piece (pipe(7)), whether or not the parent is reading yet.
pub(super) fn encode(result: JobResult) -> Vec<u8> {
    const LONGEST: usize = PIPE_BUF / 8; // JSON takes at most six bytes for a character, and a frame of ten
    let result = result.map_err(|sentence| sentence.chars().take(LONGEST).collect::<String>());
    serde_json::to_vec(&result).expect("a number or a sentence is always JSON")
}

/// The result, if all of it has come: a part of it is no JSON.
pub(super) fn decode(message: &[u8]) -> Option<JobResult> {
    serde_json::from_slice(message).ok()
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::Signal;
    use nix::unistd::Pid;

    use super::*;

    const CHILD: Pid = Pid::from_raw(1);

    #[test]
    fn a_result_arrives_as_it_was_sent() {
        for result in [Ok(0), Ok(u64::MAX), Err("no room \"here\"\n".to_owned())] {
            assert_eq!(decode(&encode(result.clone())), Some(result));
        }
    }

    #[test]
    fn a_message_fits_into_a_pipe_however_long_the_sentence() {
        for letter in ["\u{1}", "\"", "é", "\u{10ffff}"] {
            let message = encode(Err(letter.repeat(100_000)));
            assert!(message.len() <= PIPE_BUF, "{letter:?}: {}", message.len());
            assert!(matches!(decode(&message), Some(Err(text)) if text.starts_with(letter)));
        }
    }

    #[test]
    fn a_part_of_a_message_is_no_result() {
        let message = encode(Ok(454_396_537));
        for end in 0..message.len() {
            assert_eq!(decode(&message[..end]), None, "{end}");
        }
    }

    #[test]
    fn a_killed_process_gives_no_value_even_if_it_said_one() {
        let killed = WaitStatus::Signaled(CHILD, Signal::SIGKILL, false);
        assert!(verdict(Ok(killed), Some(Ok(1))).unwrap_err().contains("killed by SIGKILL"));
    }

    #[test]
    fn a_process_that_ends_in_silence_is_an_error() {
        for status in [0, 3] {
            let sentence = verdict(Ok(WaitStatus::Exited(CHILD, status)), None).unwrap_err();
            assert!(sentence.contains(&format!("ended with status {status}")), "{sentence}");
        }
        assert!(verdict(Err(Errno::ECHILD), None).unwrap_err().contains("without a result"));
    }

    #[test]
    fn what_was_said_holds_when_the_kernel_has_reaped_the_child_itself() {
        assert_eq!(verdict(Err(Errno::ECHILD), Some(Ok(7))), Ok(7));
    }
}
