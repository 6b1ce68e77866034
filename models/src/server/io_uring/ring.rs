//! The two queues: what is to be done goes to the kernel in one, what has been done comes back in the other.
//!
//! The kernel reads and writes memory while the program does something else, which no borrow can express. So all such
//! memory is the ring's own as long as an operation needs it: output that is being sent is moved in and comes back with
//! its completion, and receives take [`Buffers`]. That is the whole invariant, and outside of this folder nothing about
//! it needs to be known, nor `unsafe` be written.
//!
//! Source: `io_uring_setup(2)`, `io_uring_enter(2)`; J. Axboe, "Efficient IO with `io_uring`".

// Entries carry addresses and descriptors that the kernel uses later: what keeps them valid is said at each place.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, Probe, cqueue, opcode, squeue};
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{MsgFlags, SockFlag};
use socket2::Socket;
use workloads::READ_BYTES;

use super::buffers::{self, Buffers, Chunk, Opened};
use crate::server::acceptor::SHORTAGE_PAUSE;

/// Buffers are used in turn, so few of them stay in the processor's cache: with 256, a request cost 3% more. As many
/// are enough for a turn of the loop, since the kernel does a few dozen receives between two looks at what is done.
const MOST_BUFFERS: u32 = 64;
/// Completions may gather that are not the answer to anything just submitted: receives and accepts that go on and on.
const COMPLETIONS_PER_ENTRY: u32 = 4;

/// A client's place in the program, and which client it was: a completion that is late by a client is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    /// The place, below 2^32.
    pub(super) key: usize,
    /// Counts the clients of a server, modulo [`GENERATIONS`].
    pub(super) generation: u32,
}

/// After so many clients their numbers begin anew: as many as have room beside a key.
pub(super) const GENERATIONS: u32 = 1 << 24;

/// What an operation is for; it goes with it and comes back with its completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Accept,
    Bell,
    Cancel,
    Receive(Client),
    Send(Client),
}

/// What has been done.
#[derive(Debug)]
pub(super) enum Completion {
    /// A client was accepted, or not.
    Accepted {
        /// The client.
        client: io::Result<Socket>,
        /// Whether the accept goes on.
        more: bool,
    },
    /// The watched descriptor is readable.
    Bell,
    /// Something has come from a client.
    Received {
        /// From whom.
        client: Client,
        /// What it is.
        what: Receipt,
        /// Whether the receive goes on.
        more: bool,
    },
    /// A send is over.
    Sent {
        /// To whom.
        client: Client,
        /// What was to be sent.
        output: BytesMut,
        /// How many bytes from its front have been taken; none if the connection broke, or the send was cancelled.
        sent: Option<usize>,
    },
}

/// What a receive has come to.
#[derive(Debug)]
pub(super) enum Receipt {
    /// Some bytes, and whether there were more behind them.
    Bytes(Chunk, Behind),
    /// The end of input.
    End,
    /// Bytes are there perhaps, but no buffer was.
    NoBuffer,
    /// It was cancelled.
    Cancelled,
    /// The connection broke.
    Broken,
}

/// What a completion says of the bytes behind those it has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// There were none.
    Nothing,
    /// There are some.
    More,
}

/// The ring with all memory that operations in flight use.
pub(super) struct Ring {
    uring: IoUring,
    /// Dropped only when nothing is in flight, as is `sending`.
    buffers: ManuallyDrop<Buffers>,
    /// What is being sent to the client with each key.
    sending: ManuallyDrop<Vec<Option<BytesMut>>>,
    /// What did not fit into the queue: it goes first when there is room again.
    backlog: VecDeque<squeue::Entry>,
    /// Operations whose last completion has not been seen. Cancellations don't count: they use no memory.
    in_flight: usize,
}

impl Ring {
    /// Sets up a ring in whose queue `entries` operations have room, and as many buffers, up to 64.
    ///
    /// The flags say that one thread does everything and that completions are only of interest when it asks
    /// (`SINGLE_ISSUER`, `DEFER_TASKRUN`): then nobody is interrupted, and the work of many completions is done in one
    /// go within the call that waits for them.
    pub(super) fn new(entries: u32) -> io::Result<Self> {
        let uring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_submit_all()
            .setup_cqsize(entries.saturating_mul(COMPLETIONS_PER_ENTRY))
            .setup_clamp()
            .build(entries)?;
        const { assert!(MOST_BUFFERS as usize <= buffers::MOST) };
        let count = entries.min(MOST_BUFFERS).next_power_of_two() as u16;
        Ok(Self {
            buffers: ManuallyDrop::new(Buffers::provide(&uring, count)?),
            uring,
            sending: ManuallyDrop::default(),
            backlog: VecDeque::new(),
            in_flight: 0,
        })
    }

