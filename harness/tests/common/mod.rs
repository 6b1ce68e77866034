//! What several tests need: a server of ours as a process, and a client that is easy to make misbehave.
#![allow(dead_code, reason = "each test program uses some of it")]

pub(crate) mod streams;
pub(crate) mod threads;

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use harness::server::{ServeCommand, Server};
use harness::transport::Transport;
use models::options::Choice;
use models::server::{self, Model, server, servers};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Long enough for a busy machine; nothing waits this long when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Time enough for a server to have begun what it was just asked. Should a busy machine need more, a test sees the
/// easier case of what it tests.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(150);

/// The program under test.
pub(crate) fn concur() -> Command {
    Command::new(env!("CARGO_BIN_EXE_concur"))
}

/// All server models but those that this machine can't run, which it says.
pub(crate) fn runnable() -> impl Iterator<Item = &'static Model> {
    servers().iter().filter(|model| can_run(&model.name))
}

/// Whether this machine can run a server model. Where it can't, its part of a test is skipped, and says so.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as `filter` calls it")]
pub(crate) fn can_run(model: &&str) -> bool {
    let choice: Choice = model.parse().unwrap();
    let lacks = (server(&choice.name).unwrap().lacks)(&choice.options, server::Transport::Tcp);
    if let Some(reason) = &lacks {
        skipped!("{model}: {reason}");
    }
    lacks.is_none()
}

/// Starts `concur serve MODEL` with the HTTP workload on a free port.
pub(crate) fn serve(model: &str, more: &[&str]) -> Server {
    let program = env!("CARGO_BIN_EXE_concur");
    let arguments = [program, "serve", model, "--bind", "127.0.0.1:0"];
    start(arguments.iter().chain(more).map(OsString::from)).unwrap()
}

/// Starts a server that ends with this process, also if that is killed. `--with-parent` won't do: the kernel means the thread
/// that starts a server, and in a test that can end first.
pub(crate) fn start(command: impl IntoIterator<Item = OsString>) -> anyhow::Result<Server> {
    let command: Vec<OsString> = command.into_iter().collect();
    Server::start_guarded(&command, PATIENCE, Path::new(env!("CARGO_BIN_EXE_concur")))
}

/// Starts `concur serve MODEL` over a transport, wherever there is room for it.
pub(crate) fn serve_over(transport: Transport, model: &str, workload: &str) -> Server {
    let command = ServeCommand::new(model, workload).program(env!("CARGO_BIN_EXE_concur"));
    command.transport(transport).start(PATIENCE).unwrap()
}

/// Writes a shell script that can be run at once. Another process writes it: a child that some other test makes in this one
/// meanwhile would hold what is open for writing here until it becomes its program, and nothing runs a file that anybody can write to.
pub(crate) fn write_script(path: &Path, text: &str) {
    let mut writer = Command::new("sh");
    writer.args(["-c", "printf '#!/bin/sh\n%s\n' \"$1\" >\"$0\" && chmod 755 \"$0\""]).arg(path).arg(text);
    assert!(writer.status().unwrap().success(), "{} can't be written", path.display());
}

/// Sends a signal to a server's first process.
pub(crate) fn send(server: &Server, signal: Signal) {
    kill(Pid::from_raw(server.pid().cast_signed()), signal).unwrap();
}

/// Waits for the end of a server that was sent a signal already.
pub(crate) fn ended_in_order(server: Server) {
    eventually("the server ends", || !server.is_running());
    let ended = server.stop(PATIENCE).unwrap();
    assert!(ended.status.success() && ended.leftovers == 0, "{ended:?}");
}

/// A process's children, zombies included.
pub(crate) fn children_of(pid: u32) -> Vec<Pid> {
    let processes = procfs::process::all_processes().unwrap();
    let stats = processes.filter_map(|process| process.ok()?.stat().ok());
    stats.filter(|stat| stat.ppid == pid.cast_signed()).map(|stat| Pid::from_raw(stat.pid)).collect()
}

/// What is seen while the server makes no more children and waits for none: their list is read one by one, and a child
/// that ends and one that comes meanwhile would both be on it. Nor can a
/// child's number become a stranger's meanwhile.
pub(crate) fn held_still<T>(server: &Server, look: impl FnOnce() -> T) -> T {
    let process = procfs::process::Process::new(server.pid().cast_signed()).unwrap();
    send(server, Signal::SIGSTOP);
    // All its threads: one that is woken to be stopped may still take what has just come.
    eventually("it is stopped", || {
        let mut threads = process.tasks().unwrap();
        threads.all(|thread| thread.and_then(|thread| thread.stat()).is_ok_and(|stat| stat.state == 'T'))
    });
    let seen = look();
    send(server, Signal::SIGCONT);
    seen
}

/// Checks several things, six at a time: most of it is waiting.
pub(crate) fn side_by_side<T: Send>(things: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    let things = Mutex::new(things.into_iter().collect::<Vec<_>>().into_iter());
    let next = || things.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| std::iter::from_fn(next).for_each(&check));
        }
    });
}

/// Stops a server and insists that it stops in order.
pub(crate) fn stop(server: Server) {
    let ended = server.stop(PATIENCE).unwrap();
    assert_eq!(ended.trouble(), None);
}

/// Where a server listens that does so over TCP or UDP.
pub(crate) fn ip(server: &Server) -> SocketAddr {
    server.address().ip().unwrap()
}

/// A connection that gives up after [`PATIENCE`].
pub(crate) fn connect(address: impl ToSocketAddrs) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends a GET request for `path`.
pub(crate) fn ask(stream: &mut impl Write, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes()).unwrap();
}

/// Reads one reply with a Content-Length: its status and its body.
pub(crate) fn hear(stream: &mut impl Read) -> (u16, Vec<u8>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("within a head: {error}"));
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (status, body)
}

/// Asks for `/hello` on a connection of its own and insists on the right answer.
pub(crate) fn hello(address: impl ToSocketAddrs) {
    let mut stream = connect(address);
    ask(&mut stream, "/hello");
    assert_eq!(hear(&mut stream), (200, b"Hello World\n".to_vec()));
}

/// Whether something can be read right now; the end of input counts.
pub(crate) fn has_something(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    !matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Looks again and again until `condition` holds. Some look at every process of the machine: that takes a fifth of the time
/// at most, so that what is waited for has the rest.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let looking = Instant::now();
        if condition() {
            return;
        }
        assert!(looking < deadline, "it never came about that {what}");
        std::thread::sleep((looking.elapsed() * 4).max(Duration::from_millis(10)));
    }
}

/// The processes on this machine whose environment holds `mark`; zombies have none.
pub(crate) fn processes_marked(mark: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let marked = |path: &Path| {
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    entries
        .filter(|entry| marked(&entry.path()))
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}
