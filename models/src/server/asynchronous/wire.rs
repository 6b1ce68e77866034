//! How a task reads and sends: it tries at once, and parks only where a call would block.

use std::cell::RefCell;
use std::future::{self, Future};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::Socket;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::yield_now;
use workloads::{Conversation, FilePart, READ_BYTES};

use super::watched::watched;
use crate::server::shutdown::{Client, Seat};
use crate::server::socket::{self, Mode, Then};
use crate::server::trouble;

thread_local! {
    /// What a worker reads into. A task hands it on before it awaits, so one for each worker is enough for all.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(socket::scratch());
}

/// A connection served by a task: where a call would block, the task parks.
pub(super) struct Wire {
    /// Its place in tokio's epoll set; none until it first parks, since short connections often never do. Dropped
    /// before the seat, which closes the socket.
    watch: Option<AsyncFd<Arc<Client>>>,
    seat: Seat,
    /// How long a reply may find no taker.
    send_limit: Duration,
    input: Input,
}

/// What is known of a socket's input before it is read.
#[derive(Clone, Copy)]
enum Input {
    /// Nothing: the connection is new, or it has been told of an urgent byte, at which a read stops: then a short one no
    /// longer shows that nothing is left.
    Unknown,
    /// There is more than one read takes.
    More,
    /// It was read to its end: trying again before the next sign would be in vain.
    Drained,
}

impl Wire {
    pub(super) fn new(seat: Seat, send_limit: Duration) -> Self {
        Self { watch: None, seat, send_limit, input: Input::Unknown }
    }

    pub(super) fn socket(&self) -> &Socket {
        self.seat.socket()
    }

    /// Hands what arrives within `limit` to `take`; no bytes mean that the peer sends no more.
    pub(super) async fn receive<T>(
        &mut self,
        limit: Duration,
        mut take: impl FnMut(&[u8]) -> T,
    ) -> io::Result<T> {
        loop {
            match self.input {
                Input::Unknown => {}
                Input::More => yield_now().await, // others first: one read a turn
                Input::Drained => self.park(Interest::READABLE, limit).await?,
            }
            let result = SCRATCH.with_borrow_mut(|scratch| {
                let bytes = socket::receive(self.socket(), scratch, Mode::NonBlocking)?;
                self.input = match bytes {
                    READ_BYTES.. => Input::More,
                    _ if self.watch.as_ref().is_some_and(urgent_byte_was_told) => Input::Unknown,
                    _ => Input::Drained,
                };
                Ok(take(scratch))
            });
            match result {
                Err(error) if would_block(&error) => self.input = Input::Drained,
                result => return result,
            }
        }
    }

    /// Drops what has arrived by now, and says how much that was.
    pub(super) fn drop_arrived(&self) -> io::Result<usize> {
        let heard =
            SCRATCH.with_borrow_mut(|scratch| socket::receive(self.socket(), scratch, Mode::NonBlocking));
        match heard {
            Err(error) if would_block(&error) => Ok(0),
            heard => heard,
        }
    }

    pub(super) async fn send_all(&mut self, conversation: &mut Conversation, then: Then) -> io::Result<()> {
        while !conversation.output().is_empty() {
            match socket::send(self.socket(), conversation.output(), then, Mode::NonBlocking) {
                Ok(sent) => conversation.sent(sent),
                Err(error) if would_block(&error) => self.park(Interest::WRITABLE, self.send_limit).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) async fn send_file(&mut self, mut part: FilePart) -> io::Result<()> {
        self.socket().set_nonblocking(true)?;
        while part.length() > 0 {
            match socket::send_file(self.socket(), &mut part) {
                Err(error) if would_block(&error) => self.park(Interest::WRITABLE, self.send_limit).await?,
                result => result?,
            }
        }
        Ok(())
    }

    /// Parks until there is a sign of `interest`. Parking has no time limit of its own, which would cost a timer for
    /// every read: the main thread cuts off who is overdue, and that is a sign too.
    fn park(&mut self, interest: Interest, limit: Duration) -> impl Future<Output = io::Result<()>> {
        let Self { watch, seat, .. } = self;
        let watch = match watch {
            Some(watch) => Ok(&*watch),
            none => {
                let all = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY;
                watched(seat.client(), all).map(|new| &*none.insert(new))
            }
        };
        async move {
            let watch =
                watch.inspect_err(|error| trouble::report(format_args!("can't watch a client: {error}")))?;
            watch.get_ref().may_be_silent_for(limit);
            let ready = future::poll_fn(|waker| match interest {
                Interest::READABLE => watch.poll_read_ready(waker),
                _ => watch.poll_write_ready(waker),
            });
            // What comes after this is a new sign. The end of input is never cleared: it is the last one.
            ready.await?.clear_ready();
            watch.get_ref().may_be_silent_for(Duration::MAX); // it is not silent while we are busy
            Ok(())
        }
    }
}

/// Whether there has ever been a sign of an urgent byte; nobody clears that one. (The end of input counts, too.)
fn urgent_byte_was_told(watch: &AsyncFd<Arc<Client>>) -> bool {
    watch.try_io(Interest::PRIORITY, |_| Ok(())).is_ok()
}

fn would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
