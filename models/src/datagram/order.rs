//! Answers in the order in which their datagrams arrived, for services that remember.
//!
//! Where several threads answer, whoever is woken first would go first, and what somebody said second would be heard
//! before what they said first. So whoever has time for an answer first waits for its turn, and then takes the datagram that
//! has waited the longest, whichever that is; it keeps the turn until all has been sent. One answer is then given at a
//! time, which a service with one memory needs anyway.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use socket2::Socket;
use workloads::DatagramService;

use super::exchange::answer;
use crate::server::socket::Mode;

/// The line in which datagrams wait. Those for a service that keeps nothing go past it.
pub(super) struct Order {
    is_kept: bool,
    turn: Mutex<()>,
    /// As long as the crew that answers is large, at most.
    waiting: Mutex<VecDeque<(SocketAddr, Vec<u8>)>>,
}

/// While it lives nobody else answers.
pub(super) type Turn<'a> = MutexGuard<'a, ()>;

impl Order {
    /// An order if `service` remembers, and else none.
    pub(super) fn of(service: &dyn DatagramService) -> Self {
        Self { is_kept: service.remembers(), turn: Mutex::default(), waiting: Mutex::default() }
    }

    /// A datagram has arrived. For each one that joins somebody must [`answer`](Self::answer) once.
    pub(super) fn join(&self, from: SocketAddr, data: &[u8]) {
        if self.is_kept {
            lock(&self.waiting).push_back((from, data.to_vec()));
        }
    }

    /// Answers the datagram whose turn it is; where no order is kept, this one.
    pub(super) fn answer(
        &self,
        service: &dyn DatagramService,
        socket: &Socket,
        from: SocketAddr,
        data: &[u8],
        mode: Mode,
    ) {
        let Some(_turn) = self.turn() else { return answer(service, socket, from, data, mode) };
        let first = lock(&self.waiting).pop_front();
        if let Some((from, data)) = first {
            answer(service, socket, from, &data, mode);
        }
    }

    /// Waits for a turn, for who takes the next datagram elsewhere; there is none where no order is kept.
    pub(super) fn turn(&self) -> Option<Turn<'_>> {
        self.is_kept.then(|| lock(&self.turn))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use workloads::Peer;

    use super::super::bind;
    use super::*;

    /// Remembers what it heard.
    #[derive(Default)]
    struct Memory(Mutex<Vec<u8>>);

    impl DatagramService for Memory {
        fn datagram(&self, _: Peer, data: &[u8], _: &mut dyn FnMut(Peer, &[u8])) {
            thread::yield_now(); // others may well come first
            self.0.lock().unwrap().extend_from_slice(data);
        }
        fn remembers(&self) -> bool {
            true
        }
    }

    #[test]
    fn whoever_comes_first_answers_what_arrived_first() {
        let socket = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let from = ([127, 0, 0, 1], 9).into();
        let memory = Memory::default();
        let order = Order::of(&memory);
        thread::scope(|scope| {
            for number in 0..200 {
                order.join(from, &[number]);
                let (order, memory, socket) = (&order, &memory, &socket);
                scope.spawn(move || order.answer(memory, socket, from, &[number], Mode::Blocking));
            }
        });
        assert_eq!(*memory.0.lock().unwrap(), (0..200).collect::<Vec<u8>>());
    }
}
