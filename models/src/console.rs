//! What happens beside serving: somebody types at the server's console, and time passes.
//!
//! Lines come from standard input, a terminal, a pipe or a file; its end is not the server's. A server in the background
//! leaves its terminal alone: who reads from it there is stopped by the kernel (`SIGTTIN`).

use std::fs::File;
use std::io::{self, IsTerminal, Read, stdin};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::getpgrp;
use rustix::termios::tcgetpgrp;

use crate::server::{Shutdown, trouble};

/// How often it is said that time has passed.
pub(crate) const LOOK: Duration = Duration::from_millis(500);
/// Of a longer line the rest is passed over.
const LINE_BYTES: usize = 4096;

/// Something that happened beside serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A line was typed; what was not UTF-8 in it is replaced.
    Line(&'a str),
    /// About half a second has passed.
    Time,
    /// The server is asked to stop: nothing more will happen here.
    Stop,
}

/// A thread that passes on what happens beside serving until the server is asked to stop.
pub struct Console {
    thread: JoinHandle<()>,
}

impl Console {
    /// Starts it on standard input.
    ///
    /// # Errors
    /// The system has no thread, or no descriptor, to give.
    pub fn start(shutdown: &Arc<Shutdown>, tell: impl FnMut(Event<'_>) + Send + 'static) -> io::Result<Self> {
        let (input, shutdown) = (standard_input()?, Arc::clone(shutdown));
        let mut tell = tell;
        let work = move || {
            attend(input, &shutdown, shutdown.bell(), &mut tell);
            tell(Event::Stop);
        };
        let thread = thread::Builder::new().name("console".to_owned()).spawn(work)?;
        Ok(Self { thread })
    }

    /// Waits for its end, for a server that was asked to stop.
    pub fn finish(self) {
        let _ = self.thread.join(); // a panic has said what there is to say
    }
}

/// A handle of standard input of our own, without a buffer that would hide lines from poll(2).
pub(crate) fn standard_input() -> io::Result<File> {
    Ok(stdin().as_fd().try_clone_to_owned()?.into())
}

/// Passes on lines and time until the server is asked to stop, which `bell` tells; see [`Shutdown::bell`].
pub(crate) fn attend(
    input: File,
    shutdown: &Shutdown,
    bell: BorrowedFd<'_>,
    mut tell: impl FnMut(Event<'_>),
) {
    let mut input = Some(input);
    let mut lines = Lines::default();
    let mut next_look = Instant::now() + LOOK;
    while !shutdown.requested() {
        let left = next_look.saturating_duration_since(Instant::now());
        if left.is_zero() {
            tell(Event::Time);
            next_look = Instant::now() + LOOK;
            continue;
        }
        match ready(input.as_ref(), bell, left) {
            Ok(Ready::Bell) => return,
            Ok(Ready::Nothing) => {}
            Ok(Ready::Input) => {
                if !lines.read(input.as_mut(), &mut tell) {
                    input = None;
                }
            }
            Err(error) => {
                trouble::report(format_args!(
                    "can't look at the console: {error}; it is not listened to any more"
                ));
                input = None;
                thread::sleep(left);
            }
        }
    }
}

/// What can be seen without waiting.
enum Ready {
    Nothing,
    Input,
    /// In a child it is the parent's, and rings for both.
    Bell,
}

/// Waits until there is something to be read from `input`, the bell rings, or `limit` has passed.
fn ready(input: Option<&File>, bell: BorrowedFd<'_>, limit: Duration) -> io::Result<Ready> {
    let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
    let mut fds = vec![PollFd::new(bell, PollFlags::POLLIN)];
    fds.extend(
        input.filter(|input| is_ours(input)).map(|input| PollFd::new(input.as_fd(), PollFlags::POLLIN)),
    );
    match poll(&mut fds, limit) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    let mut told = fds.iter().map(|fd| fd.any().unwrap_or(true)); // a bit that nix does not know is one
    Ok(match (told.next(), told.next()) {
        (Some(true), _) => Ready::Bell,
        (_, Some(true)) => Ready::Input,
        _ => Ready::Nothing,
    })
}

/// Whether it may be read from: a terminal only from its foreground.
fn is_ours(input: &File) -> bool {
    !input.is_terminal()
        || tcgetpgrp(input).is_ok_and(|group| group.as_raw_nonzero().get() == getpgrp().as_raw())
}

/// The lines of what has come so far.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Reads once, which does not block, and tells the lines that are whole. False at the end of it all.
    fn read(&mut self, input: Option<&mut File>, tell: &mut impl FnMut(Event<'_>)) -> bool {
        let mut piece = [0; LINE_BYTES];
        match input.map_or(Ok(0), |input| input.read(&mut piece)) {
            Ok(0) => {
                self.end(tell);
                false
            }
            Ok(read) => {
                self.take(&piece[..read], tell);
                true
            }
            Err(error) => matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock),
        }
    }

    fn take(&mut self, piece: &[u8], tell: &mut impl FnMut(Event<'_>)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES - self.begun.len();
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            self.begun.extend_from_slice(&text[..text.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end(tell);
            }
        }
    }

    /// A last line may lack its end.
    fn end(&mut self, tell: &mut impl FnMut(Event<'_>)) {
        let line = String::from_utf8_lossy(&self.begun);
        let line = line.trim_end();
        if !line.is_empty() {
            tell(Event::Line(line));
        }
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use super::*;

    fn told(pieces: &[&[u8]]) -> Vec<String> {
        let mut told = Vec::new();
        let mut lines = Lines::default();
        let mut tell = |event: Event<'_>| match event {
            Event::Line(line) => told.push(line.to_owned()),
            Event::Time | Event::Stop => panic!("no time has passed"),
        };
        for piece in pieces {
            lines.take(piece, &mut tell);
        }
        lines.end(&mut tell);
        told
    }

    #[test]
    fn lines_are_told_whole_however_they_come() {
        assert_eq!(told(&[b"one\ntw", b"o\r\n", b"\n\nthree"]), ["one", "two", "three"]);
        assert_eq!(told(&[b"\xff\n"]), ["\u{fffd}"]);
        assert_eq!(told(&[&[b'x'; 3_000], &[b'y'; 3_000], b"\nz\n"])[0].len(), LINE_BYTES);
    }

    #[test]
    fn the_end_of_the_input_is_not_the_end_of_time() {
        let shutdown = Shutdown::by_hand(Duration::from_secs(5)).unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"hello\nbye").unwrap();
        drop(writer);
        let told = Mutex::new(Vec::new());
        attend(File::from(std::os::fd::OwnedFd::from(reader)), &shutdown, shutdown.bell(), |event| {
            let mut told = told.lock().unwrap();
            told.push(format!("{event:?}"));
            if event == Event::Time {
                shutdown.request();
            }
        });
        assert_eq!(*told.lock().unwrap(), ["Line(\"hello\")", "Line(\"bye\")", "Time"]);
    }
}
