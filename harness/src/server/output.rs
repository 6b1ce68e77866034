//! What a server prints: one thread empties both its pipes, so that it never blocks on a full one.
//!
//! Of stdout the first line is handed on and the rest thrown away; of stderr the last part is kept. So memory
//! is bounded whatever a server prints, and a quiet server costs no processor time. (Closing stdout instead
//! would kill a server that prints, by `SIGPIPE` or by an error it does not expect; a file would grow.)

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ChildStderr, ChildStdout};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How much of stderr is kept: the last 4 KiB.
const TAIL_BYTES: usize = 4 * 1024;
/// A first line longer than this is handed on as far as it goes.
const LINE_BYTES: usize = 1024;
/// How much is still read once the server has been stopped: a process that got away may print for ever.
const LAST_BYTES: usize = 1024 * 1024;

/// A thread that empties a server's pipes.
#[derive(Debug)]
pub(super) struct Output {
    /// Gives the first line of stdout, without its end; hangs up if stdout is closed before one.
    pub(super) first_line: Receiver<String>,
    thread: JoinHandle<Tail>,
    /// Dropping it ends the thread.
    stop: PipeWriter,
}

impl Output {
    pub(super) fn of(stdout: ChildStdout, stderr: ChildStderr) -> io::Result<Self> {
        let (stopped, stop) = io::pipe()?;
        let (send, first_line) = sync_channel(1);
        let mut drain = Drain {
            stopped,
            stdout: Some(OwnedFd::from(stdout).into()),
            stderr: Some(OwnedFd::from(stderr).into()),
            line: FirstLine { begun: Vec::new(), to: Some(send) },
            tail: Tail(Vec::new()),
        };
        let run = move || {
            drain.run();
            drain.tail
        };
        let thread = thread::Builder::new().name("server output".to_owned()).spawn(run)?;
        Ok(Self { first_line, thread, stop })
    }

    /// Reads what is left in the pipes, closes them, and gives the last part of stderr.
    pub(super) fn finish(self) -> String {
        drop(self.stop);
        self.thread.join().map(|tail| tail.text()).unwrap_or_default()
    }
}

/// Both pipes, and what is kept of them.
struct Drain {
    stopped: PipeReader,
    stdout: Option<File>,
    stderr: Option<File>,
    line: FirstLine,
    tail: Tail,
}

/// What can be read, or has ended.
struct Ready {
    stopped: bool,
    stdout: bool,
    stderr: bool,
}

impl Drain {
    fn run(&mut self) {
        let mut buffer = vec![0; 16 * 1024];
        let mut left = LAST_BYTES;
        while self.stdout.is_some() || self.stderr.is_some() {
            let Ok(ready) = self.wait() else { return };
            if ready.stopped && (left == 0 || !(ready.stdout || ready.stderr)) {
                return;
            }
            let mut read = 0;
            if ready.stdout {
                let bytes = read_once(&mut self.stdout, &mut buffer);
                self.line.add(bytes);
                read += bytes.len();
                if self.stdout.is_none() {
                    self.line.to = None;
                }
            }
            if ready.stderr {
                let bytes = read_once(&mut self.stderr, &mut buffer);
                self.tail.add(bytes);
                read += bytes.len();
            }
            if ready.stopped {
                left = left.saturating_sub(read);
            }
        }
    }

    /// Blocks until there is something to read or the end has come.
    fn wait(&self) -> nix::Result<Ready> {
        let interest = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut fds = vec![interest(self.stopped.as_fd())];
        fds.extend(self.stdout.iter().map(|pipe| interest(pipe.as_fd())));
        fds.extend(self.stderr.iter().map(|pipe| interest(pipe.as_fd())));
        loop {
            match poll(&mut fds, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
                Ok(_) => break,
            }
        }
        let mut ready = fds.iter().map(|fd| fd.any().unwrap_or(true));
        let mut next = |open: bool| open && ready.next().unwrap_or(false);
        Ok(Ready {
            stopped: next(true),
            stdout: next(self.stdout.is_some()),
            stderr: next(self.stderr.is_some()),
        })
    }
}

/// Reads once from a pipe that is ready, which does not block; forgets the pipe at its end.
fn read_once<'a>(pipe: &mut Option<File>, buffer: &'a mut [u8]) -> &'a [u8] {
    let result = pipe.as_mut().map_or(Ok(0), |file| file.read(buffer));
    match result {
        Ok(read @ 1..) => &buffer[..read],
        Err(error) if error.kind() == ErrorKind::Interrupted => &[],
        Ok(0) | Err(_) => {
            *pipe = None;
            &[]
        }
    }
}

/// Collects the first line and hands it on.
struct FirstLine {
    begun: Vec<u8>,
    /// None once the line is handed on.
    to: Option<SyncSender<String>>,
}

impl FirstLine {
    fn add(&mut self, bytes: &[u8]) {
        let Some(to) = &self.to else { return };
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let room = LINE_BYTES - self.begun.len();
        self.begun.extend_from_slice(&bytes[..end.unwrap_or(bytes.len()).min(room)]);
        if end.is_some() || self.begun.len() == LINE_BYTES {
            // It has room for one line. Nobody may be listening any more, which is no trouble.
            let _ = to.try_send(String::from_utf8_lossy(&self.begun).trim_end().to_owned());
            self.to = None;
            self.begun = Vec::new();
        }
    }
}

/// The last part of what was printed.
struct Tail(Vec<u8>);

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        self.0.drain(..self.0.len().saturating_sub(TAIL_BYTES));
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).trim().to_owned()
    }
}
