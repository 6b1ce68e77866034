//! A coroutine for each datagram: one receives, and each message is answered by another.
//!
//! **What happens.** The receiving coroutine parks when the socket's queue is empty, and its worker thread runs others
//! meanwhile. Starting one takes a stack from a pool and a place in a run queue, and no call of the kernel.
//!
//! **Good at** answers that would block here and there: they look like plain code and cost a small stack each.
//! **Bad at** answers that compute: such a one holds up its whole worker. For an echo the plain loop does the same with
//! less.
//!
//! At most 1,024 are busy at once. Beyond that, or where there is no memory for one more, the receiving coroutine answers
//! itself. A reply that finds no room in the kernel at once is dropped, since a worker must not block. For a service that
//! remembers the coroutines take turns, and what they have to say is waited with, for a second at most: nobody else could
//! be answered meanwhile. Source: the documentation of crate may.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::mpsc;

use may::io::{CoIo, WaitIo};
use socket2::Socket;
use workloads::DatagramService;

use super::beside::Beside;
use super::crew::Crew;
use super::exchange::{buffer, is_shortage, receive};
use super::order::Order;
use super::{Model, Start};
use crate::runtime::Home;
use crate::server::acceptor::SHORTAGE_PAUSE;
use crate::server::coroutine as streams;
use crate::server::shutdown::{LastArrivals, Shutdown};
use crate::server::socket::Mode;
use crate::server::{ServeError, lookout, trouble};

const AT_ONCE: usize = 1024;
/// After so many datagrams the others get their turn, also where there is one worker.
const BATCH: usize = 64;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "coroutine",
    family: "coroutines",
    summary: "a stackful coroutine for each datagram, switched by the program itself",
    options: streams::MODEL.options,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { socket, service, options, shutdown } = start;
    streams::start_may(options)?;
    let crew = Crew::new(AT_ONCE);
    let order = Arc::new(Order::of(&**service));
    let beside = Beside::begin(&socket, service, shutdown)?;
    let socket = CoIo::new(socket).map_err(|error| ServeError::io("start may", error.into()))?;
    let socket = Arc::new(socket);
    let home = Home::of(socket.inner());
    let receiver = {
        let (socket, service) = (Arc::clone(&socket), Arc::clone(service));
        let (order, crew, shutdown) = (Arc::clone(&order), Arc::clone(&crew), Arc::clone(shutdown));
        let (tell, told) = mpsc::channel();
        home.start(move || drop(tell.send(receive_all(&socket, home, &service, &order, &crew, &shutdown))))?;
        told
    };
    let early = lookout::keep(&receiver, "the receiver", shutdown, || {})?;
    let waker = socket.waker();
    home.start(move || waker.wakeup())?;
    let outcome = early.unwrap_or_else(|| receiver.recv_timeout(shutdown.grace()).unwrap_or(Ok(())));
    crew.finish(shutdown.grace());
    beside.finish();
    Ok(outcome?)
}

/// The coroutine that receives: it parks where a thread would block.
fn receive_all(
    socket: &Arc<CoIo<Socket>>,
    home: Home,
    service: &Arc<dyn DatagramService>,
    order: &Arc<Order>,
    crew: &Arc<Crew>,
    shutdown: &Shutdown,
) -> io::Result<()> {
    let mut last: Option<LastArrivals> = None;
    let mut data = buffer();
    let (mut batch, mut number) = (0, 0_usize);
    loop {
        let over = shutdown.requested(); // before the call: what comes between the two would be lost
        if over && !last.get_or_insert_with(|| LastArrivals::begin(shutdown)).one_more() {
            return Ok(());
        }
        match receive(socket.inner(), &mut data, Mode::NonBlocking) {
            Ok(Some(from)) => {
                order.join(from, &data);
                let answer_here = || order.answer(&**service, socket.inner(), from, &data, Mode::NonBlocking);
                match crew.one_more() {
                    None => answer_here(),
                    Some(busy) => {
                        let (socket, service, data) = (Arc::clone(socket), Arc::clone(service), data.clone());
                        let order = Arc::clone(order);
                        let work = move || {
                            order.answer(&*service, socket.inner(), from, &data, Mode::NonBlocking);
                            drop(busy);
                        };
                        number = number.wrapping_add(1);
                        if let Err(error) = Home::number(number).start(work) {
                            trouble::report(format_args!(
                                "can't start a coroutine: {error}; answering without one"
                            ));
                            answer_here();
                        }
                    }
                }
            }
            Ok(None) => return Err(io::Error::other("somebody shut the socket down")),
            Err(error) if error.kind() == ErrorKind::WouldBlock && over => return Ok(()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => drop(socket.wait_io()),
            Err(error) if is_shortage(&error) => {
                trouble::report(format_args!("can't receive: {error}; trying again"));
                home.sleep(SHORTAGE_PAUSE);
            }
            Err(error) => return Err(error),
        }
        batch = (batch + 1) % BATCH;
        if batch == 0 {
            home.turn();
        }
    }
}
