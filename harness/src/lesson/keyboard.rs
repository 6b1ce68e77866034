//! Lines from standard input, waited for so that Ctrl-C is noticed meanwhile: a read would go on after the signal.

use std::io::{self, stdin};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::failure::{Interrupted, Usage};

/// How often to look whether somebody has pressed Ctrl-C, in milliseconds.
const LOOK_EVERY_MS: u16 = 100;
/// No answer is longer.
const LONGEST: usize = 1024;

/// Standard input, and what was read of it beyond the last line.
#[derive(Debug, Default)]
pub struct Keyboard {
    rest: Vec<u8>,
}

impl Keyboard {
    /// The next line without its end; none at the end of input.
    ///
    /// # Errors
    /// Nothing comes within the time given, a line is too long, or somebody presses Ctrl-C.
    pub fn line(&mut self, stop: &AtomicBool, within: Option<Duration>) -> anyhow::Result<Option<String>> {
        let begun = Instant::now();
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Ok(Some(text(&line[..end])));
            }
            if self.rest.len() > LONGEST {
                return Err(Usage::error(format!(
                    "an answer has at most {LONGEST} characters; try a shorter one"
                )));
            }
            if stop.load(Ordering::Relaxed) {
                return Err(Interrupted.into());
            }
            if within.is_some_and(|within| begun.elapsed() > within) {
                return Err(Usage::error("no guess came on standard input; try --predict VALUE"));
            }
            if is_ready()? && !self.read()? {
                let last = std::mem::take(&mut self.rest);
                return Ok((!last.is_empty()).then(|| text(&last)));
            }
        }
    }

    /// False at the end of input.
    fn read(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 256];
        match nix::unistd::read(stdin(), &mut buffer) {
            Ok(read) => {
                self.rest.extend_from_slice(&buffer[..read]);
                Ok(read > 0)
            }
            Err(Errno::EINTR | Errno::EAGAIN) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a read would not wait, looked at for a moment.
fn is_ready() -> io::Result<bool> {
    let input = stdin();
    let mut watched = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    match poll(&mut watched, PollTimeout::from(LOOK_EVERY_MS)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}
