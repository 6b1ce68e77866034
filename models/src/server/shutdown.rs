//! SIGTERM and SIGINT: stop accepting, finish what is under way, leave.
//!
//! Two things must be woken when a server is to stop. Whoever waits for new clients watches [`Shutdown::bell`], a
//! descriptor that becomes readable and stays so (the self-pipe trick, D. J. Bernstein). Whoever blocks in a read
//! from a client is woken through that client's socket: `shutdown(SHUT_RD)` makes the read return what has already
//! arrived, and after that the end of input, while replies can still be sent. So no request that reached the
//! server is cut, and nobody has to look at a flag for each request.
//!
//! A client who has its reply may ask for more just then, and a close would answer with a reset. What the kernel still has
//! to send of the reply would be lost with that, so such a connection is kept until it has arrived, for at most two seconds:
//! see `has_unacknowledged` in `socket.rs`.
//!
//! Over a Unix socket the kernel tells the peer as well: from then on it can't send (`EPIPE`). What it had sent by then
//! is answered; the rest of a request that had only begun to arrive can still come where a loop waits for it, and not
//! where a blocked read was woken in this way.

use std::io;
use std::net::Shutdown as Side;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::socket;
use nix::time::ClockId;
use nix::unistd::{self, alarm};
use signal_hook::consts::{SIGALRM, SIGINT, SIGTERM};
use slab::Slab;
use socket2::Socket;

use super::path::OwnPath;
use super::socket::BACKLOG;
use super::trouble;

/// How often clients that have been silent for too long are looked for, in models whose reads have no time limit.
pub(crate) const OVERDUE_LOOK: Duration = Duration::from_millis(500);
/// How long the last clients get after their time is up and their connections were cut, to notice it.
const LAST_CALL: Duration = Duration::from_secs(1);

const NOBODY: i32 = -1;

/// A server's being asked to stop.
pub struct Shutdown {
    asked: AtomicBool,
    /// A forked child shares the parent's bell and must not ring it.
    bell_is_ours: AtomicBool,
    rings: UnixStream,
    heard: UnixStream,
    /// The one client of a process that serves one at a time, for the signal handler to wake it.
    client: AtomicI32,
    /// Whether an alarm ends the process when the grace is over: nobody else could.
    alarmed: AtomicBool,
    /// The path of a Unix socket, for a signal handler that ends the process to take along.
    path: OnceLock<OwnPath>,
    on_signals: bool,
    grace: Duration,
}

impl Shutdown {
    /// A shutdown asked for by [`request`](Self::request) alone. What is under way then gets `grace` to finish.
    pub fn by_hand(grace: Duration) -> io::Result<Arc<Self>> {
        Self::new(grace, false)
    }

    fn new(grace: Duration, on_signals: bool) -> io::Result<Arc<Self>> {
        let (heard, rings) = UnixStream::pair()?;
        rings.set_nonblocking(true)?;
        Ok(Arc::new(Self {
            asked: AtomicBool::new(false),
            bell_is_ours: AtomicBool::new(true),
            rings,
            heard,
            client: AtomicI32::new(NOBODY),
            alarmed: AtomicBool::new(false),
            path: OnceLock::new(),
            on_signals,
            grace,
        }))
    }

    /// A shutdown asked for by SIGTERM or SIGINT; a second SIGINT ends the process at once.
    pub fn on_signals(grace: Duration) -> io::Result<Arc<Self>> {
        let this = Self::new(grace, true)?;
        let impatient = Arc::new(AtomicBool::new(false));
        let second = {
            let (this, impatient) = (Arc::clone(&this), Arc::clone(&impatient));
            move || {
                if impatient.load(Ordering::SeqCst) {
                    this.leave(130);
                }
            }
        };
        // SAFETY: a signal handler may only do what is async-signal-safe. `leave` loads atomics and calls getpid(2), stat(2),
        // unlink(2), rmdir(2) and _exit(2), which signal-safety(7) lists; it neither allocates nor locks.
        #[allow(unsafe_code)]
        unsafe { signal_hook::low_level::register(SIGINT, second) }?;
        signal_hook::flag::register(SIGINT, impatient)?;
        for signal in [SIGTERM, SIGINT] {
            let this = Arc::clone(&this);
            // SAFETY: as above; `request` also stores atomics and calls send(2), shutdown(2) and alarm(2), which are on the
            // list.
            #[allow(unsafe_code)]
            unsafe { signal_hook::low_level::register(signal, move || this.request()) }?;
        }
        let busy = Arc::clone(&this);
        // SAFETY: as above; write(2) is on the list as well.
        #[allow(unsafe_code)]
        unsafe { signal_hook::low_level::register(SIGALRM, move || busy.leave_busy()) }?;
        Ok(this)
    }

