//! Members who are easy to make say anything, over any transport, and a room to put them in.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use harness::server::{ServeCommand, Server};
use harness::transport::Transport;
use models::address::Address;

use crate::common::PATIENCE;

/// Starts a room under a model, with these options and a console.
pub(crate) fn room(model: &str, transport: Transport, options: &[&str]) -> Server {
    let command = ServeCommand::new(model, "chat").program(env!("CARGO_BIN_EXE_concur"));
    command.transport(transport).console(Some(options)).start(PATIENCE).unwrap()
}

/// What a process prints, line by line, for who does not wait for ever.
pub(crate) struct Screen(Receiver<String>);

impl Screen {
    pub(crate) fn of(child: &mut Child) -> Self {
        let (send, lines) = mpsc::channel();
        let screen = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || screen.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self(lines)
    }

    pub(crate) fn shows(&self, expected: &str) {
        assert_eq!(self.0.recv_timeout(PATIENCE).as_deref(), Ok(expected));
    }
}

/// One client.
pub(crate) enum Member {
    Datagrams(UdpSocket),
    Tcp(BufReader<TcpStream>),
    Unix(BufReader<UnixStream>),
}

impl Member {
    /// Connects to a room.
    pub(crate) fn connect(server: &Server, transport: Transport) -> Self {
        match (server.address(), transport) {
            (Address::Ip(address), Transport::Udp) => Self::over_udp(address),
            (Address::Ip(address), _) => {
                let stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_nodelay(true).unwrap();
                Self::Tcp(BufReader::new(stream))
            }
            (Address::Unix(path), _) => {
                let stream = UnixStream::connect(path).unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                Self::Unix(BufReader::new(stream))
            }
        }
    }

    fn over_udp(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self::Datagrams(socket)
    }

    /// Connects and enters.
    pub(crate) fn enter(server: &Server, transport: Transport, name: &str) -> Self {
        let mut member = Self::connect(server, transport);
        member.say(&format!("L {name}"));
        assert_eq!(member.hear(), "OK");
        member
    }

    /// Sends a command.
    pub(crate) fn say(&mut self, line: &str) {
        match self {
            Self::Datagrams(socket) => drop(socket.send(line.as_bytes()).unwrap()),
            Self::Tcp(stream) => stream.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap(),
            Self::Unix(stream) => stream.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap(),
        }
    }

    /// The next line.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        match self {
            Self::Datagrams(socket) => {
                let mut buffer = [0; 2048];
                let length = loop {
                    match socket.recv(&mut buffer) {
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        other => break other.unwrap(),
                    }
                };
                line.push_str(str::from_utf8(&buffer[..length]).unwrap());
            }
            Self::Tcp(stream) => drop(stream.read_line(&mut line).unwrap()),
            Self::Unix(stream) => drop(stream.read_line(&mut line).unwrap()),
        }
        line.trim_end_matches('\n').to_owned()
    }

    pub(crate) fn expect(&mut self, expected: &str) {
        assert_eq!(self.hear(), expected);
    }
}
