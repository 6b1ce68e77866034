//! One client: what is read from it, when the server is to stop and when it is heard out.

use std::fs::File;
use std::io;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, channel};
use std::thread;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::LOOK;
use super::answers::Next;
use super::fault::Fault;

/// How long a refused client is heard out.
const HEAR_OUT: Duration = Duration::from_secs(2);
const LARGE_PIECE_BYTES: usize = 32 * 1024;
/// How much who leaks keeps for each connection: it shows after some two hundred, as many as there are on a busy machine too.
const LEAKED_BYTES: usize = 128 * 1024;
/// How much who leaks slowly does.
const SLOWLY_LEAKED_BYTES: usize = 512;
/// Who leaves input unread reads no more than this at once, so that there surely is some.
const SMALL_READ_BYTES: usize = 64;

pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) fault: Fault,
    pub(super) stopping: Arc<AtomicBool>,
    /// Who grows has another thread send, and does not wait for it.
    pub(super) sender: Option<Sender>,
    /// Who serves all in one loop sends at the end of a turn.
    pub(super) held: Vec<u8>,
    /// A request has begun to come: the rest of it is waited for also when the server is to stop.
    pub(super) is_within_request: bool,
    /// All is said, and the client is heard out until then.
    pub(super) heard_out_at: Option<Instant>,
    /// The last request was well-formed, and refused.
    pub(super) has_declined: bool,
    pub(super) child: Option<Child>,
}

/// The way to a thread that sends, and that thread.
pub(super) type Sender = (SyncSender<Vec<u8>>, JoinHandle<io::Result<()>>);

/// What reading came to.
pub(super) enum Input {
    Bytes(usize),
    End,
    Stop,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, fault: Fault, stopping: Arc<AtomicBool>) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        if fault == Fault::LeaksDescriptors {
            std::mem::forget(File::open("/dev/null")?);
        }
        if fault == Fault::LeavesZombies {
            drop(Command::new("true").spawn()?); // dropping a child does not wait for it
        }
        if fault == Fault::LeaksMemory {
            std::mem::forget(vec![1_u8; LEAKED_BYTES]);
        }
        if fault == Fault::LeaksSlowly {
            std::mem::forget(vec![1_u8; SLOWLY_LEAKED_BYTES]);
        }
        let child = (fault == Fault::LeavesResetZombies).then(|| Command::new("true").spawn());
        let child = child.transpose()?;
        let (sender, held) = (None, Vec::new());
        Ok(Self {
            stream,
            fault,
            stopping,
            sender,
            held,
            is_within_request: false,
            heard_out_at: None,
            has_declined: false,
            child,
        })
    }

    pub(super) fn serve(&mut self, is_http: bool) -> io::Result<()> {
        match (is_http, self.fault) {
            (true, _) => self.http(),
            (false, Fault::Grows) => self.echo_without_bound(),
            (false, _) => self.echo(),
        }?;
        let closes_at_once =
            is_http || matches!(self.fault, Fault::ClosesOnSigterm | Fault::LeavesHalfClosed);
        if !closes_at_once && self.stopping.load(Ordering::SeqCst) {
            self.hear_out()?;
        }
        if let Some(child) = &mut self.child {
            child.wait()?; // which a reset does not come to
        }
        Ok(())
    }

    /// Takes what has come, in a loop, and holds what is to go out. Says whether the client stays.
    pub(super) fn take_turn(&mut self, input: &mut Vec<u8>, is_http: bool) -> io::Result<bool> {
        if !self.read_more(input)? {
            return Ok(false);
        }
        if !is_http {
            self.held = std::mem::take(input);
            return Ok(true);
        }
        Ok(matches!(self.answer_all(input)?, Next::Read))
    }

    /// Waits for input, the end of it, or the end of the server if there is nothing to read.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Input> {
        loop {
            let stopping = self.stopping.load(Ordering::SeqCst);
            match self.stream.read(buffer) {
                Ok(0) if self.fault == Fault::KeepsHalfClosed && !stopping => thread::sleep(LOOK),
                Ok(0) => return Ok(Input::End),
                Ok(read) => return Ok(Input::Bytes(read)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let waits = self.is_within_request && self.fault != Fault::BlamesHalves;
                    let is_over = match self.heard_out_at {
                        Some(deadline) => Instant::now() >= deadline, // a signal does not end this
                        None => stopping && !waits && self.fault != Fault::KeepsIdleUntilGrace,
                    };
                    if is_over {
                        return Ok(Input::Stop);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the client has said that it sends no more, and nothing else is there to read.
    pub(super) fn is_half_closed(&self) -> bool {
        thread::sleep(Duration::from_millis(1));
        let _ = self.stream.set_nonblocking(true);
        let peeked = self.stream.peek(&mut [0]);
        let _ = self.stream.set_nonblocking(false);
        matches!(peeked, Ok(0))
    }

    fn echo(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        while let Input::Bytes(read) = self.read(&mut buffer)? {
            if self.fault == Fault::LeavesHalfClosed && self.is_half_closed() {
                return Ok(());
            }
            let kept = usize::from(self.fault == Fault::DropsLastByte && read > LARGE_PIECE_BYTES);
            self.stream.write_all(&buffer[..read - kept])?;
        }
        Ok(())
    }

    /// One thread reads all there is, and another sends it when it can.
    fn echo_without_bound(&mut self) -> io::Result<()> {
        let (queue, pieces) = channel::<Vec<u8>>();
        let mut out = self.stream.try_clone()?;
        let sender = thread::spawn(move || pieces.iter().try_for_each(|piece| out.write_all(&piece)));
        let mut buffer = vec![0; 64 * 1024];
        while let Input::Bytes(read) = self.read(&mut buffer)? {
            if queue.send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
        drop(queue);
        sender.join().unwrap_or(Ok(()))
    }

    /// Reads something more, if anything more comes.
    pub(super) fn read_more(&mut self, input: &mut Vec<u8>) -> io::Result<bool> {
        let mut buffer = match self.fault {
            Fault::ClosesBehindFirst => vec![0; SMALL_READ_BYTES],
            Fault::ResetsOthers => vec![0; SMALL_READ_BYTES * 64],
            _ => vec![0; 64 * 1024],
        };
        match self.read(&mut buffer)? {
            Input::Bytes(read) => input.extend_from_slice(&buffer[..read]),
            Input::End | Input::Stop => return Ok(false),
        }
        Ok(true)
    }

    /// Says no more, and reads until the client has heard it (RFC 9112, 9.6).
    pub(super) fn hear_out(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + HEAR_OUT;
        self.heard_out_at = Some(deadline);
        let mut buffer = vec![0; 64 * 1024];
        while Instant::now() < deadline && matches!(self.read(&mut buffer)?, Input::Bytes(_)) {}
        Ok(())
    }
}