    /// Asks the server to stop. May be called from a signal handler, and more than once.
    pub fn request(&self) {
        self.asked.store(true, Ordering::SeqCst);
        if self.bell_is_ours.load(Ordering::SeqCst) {
            // A full buffer is as good as a byte more: the bell rings already.
            let _ = socket::send(self.rings.as_raw_fd(), &[0], socket::MsgFlags::MSG_DONTWAIT);
        }
        let client = self.client.load(Ordering::SeqCst);
        if client != NOBODY {
            let _ = socket::shutdown(client, socket::Shutdown::Read);
        }
        if self.alarmed.load(Ordering::SeqCst) {
            self.set_alarm();
        }
    }

    /// For a process with one thread, which may be computing or asleep when its grace is over, with nobody there to
    /// end it: an alarm will.
    pub(crate) fn end_by_alarm(&self) {
        self.alarmed.store(true, Ordering::SeqCst);
        if self.requested() {
            self.set_alarm();
        }
    }

    /// A little after the grace, so that whoever can still end in order does.
    fn set_alarm(&self) {
        if self.on_signals {
            let seconds = (self.grace.as_millis() + 500).div_ceil(1_000);
            alarm::set(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
    }

    /// Whether the server has been asked to stop.
    pub fn requested(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Becomes readable when the server is asked to stop, and stays so.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.heard.as_fd()
    }

    /// Has the path of the server's Unix socket removed when what is returned goes, or a signal handler ends the process.
    #[must_use]
    pub fn remove_in_the_end(&self, path: OwnPath) -> Remains<'_> {
        let _ = self.path.set(path); // a server has one
        Remains(self)
    }

    fn tidy_up(&self) {
        if let Some(path) = self.path.get() {
            path.remove();
        }
    }

    /// Ends the process at once, from within a signal handler.
    fn leave(&self, status: i32) {
        self.tidy_up();
        signal_hook::low_level::exit(status);
    }

    /// Ends a process that was still busy when the grace was over. Runs as a signal handler.
    fn leave_busy(&self) {
        let words = b"concur: a connection was still busy after its grace: cut off\n";
        let _ = unistd::write(std::io::stderr(), words);
        self.leave(0);
    }

    /// Sleeps until the server is asked to stop.
    pub(crate) fn wait(&self) -> io::Result<()> {
        while !self.requested() {
            match poll(&mut [PollFd::new(self.bell(), PollFlags::POLLIN)], PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits for the bell, at most `limit`. A signal may end the wait early.
    pub(crate) fn rings_within(&self, limit: Duration) -> io::Result<bool> {
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(self.bell(), PollFlags::POLLIN)], limit) {
            Ok(_) | Err(Errno::EINTR) => Ok(self.requested()),
            Err(error) => Err(error.into()),
        }
    }

    /// How long what is under way gets to finish.
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Names `socket` as the one client of this process until the guard goes, which must be before the socket does.
    pub(crate) fn only_client<'a>(&'a self, socket: &'a Socket) -> OnlyClient<'a> {
        self.client.store(socket.as_raw_fd(), Ordering::SeqCst);
        if self.requested() {
            let _ = socket.shutdown(Side::Read); // the signal came before we could be found
        }
        OnlyClient { shutdown: self, _socket: socket }
    }

    /// For a forked child: from now on a request reaches its own client only. The bell is the parent's.
    pub(crate) fn become_child(&self) {
        self.bell_is_ours.store(false, Ordering::SeqCst);
        self.end_by_alarm();
    }

    /// For a forked child that waits for clients itself: from now on a request rings a bell of its own. Until then
    /// none may come: see [`Quiet`].
    pub(crate) fn become_worker(&self) -> io::Result<()> {
        let (heard, rings) = UnixStream::pair()?;
        rings.set_nonblocking(true)?;
        take_the_place_of(&self.heard, &heard)?;
        take_the_place_of(&self.rings, &rings)?;
        self.end_by_alarm();
        Ok(())
    }
}

/// While it lives, SIGTERM and SIGINT wait. For a fork(2) after which the child still has to get a bell of its own: else
/// a signal that comes in between would ring the parent's.
pub(crate) struct Quiet {
    before: SigSet,
}

impl Quiet {
    pub(crate) fn begin() -> io::Result<Self> {
        let ours = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
        Ok(Self { before: ours.thread_swap_mask(SigmaskHow::SIG_BLOCK)? })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = self.before.thread_set_mask(); // fails for a mask that is none, and this one came from the kernel
    }
}

/// Who may still be let in once a server has been asked to stop: those who had connected by then. The kernel does not
/// tell them apart from those who come later, so there is a bound on their number, the length of its queue, and on the
/// time: else a server under a load of short connections would never end.
pub(crate) struct LastArrivals {
    left: i32,
    until: Instant,
}

impl LastArrivals {
    pub(crate) fn begin(shutdown: &Shutdown) -> Self {
        // Most of the grace is for what is then under way.
        Self { left: BACKLOG, until: Instant::now() + shutdown.grace / 4 }
    }

    /// Whether one more may come.
    pub(crate) fn one_more(&mut self) -> bool {
        self.left -= 1;
        self.left >= 0 && self.in_time()
    }

    /// Whether the time for them is not over yet.
    pub(crate) fn in_time(&self) -> bool {
        Instant::now() < self.until
    }
}

/// Has the descriptor `old` mean what `new` means; whoever knows its number, as signal handlers do, goes on with that.
fn take_the_place_of(old: &UnixStream, new: &UnixStream) -> io::Result<()> {
    // SAFETY: both are open sockets that their owners keep. `old` stays a socket of the same kind that is owned as
    // before, so nobody who holds it is left with a descriptor that is closed or somebody else's.
    #[allow(unsafe_code)]
    let done = unsafe { libc::dup3(new.as_raw_fd(), old.as_raw_fd(), libc::O_CLOEXEC) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What is to be removed when the server has ended, in order or by a panic.
pub struct Remains<'a>(&'a Shutdown);

impl Drop for Remains<'_> {
    fn drop(&mut self) {
        self.0.tidy_up();
    }
}

/// While it lives, a signal wakes its socket's reader.
pub(crate) struct OnlyClient<'a> {
    shutdown: &'a Shutdown,
    _socket: &'a Socket,
}

impl Drop for OnlyClient<'_> {
    fn drop(&mut self) {
        self.shutdown.client.store(NOBODY, Ordering::SeqCst);
    }
}

