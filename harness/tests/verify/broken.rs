//! A small server with a fault of one's choice, to see that the suite finds it.
//!
//! Without its fault (`none`) it is right: a thread for each connection, written with nothing of the lab, so that the
//! suite is tried on a stranger.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::SIGTERM;

/// How often who waits looks whether the server is to stop.
const LOOK: Duration = Duration::from_millis(10);
/// How long what is under way may take then.
const GRACE: Duration = Duration::from_millis(1_500);
/// How long a refused client is heard out.
const HEAR_OUT: Duration = Duration::from_secs(2);
const LARGE_PIECE_BYTES: usize = 32 * 1024;
/// What large bodies are made of.
static FILLING: [u8; 16 * 1024] = [b'x'; 16 * 1024];
const HEAD_BYTES_AT_MOST: usize = 16 * 1024;
const FIELDS_AT_MOST: usize = 100;
const BODY_BYTES_AT_MOST: usize = 2 << 20;
/// How much who leaks keeps for each connection.
const LEAKED_BYTES: usize = 32 * 1024;
/// How much who leaks slowly does.
const SLOWLY_LEAKED_BYTES: usize = 512;
/// Who leaves input unread reads no more than this at once, so that there surely is some.
const SMALL_READ_BYTES: usize = 64;
/// How long a line who is too strict takes.
const STRICT_LINE_BYTES: usize = 4_000;
/// Long enough for several clients to have asked before a loop looks again.
const SHARED_TURN: Duration = Duration::from_millis(2);
/// Who waits for an end looks for it in what is longer than this only where that ends.
const LONG_BYTES: usize = 128 * 1024;
/// Taken by who waits where all wait in a line.
static LINE: Mutex<()> = Mutex::new(());
/// A thread stays for one connection of so many.
const THREAD_LEAKS_EVERY: usize = 10;
/// How many pieces who grows keeps: some 100 MiB, so that the machine survives the test.
const PIECES_AT_MOST: usize = 8_192;

/// What is wrong with the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Of every large piece that it echoes it keeps the last byte to itself.
    DropsLastByte,
    /// A client who has said that it sends no more is thought to have left.
    LeavesHalfClosed,
    /// The end of input is not noticed, and the connection stays.
    KeepsHalfClosed,
    /// It reads whether or not its replies are read.
    Grows,
    /// Of two lengths that differ the first is taken.
    BelievesFirstLength,
    /// A chunk's size may be written in any way that a number may, and its lines may end in LF alone.
    AcceptsBadChunks,
    /// Nobody is told to go on with a body.
    NoContinue,
    /// Some memory is kept for every connection.
    LeaksMemory,
    /// Now and then the thread of a connection stays when that has ended.
    LeaksThreads,
    /// An idle connection is closed when the grace is over, and not before.
    KeepsIdleUntilGrace,
    /// Requests that came together are answered in the wrong order.
    OutOfOrder,
    /// HEAD is taken for GET.
    HeadWithBody,
    /// A line may end in LF alone.
    AcceptsBareLf,
    /// A refusal is followed by a close, with input unread.
    ResetsRefusals,
    /// What follows a refused request is taken for the next one.
    AnswersSmuggled,
    /// A descriptor stays open for every connection.
    LeaksDescriptors,
    /// A child is started for every connection, and never waited for.
    LeavesZombies,
    /// SIGTERM ends it at once.
    CutsOnSigterm,
    /// SIGTERM does not end it.
    IgnoresSigterm,
    /// A process is left when it ends.
    LeavesChild,
    /// It has room for one client at a time.
    OneAtATime,
    /// A reset brings it down.
    DiesOfReset,
    /// One loop with one buffer for what goes out: who asked in the same turn gets the last one's answer.
    SharesAnswers,
    /// One loop that waits until a client takes what it is sent.
    BlocksOnSend,
    /// It has no more than /hello, knows no POST, and ends each connection with the reply, none of which is a fault.
    OnlyHello,
    /// It has no more than /hello and ends at once on SIGTERM, with status 0.
    ExitsOnSigterm,
    /// The body of a GET is taken for the next request.
    TakesGetBodies,
    /// The body of a request that is refused is taken for the next request.
    TakesRefusedBodies,
    /// On SIGTERM who has sent half a request is told that it is bad.
    BlamesHalves,
    /// On SIGTERM idle connections are closed, whatever their clients send.
    ClosesOnSigterm,
    /// On SIGTERM a connection is closed behind the first reply, with what else has come unread.
    ClosesBehindFirst,
    /// What is well-formed and refused is followed by a close, with input unread.
    ResetsOthers,
    /// A request line may hold anything, and a first field may begin with a blank.
    AcceptsOddHeads,
    /// A child is started for every connection, and not waited for if that is reset.
    LeavesResetZombies,
    /// A descriptor stays open for every request that is refused.
    LeaksRefused,
    /// A head, or what follows a chunk, is judged once its end is there, however long that takes.
    WaitsForEnds,
    /// No reply is dated.
    NoDate,
    /// Replies are dated in a way of its own.
    OddDate,
    /// No line may be longer than 4,000 bytes, and there is a blank behind each colon.
    TooStrict,
    /// What waits does so in a line.
    WaitsInLine,
    /// A little memory is kept for every connection.
    LeaksSlowly,
}

