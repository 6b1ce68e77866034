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
//! Four ways against zombies, the option `reap`:
//!
//! | way | who waits for a child | what it costs |
//! |---|---|---|
//! | `handler` | the parent, as children end: SIGCHLD wakes the accepting loop | a signal each time the loop sleeps |
//! | `ignore` | nobody: with SIGCHLD ignored the kernel keeps no zombies | exit status and processor time are lost |
//! | `wait` | the parent, each time a client has come | the last zombies stay until the next client comes |
//! | `double-fork` | init, for the child's own child; the parent waits for the one between | two forks for each client |
//!
//! Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP concurrent server, one child per
//! client", and chapter 5, "Handling SIGCHLD signals"; Advanced Programming in the UNIX Environment, chapter 8,
//! "Avoid zombie processes by calling fork twice".

mod lifeline;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::SigHandler;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};
use socket2::Socket;
use workloads::{Peer, Service};

use self::lifeline::Lifeline;
use super::acceptor::{Acceptor, Arrival, SHORTAGE_PAUSE};
use super::blocking;
use super::children::{self, Children, Ended, Side};
use super::shutdown::Shutdown;
use super::{Model, ServeError, Start, Transport, socket, trouble};
use crate::options::{Kind, Options, Spec};

const REAP: Spec = Spec {
    key: "reap",
    kind: Kind::Word(&["handler", "ignore", "wait", "double-fork"]),
    help: "how children that have ended are kept from staying zombies",
    default: "handler",
};

/// How long a worker that nobody waits for may take to leave when it was told to do so at once.
const LAST_CALL: Duration = Duration::from_secs(1);

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "fork",
    family: "processes",
    summary: "a child process for each connection",
    room: super::many,
    options: &[REAP],
    lacks,
    run,
};

fn lacks(options: &Options, _: Transport) -> Option<String> {
    match options.word(&REAP) {
        "double-fork" if adopts_orphans() => Some(
            "the orphans would come back to this process, which is init here or a subreaper; start it under an init of \
             its own (docker run --init)"
                .to_owned(),
        ),
        "ignore" | "double-fork" => Lifeline::lacks(),
        _ => None,
    }
}

fn adopts_orphans() -> bool {
    getpid() == Pid::from_raw(1) || prctl::get_child_subreaper().unwrap_or(false)
}

fn run(start: Start<'_>) -> Result<(), ServeError> {
    match start.options.word(&REAP) {
        "ignore" => serve(Ignored::new(start.shutdown)?, start),
        "wait" => serve(OnTheNextClient::new()?, start),
        "double-fork" => serve(Orphans::new(start.shutdown)?, start),
        _ => serve(ByHandler::new()?, start),
    }
}

fn serve(mut workers: impl Reaping, start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, shutdown, .. } = start;
    children::alone()?;
    // Each worker starts with what its parent has. What it writes to first, or allocates anew, costs it the copy of a page.
    service.warm_up();
    let mut scratch = socket::scratch();
    let mut acceptor = Acceptor::new(listener, shutdown);
    loop {
        workers.turn()?;
        match acceptor.next(workers.ended(), None)? {
            Arrival::Client(socket, peer) => match workers.fork() {
                Ok(Side::Child) => {
                    acceptor.leave(); // new clients are the parent's business
                    children::leave_after(|| {
                        shutdown.become_child();
                        workers.begin()?;
                        serve_one(&mut scratch, &socket, peer, &**service, shutdown)
                    });
                }
                Ok(Side::Parent(_)) => {}
                Err(error) => {
                    trouble::report(format_args!("can't fork: {error}; that client is turned away"));
                    thread::sleep(SHORTAGE_PAUSE);
                }
            },
            Arrival::Other => {}
            Arrival::Over => break,
        }
    }
    Ok(workers.drain(shutdown.grace())?)
}

/// What a worker does: it serves its one client and leaves.
fn serve_one(
    scratch: &mut Vec<u8>,
    socket: &Socket,
    peer: Peer,
    service: &dyn Service,
    shutdown: &Shutdown,
) -> io::Result<()> {
    let outcome = blocking::serve_only(scratch, socket, peer, service, shutdown);
    let _ = socket.shutdown(std::net::Shutdown::Write); // one that has gone needs no goodbye
    outcome.map_err(|_| io::Error::other("its client's session panicked"))
}

/// A way to make a worker for each client so that no zombie stays.
trait Reaping {
    /// Makes a worker.
    fn fork(&mut self) -> io::Result<Side>;

