//! `concur chat` in a pipe: what is typed is said, what others say is printed, and it leaves however it ends.

use std::io::Write;
use std::net::UdpSocket;
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::Duration;

use harness::server::Server;
use harness::transport::Transport;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::{PATIENCE, concur, eventually, send, stop};
use crate::members::{Member, Screen, room};

/// A member in a process of its own.
struct Client {
    child: Child,
    keyboard: Option<ChildStdin>,
    screen: Screen,
}

impl Client {
    fn start(address: &str, transport: Transport, name: &str, more: &[&str]) -> Self {
        let transport = transport.to_string();
        let mut child = concur()
            .args(["chat", address, "--name", name, "--transport", &transport])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (keyboard, screen) = (child.stdin.take(), Screen::of(&mut child));
        Self { child, keyboard, screen }
    }

    fn join(server: &Server, transport: Transport, name: &str) -> Self {
        Self::start(&server.address().to_string(), transport, name, &[])
    }

    fn type_line(&mut self, line: &str) {
        self.keyboard.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Its exit code, and what it said on standard error.
    fn ended(mut self) -> (Option<i32>, String) {
        drop(self.keyboard);
        eventually("the client ends", || self.child.try_wait().unwrap().is_some());
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

const ALL: [(&str, Transport); 4] = [
    ("thread", Transport::Udp),
    ("fork", Transport::Udp),
    ("epoll", Transport::Tcp),
    ("thread", Transport::Unix),
];

#[test]
fn what_is_typed_is_heard_and_what_is_heard_is_shown_until_the_input_ends() {
    for (model, transport) in ALL {
        let mut server = room(model, transport, &[]);
        let mut anna = Member::enter(&server, transport, "anna");
        let mut client = Client::join(&server, transport, "bob");
        anna.expect("bob entered");
        client.type_line("大家好");
        anna.expect("bob said: 大家好");
        anna.say("C anna hello bob");
        client.screen.shows("anna said: hello bob");
        server.type_line("a break at ten").unwrap();
        client.screen.shows("administrator said: a break at ten");
        anna.expect("administrator said: a break at ten");
        client.keyboard = None;
        anna.expect("bob left");
        let (code, notes) = client.ended();
        assert_eq!(code, Some(0), "{notes}");
        assert!(notes.contains("as bob; /quit leaves it"), "{notes}");
        stop(server);
    }
}

#[test]
fn quit_and_ctrl_c_leave() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let server = room("thread", transport, &[]);
        let mut anna = Member::enter(&server, transport, "anna");
        let mut client = Client::join(&server, transport, "bob");
        anna.expect("bob entered");
        client.type_line("/help");
        client.type_line("");
        client.type_line("/quit");
        anna.expect("bob left");
        let (code, notes) = client.ended();
        assert!(code == Some(0) && notes.contains("there is no other command"), "{notes}");
        for signal in [Signal::SIGINT, Signal::SIGTERM] {
            let client = Client::join(&server, transport, "carl");
            anna.expect("carl entered");
            kill(Pid::from_raw(client.child.id().cast_signed()), signal).unwrap();
            anna.expect("carl left");
            assert_eq!(client.ended().0, Some(0));
        }
        stop(server);
    }
}

#[test]
fn who_is_not_let_in_is_told_why() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let server = room("epoll", transport, &[]);
        let _anna = Member::enter(&server, transport, "anna");
        for (name, why) in
            [("anna", "that name is taken"), ("Administrator", "can't have 'administrator' in it")]
        {
            let (code, said) = Client::join(&server, transport, name).ended();
            assert!(code == Some(1) && said.contains(why) && said.lines().count() == 1, "{said}");
        }
        let (code, said) = Client::join(&server, transport, "a\nC anna hm").ended();
        assert!(code == Some(2) && said.contains("control character"), "{said}");
        stop(server);
    }
}

#[test]
fn where_nobody_listens_that_is_said() {
    // A port that was just somebody's, and is nobody's now.
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for transport in [Transport::Udp, Transport::Tcp] {
        let (code, said) = Client::start(&port.to_string(), transport, "anna", &["--patience", "2s"]).ended();
        assert!(code == Some(1) && said.contains("refused") && said.lines().count() == 1, "{said}");
    }
    // And where somebody listens who does not answer.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (code, said) = Client::start(&address, Transport::Udp, "anna", &["--patience", "500ms"]).ended();
    assert!(code == Some(1) && said.contains("did not answer within 500ms"), "{said}");
}