impl Fault {
    fn has_only_hello(self) -> bool {
        matches!(self, Self::OnlyHello | Self::ExitsOnSigterm)
    }
}

const FAULTS: [(&str, Fault); 42] = [
    ("none", Fault::None),
    ("drops-last-byte", Fault::DropsLastByte),
    ("leaves-half-closed", Fault::LeavesHalfClosed),
    ("keeps-half-closed", Fault::KeepsHalfClosed),
    ("grows", Fault::Grows),
    ("believes-first-length", Fault::BelievesFirstLength),
    ("accepts-bad-chunks", Fault::AcceptsBadChunks),
    ("no-continue", Fault::NoContinue),
    ("leaks-memory", Fault::LeaksMemory),
    ("leaks-threads", Fault::LeaksThreads),
    ("keeps-idle-until-grace", Fault::KeepsIdleUntilGrace),
    ("out-of-order", Fault::OutOfOrder),
    ("head-with-body", Fault::HeadWithBody),
    ("accepts-bare-lf", Fault::AcceptsBareLf),
    ("resets-refusals", Fault::ResetsRefusals),
    ("answers-smuggled", Fault::AnswersSmuggled),
    ("leaks-descriptors", Fault::LeaksDescriptors),
    ("leaves-zombies", Fault::LeavesZombies),
    ("cuts-on-sigterm", Fault::CutsOnSigterm),
    ("ignores-sigterm", Fault::IgnoresSigterm),
    ("leaves-child", Fault::LeavesChild),
    ("one-at-a-time", Fault::OneAtATime),
    ("dies-of-reset", Fault::DiesOfReset),
    ("shares-answers", Fault::SharesAnswers),
    ("blocks-on-send", Fault::BlocksOnSend),
    ("only-hello", Fault::OnlyHello),
    ("exits-on-sigterm", Fault::ExitsOnSigterm),
    ("takes-get-bodies", Fault::TakesGetBodies),
    ("takes-refused-bodies", Fault::TakesRefusedBodies),
    ("blames-halves", Fault::BlamesHalves),
    ("closes-on-sigterm", Fault::ClosesOnSigterm),
    ("closes-behind-first", Fault::ClosesBehindFirst),
    ("resets-others", Fault::ResetsOthers),
    ("accepts-odd-heads", Fault::AcceptsOddHeads),
    ("leaves-reset-zombies", Fault::LeavesResetZombies),
    ("leaks-refused", Fault::LeaksRefused),
    ("waits-for-ends", Fault::WaitsForEnds),
    ("no-date", Fault::NoDate),
    ("odd-date", Fault::OddDate),
    ("too-strict", Fault::TooStrict),
    ("waits-in-line", Fault::WaitsInLine),
    ("leaks-slowly", Fault::LeaksSlowly),
];