/// The clients of a server that serves many at once, each blocking somewhere of its own.
#[derive(Default)]
pub(crate) struct Clients {
    present: Mutex<Slab<Arc<Client>>>,
    /// Whether anybody waits for `all_gone`: to tell nobody costs a system call as well. Changes while the lock is held.
    awaited: AtomicBool,
    all_gone: Condvar,
}

/// One of them.
pub(crate) struct Client {
    socket: Socket,
    /// When it has been silent for too long, in coarse milliseconds; for models whose reads have no time limit.
    overdue_at_ms: AtomicU64,
}

impl Clients {
    /// Enters a client, to be reached when the server stops.
    pub(crate) fn enter(self: &Arc<Self>, socket: Socket) -> Seat {
        let client = Arc::new(Client { socket, overdue_at_ms: AtomicU64::new(u64::MAX) });
        let key = self.lock().insert(Arc::clone(&client));
        Seat { client, key, clients: Arc::clone(self) }
    }

    /// Reads nothing more than has arrived from those who are present, so that everyone comes to an end.
    pub(crate) fn hear_no_more(&self) {
        self.close(Side::Read, |_| true);
    }

    /// Lets everyone finish what is under way; cuts off who has not after `grace`.
    pub(crate) fn drain(&self, grace: Duration) {
        self.hear_no_more();
        if !self.gone_within(grace) {
            let number = self.lock().len();
            trouble::report(format_args!("still busy after {grace:?} and cut off: {number} connection(s)"));
            self.close(Side::Both, |_| true);
            self.gone_within(LAST_CALL);
        }
    }

    /// Cuts off who has been silent for too long.
    pub(crate) fn cut_overdue(&self) {
        let now_ms = coarse_ms();
        self.close(Side::Both, |client| client.overdue_at_ms.load(Ordering::Relaxed) < now_ms);
    }

    fn close(&self, side: Side, which: impl Fn(&Client) -> bool) {
        for (_, client) in self.lock().iter().filter(|(_, client)| which(client)) {
            let _ = client.socket.shutdown(side); // one that has just ended needs no waking
        }
    }

    fn gone_within(&self, limit: Duration) -> bool {
        let present = self.lock();
        self.awaited.store(true, Ordering::Relaxed);
        let wait = self.all_gone.wait_timeout_while(present, limit, |present| !present.is_empty());
        !wait.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn lock(&self) -> MutexGuard<'_, Slab<Arc<Client>>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's place among [`Clients`]; given up when dropped, also by a panic.
pub(crate) struct Seat {
    client: Arc<Client>,
    key: usize,
    clients: Arc<Clients>,
}

impl Client {
    /// From now on the client may be silent for `limit`.
    pub(crate) fn may_be_silent_for(&self, limit: Duration) {
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.overdue_at_ms.store(coarse_ms().saturating_add(limit_ms), Ordering::Relaxed);
    }
}

impl AsRawFd for Client {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl Seat {
    pub(crate) fn socket(&self) -> &Socket {
        &self.client.socket
    }

    /// Reads nothing more from this one client than has arrived: for one who is let in when all the others have been
    /// told already.
    pub(crate) fn hear_no_more(&self) {
        let _ = self.client.socket.shutdown(Side::Read); // one that has just ended needs no waking
    }

    /// The client itself, whose socket stays open as long as anybody holds it.
    pub(crate) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut present = self.clients.lock();
        present.remove(self.key);
        if present.is_empty() && self.clients.awaited.load(Ordering::Relaxed) {
            self.clients.all_gone.notify_all();
        }
    }
}

/// A clock that is read in a few nanoseconds and moves every few milliseconds (`CLOCK_MONOTONIC_COARSE`).
fn coarse_ms() -> u64 {
    let now = ClockId::CLOCK_MONOTONIC_COARSE.now().map(Duration::from);
    now.unwrap_or_default().as_millis() as u64 // the call can't fail for a clock that exists
}
