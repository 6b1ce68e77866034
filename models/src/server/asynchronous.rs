//! A task for each connection: code that looks blocking, compiled into a state machine that is asked to go on.
//!
//! **What happens.** An `async fn` does not run when it is called. It gives a value that holds its variables and
//! the place it has come to, and each `poll` takes it from one `.await` to the next. Where a call would block, it
//! leaves its waker behind and *returns*: the worker's stack is free for the next task. So a task is stackless:
//! what it keeps while it waits are a few hundred bytes, sized by the compiler, where a coroutine keeps a stack
//! that somebody had to guess the size of. Underneath stands an epoll set, edge-triggered, and `workers` threads
//! that poll what is ready and steal from each other what they have not got to; the runtime is tokio.
//!
//! **Good at** very many clients at the cost of an event loop, told like a thread's story from top to bottom.
//! **Bad at** whatever does not await. Tasks are switched where they say so, never by force: one that computes holds
//! its worker. (tokio gives a task 128 ready answers a turn, then says "not yet" to it, so that one who is always
//! ready yields too; of computing it knows nothing.) And a function has a colour: what blocks can't call what awaits,
//! so libraries exist twice. `serve` below is the loop of `blocking.rs` again, with `.await`; `wire.rs` shows how it
//! parks where a call would block.
//!
//! Source: the documentation of crate tokio; "Asynchronous Programming in Rust" (the Async Book), chapter "Under the
//! Hood"; B. Nystrom, "What color is your function?", 2015.

mod watched;
mod wire;

use std::future;
use std::io;
use std::net::Shutdown as Side;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::task::Poll;
use std::thread;
use std::time::Instant;

use socket2::Socket;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::oneshot;
use tokio::task::{coop, yield_now};
use tokio::time::sleep;
use workloads::{Conversation, Done, Next, Service};

use self::watched::watched;
use self::wire::Wire;
use super::acceptor::{Accepted, SHORTAGE_PAUSE, accept, report_shortage};
use super::blocking::{
    Farewell, HEAR_OUT_BYTES, HEAR_OUT_TIME, REST_PAUSE, Rest, time_to_read, what_follows,
};
use super::outlet;
use super::request_clock::RequestClock;
use super::shutdown::{Clients, LastArrivals, Shutdown};
use super::{Model, ServeError, Start, lookout};
use crate::options::Spec;
use crate::runtime;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "async",
    family: "coroutines",
    summary: "a stackless task for each connection, compiled into a state machine",
    room: super::many,
    options: &[Spec { help: "threads that poll tasks", ..runtime::WORKERS }],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, options, shutdown } = start;
    let workers = Workers::start(runtime::workers(options))
        .map_err(|source| ServeError::io("start tokio (try fewer workers)", source))?;
    let clients = Arc::new(Clients::default());
    let (over, acceptor) = mpsc::sync_channel(1);
    {
        let (service, clients, shutdown) = (Arc::clone(service), Arc::clone(&clients), Arc::clone(shutdown));
        let accepting = async move { over.send(accept_all(listener, &service, &clients, &shutdown).await) };
        workers.handle().spawn(accepting);
    }
    let outcome = look_after(&clients, &acceptor, shutdown);
    workers.stop();
    Ok(outcome?)
}

/// The threads that poll tasks. The main thread is none of them: it looks for silent clients, and keeps time when the
/// server is to stop, also while every worker computes.
enum Workers {
    One { handle: Handle, stop: oneshot::Sender<()> },
    Many(Runtime),
}

impl Workers {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = runtime::tokio(number)?;
        if number > 1 {
            return Ok(Self::Many(runtime));
        }
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let work = move || drop(runtime.block_on(stopped));
        thread::Builder::new().name("worker".to_owned()).spawn(work)?;
        Ok(Self::One { handle, stop })
    }

    fn handle(&self) -> &Handle {
        match self {
            Self::One { handle, .. } => handle,
            Self::Many(runtime) => runtime.handle(),
        }
    }

    /// Asks them to end; one that still computes is ended with the process.
    fn stop(self) {
        match self {
            Self::One { stop, .. } => drop(stop.send(())),
            Self::Many(runtime) => runtime.shutdown_background(),
        }
    }
}

/// What the main thread does: it cuts off who is silent for too long, and once the server is to stop, lets the others
/// finish.
fn look_after(
    clients: &Arc<Clients>,
    acceptor: &Receiver<io::Result<()>>,
    shutdown: &Shutdown,
) -> io::Result<()> {
    let early = lookout::keep(acceptor, "the acceptor", shutdown, || clients.cut_overdue())?;
    let by = Instant::now() + shutdown.grace();
    // It lets in who has connected by now. It may not get its turn within the grace: workers can be computing.
    let outcome = early.unwrap_or_else(|| acceptor.recv_timeout(shutdown.grace()).unwrap_or(Ok(())));
    clients.drain(by.saturating_duration_since(Instant::now()));
    outcome
}