/// Serves with the fault of this name on this port, until SIGTERM.
pub(crate) fn serve(fault: &str, workload: &str, port: u16) -> io::Result<()> {
    let (_, fault) = FAULTS.iter().find(|(name, _)| *name == fault).expect("a fault that there is");
    run(*fault, workload == "http", port)
}

fn run(fault: Fault, is_http: bool, port: u16) -> io::Result<()> {
    let stopping = Arc::new(AtomicBool::new(false));
    match fault {
        Fault::CutsOnSigterm => {}
        Fault::IgnoresSigterm => {
            signal_hook::flag::register(SIGTERM, Arc::new(AtomicBool::new(false)))?;
        }
        Fault::ExitsOnSigterm => {
            signal_hook::flag::register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
        }
        _ => {
            signal_hook::flag::register(SIGTERM, Arc::clone(&stopping))?;
        }
    }
    if fault == Fault::LeavesChild {
        // It would not end by itself; it is ended by whoever looks for what is left.
        drop(Command::new("sleep").arg("1000").spawn()?);
    }
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    if matches!(fault, Fault::SharesAnswers | Fault::BlocksOnSend) {
        return run_loop(fault, is_http, &listener, &stopping);
    }
    let present = Arc::new(AtomicUsize::new(0));
    let mut served = 0_usize;
    while !stopping.load(Ordering::SeqCst) {
        let Ok((stream, _)) = listener.accept() else {
            let mut ready = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut ready, PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::ZERO));
            continue;
        };
        served += 1;
        let leaks_thread = fault == Fault::LeaksThreads && served.is_multiple_of(THREAD_LEAKS_EVERY);
        let guest = Guest::new(&present);
        let stopping = Arc::clone(&stopping);
        let serve = move || {
            // One client's trouble is its own.
            let outcome = Connection::new(stream, fault, stopping).and_then(|mut it| it.serve(is_http));
            if outcome.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
                && fault == Fault::DiesOfReset
            {
                std::process::exit(1);
            }
            drop(guest);
            if leaks_thread {
                loop {
                    thread::park();
                }
            }
        };
        if fault == Fault::OneAtATime {
            serve();
        } else {
            thread::spawn(serve);
        }
    }
    drop(listener);
    let deadline = Instant::now() + GRACE;
    while present.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
        thread::sleep(LOOK);
    }
    Ok(())
}

/// One loop for all clients: it reads from each that has something to say, and answers at the end of the turn.
fn run_loop(
    fault: Fault,
    is_http: bool,
    listener: &TcpListener,
    stopping: &Arc<AtomicBool>,
) -> io::Result<()> {
    let mut clients: Vec<(Connection, Vec<u8>)> = Vec::new();
    loop {
        let is_last = stopping.load(Ordering::SeqCst);
        let look = if is_last { PollTimeout::ZERO } else { PollTimeout::try_from(LOOK).unwrap() };
        let mut watched = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        watched.extend(clients.iter().map(|(it, _)| PollFd::new(it.stream.as_fd(), PollFlags::POLLIN)));
        let _ = poll(&mut watched, look);
        let ready: Vec<bool> = watched.iter().map(|fd| fd.any().unwrap_or(true)).collect();
        if is_last && !ready[1..].contains(&true) {
            return Ok(());
        }
        if fault == Fault::SharesAnswers {
            thread::sleep(SHARED_TURN);
        }
        let mut keep = vec![true; clients.len()];
        for (index, (connection, input)) in clients.iter_mut().enumerate() {
            if ready[index + 1] {
                keep[index] = connection.take_turn(input, is_http).unwrap_or(false);
            }
        }
        let last = clients.iter().rev().find(|(it, _)| !it.held.is_empty()).map(|(it, _)| it.held.clone());
        for (connection, _) in &mut clients {
            let held = std::mem::take(&mut connection.held);
            let shared = last.as_ref().filter(|_| fault == Fault::SharesAnswers && !held.is_empty());
            let _ = connection.stream.write_all(shared.unwrap_or(&held)); // a client who has gone is done with
        }
        let mut keep = keep.into_iter();
        clients.retain(|_| keep.next().unwrap_or(true));
        while let Ok((stream, _)) = listener.accept() {
            clients.push((Connection::new(stream, fault, Arc::clone(stopping))?, Vec::new()));
        }
    }
}