    /// Which of the operations that are needed the kernel does not know.
    pub(super) fn unknown_operations(&self) -> io::Result<Vec<&'static str>> {
        let mut probe = Probe::new();
        self.uring.submitter().register_probe(&mut probe)?;
        let needed = [
            ("accept", opcode::AcceptMulti::CODE),
            ("receive", opcode::RecvMulti::CODE),
            ("send", opcode::Send::CODE),
            ("poll", opcode::PollAdd::CODE),
            ("cancel", opcode::AsyncCancel::CODE),
        ];
        Ok(needed.iter().filter(|(_, code)| !probe.is_supported(*code)).map(|(name, _)| *name).collect())
    }

    /// Accepts clients from now on, one completion each, until a completion says that there won't be more. The listener
    /// must block: of one that does not, the kernel would only ask once.
    pub(super) fn accept(&mut self, listener: &Socket) {
        let accept = opcode::AcceptMulti::new(Fd(listener.as_raw_fd())).flags(SockFlag::SOCK_CLOEXEC.bits());
        self.start(accept.build(), Purpose::Accept);
    }

    /// Cancels the accept.
    pub(super) fn stop_accepting(&mut self) {
        self.cancel(Purpose::Accept);
    }

    /// Says when something can be read, once.
    pub(super) fn watch_bell(&mut self, bell: BorrowedFd<'_>) {
        let readable = u32::from(PollFlags::POLLIN.bits().cast_unsigned());
        self.start(opcode::PollAdd::new(Fd(bell.as_raw_fd()), readable).build(), Purpose::Bell);
    }

    /// Receives from a client from now on, one completion for each piece that comes, until one says that there won't be
    /// more.
    pub(super) fn receive_on(&mut self, client: Client, socket: &Socket) {
        let receive = opcode::RecvMulti::new(Fd(socket.as_raw_fd()), buffers::GROUP);
        self.start(receive.build(), Purpose::Receive(client));
    }

    /// Receives one piece from a client.
    pub(super) fn receive_once(&mut self, client: Client, socket: &Socket) {
        let (fd, limit) = (Fd(socket.as_raw_fd()), READ_BYTES as u32);
        // No address: the kernel takes a buffer of the group when it needs one.
        let receive = opcode::Recv::new(fd, ptr::null_mut(), limit).buf_group(buffers::GROUP);
        self.start(receive.build().flags(squeue::Flags::BUFFER_SELECT), Purpose::Receive(client));
    }

    /// Cancels a client's receive. What has been received comes first.
    pub(super) fn stop_receiving(&mut self, client: Client) {
        self.cancel(Purpose::Receive(client));
    }

    /// Sends to a client; `output` comes back with the completion. There is at most one send to a client at a time.
    pub(super) fn send(&mut self, client: Client, socket: &Socket, output: BytesMut) {
        let length = u32::try_from(output.len()).unwrap_or(u32::MAX); // the rest is sent after that
        let send = opcode::Send::new(Fd(socket.as_raw_fd()), output.as_ptr(), length)
            .flags(MsgFlags::MSG_NOSIGNAL.bits())
            .build();
        if self.sending.len() <= client.key {
            self.sending.resize_with(client.key + 1, || None);
        }
        let place = &mut self.sending[client.key];
        assert!(place.is_none(), "one send to a client at a time");
        *place = Some(output); // what it points to stays where it is
        self.start(send, Purpose::Send(client));
    }

    /// Cancels the send to a client, if it waits for room.
    pub(super) fn stop_sending(&mut self, client: Client) {
        self.cancel(Purpose::Send(client));
    }

    /// Hands over everything that was asked for, and waits until something is done, at most `limit`: one system call,
    /// unless there was more than the queue holds.
    pub(super) fn wait(&mut self, limit: Option<Duration>) -> io::Result<()> {
        let submitted = loop {
            self.fill_queue();
            if self.backlog.is_empty() {
                break self.enter(limit);
            }
            if let Err(error) = self.uring.submit() {
                break Err(error);
            }
        };
        match submitted {
            Ok(_) => Ok(()),
            Err(error) => match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
                Errno::ETIME | Errno::EINTR => Ok(()),
                // No memory for more operations, or completions must be taken first.
                Errno::EAGAIN | Errno::EBUSY => {
                    if self.completed() == 0 {
                        thread::sleep(SHORTAGE_PAUSE);
                    }
                    Ok(())
                }
                _ => Err(error),
            },
        }
    }

    fn enter(&self, limit: Option<Duration>) -> io::Result<usize> {
        match limit {
            None => self.uring.submit_and_wait(1),
            Some(limit) => {
                let limit = Timespec::from(limit);
                self.uring.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&limit))
            }
        }
    }

    /// How many completions are there to be taken.
    pub(super) fn completed(&mut self) -> usize {
        self.uring.completion().len()
    }

    /// The next completion that is there.
    pub(super) fn next(&mut self) -> Option<Completion> {
        loop {
            let entry = self.uring.completion().next()?;
            let (purpose, more) = (Purpose::from_number(entry.user_data()), cqueue::more(entry.flags()));
            if !more && purpose != Purpose::Cancel {
                self.in_flight -= 1;
            }
            return Some(match purpose {
                Purpose::Cancel => continue, // it came too late, and what it was to stop is over
                Purpose::Bell => Completion::Bell,
                Purpose::Accept => Completion::Accepted { client: accepted(&entry), more },
                Purpose::Receive(client) => Completion::Received { client, what: self.receipt(&entry), more },
                Purpose::Send(client) => {
                    let output = self.sending.get_mut(client.key).and_then(Option::take).unwrap_or_default();
                    Completion::Sent { client, output, sent: result(&entry).ok() }
                }
            });
        }
    }

    /// The bytes of a chunk, whose buffer goes back to the kernel when they are dropped.
    pub(super) fn open(&mut self, chunk: Chunk) -> Opened<'_> {
        self.buffers.open(chunk)
    }

    /// How many buffers there are.
    pub(super) fn buffers(&self) -> usize {
        self.buffers.count()
    }

    fn receipt(&mut self, entry: &cqueue::Entry) -> Receipt {
        let result = result(entry);
        let bytes = *result.as_ref().unwrap_or(&0);
        match cqueue::buffer_select(entry.flags()).map(|id| Chunk::arrived(id, bytes)) {
            Some(chunk) if bytes > 0 => {
                let more = cqueue::sock_nonempty(entry.flags());
                return Receipt::Bytes(chunk, if more { Behind::More } else { Behind::Nothing });
            }
            Some(chunk) => drop(self.open(chunk)), // it was taken for nothing
            None => {}
        }
        match result.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0))) {
            Ok(_) => Receipt::End,
            Err(Errno::ENOBUFS) => Receipt::NoBuffer,
            Err(Errno::ECANCELED | Errno::EINTR) => Receipt::Cancelled,
            Err(_) => Receipt::Broken,
        }
    }

    fn start(&mut self, entry: squeue::Entry, purpose: Purpose) {
        self.in_flight += 1;
        self.push(entry.user_data(purpose.number()));
    }

    /// Cancels an operation. Only where it was too late is there a completion of the cancelling itself.
    fn cancel(&mut self, purpose: Purpose) {
        let cancel = opcode::AsyncCancel::new(purpose.number()).build().flags(squeue::Flags::SKIP_SUCCESS);
        self.push(cancel.user_data(Purpose::Cancel.number()));
    }

    fn push(&mut self, entry: squeue::Entry) {
        if !self.backlog.is_empty() || !self.fits(&entry) {
            self.backlog.push_back(entry);
        }
    }

    /// Moves from the backlog into the queue what has room there.
    fn fill_queue(&mut self) {
        while let Some(entry) = self.backlog.pop_front() {
            if !self.fits(&entry) {
                return self.backlog.push_front(entry);
            }
        }
    }

    /// Puts an entry into the queue, if there is room.
    fn fits(&mut self, entry: &squeue::Entry) -> bool {
        // SAFETY: entries carry the addresses of buffers, which are the kernel's, and of output in `sending`: both stay
        // where they are and are not touched until the operation's last completion has been taken, and `drop` keeps
        // them when there are operations in flight. A descriptor that was closed meanwhile is an error.
        unsafe { self.uring.submission().push(entry) }.is_ok()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // Else the server has failed, and the kernel may go on using its memory after the ring is closed. It ends with
        // the process.
        if self.in_flight == 0 {
            // SAFETY: they are not used after this, and not dropped twice.
            unsafe {
                ManuallyDrop::drop(&mut self.buffers);
                ManuallyDrop::drop(&mut self.sending);
            }
        }
    }
}