    /// What a worker does first.
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What the accepting loop does between two clients.
    fn turn(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What wakes the accepting loop for a turn, besides clients.
    fn ended(&self) -> Option<&Ended> {
        None
    }

    /// Lets all workers finish what is under way, and ends those that have not after `grace`.
    fn drain(self, grace: Duration) -> io::Result<()>;
}

/// `handler`: SIGCHLD wakes the accepting loop, which then waits for all that have ended. The handler itself only
/// leaves a note, since little may be done in one (signal-safety(7)).
struct ByHandler {
    children: Children<()>,
    ended: Ended,
}

impl ByHandler {
    fn new() -> io::Result<Self> {
        Ok(Self { children: Children::new(), ended: Ended::new()? })
    }
}

impl Reaping for ByHandler {
    fn fork(&mut self) -> io::Result<Side> {
        let side = self.children.fork(());
        if side.is_err() {
            self.children.reap()?; // until they are waited for, those that have ended count against `ulimit -u` too
        }
        side
    }

    fn turn(&mut self) -> io::Result<()> {
        if self.ended.any() { self.children.reap() } else { Ok(()) }
    }

    fn ended(&self) -> Option<&Ended> {
        Some(&self.ended)
    }

    fn drain(self, grace: Duration) -> io::Result<()> {
        self.children.drain(grace, || {})
    }
}

/// `wait`: each time a client has come, `waitpid(-1, WNOHANG)` until no more have ended. No signal is needed; but
/// children that end after the last client stay zombies until the next one comes. There are never more of them than
/// clients were served at once, and when the server stops they are all waited for.
struct OnTheNextClient {
    children: Children<()>,
}

impl OnTheNextClient {
    fn new() -> io::Result<Self> {
        children::on_their_end(SigHandler::SigDfl)?; // whoever started the server may have ignored it
        Ok(Self { children: Children::new() })
    }
}

impl Reaping for OnTheNextClient {
    fn fork(&mut self) -> io::Result<Side> {
        self.children.fork(())
    }

    fn turn(&mut self) -> io::Result<()> {
        self.children.reap()
    }

    fn drain(self, grace: Duration) -> io::Result<()> {
        self.children.drain(grace, || {})
    }
}

/// `ignore`: with SIGCHLD ignored an ended child is gone at once, and with it what it came to and what it used. Nor can
/// the parent tell who is left, hence the [`Lifeline`].
struct Ignored {
    lifeline: Lifeline,
}

impl Ignored {
    fn new(shutdown: &Arc<Shutdown>) -> io::Result<Self> {
        children::on_their_end(SigHandler::SigIgn)?;
        Ok(Self { lifeline: Lifeline::new(shutdown)? })
    }
}

impl Reaping for Ignored {
    fn fork(&mut self) -> io::Result<Side> {
        children::fork()
    }

    fn begin(&mut self) -> io::Result<()> {
        self.lifeline.tie()
    }

    fn drain(self, grace: Duration) -> io::Result<()> {
        drain(self.lifeline, grace)
    }
}

/// `double-fork`: the child forks the worker and ends at once, and the parent waits for it. The worker is an orphan then:
/// init adopts it and will wait for it, sooner or later (or the nearest subreaper, prctl(2); were that the server itself,
/// all the waiting would be the server's again). It stays in the server's process group. An orphan is told nothing when the server
/// ends, hence the [`Lifeline`].
struct Orphans {
    lifeline: Lifeline,
}

impl Orphans {
    fn new(shutdown: &Arc<Shutdown>) -> io::Result<Self> {
        children::on_their_end(SigHandler::SigDfl)?; // else there would be nobody to wait for
        Ok(Self { lifeline: Lifeline::new(shutdown)? })
    }
}

impl Reaping for Orphans {
    fn fork(&mut self) -> io::Result<Side> {
        let Side::Parent(between) = children::fork()? else {
            match children::fork() {
                Ok(Side::Child) => return Ok(Side::Child),
                Ok(Side::Parent(_)) => signal_hook::low_level::exit(0),
                Err(error) => {
                    signal_hook::low_level::exit(error.raw_os_error().unwrap_or(Errno::EAGAIN as i32))
                }
            }
        };
        loop {
            match waitpid(between, None) {
                Ok(WaitStatus::Exited(_, 0)) => return Ok(Side::Parent(between)),
                Ok(WaitStatus::Exited(_, errno)) => return Err(io::Error::from_raw_os_error(errno)),
                Ok(_) => return Err(io::Error::other("the process between was killed")),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.lifeline.tie()
    }

    fn drain(self, grace: Duration) -> io::Result<()> {
        drain(self.lifeline, grace)
    }
}

/// Stops workers that nobody waits for.
fn drain(mut lifeline: Lifeline, grace: Duration) -> io::Result<()> {
    lifeline.pull()?;
    if !lifeline.all_gone_within(grace)? {
        trouble::report(format_args!("workers were still busy after {grace:?} and are ended"));
        lifeline.cut();
        lifeline.all_gone_within(LAST_CALL)?;
    }
    Ok(())
}
