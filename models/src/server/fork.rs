//! A child process for each connection.
//!
//! **What the kernel does.** fork(2) copies the parent's page tables and marks every page copy-on-write; what was
//! open stays open in both. The child has its own memory, so nothing a client does can reach another's state. When
//! it ends it becomes a zombie, an entry in the process table that keeps its exit status, until its parent waits.
//!
//! **Good at** isolation: a child may stay, leak or crash as it likes, and all cores are used.
//! **Bad at** numbers: a process costs some twenty times what a thread does, and the more memory the parent has,
//! the more page tables each fork copies.
//!
//! Zombies are reaped as the children end: SIGCHLD writes a byte to a pipe that the accepting loop watches, which
//! then waits for all that have ended. Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP
//! concurrent server, one child per client", and chapter 5, "Handling SIGCHLD signals".

// fork(2) itself: the child gets a copy of this one thread and of no other.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};
use signal_hook::consts::SIGCHLD;
use socket2::Socket;
use workloads::{Conversation, Peer, Service};

use super::acceptor::{Acceptor, Arrival, SHORTAGE_PAUSE};
use super::blocking::{self, KernelWire};
use super::shutdown::Shutdown;
use super::{Model, Room, ServeError, Start, trouble};

/// How often a parent that is to stop looks whether its children have gone.
const DRAIN_LOOK: Duration = Duration::from_millis(5);

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "fork",
    family: "processes",
    summary: "a child process for each connection",
    room: Room::Many,
    options: &[],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, shutdown, .. } = start;
    let mut acceptor = Acceptor::new(listener, shutdown);
    let mut children = Children::new()?;
    loop {
        children.reap_if_any_ended()?;
        match acceptor.next(Some(children.ended.as_fd()))? {
            Arrival::Client(socket, peer) => {
                if children.fork() == Side::Child {
                    drop(acceptor); // new clients are the parent's business
                    serve_and_exit(&socket, peer, &**service, shutdown);
                }
            }
            Arrival::Other => {}
            Arrival::Over => break,
        }
    }
    children.drain(shutdown.grace())
}

/// Which of the two processes that come back from fork(2) this is.
#[derive(PartialEq, Eq)]
enum Side {
    Parent,
    Child,
}

/// The children that are still to be waited for.
struct Children {
    alive: HashSet<Pid>,
    /// Readable once a child has ended.
    ended: UnixStream,
}

impl Children {
    fn new() -> io::Result<Self> {
        let (ended, write_end) = UnixStream::pair()?;
        ended.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(SIGCHLD, write_end)?;
        Ok(Self { alive: HashSet::new(), ended })
    }

    fn fork(&mut self) -> Side {
        let parent = getpid();
        // SAFETY: this process has one thread, so no lock can be held by a thread that the child does not have; the
        // child may go on as any program would.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                end_with(parent);
                return Side::Child;
            }
            Ok(ForkResult::Parent { child }) => {
                self.alive.insert(child);
            }
            Err(error) => {
                trouble::report(format_args!("can't fork: {error}; that client is turned away"));
                thread::sleep(SHORTAGE_PAUSE);
            }
        }
        Side::Parent
    }

    /// Waits for the children that have ended, if the pipe says there are any.
    fn reap_if_any_ended(&mut self) -> io::Result<()> {
        match self.ended.read(&mut [0; 64]) {
            Ok(_) => self.reap().map_err(io::Error::from),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for all children that have ended: several may share one SIGCHLD.
    fn reap(&mut self) -> nix::Result<()> {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(()),
                Ok(status) => {
                    if let WaitStatus::Signaled(child, signal, _) = status {
                        trouble::report(format_args!("child {child} was ended by {signal}"));
                    }
                    status.pid().map(|child| self.alive.remove(&child));
                }
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Passes the request to stop on, and waits for everyone; ends by force who is still there after `grace`.
    fn drain(mut self, grace: Duration) -> Result<(), ServeError> {
        self.tell_all(Signal::SIGTERM);
        let deadline = Instant::now() + grace;
        while !self.alive.is_empty() && Instant::now() < deadline {
            thread::sleep(DRAIN_LOOK);
            self.reap().map_err(io::Error::from)?;
        }
        if !self.alive.is_empty() {
            let number = self.alive.len();
            trouble::report(format_args!("{number} children were still busy after {grace:?} and are ended"));
            self.tell_all(Signal::SIGKILL);
            for child in &self.alive {
                while waitpid(*child, None) == Err(Errno::EINTR) {}
            }
        }
        Ok(())
    }

    fn tell_all(&self, signal: Signal) {
        for child in &self.alive {
            let _ = kill(*child, signal); // one that has just ended can't be told
        }
    }
}

/// Sees to it that this child does not outlive its parent, not even one that is killed.
pub(crate) fn end_with(parent: Pid) {
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    if getppid() != parent {
        signal_hook::low_level::exit(0); // it was gone before we asked
    }
}

/// Serves the child's one client. The child leaves by _exit(2): buffers and exit handlers are its parent's.
fn serve_and_exit(socket: &Socket, peer: Peer, service: &dyn Service, shutdown: &Shutdown) -> ! {
    shutdown.become_child();
    let serve = || {
        let _reachable = shutdown.only_client(socket);
        let conversation = Conversation::new(service, peer);
        blocking::serve(&mut KernelWire::new(socket, service.limits().idle_time), conversation, shutdown)
    };
    // An error ends this client alone; a panic must not run on into the parent's code.
    let outcome = panic::catch_unwind(AssertUnwindSafe(serve));
    let _ = socket.shutdown(std::net::Shutdown::Write);
    signal_hook::low_level::exit(i32::from(outcome.is_err()))
}