/// What an operation has come to, as system calls say it.
fn result(entry: &cqueue::Entry) -> io::Result<usize> {
    usize::try_from(entry.result()).map_err(|_| io::Error::from_raw_os_error(-entry.result()))
}

fn accepted(entry: &cqueue::Entry) -> io::Result<Socket> {
    result(entry)?;
    // SAFETY: the kernel has opened this descriptor for us just now, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(entry.result()) }.into())
}

impl Purpose {
    /// As one number, which the kernel carries along.
    fn number(self) -> u64 {
        let (kind, client) = match self {
            Self::Accept => (0, None),
            Self::Bell => (1, None),
            Self::Cancel => (2, None),
            Self::Receive(client) => (3, Some(client)),
            Self::Send(client) => (4, Some(client)),
        };
        let client =
            client.map_or(0, |it| (it.key as u64) << 32 | u64::from(it.generation % GENERATIONS) << 8);
        client | kind
    }

    fn from_number(number: u64) -> Self {
        let client = Client { key: (number >> 32) as usize, generation: (number >> 8) as u32 % GENERATIONS };
        match number & 0xff {
            0 => Self::Accept,
            1 => Self::Bell,
            3 => Self::Receive(client),
            4 => Self::Send(client),
            _ => Self::Cancel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_comes_back_as_it_went() {
        let clients = [(0, 0), (7, 3), (u32::MAX as usize, GENERATIONS - 1)];
        let purposes = clients.into_iter().flat_map(|(key, generation)| {
            let client = Client { key, generation };
            [Purpose::Receive(client), Purpose::Send(client)]
        });
        for purpose in purposes.chain([Purpose::Accept, Purpose::Bell, Purpose::Cancel]) {
            assert_eq!(Purpose::from_number(purpose.number()), purpose);
        }
    }
}