#[test]
fn a_room_that_is_gone_is_missed() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let server = room("thread", transport, &[]);
        let mut anna = Member::enter(&server, transport, "anna");
        let client = Client::join(&server, transport, "bob");
        anna.expect("bob entered");
        send(&server, Signal::SIGTERM);
        // Its input goes on: it ends by itself.
        let mut client = client;
        let keyboard = client.keyboard.take();
        let (code, said) = client.ended();
        assert!(code == Some(1) && said.contains("the room"), "{said}");
        drop(keyboard);
        stop_after(server);
    }
}

fn stop_after(server: Server) {
    let ended = server.stop(PATIENCE).unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

#[test]
fn many_lines_from_a_pipe_all_arrive_in_order_also_over_udp() {
    const LINES: usize = 2_000;
    for transport in [Transport::Udp, Transport::Tcp] {
        let server = room("thread", transport, &[]);
        let mut anna = Member::enter(&server, transport, "anna");
        let mut client = Client::join(&server, transport, "bob");
        anna.expect("bob entered");
        let mut keyboard = client.keyboard.take().unwrap();
        let typing = thread::spawn(move || {
            let text = (0..LINES).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
            keyboard.write_all(text.as_bytes()).unwrap();
        });
        (0..LINES).for_each(|number| anna.expect(&format!("bob said: line {number}")));
        anna.expect("bob left");
        typing.join().unwrap();
        assert_eq!(client.ended().0, Some(0));
        stop(server);
    }
}

/// A room of one, over UDP, that answers as it is told: to each datagram what `answer` makes of it and of its number.
fn strange_room(answer: impl Fn(usize, &str) -> Vec<Vec<u8>> + Send + 'static) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        for number in 0.. {
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
            for line in answer(number, &said) {
                socket.send_to(&line, from).unwrap();
            }
            if said.starts_with('Q') {
                return;
            }
        }
    });
    address
}

#[test]
fn who_gets_no_answer_asks_again() {
    let address = strange_room(|number, said| match said {
        "L anna" if number < 3 => vec![], // lost
        "L anna" => vec![b"OK".to_vec(), b"OK".to_vec()],
        "Q anna" => vec![b"EXIT".to_vec()],
        _ => vec![],
    });
    let (code, said) = Client::start(&address, Transport::Udp, "anna", &["--patience", "10s"]).ended();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn whatever_the_room_refuses_is_said_also_amid_many_lines_and_when_leaving() {
    let address = strange_room(|_, said| match said {
        "L anna" => vec![b"OK".to_vec()],
        "S" => vec![b"STATUS members=1".to_vec()],
        "Q anna" => vec![b"EXIT".to_vec()],
        _ => vec![b"NO not that".to_vec()],
    });
    let mut client = Client::start(&address, Transport::Udp, "anna", &["--patience", "60s"]);
    (0..70).for_each(|_| client.type_line("that"));
    let (code, said) = client.ended();
    assert_eq!((code, said.matches("the room refused that: not that").count()), (Some(0), 70), "{said}");
}

#[test]
fn a_long_line_is_cut_before_it_is_said() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let server = room("thread", transport, &[]);
        let mut anna = Member::enter(&server, transport, "anna");
        let mut client = Client::join(&server, transport, "bob");
        anna.expect("bob entered");
        client.type_line(&"王".repeat(30_000));
        anna.expect(&format!("bob said: {}", "王".repeat(333)));
        assert_eq!(client.ended().0, Some(0));
        anna.expect("bob left");
        stop(server);
    }
}

#[test]
fn what_others_say_can_not_steer_the_terminal() {
    let address = strange_room(|_, said| match said {
        "L anna" => vec![b"OK".to_vec(), b"bob said: \x1b[2J\x07\xff\r\nbye".to_vec()],
        "Q anna" => vec![b"EXIT".to_vec()],
        _ => vec![],
    });
    let client = Client::start(&address, Transport::Udp, "anna", &[]);
    client.screen.shows("bob said: \u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}bye");
    assert_eq!(client.ended().0, Some(0));
}

#[test]
fn who_listens_only_stays_in_the_room() {
    let server = room("epoll", Transport::Udp, &["--member-time", "5s"]);
    let client = Client::join(&server, Transport::Udp, "bob");
    // From outside, so that the time that the client takes to enter is nobody's silence.
    let mut anna = Member::connect(&server, Transport::Udp);
    eventually("bob is in the room", || {
        anna.say("S");
        anna.hear().contains("members=1")
    });
    anna.say("L anna");
    anna.expect("OK");
    for sign in 0..14 {
        thread::sleep(Duration::from_millis(500));
        anna.say(&format!("C anna sign {sign}"));
    }
    drop(client.ended());
    anna.expect("bob left"); // when its input ended, and not before
    anna.say("S");
    let status = anna.hear();
    assert!(status.contains("expired=0"), "{status}");
    stop(server);
}
