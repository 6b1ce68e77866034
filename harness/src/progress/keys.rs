//! Waits for a key, a signal or the time for the next frame, whichever comes first.

use std::io::{self, IsTerminal, Read, stdin};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Waits until `bell` rings or time is over, and, if `keys` are listened for, until one is pressed. Says whether it was `q`.
pub(super) fn wait(bell: &mut UnixStream, keys: bool, within: Option<Duration>) -> io::Result<bool> {
    let input = stdin();
    let listens = keys && input.is_terminal();
    let timeout = within.map_or(PollTimeout::NONE, |within| {
        // Rounded up, or the last millisecond would be spent asking again and again.
        PollTimeout::try_from(within.as_millis() + 1).unwrap_or(PollTimeout::MAX)
    });
    let mut watched = vec![PollFd::new(bell.as_fd(), PollFlags::POLLIN)];
    if listens {
        watched.push(PollFd::new(input.as_fd(), PollFlags::POLLIN));
    }
    match poll(&mut watched, timeout) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    let is_ready = |place: usize| watched.get(place).and_then(PollFd::any).unwrap_or(false);
    let (rang, pressed) = (is_ready(0), is_ready(1));
    drop(watched);
    if rang {
        silence(bell)?;
    }
    if pressed { pressed_q() } else { Ok(false) }
}

/// Takes all that the bell has rung. It does not block.
fn silence(bell: &mut UnixStream) -> io::Result<()> {
    let mut buffer = [0; 64];
    loop {
        match bell.read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Takes what was pressed.
///
/// # Errors
/// The terminal is gone.
fn pressed_q() -> io::Result<bool> {
    let mut buffer = [0; 64];
    match nix::unistd::read(stdin(), &mut buffer) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(read) => Ok(buffer[..read].iter().any(|key| matches!(key, b'q' | b'Q'))),
        Err(Errno::EINTR | Errno::EAGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
