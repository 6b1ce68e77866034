//! `concur files`: one action, or commands from a pipe; what it prints, leaves behind and ends with.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use harness::server::{ServeCommand, Server};
use harness::transport::Transport;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use super::{bytes, contents, serve};
use crate::common::{PATIENCE, concur, eventually, stop};

/// A server and a folder of the client's own, with what is in it.
struct Sides {
    server: Server,
    root: tempfile::TempDir,
    here: tempfile::TempDir,
}

impl Sides {
    fn new(more: &[&str]) -> Self {
        let (root, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let server = serve("thread", root.path(), more);
        Self { server, root, here }
    }

    fn client(&self) -> Command {
        client(self.here.path(), &self.server.address().to_string())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.client().args(arguments).output().unwrap()
    }
}

fn client(here: &Path, address: &str) -> Command {
    let mut command = concur();
    command.current_dir(here).args(["--lang", "en", "files", address]);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn files_go_there_and_come_back() {
    let sides = Sides::new(&[]);
    let large = bytes(1, 2_000_000);
    fs::write(sides.here.path().join("large"), &large).unwrap();
    let put = sides.run(&["put", "large", "two words"]);
    let sum = format!("{:08x}", crc32fast::hash(&large));
    assert_eq!(text(&put.stdout), format!("Brought two words: 2000000 bytes, CRC-32 {sum}.\n"));
    assert!(fs::read(sides.root.path().join("two words")).unwrap() == large);
    assert_eq!(text(&sides.run(&["list"]).stdout), "2000000  two words\n");
    let get = sides.run(&["get", "two words", "back"]);
    assert_eq!(text(&get.stdout), format!("Fetched back: 2000000 bytes, CRC-32 {sum}.\n"));
    assert!(fs::read(sides.here.path().join("back")).unwrap() == large);
    assert_eq!((text(&get.stderr).as_str(), code(&get)), ("", 0), "there is no bar in a pipe");
    assert_eq!(contents(sides.here.path()).len(), 2);
    stop(sides.server);
}

#[test]
fn what_was_done_is_there_as_json() {
    let sides = Sides::new(&[]);
    fs::write(sides.here.path().join("a"), "Hello World\n").unwrap();
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_slice(&sides.run(&[&["--json"], arguments].concat()).stdout).unwrap()
    };
    assert_eq!(json(&["list"]), serde_json::json!({ "files": [] }));
    let put = json(&["put", "a"]);
    assert_eq!(
        put,
        serde_json::json!({ "done": "put", "name": "a", "file": "a", "bytes": 12, "crc32": "b095e5e3" })
    );
    assert_eq!(json(&["list"]), serde_json::json!({ "files": [{ "name": "a", "bytes": 12 }] }));
    assert_eq!(json(&["get", "a", "b"])["file"], "b");
    stop(sides.server);
}

#[test]
fn a_unix_socket_will_do() {
    let (root, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(root.path().join("a"), "1").unwrap();
    let command = ServeCommand::new("epoll", "files").program(env!("CARGO_BIN_EXE_concur"));
    let server = command.root(Some(root.path())).transport(Transport::Unix).start(PATIENCE).unwrap();
    let output = client(here.path(), &server.address().to_string()).args(["get", "a"]).output().unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(contents(here.path())["a"], b"1");
    stop(server);
}

#[test]
fn a_refusal_is_said_and_leaves_nothing() {
    let sides = Sides::new(&["--max-file-bytes", "1000000"]);
    fs::write(sides.here.path().join("large"), bytes(1, 30_000_000)).unwrap();
    for (arguments, reason) in [
        (&["get", "nothing"][..], "the server says no: There is no file of this name."),
        (&["put", "large"], "the server says no: A file may have at most 1000000 bytes here."),
    ] {
        let output = sides.run(arguments);
        assert_eq!((code(&output), text(&output.stdout).as_str()), (1, ""), "{arguments:?}");
        assert_eq!(text(&output.stderr), format!("concur: {reason}\n"), "{arguments:?}");
    }
    assert_eq!(contents(sides.here.path()).len(), 1);
    stop(sides.server);
}

#[test]
fn what_makes_no_sense_is_said_before_anybody_is_asked() {
    let here = tempfile::tempdir().unwrap();
    for arguments in [
        &["get", "../secret"][..],
        &["get", ".hidden"],
        &["put", "nothing"],
        &["put", "/"],
        &["put", "/dev/null"],
        &["get", "a", "/"],
        &["get", "a", "/dev/null"],
        &["get"],
        &["lis"],
        &["--timeout", "0s", "list"],
    ] {
        // Port 1: nobody is there.
        let output = client(here.path(), "1").args(arguments).output().unwrap();
        assert_eq!(code(&output), 2, "{arguments:?}: {}", text(&output.stderr));
    }
    let output = client(here.path(), "1").arg("list").output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains("can't connect to 127.0.0.1:1; is a server there"), "{output:?}");
}

#[test]
fn commands_come_from_a_pipe_one_after_another() {
    let sides = Sides::new(&[]);
    fs::write(sides.here.path().join("a"), "12345").unwrap();
    let script = "\nput a 'two words'\nL\nG nothing\nnonsense\nget 'two words' b\nquit\nlist\n";
    let mut running =
        sides.client().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert_eq!(
        text(&output.stdout),
        "Brought two words: 5 bytes, CRC-32 cbf53a1c.\n5  two words\nFetched b: 5 bytes, CRC-32 cbf53a1c.\n"
    );
    let errors = text(&output.stderr);
    assert!(
        errors.contains("There is no file of this name.") && errors.contains("no command 'nonsense'"),
        "{errors}"
    );
    assert_eq!(code(&output), 1, "something went wrong, and a script wants to know");
    stop(sides.server);
}

#[test]
fn a_connection_that_has_ended_is_made_anew() {
    let sides = Sides::new(&["--max-file-bytes", "3"]);
    fs::write(sides.here.path().join("large"), "12345").unwrap();
    let mut running =
        sides.client().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(b"put large\nlist\n").unwrap();
    let output = running.wait_with_output().unwrap();
    assert_eq!(text(&output.stdout), "The server has no files.\n");
    stop(sides.server);
}

/// Somebody who takes one client, hears its command and answers so; then does nothing until the client is gone.
fn stranger(answer: impl Into<Vec<u8>>) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = answer.into();
    let serve = move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut command = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut command).unwrap();
        stream.write_all(&answer).unwrap();
        let _ = stream.read(&mut [0]); // until it leaves
    };
    (address, thread::spawn(serve))
}

