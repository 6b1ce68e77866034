//! A small server with a fault of one's choice, to see that the suite finds it.
//!
//! Without its fault (`none`) it is right: a thread for each connection, written with nothing of the lab, so that the
//! suite is tried on a stranger.

mod fault;
mod request;

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

use self::fault::Fault;
use self::request::{Framing, Request, whole_body, whole_head};

/// How often who waits looks whether the server is to stop.
const LOOK: Duration = Duration::from_millis(10);
/// How long what is under way may take then.
const GRACE: Duration = Duration::from_millis(1_500);
/// How long a refused client is heard out.
const HEAR_OUT: Duration = Duration::from_secs(2);
const LARGE_PIECE_BYTES: usize = 32 * 1024;
/// What large bodies are made of.
static FILLING: [u8; 16 * 1024] = [b'x'; 16 * 1024];
/// How much who leaks keeps for each connection.
const LEAKED_BYTES: usize = 32 * 1024;
/// How much who leaks slowly does.
const SLOWLY_LEAKED_BYTES: usize = 512;
/// Who leaves input unread reads no more than this at once, so that there surely is some.
const SMALL_READ_BYTES: usize = 64;
/// Long enough for several clients to have asked before a loop looks again.
const SHARED_TURN: Duration = Duration::from_millis(2);
/// Taken by who waits where all wait in a line.
static LINE: Mutex<()> = Mutex::new(());
/// A thread stays for one connection of so many.
const THREAD_LEAKS_EVERY: usize = 10;
/// How many pieces who grows keeps: some 100 MiB, so that the machine survives the test.
const PIECES_AT_MOST: usize = 8_192;

/// Serves with the fault of this name on this port, until SIGTERM.
pub(crate) fn serve(fault: &str, workload: &str, port: u16) -> io::Result<()> {
    run(Fault::named(fault), workload == "http", port)
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