/// The task that accepts.
async fn accept_all(
    listener: Socket,
    service: &Arc<dyn Service>,
    clients: &Arc<Clients>,
    shutdown: &Arc<Shutdown>,
) -> io::Result<()> {
    let bell: OwnedFd = shutdown.bell().try_clone_to_owned()?;
    let bell = watched(bell, Interest::READABLE)?;
    let listener = watched(listener, Interest::READABLE)?;
    let mut last: Option<LastArrivals> = None;
    loop {
        let over = shutdown.requested(); // before the call: see `Acceptor`
        if over && !last.get_or_insert_with(|| LastArrivals::begin(shutdown)).one_more() {
            return Ok(());
        }
        match accept(listener.get_ref()) {
            Accepted::Client(socket, peer) => {
                let seat = clients.enter(socket);
                let (service, shutdown) = (Arc::clone(service), Arc::clone(shutdown));
                // A panic ends its task alone, and so does an error.
                tokio::spawn(async move {
                    let conversation = outlet::conversation(&*service, peer, seat.socket());
                    serve(Wire::new(seat, conversation.limits().idle_time), conversation, &shutdown).await
                });
                coop::consume_budget().await; // the others get their turn however many keep coming
            }
            Accepted::NobodyThere | Accepted::Shortage(_) if over => return Ok(()),
            Accepted::NobodyThere => arrival(&listener, &bell).await?,
            Accepted::Shortage(error) => {
                report_shortage(&error);
                sleep(SHORTAGE_PAUSE).await;
            }
            Accepted::Broken(error) => return Err(error),
        }
    }
}

/// Waits for a client or the bell, whichever comes first: asked to go on, it asks both.
async fn arrival(listener: &AsyncFd<Socket>, bell: &AsyncFd<OwnedFd>) -> io::Result<()> {
    future::poll_fn(|waker| match listener.poll_read_ready(waker) {
        // Before the next accept: who comes after this is a new sign.
        Poll::Ready(ready) => Poll::Ready(ready.map(|mut ready| ready.clear_ready())),
        Poll::Pending => bell.poll_read_ready(waker).map_ok(drop),
    })
    .await
}

/// Serves one connection to its end. An error is this connection's own trouble.
async fn serve(mut wire: Wire, mut conversation: Conversation, shutdown: &Shutdown) -> io::Result<()> {
    let mut clock = RequestClock::default();
    let mut rest = Rest::new(shutdown);
    let mut next = Next::Read;
    loop {
        wire.send_all(&mut conversation, what_follows(&next, shutdown)).await?;
        next = match next {
            Next::Read => {
                let limit = time_to_read(&conversation, &mut clock)?;
                let heard = |bytes: &[u8]| (!bytes.is_empty()).then(|| conversation.arrived(bytes));
                match wire.receive(limit, heard).await? {
                    Some(next) => {
                        rest.has_come();
                        next
                    }
                    None if conversation.pending() && rest.may_come() => {
                        sleep(REST_PAUSE).await;
                        Next::Read
                    }
                    None if conversation.pending() && shutdown.requested() => Next::Close, // no fault of the client's
                    None => conversation.ended(),
                }
            }
            Next::Flush => {
                yield_now().await;
                conversation.resumed(Done::Flushed)
            }
            Next::File(part) => {
                wire.send_file(part).await?;
                yield_now().await;
                conversation.resumed(Done::Flushed)
            }
            Next::Wait(time) => {
                sleep(time).await;
                conversation.resumed(Done::Waited)
            }
            Next::Compute(work) => {
                // In line: whoever else this worker has waits meanwhile.
                let next = conversation.resumed(Done::Computed(work()));
                wire.send_all(&mut conversation, what_follows(&next, shutdown)).await?;
                yield_now().await; // others first: this client may have asked for much more
                next
            }
            Next::Close if shutdown.requested() => return see_out(&wire, shutdown).await,
            Next::Close => return Ok(()),
            Next::Refuse => return hear_out(wire).await,
        }
    }
}

/// Reads and drops, within bounds; see [`blocking::serve`](super::blocking::serve), which does the same.
async fn hear_out(mut wire: Wire) -> io::Result<()> {
    wire.socket().shutdown(Side::Write)?;
    let deadline = Instant::now() + HEAR_OUT_TIME;
    let mut heard = 0;
    while heard < HEAR_OUT_BYTES {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match wire.receive(left, <[u8]>::len).await? {
            0 => break,
            bytes => heard += bytes,
        }
    }
    Ok(())
}