#[test]
fn what_does_not_arrive_right_is_not_kept() {
    for (answer, reason) in [
        (&b"OK 5\nHelloSUM 00000000\n"[..], "its checksum is another one"),
        (b"OK 5\nHelloSUM nonsense\n", "is it a file server?"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "is it a file server?"),
        (b"GO 5\n", "is it a file server?"),
    ] {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("a"), "old").unwrap();
        let (address, server) = stranger(answer);
        let output = client(here.path(), &address).args(["get", "a"]).output().unwrap();
        assert_eq!(code(&output), 1, "{output:?}");
        assert!(text(&output.stderr).contains(reason), "{output:?}");
        assert_eq!(
            contents(here.path()).into_iter().collect::<Vec<_>>(),
            [("a".to_owned(), b"old".to_vec())]
        );
        server.join().unwrap();
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let here = tempfile::tempdir().unwrap();
    let (address, server) = stranger("");
    let output = client(here.path(), &address).args(["--timeout", "300ms", "list"]).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains("nothing comes from the server for 300ms"), "{output:?}");
    server.join().unwrap();
}

#[test]
fn ctrl_c_amid_a_file_leaves_nothing_of_it() {
    let here = tempfile::tempdir().unwrap();
    let (address, server) = stranger([&b"OK 1000000\n"[..], &vec![7; 500_000]].concat());
    let running = client(here.path(), &address).args(["get", "a"]).stderr(Stdio::piped()).spawn().unwrap();
    eventually("half of it has come", || contents(here.path()).values().any(|part| part.len() == 500_000));
    kill(Pid::from_raw(running.id().cast_signed()), Signal::SIGINT).unwrap();
    let output = running.wait_with_output().unwrap();
    assert_eq!((code(&output), text(&output.stderr).as_str()), (130, "concur: interrupted\n"));
    assert_eq!(contents(here.path()).len(), 0);
    server.join().unwrap();
}

#[test]
fn ctrl_c_while_a_command_is_waited_for_ends_it() {
    let here = tempfile::tempdir().unwrap();
    let mut running = client(here.path(), "1").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    // A command that is answered shows that the next one is waited for.
    input.write_all(b"nonsense\n").unwrap();
    let mut errors = BufReader::new(running.stderr.take().unwrap());
    errors.read_line(&mut String::new()).unwrap();
    eventually("it ends", || {
        let _ = kill(Pid::from_raw(running.id().cast_signed()), Signal::SIGINT);
        running.try_wait().unwrap().is_some()
    });
    assert_eq!(running.wait().unwrap().code(), Some(130));
}

#[test]
fn ctrl_c_while_nobody_takes_the_connection_ends_it() {
    let here = tempfile::tempdir().unwrap();
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let _in_the_queue = TcpStream::connect(address).unwrap(); // which has no room for another one
    let mut running = client(here.path(), &address.to_string()).arg("list").spawn().unwrap();
    let port = format!(":{:04X}", address.port());
    let is_asked_for = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        matches!(words[..], [_, _, to, "02", ..] if to.ends_with(&port)) // SYN_SENT
    };
    eventually("it wants to connect", || {
        fs::read_to_string("/proc/net/tcp").unwrap().lines().any(is_asked_for)
    });
    kill(Pid::from_raw(running.id().cast_signed()), Signal::SIGINT).unwrap();
    // It would try for a minute.
    eventually("it ends", || running.try_wait().unwrap().is_some());
    assert_eq!(running.wait().unwrap().code(), Some(130));
}

#[test]
fn what_the_client_says_is_said_in_chinese_too() {
    let sides = Sides::new(&[]);
    let mut command = concur();
    command.current_dir(sides.here.path()).args(["--lang", "zh", "files"]);
    command.arg(sides.server.address().to_string());
    let output = command.args(["get", "nothing"]).output().unwrap();
    assert_eq!(
        text(&output.stderr),
        "concur：服务器拒绝：没有这个名称的文件。\n".replace("concur：", "concur: ")
    );
    stop(sides.server);
}
