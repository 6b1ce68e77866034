//! A child process for each datagram.
//!
//! **What the kernel does.** fork(2) copies the parent's page tables, the datagram it has just received among them, so
//! there is nothing to hand over: the child finds the message in its own memory and answers over the socket that it
//! shares with its parent and all its siblings.
//!
//! **Good at** isolation: an answer may crash, leak or compute, and no other notices.
//! **Bad at** nearly everything else here: a process is made and ended for a message that fits into one packet, and what
//! a child changes in its memory ends with it, so a service can't remember anything. One that does, as a chat room, is
//! served by the parent alone, and the child is for the console: see `fork/console.rs`.
//!
//! At most `children` are alive at once. Beyond that the parent waits for one to end, and datagrams wait in the kernel's
//! queue, which drops what it has no room for. Zombies are reaped by the handler of SIGCHLD itself, the moment a child
//! ends: the parent may well be asleep in recvfrom(2) then. Source: W. R. Stevens, UNIX Network Programming, volume 1,
//! chapter 5, "Handling SIGCHLD signals", and chapter 22, "Concurrent UDP servers"; Python's
//! `socketserver.ForkingUDPServer`.

// Installing a signal handler that reaps.
#![allow(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollTimeout, poll};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use signal_hook::consts::SIGCHLD;

use super::exchange::{Receiver, answer};
use super::{Model, Start};
use crate::forking::{Alone, Side, fork_tied, leave_with};
use crate::options::{Kind, Spec};
use crate::server::acceptor::SHORTAGE_PAUSE;
use crate::server::socket::Mode;
use crate::server::{ServeError, trouble};

mod console;

const CHILDREN: usize = 64;
/// How often a parent that has all its children looks whether one has ended. The end of one wakes it before that, unless
/// it comes in the moment before it falls asleep.
const FULL_LOOK_MS: u8 = 10;
/// How often a parent that is to stop looks whether its children have gone.
const DRAIN_LOOK: Duration = Duration::from_millis(5);

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "fork",
    family: "processes",
    summary: "a child process for each datagram",
    options: &[Spec {
        key: "children",
        kind: Kind::Number(4096),
        help: "how many are alive at once; beyond that datagrams wait in the kernel's queue",
        default: "64",
    }],
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    if start.service.remembers() {
        return console::run(start);
    }
    let Start { socket, service, options, shutdown } = start;
    let most = options.number("children").unwrap_or(CHILDREN);
    let children = Children::reaped_as_they_end(Alone::wait()?)?;
    shutdown.end_by_alarm();
    let wakeable = shutdown.only_client(&socket);
    let mut receiver = Receiver::new(&socket, shutdown);
    while let Some((from, data)) = receiver.next()? {
        children.wait_for_fewer_than(most)?;
        if children.fork() {
            shutdown.become_child();
            drop(wakeable); // the socket is shared: to shut it down is the parent's business
            leave_with(|| {
                answer(&**service, &socket, from, data, Mode::Blocking);
                0
            });
        }
    }
    children.finish(shutdown.grace());
    Ok(())
}

/// How many children there are.
struct Children {
    alone: Alone,
    alive: Arc<AtomicUsize>,
}

impl Children {
    fn reaped_as_they_end(alone: Alone) -> io::Result<Self> {
        let alive = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&alive);
        // SAFETY: a signal handler may only do what is async-signal-safe. This one calls waitpid(2), which
        // signal-safety(7) lists, and counts in an atomic; it neither allocates nor locks.
        unsafe { signal_hook::low_level::register(SIGCHLD, move || reap(&counter)) }?;
        Ok(Self { alone, alive })
    }

    fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    /// Makes one more child; true in that child.
    fn fork(&self) -> bool {
        self.alive.fetch_add(1, Ordering::SeqCst); // before it can have ended
        match fork_tied(&self.alone) {
            Ok(Side::Child) => true,
            Ok(Side::Parent(_)) => false,
            Err(error) => {
                self.alive.fetch_sub(1, Ordering::SeqCst);
                trouble::report(format_args!("can't fork: {error}; that datagram is lost"));
                thread::sleep(SHORTAGE_PAUSE);
                false
            }
        }
    }

    fn wait_for_fewer_than(&self, most: usize) -> io::Result<()> {
        while self.alive() >= most {
            match poll(&mut [], PollTimeout::from(FULL_LOOK_MS)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until all have ended, at most `grace`. Who has not by then is killed by the kernel as this process ends.
    fn finish(&self, grace: Duration) {
        let deadline = Instant::now() + grace;
        while self.alive() > 0 && Instant::now() < deadline {
            thread::sleep(DRAIN_LOOK);
        }
        if self.alive() > 0 {
            let number = self.alive();
            trouble::report(format_args!("{number} children were still busy after {grace:?} and are ended"));
        }
    }
}

/// Waits for all children that have ended: several may share one SIGCHLD. Runs as a signal handler.
fn reap(alive: &AtomicUsize) {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return,
            Ok(_) => alive.fetch_sub(1, Ordering::SeqCst),
            Err(Errno::EINTR) => continue,
            Err(_) => return, // none is left
        };
    }
}