/// Waits until the last reply has arrived, within bounds; see [`blocking::serve`](super::blocking::serve), which does the
/// same.
async fn see_out(wire: &Wire, shutdown: &Shutdown) -> io::Result<()> {
    let mut farewell = Farewell::begin(shutdown);
    while farewell.goes_on(wire.socket()) {
        match wire.drop_arrived()? {
            0 => sleep(REST_PAUSE).await,
            bytes => farewell.heard(bytes),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
    use std::panic::{self, AssertUnwindSafe};
    use std::time::Duration;

    use bytes::BytesMut;
    use socket2::{Domain, Type};
    use workloads::echo::Echo;
    use workloads::{Peer, Session};

    use super::*;
    use crate::options::Choice;

    /// Runs `check` against a server on a Unix socket with these options, and stops it.
    fn with_server(choice: &str, service: impl Service + 'static, check: impl Fn(&dyn Fn() -> UnixStream)) {
        let thread = thread::current(); // libtest names it after the test
        let name = format!("{}-{}-{choice}", thread.name().unwrap_or_default(), std::process::id());
        let address = SocketAddr::from_abstract_name(name).unwrap();
        let listener = Socket::from(UnixListener::bind_addr(&address).unwrap());
        listener.set_nonblocking(true).unwrap();
        let service: Arc<dyn Service> = Arc::new(service);
        let shutdown = Shutdown::by_hand(Duration::from_secs(30)).unwrap();
        let options = choice.parse::<Choice>().unwrap().options;
        thread::scope(|scope| {
            let server = scope
                .spawn(|| run(Start { listener, service: &service, options: &options, shutdown: &shutdown }));
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
                check(&|| {
                    let client = UnixStream::connect_addr(&address).unwrap();
                    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    client
                });
            }));
            shutdown.request();
            server.join().unwrap().unwrap();
            outcome.unwrap_or_else(|panic| panic::resume_unwind(panic));
        });
    }

    fn echoed(mut client: &UnixStream, text: &str) -> bool {
        client.write_all(text.as_bytes()).unwrap();
        let mut heard = vec![0; text.len()];
        client.read_exact(&mut heard).is_ok() && heard == text.as_bytes()
    }

    struct Panicking;

    impl Service for Panicking {
        fn session(&self, _: Peer) -> Box<dyn Session> {
            Box::new(Self)
        }
    }

    impl Session for Panicking {
        fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
            assert!(!input.starts_with(b"panic"), "as the client wished");
            output.extend_from_slice(&input.split());
            Next::Read
        }
        fn resume(&mut self, _: Done, _: &mut BytesMut) -> Next {
            Next::Read
        }
    }

    #[test]
    fn a_panic_in_a_session_ends_that_client_alone() {
        for choice in ["async:workers=1", "async:workers=2"] {
            with_server(choice, Panicking, |connect| {
                let other = connect();
                assert!(echoed(&other, "before"));
                for _ in 0..4 {
                    let mut unlucky = connect();
                    unlucky.write_all(b"panic").unwrap();
                    assert_eq!(unlucky.read(&mut [0]).unwrap(), 0, "{choice}");
                }
                assert!(echoed(&other, "after") && echoed(&connect(), "a new one"), "{choice}");
            });
        }
    }

    #[test]
    fn an_idle_client_of_a_unix_socket_does_not_hold_up_the_end() {
        for choice in ["async:workers=1", "async:workers=2"] {
            let idle = std::cell::Cell::new(None);
            let begin = Instant::now();
            with_server(choice, Echo, |connect| {
                let client = connect();
                assert!(echoed(&client, "hello"));
                idle.set(Some(client)); // it stays until the server has ended
            });
            assert!(begin.elapsed() < Duration::from_secs(15), "{choice} waited for the grace to end");
        }
    }

    #[test]
    fn a_connection_takes_less_than_a_kilobyte_beside_its_session() {
        let shutdown = Shutdown::by_hand(Duration::ZERO).unwrap();
        let (socket, _) = Socket::pair(Domain::UNIX, Type::STREAM, None).unwrap();
        let wire = Wire::new(Arc::new(Clients::default()).enter(socket), Duration::MAX);
        let task = serve(wire, Conversation::new(&Echo, Peer::default()), &shutdown);
        assert!(size_of_val(&task) < 1024, "{}", size_of_val(&task));
    }
}
