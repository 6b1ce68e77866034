//! A panic in one client's session ends that client alone, under every model.
//!
//! Models that fork need a process with one thread, and libtest runs tests on threads. So this file brings its own
//! `main`: it starts itself again as a server of each model.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use models::options::Choice;
use models::server::{Shutdown, Start, server, servers, socket};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use workloads::{Done, Limits, Next, Peer, Service, Session};

/// How many clients meet a panic: more than some models have workers.
const PANICS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers each byte with itself; `!` makes it panic.
struct Fragile;

impl Service for Fragile {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(Self)
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }
}

impl Session for Fragile {
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        assert!(!input.contains(&b'!'), "as the client wished");
        output.extend_from_slice(&input.split());
        Next::Read
    }

    fn resume(&mut self, _: Done, _: &mut BytesMut) -> Next {
        Next::Read
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, model] = &arguments[..]
        && flag == "--serve"
    {
        serve(model);
        return ExitCode::SUCCESS;
    }
    let forking = ["ignore", "wait", "double-fork"].map(|reap| format!("fork:reap={reap}"));
    let prethreaded = ["shared", "mutex"].map(|accept| format!("prethread:workers=4,accept={accept}"));
    let preforked = ["shared", "flock", "mutex", "fd-pass", "reuseport"]
        .map(|accept| format!("prefork:workers=4,accept={accept}"));
    let names = servers().iter().map(|model| model.name.to_owned());
    let pooled = [1, 4].map(|workers| format!("thread-pool:per=request,workers={workers}"));
    for model in names.chain(forking).chain(prethreaded).chain(preforked).chain(pooled) {
        check(&model);
        println!("a panic ends one client alone under {model}: ok");
    }
    ExitCode::SUCCESS
}

/// What the second process does.
fn serve(model: &str) {
    let choice: Choice = model.parse().unwrap();
    let shutdown = Shutdown::on_signals(Duration::from_secs(5)).unwrap();
    let service: Arc<dyn Service> = Arc::new(Fragile);
    let listener = socket::listen(&"127.0.0.1:0".parse().unwrap(), &Limits::default()).unwrap();
    println!("{}", listener.local_addr().unwrap().as_socket().unwrap());
    let start = Start { listener, service: &service, options: &choice.options, shutdown: &shutdown };
    (server(&choice.name).unwrap().run)(start).unwrap();
}

fn check(model: &str) {
    let (process, address) = start(model);
    // A client of the model that serves one at a time would hold up the others.
    let mut witness = (model != "loop").then(|| connect(address));
    if let Some(witness) = &mut witness {
        echo(model, witness);
    }
    for _ in 0..PANICS {
        let mut client = connect(address);
        if !model.ends_with("reuseport") {
            echo(model, &mut client); // else it might wait behind the witness
        }
        client.write_all(b"!").unwrap();
        if !model.ends_with("reuseport") {
            let end = client.read(&mut [0]);
            assert!(
                matches!(end, Ok(0))
                    || end.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset),
                "{model}"
            );
        }
    }
    if let Some(witness) = &mut witness {
        echo(model, witness);
    }
    drop(witness);
    echo(model, &mut connect(address));
    stop(model, process);
}

struct Process(Child, #[expect(dead_code, reason = "it stays open")] BufReader<ChildStdout>);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(model: &str) -> (Process, SocketAddr) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--serve", model])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let read = stdout.read_line(&mut line);
    let process = Process(child, stdout);
    read.unwrap();
    (process, line.trim().parse().unwrap_or_else(|_| panic!("{model} said '{line}'")))
}

fn stop(model: &str, mut process: Process) {
    kill(Pid::from_raw(process.0.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert!(process.0.wait().unwrap().success(), "{model}");
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn echo(model: &str, client: &mut TcpStream) {
    client.write_all(b"x").unwrap();
    let mut reply = [0];
    client.read_exact(&mut reply).unwrap_or_else(|error| panic!("{model}: {error}"));
    assert_eq!(reply, *b"x", "{model}");
}
