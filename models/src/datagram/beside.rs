//! What a server of a service that remembers does beside answering: a thread hears the console and tells the time.

use std::io;
use std::sync::Arc;

use socket2::Socket;
use workloads::DatagramService;

use super::exchange::say;
use crate::console::{Console, Event};
use crate::server::socket::Mode;
use crate::server::{ServeError, Shutdown, trouble};

/// The thread, for a service that remembers; nothing for others.
pub(super) struct Beside {
    thread: Option<Console>,
    socket: Option<Socket>,
    service: Arc<dyn DatagramService>,
}

impl Beside {
    /// Begins. What the console says needs no turn: no datagram came before it, and the service locks what it remembers.
    ///
    /// # Errors
    /// The system has no thread, or no descriptor, to give.
    pub(super) fn begin(
        socket: &Socket,
        service: &Arc<dyn DatagramService>,
        shutdown: &Arc<Shutdown>,
    ) -> Result<Self, ServeError> {
        let service = Arc::clone(service);
        if !service.remembers() {
            return Ok(Self { thread: None, socket: None, service });
        }
        let begin = || -> io::Result<Self> {
            let (here, served) = (socket.try_clone()?, Arc::clone(&service));
            let thread = Console::start(shutdown, move |event| happened(&*served, &here, event))?;
            Ok(Self {
                thread: Some(thread),
                socket: Some(socket.try_clone()?),
                service: Arc::clone(&service),
            })
        };
        begin().map_err(|source| ServeError::io("start a thread for the console", source))
    }

    /// The server has answered all it will: the service has the last word.
    pub(super) fn finish(self) {
        if let Some(thread) = self.thread {
            thread.finish();
        }
        if let Some(socket) = self.socket {
            close(&*self.service, &socket);
        }
    }
}

/// Passes on what happened.
pub(super) fn happened(service: &dyn DatagramService, socket: &Socket, event: Event<'_>) {
    say(service, socket, Mode::NonBlocking, |send| match event {
        Event::Line(line) => service.console(line, send),
        Event::Time => service.time_passes(send),
        Event::Stop => {} // what has arrived by then is still answered
    });
}

/// Gives the service the last word.
pub(super) fn close(service: &dyn DatagramService, socket: &Socket) {
    let mut summary = None;
    say(service, socket, Mode::NonBlocking, |send| summary = service.closes(send));
    if let Some(summary) = summary {
        trouble::tell(summary);
    }
}
