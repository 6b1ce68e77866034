//! A small server with a fault of one's choice, to see that the suite finds it.
//!
//! Without its fault (`none`) it is right: a thread for each connection, written with nothing of the lab, so that the
//! suite is tried on a stranger. It has no /echo, and the cases about that are skipped.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

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
}

const FAULTS: [(&str, Fault); 17] = [
    ("none", Fault::None),
    ("drops-last-byte", Fault::DropsLastByte),
    ("leaves-half-closed", Fault::LeavesHalfClosed),
    ("keeps-half-closed", Fault::KeepsHalfClosed),
    ("grows", Fault::Grows),
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
    let present = Arc::new(AtomicUsize::new(0));
    while !stopping.load(Ordering::SeqCst) {
        let Ok((stream, _)) = listener.accept() else {
            let mut ready = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut ready, PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::ZERO));
            continue;
        };
        let guest = Guest::new(&present);
        let stopping = Arc::clone(&stopping);
        let serve = move || {
            let _guest = guest;
            // One client's trouble is its own.
            let outcome = Connection::new(stream, fault, stopping).and_then(|mut it| it.serve(is_http));
            if outcome.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
                && fault == Fault::DiesOfReset
            {
                std::process::exit(1);
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
}

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
        Ok(Self { stream, fault, stopping })
    }

    fn serve(&mut self, is_http: bool) -> io::Result<()> {
        match (is_http, self.fault) {
            (true, _) => self.http(),
            (false, Fault::Grows) => self.echo_without_bound(),
            (false, _) => self.echo(),
        }
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
                    if stopping {
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
        let mut input = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match self.answer_all(&mut input)? {
                Next::Read => {}
                Next::Close => return Ok(()),
                Next::Refuse if self.fault == Fault::ResetsRefusals => return Ok(()),
                Next::Refuse => return self.hear_out(),
            }
            match self.read(&mut buffer)? {
                Input::Bytes(read) => input.extend_from_slice(&buffer[..read]),
                Input::End | Input::Stop => return Ok(()),
            }
        }
    }

    /// Answers every whole request that has come.
    fn answer_all(&mut self, input: &mut Vec<u8>) -> io::Result<Next> {
        let mut replies: Vec<Reply> = Vec::new();
        let mut next = Next::Read;
        while let Some((head, end)) = whole_head(input, self.fault) {
            let outcome = head.and_then(|head| Request::parse(&head));
            input.drain(..end);
            let (reply, then) = match outcome {
                Ok(request) => self.answer(&request),
                Err(status) => (reply(status, "refused\n", "Connection: close\r\n", false), Next::Refuse),
            };
            if self.fault == Fault::LeavesHalfClosed && self.is_half_closed() {
                return Ok(Next::Close);
            }
            if self.fault == Fault::OutOfOrder {
                replies.insert(0, reply);
            } else {
                self.send(&reply)?;
            }
            match then {
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
        self.stream.write_all(reply.text.as_bytes())?;
        let mut left = reply.filling;
        while left > 0 {
            let piece = left.min(FILLING.len());
            self.stream.write_all(&FILLING[..piece])?;
            left -= piece;
        }
        Ok(())
    }

    fn answer(&self, request: &Request) -> (Reply, Next) {
        let head_only = request.method == "HEAD" && self.fault != Fault::HeadWithBody;
        let (connection, next) = match (request.stays_open, request.is_old) {
            (true, true) => ("Connection: keep-alive\r\n", Next::Read),
            (true, false) => ("", Next::Read),
            (false, _) => ("Connection: close\r\n", Next::Close),
        };
        let number = |prefix| request.path.strip_prefix(prefix).and_then(|text: &str| text.parse().ok());
        let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
        let (body, filling) = if request.path == "/hello" {
            ("hello\n", 0)
        } else if let Some(bytes) = number("/bytes/") {
            ("", bytes)
        } else if let Some(ms) = number("/wait/") {
            thread::sleep(Duration::from_millis(if is_read { ms as u64 } else { 0 }));
            ("waited\n", 0)
        } else {
            return (reply(404, "nothing here\n", connection, head_only), next);
        };
        match request.method.as_str() {
            "GET" | "HEAD" => (Reply::new(200, body, filling, connection, head_only), next),
            "POST" | "PUT" | "DELETE" => {
                // What body it has is not read, so that the connection can't go on.
                let fields = "Allow: GET, HEAD\r\nConnection: close\r\n";
                (reply(405, "only GET and HEAD\n", fields, false), Next::Refuse)
            }
            _ => (reply(501, "what?\n", "Connection: close\r\n", false), Next::Refuse),
        }
    }

    /// Says no more, and reads until the client has heard it (RFC 9112, 9.6).
    fn hear_out(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + HEAR_OUT;
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

fn reply(status: u16, body: &'static str, fields: &str, head_only: bool) -> Reply {
    Reply::new(status, body, 0, fields, head_only)
}

/// A head with a text behind it, and so many bytes more.
struct Reply {
    text: String,
    filling: usize,
}

impl Reply {
    fn new(status: u16, body: &str, filling: usize, fields: &str, head_only: bool) -> Self {
        let length = body.len() + filling;
        let (body, filling) = if head_only { ("", 0) } else { (body, filling) };
        let text = format!("HTTP/1.1 {status} As It Is\r\n{fields}Content-Length: {length}\r\n\r\n{body}");
        Self { text, filling }
    }
}

struct Request {
    method: String,
    path: String,
    is_old: bool,
    stays_open: bool,
}

/// The first head, if it is whole or already wrong, and where it ends.
fn whole_head(input: &mut Vec<u8>, fault: Fault) -> Option<(Result<Vec<u8>, u16>, usize)> {
    while input.starts_with(b"\r\n") {
        input.drain(..2);
    }
    if fault == Fault::AcceptsBareLf {
        let text = String::from_utf8_lossy(input).replace("\r\n", "\n").replace('\n', "\r\n");
        *input = text.into_bytes();
    }
    // A line that ends in LF alone is seen as such before the rest has come.
    let bare = (0..input.len()).find(|&at| input[at] == b'\n' && (at == 0 || input[at - 1] != b'\r'));
    let end = input.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    match (bare, end) {
        (Some(bare), end) if end.is_none_or(|end| bare < end) => Some((Err(400), input.len())),
        (_, Some(end)) if end <= HEAD_BYTES_AT_MOST => Some((Ok(input[..end].to_vec()), end)),
        _ if input.len() > HEAD_BYTES_AT_MOST => {
            let has_line = input[..HEAD_BYTES_AT_MOST].contains(&b'\n');
            Some((Err(if has_line { 431 } else { 414 }), input.len()))
        }
        _ => None,
    }
}

impl Request {
    fn parse(head: &[u8]) -> Result<Self, u16> {
        let text = std::str::from_utf8(head).map_err(|_| 400_u16)?;
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
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
        let (mut hosts, mut close, mut keep_alive) = (0, false, false);
        for (index, line) in lines.enumerate() {
            if index >= FIELDS_AT_MOST {
                return Err(431);
            }
            let (name, value) = line.split_once(':').ok_or(400_u16)?;
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
                "transfer-encoding" => return Err(501),
                _ => {}
            }
        }
        if hosts > 1 || (hosts == 0 && !is_old) {
            return Err(400);
        }
        let path =
            target.strip_prefix("http://").map_or(*target, |rest| &rest[rest.find('/').unwrap_or(0)..]);
        let stays_open = !close && (!is_old || keep_alive);
        Ok(Self { method: (*method).to_owned(), path: path.to_owned(), is_old, stays_open })
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