/// Counts a client as long as it is served.
struct Guest(Arc<AtomicUsize>);

impl Guest {
    fn new(present: &Arc<AtomicUsize>) -> Self {
        present.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(present))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Connection {
    stream: TcpStream,
    fault: Fault,
    stopping: Arc<AtomicBool>,
    /// Who grows has another thread send, and does not wait for it.
    sender: Option<Sender>,
    /// Who serves all in one loop sends at the end of a turn.
    held: Vec<u8>,
    /// A request has begun to come: the rest of it is waited for also when the server is to stop.
    is_within_request: bool,
    /// All is said, and the client is heard out until then.
    heard_out_at: Option<Instant>,
    /// The last request was well-formed, and refused.
    has_declined: bool,
    child: Option<Child>,
}

/// The way to a thread that sends, and that thread.
type Sender = (SyncSender<Vec<u8>>, JoinHandle<io::Result<()>>);

/// What reading came to.
enum Input {
    Bytes(usize),
    End,
    Stop,
}

impl Connection {
    fn new(stream: TcpStream, fault: Fault, stopping: Arc<AtomicBool>) -> io::Result<Self> {
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

    fn serve(&mut self, is_http: bool) -> io::Result<()> {
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
    fn take_turn(&mut self, input: &mut Vec<u8>, is_http: bool) -> io::Result<bool> {
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
    fn is_half_closed(&self) -> bool {
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

    fn http(&mut self) -> io::Result<()> {
        if self.fault == Fault::Grows {
            let (queue, pieces) = sync_channel::<Vec<u8>>(PIECES_AT_MOST);
            let mut out = self.stream.try_clone()?;
            let thread = thread::spawn(move || pieces.iter().try_for_each(|piece| out.write_all(&piece)));
            self.sender = Some((queue, thread));
        }
        let refused = self.answer_until_the_end();
        if let Some((queue, thread)) = self.sender.take() {
            drop(queue);
            thread.join().unwrap_or(Ok(()))?;
        }
        let refused = refused?;
        let closes_at_once = match self.fault {
            Fault::ResetsRefusals => refused,
            Fault::ResetsOthers if refused => self.has_declined,
            Fault::ClosesOnSigterm | Fault::ClosesBehindFirst => !refused,
            _ => !refused && !self.stopping.load(Ordering::SeqCst),
        };
        if closes_at_once { Ok(()) } else { self.hear_out() }
    }

    /// Answers what comes, and says whether the last of it was refused.
    fn answer_until_the_end(&mut self) -> io::Result<bool> {
        let mut input = Vec::new();
        loop {
            match self.answer_all(&mut input)? {
                Next::Read => {}
                Next::Close => return Ok(false),
                Next::Refuse => return Ok(true),
            }
            self.is_within_request = !input.is_empty();
            if !self.read_more(&mut input)? {
                if self.fault == Fault::BlamesHalves && self.is_within_request {
                    self.send(&self.refusal(400).0)?;
                }
                return Ok(false);
            }
        }
    }

    /// Reads something more, if anything more comes.
    fn read_more(&mut self, input: &mut Vec<u8>) -> io::Result<bool> {
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

    /// Reads the body of a request whose head was taken from `input`; else the status that says what is wrong with it.
    fn body(&mut self, request: &Request, input: &mut Vec<u8>) -> io::Result<Result<Vec<u8>, u16>> {
        if request.expects_continue && input.is_empty() && self.fault != Fault::NoContinue {
            self.put(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        self.is_within_request = true;
        loop {
            match whole_body(input, request.framing, self.fault) {
                Err(status) => return Ok(Err(status)),
                Ok(Some((body, end))) => {
                    input.drain(..end);
                    return Ok(Ok(body));
                }
                Ok(None) if !self.read_more(input)? => return Ok(Err(400)), // it is cut short
                Ok(None) => {}
            }
        }
    }

    /// Answers every whole request that has come.
    fn answer_all(&mut self, input: &mut Vec<u8>) -> io::Result<Next> {
        let mut replies: Vec<Reply> = Vec::new();
        let mut next = Next::Read;
        while let Some((head, end)) = whole_head(input, self.fault) {
            let outcome = head.and_then(|head| Request::parse(&head, self.fault));
            input.drain(..end);
            self.has_declined = matches!(outcome, Ok(_) | Err(417));
            let (reply, then) = match outcome {
                Ok(request)
                    if request.path == "/echo"
                        && request.method == "POST"
                        && !self.fault.has_only_hello() =>
                {
                    match self.body(&request, input)? {
                        Ok(body) => self.echoed(&body, &request),
                        Err(status) => {
                            self.has_declined = false;
                            self.refusal(status)
                        }
                    }
                }
                Ok(request) => self.answer(&request),
                Err(status) => self.refusal(status),
            };
            if self.fault == Fault::LeaksRefused && matches!(then, Next::Refuse) {
                std::mem::forget(File::open("/dev/null")?);
            }
            if self.fault == Fault::LeavesHalfClosed && self.is_half_closed() {
                return Ok(Next::Close);
            }
            if self.fault == Fault::OutOfOrder {
                replies.insert(0, reply);
            } else {
                self.send(&reply)?;
            }
            match then {
                Next::Read
                    if self.fault == Fault::ClosesBehindFirst && self.stopping.load(Ordering::SeqCst) =>
                {
                    next = Next::Close;
                    break;
                }
                Next::Read => {}
                Next::Refuse if self.fault == Fault::AnswersSmuggled => {}
                Next::Refuse | Next::Close => {
                    next = then;
                    break;
                }
            }
        }
        replies.iter().try_for_each(|reply| self.send(reply))?;
        Ok(next)
    }

    fn send(&mut self, reply: &Reply) -> io::Result<()> {
        self.put(&reply.text)?;
        let mut left = reply.filling;
        while left > 0 {
            let piece = left.min(FILLING.len());
            self.put(&FILLING[..piece])?;
            left -= piece;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.fault == Fault::SharesAnswers {
            self.held.extend_from_slice(bytes);
            return Ok(());
        }
        match &self.sender {
            None => self.stream.write_all(bytes),
            Some((queue, _)) => queue.send(bytes.to_vec()).map_err(|_| ErrorKind::BrokenPipe.into()),
        }
    }

    fn answer(&self, request: &Request) -> (Reply, Next) {
        let head_only = request.method == "HEAD" && self.fault != Fault::HeadWithBody;
        let (connection, next) = request.persistence();
        let only_hello = self.fault.has_only_hello();
        if request.path == "/echo" && !only_hello {
            let fields = "Allow: POST\r\nConnection: close\r\n";
            return (self.reply(405, "only POST\n", fields, head_only), Next::Refuse);
        }
        let number = |prefix| {
            let found = request.path.strip_prefix(prefix).and_then(|text: &str| text.parse().ok());
            found.filter(|_| !only_hello)
        };
        let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
        let has_body = !matches!(request.framing, Framing::Length(0));
        if is_read && has_body && self.fault != Fault::TakesGetBodies {
            return self.refusal(413);
        }
        let (body, filling) = if request.path == "/hello" {
            ("hello\n", 0)
        } else if let Some(bytes) = number("/bytes/") {
            ("", bytes)
        } else if let Some(ms) = number("/wait/") {
            let _turn = (self.fault == Fault::WaitsInLine).then(|| LINE.lock());
            thread::sleep(Duration::from_millis(if is_read { ms as u64 } else { 0 }));
            ("waited\n", 0)
        } else if has_body {
            return self.declined(404, "");
        } else {
            return (self.reply(404, "nothing here\n", connection, head_only), next);
        };
        match request.method.as_str() {
            "GET" | "HEAD" => (self.made(200, body.as_bytes(), filling, connection, head_only), next),
            "POST" if only_hello => self.declined(501, ""),
            "POST" | "PUT" | "DELETE" => self.declined(405, "Allow: GET, HEAD\r\n"),
            _ => self.declined(501, ""),
        }
    }

    /// What body the request has is not read, so that the connection can't go on.
    fn declined(&self, status: u16, fields: &str) -> (Reply, Next) {
        if self.fault == Fault::TakesRefusedBodies {
            return (self.reply(status, "not here\n", fields, false), Next::Read);
        }
        (self.reply(status, "not here\n", &format!("{fields}Connection: close\r\n"), false), Next::Refuse)
    }

    fn reply(&self, status: u16, body: &'static str, fields: &str, head_only: bool) -> Reply {
        self.made(status, body.as_bytes(), 0, fields, head_only)
    }

    fn refusal(&self, status: u16) -> (Reply, Next) {
        (self.reply(status, "refused\n", "Connection: close\r\n", false), Next::Refuse)
    }

    /// A body goes back as it came.
    fn echoed(&self, body: &[u8], request: &Request) -> (Reply, Next) {
        let (connection, next) = request.persistence();
        (self.made(200, body, 0, connection, false), next)
    }

    fn made(&self, status: u16, body: &[u8], filling: usize, fields: &str, head_only: bool) -> Reply {
        let date = match self.fault {
            Fault::NoDate => String::new(),
            Fault::OddDate => "Date: today\r\n".to_owned(),
            _ => format!("Date: {}\r\n", httpdate::fmt_http_date(SystemTime::now())),
        };
        Reply::new(status, body, filling, &(date + fields), head_only)
    }

    /// Says no more, and reads until the client has heard it (RFC 9112, 9.6).
    fn hear_out(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + HEAR_OUT;
        self.heard_out_at = Some(deadline);
        let mut buffer = vec![0; 64 * 1024];
        while Instant::now() < deadline && matches!(self.read(&mut buffer)?, Input::Bytes(_)) {}
        Ok(())
    }
}

enum Next {
    Read,
    Close,
    Refuse,
}

/// A head with a text behind it, and so many bytes more.
struct Reply {
    text: Vec<u8>,
    filling: usize,
}

impl Reply {
    fn new(status: u16, body: &[u8], filling: usize, fields: &str, head_only: bool) -> Self {
        let length = body.len() + filling;
        let (body, filling) = if head_only { (&[][..], 0) } else { (body, filling) };
        let head = format!("HTTP/1.1 {status} As It Is\r\n{fields}Content-Length: {length}\r\n\r\n");
        Self { text: [head.as_bytes(), body].concat(), filling }
    }
}

struct Request {
    method: String,
    path: String,
    is_old: bool,
    stays_open: bool,
    expects_continue: bool,
    framing: Framing,
}

/// How a body ends.
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
}

/// The first head, if it is whole or already wrong, and where it ends.
fn whole_head(input: &mut Vec<u8>, fault: Fault) -> Option<(Result<Vec<u8>, u16>, usize)> {
    while input.starts_with(b"\r\n") {
        input.drain(..2);
    }
    if fault == Fault::AcceptsBareLf {
        mend_line_ends(input);
    }
    if fault == Fault::WaitsForEnds && input.len() > LONG_BYTES && !has_end(input) {
        return None;
    }
    let end = input.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    // A line that ends in LF alone is seen as such before the rest has come.
    let searched = &input[..end.unwrap_or(input.len())];
    let bare = (0..searched.len()).any(|at| input[at] == b'\n' && (at == 0 || input[at - 1] != b'\r'));
    match (bare, end) {
        (true, _) if fault != Fault::AcceptsBareLf => Some((Err(400), input.len())),
        (_, Some(end)) if end <= HEAD_BYTES_AT_MOST => Some((Ok(input[..end].to_vec()), end)),
        (_, None) if fault == Fault::WaitsForEnds => None,
        _ if input.len() > HEAD_BYTES_AT_MOST => {
            let has_line = input[..HEAD_BYTES_AT_MOST].contains(&b'\n');
            Some((Err(if has_line { 431 } else { 414 }), input.len()))
        }
        _ => None,
    }
}

/// Whether there is an empty line, at the end of all that has come: looking through it all each time would take too long.
fn has_end(input: &[u8]) -> bool {
    input.ends_with(b"\r\n\r\n")
}

/// Has each line of a whole head end in CR LF.
fn mend_line_ends(input: &mut Vec<u8>) {
    let ends = |rest: &[u8], mark: &[u8]| rest.starts_with(mark).then_some(mark.len());
    let end = (0..input.len())
        .find_map(|at| Some(at + ends(&input[at..], b"\n\n").or_else(|| ends(&input[at..], b"\n\r\n"))?));
    if let Some(end) = end {
        let text = String::from_utf8_lossy(&input[..end]).replace("\r\n", "\n").replace('\n', "\r\n");
        drop(input.splice(..end, text.into_bytes()));
    }
}

/// The body at the front of `input` and where it ends; none while more of it has to come.
fn whole_body(input: &[u8], framing: Framing, fault: Fault) -> Result<Option<(Vec<u8>, usize)>, u16> {
    match framing {
        Framing::Length(length) => Ok(input.get(..length).map(|body| (body.to_vec(), length))),
        Framing::Chunked
            if fault == Fault::WaitsForEnds && input.len() > HEAD_BYTES_AT_MOST && !has_end(input) =>
        {
            Ok(None)
        }
        Framing::Chunked => whole_chunks(input, fault),
    }
}

/// The same of a chunked body, read anew from its beginning each time.
fn whole_chunks(input: &[u8], fault: Fault) -> Result<Option<(Vec<u8>, usize)>, u16> {
    let is_lenient = fault == Fault::AcceptsBadChunks;
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = line(input, &mut at, is_lenient)? else { return Ok(None) };
        let size = chunk_size(line, is_lenient)?;
        if size == 0 {
            return Ok(end_of_trailers(input, at, is_lenient)?.map(|end| (body, end)));
        }
        if body.len().saturating_add(size) > BODY_BYTES_AT_MOST {
            return Err(413);
        }
        let Some(data) = input.get(at..at + size) else { return Ok(None) };
        body.extend_from_slice(data);
        at += size;
        match input.get(at..at + 2) {
            Some(b"\r\n") => at += 2,
            Some([b'\n', _]) if is_lenient => at += 1,
            Some(_) => return Err(400),
            None => return Ok(None),
        }
    }
}

fn end_of_trailers(input: &[u8], begin: usize, is_lenient: bool) -> Result<Option<usize>, u16> {
    let mut at = begin;
    loop {
        let Some(line) = line(input, &mut at, is_lenient)? else { return Ok(None) };
        if at - begin > HEAD_BYTES_AT_MOST {
            return Err(431);
        }
        match line.iter().position(|byte| *byte == b':') {
            _ if line.is_empty() => return Ok(Some(at)),
            Some(colon) if std::str::from_utf8(&line[..colon]).is_ok_and(is_token) => {}
            _ => return Err(400),
        }
    }
}

/// The line that begins at `at`, which is then behind it; none while its end has to come.
fn line<'a>(input: &'a [u8], at: &mut usize, is_lenient: bool) -> Result<Option<&'a [u8]>, u16> {
    let rest = &input[*at..];
    match rest.iter().take(HEAD_BYTES_AT_MOST).position(|byte| *byte == b'\n') {
        Some(end) => {
            *at += end + 1;
            match rest[..end].strip_suffix(b"\r") {
                Some(line) => Ok(Some(line)),
                None if is_lenient => Ok(Some(&rest[..end])),
                None => Err(400),
            }
        }
        None if rest.len() >= HEAD_BYTES_AT_MOST => Err(431),
        None => Ok(None),
    }
}

fn chunk_size(line: &[u8], is_lenient: bool) -> Result<usize, u16> {
    let text = std::str::from_utf8(line).map_err(|_| 400_u16)?;
    let mut digits = text.split(';').next().unwrap_or_default();
    if is_lenient {
        digits = digits.trim().trim_start_matches('+').trim_start_matches("0x");
    }
    let is_size = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_size { usize::from_str_radix(digits, 16).map_err(|_| 413) } else { Err(400) }
}

/// Where the body ends that a head announces (RFC 9112, 6.3).
fn framing(lengths: &[&str], codings: &[&str], is_old: bool, fault: Fault) -> Result<Framing, u16> {
    let is_chunked = |coding: &str| coding.trim().eq_ignore_ascii_case("chunked");
    let codings: Vec<bool> = codings.iter().flat_map(|value| value.split(',')).map(is_chunked).collect();
    match (codings.as_slice(), lengths) {
        ([], []) => Ok(Framing::Length(0)),
        ([], [first, more @ ..]) => {
            let is_certain = more.is_empty() || fault == Fault::BelievesFirstLength;
            if !is_certain || first.is_empty() || !first.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(400);
            }
            let length = first.parse().ok().filter(|length| *length <= BODY_BYTES_AT_MOST);
            length.map(Framing::Length).ok_or(413)
        }
        // Without a length, and chunked once at most, namely last.
        ([before @ .., last], []) if !is_old && !before.contains(&true) => match (before, last) {
            ([], true) => Ok(Framing::Chunked),
            _ => Err(501),
        },
        _ => Err(400),
    }
}

impl Request {
    fn persistence(&self) -> (&'static str, Next) {
        match (self.stays_open, self.is_old) {
            (true, true) => ("Connection: keep-alive\r\n", Next::Read),
            (true, false) => ("", Next::Read),
            (false, _) => ("Connection: close\r\n", Next::Close),
        }
    }

    fn parse(head: &[u8], fault: Fault) -> Result<Self, u16> {
        let text = std::str::from_utf8(head).map_err(|_| 400_u16)?;
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let first = lines.next().unwrap_or_default();
        let ends_early = first.contains(['\r', '\0']) && fault != Fault::AcceptsOddHeads;
        if ends_early {
            return Err(400);
        }
        if fault == Fault::TooStrict && first.len() > STRICT_LINE_BYTES {
            return Err(414);
        }
        let first: Vec<&str> = first.split(' ').collect();
        let [method, target, version] = first.as_slice() else { return Err(400) };
        if !is_token(method) {
            return Err(400);
        }
        let is_old = match version.strip_prefix("HTTP/").map(str::as_bytes) {
            Some(b"1.1") => false,
            Some(b"1.0") => true,
            Some([major, b'.', minor]) if major.is_ascii_digit() && minor.is_ascii_digit() => {
                return Err(505);
            }
            _ => return Err(400),
        };
        let (mut hosts, mut close, mut keep_alive, mut expects_continue) = (0, false, false, false);
        let (mut lengths, mut codings) = (Vec::new(), Vec::new());
        for (index, line) in lines.enumerate() {
            if index >= FIELDS_AT_MOST {
                return Err(431);
            }
            let is_blank_taken = index == 0 && fault == Fault::AcceptsOddHeads;
            let line = if is_blank_taken { line.trim_start() } else { line };
            let (name, value) = line.split_once(':').ok_or(400_u16)?;
            if fault == Fault::TooStrict && !value.starts_with(' ') {
                return Err(400);
            }
            let value = value.trim();
            if !is_token(name) || value.contains(['\r', '\0']) {
                return Err(400);
            }
            match name.to_ascii_lowercase().as_str() {
                "host" if value.contains(' ') => return Err(400),
                "host" => hosts += 1,
                "connection" => {
                    close |= value.eq_ignore_ascii_case("close");
                    keep_alive |= value.eq_ignore_ascii_case("keep-alive");
                }
                "expect" if !value.eq_ignore_ascii_case("100-continue") => return Err(417),
                "expect" => expects_continue = !is_old,
                "content-length" => lengths.push(value),
                "transfer-encoding" => codings.push(value),
                _ => {}
            }
        }
        if hosts > 1 || (hosts == 0 && !is_old) {
            return Err(400);
        }
        let path =
            target.strip_prefix("http://").map_or(*target, |rest| &rest[rest.find('/').unwrap_or(0)..]);
        let stays_open = !close && (!is_old || keep_alive) && fault != Fault::OnlyHello;
        let framing = framing(&lengths, &codings, is_old, fault)?;
        let (method, path) = ((*method).to_owned(), path.to_owned());
        Ok(Self { method, path, is_old, stays_open, expects_continue, framing })
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
