//! A member of the room under test: says things rightly or wrongly, and never waits for ever.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use workloads::chat::client::{self, Heard, Status};

use crate::transport::Transport;
use crate::verify::case::{Verdict, Within, ensure, failed, skipped};
use crate::verify::client::{Client, quoted};
use crate::verify::subject::{CaseTime, Facts, Subject};

/// The longest line that a server may say.
const LINE_BYTES: usize = 64 * 1024;

/// One client of a room, who may be in it or not.
pub(super) struct Member {
    /// The name, which begins with that of its case: so what earlier cases left behind can be told from it.
    pub(super) name: String,
    case: &'static str,
    line: Line,
}

/// What it is connected by.
enum Line {
    Datagrams { socket: UdpSocket, patience: Duration, time: CaseTime, facts: Arc<Facts> },
    Stream { client: Client, begun: RefCell<Vec<u8>> },
}

impl Member {
    /// Somebody who is not in the room yet.
    pub(super) fn outside(subject: &Subject, case: &'static str, who: &str) -> Verdict<Self> {
        let line = match subject.facts().transport() {
            Transport::Udp => datagrams(subject)?,
            _ => Line::Stream { client: Client::connect(subject)?, begun: RefCell::default() },
        };
        Ok(Self { name: format!("{case}-{who}"), case, line })
    }

    /// Somebody who has entered.
    pub(super) fn inside(subject: &Subject, case: &'static str, who: &str) -> Verdict<Self> {
        let member = Self::outside(subject, case, who)?;
        member.enter()?;
        Ok(member)
    }

    /// Two who know of each other, where there is room for a third.
    pub(super) fn two(subject: &Subject, case: &'static str) -> Verdict<(Self, Self)> {
        if subject.facts().at_once < 3 {
            return skipped("the server has room for fewer than three clients");
        }
        let first = Self::inside(subject, case, "anna")?;
        let second = Self::inside(subject, case, "bob")?;
        first.expect(&format!("{} entered", second.name))?;
        Ok((first, second))
    }

    pub(super) fn enter(&self) -> Verdict {
        self.send(&client::enter(&self.name))?;
        self.expect("OK").within("the answer to an L")
    }

    pub(super) fn say(&self, text: &str) -> Verdict {
        self.send(&client::speak(&self.name, text))
    }

    /// Sends a command.
    pub(super) fn send(&self, command: &str) -> Verdict {
        self.send_bytes(command.as_bytes())
    }

    /// Sends bytes, as one datagram or as one line.
    pub(super) fn send_bytes(&self, bytes: &[u8]) -> Verdict {
        match &self.line {
            Line::Datagrams { socket, .. } => match socket.send(bytes) {
                Ok(_) => Ok(()),
                Err(error) => failed(format!("a datagram can't be sent: {error}")),
            },
            Line::Stream { client, .. } => client.send(&[bytes, b"\n"].concat()),
        }
    }

    /// The stream, for what only one can do.
    pub(super) fn stream(&self) -> Verdict<&Client> {
        match &self.line {
            Line::Stream { client, .. } => Ok(client),
            Line::Datagrams { .. } => {
                skipped("a datagram has no parts that could come one by one, and no connection")
            }
        }
    }

    /// Hears exactly this next.
    pub(super) fn expect(&self, expected: &str) -> Verdict {
        let heard = self.hear().within(format!("{} expected {}", self.name, quoted(expected.as_bytes())))?;
        ensure(heard == expected, || {
            let (expected, heard) = (quoted(expected.as_bytes()), quoted(heard.as_bytes()));
            format!("{} expected {expected} and heard {heard}", self.name)
        })
    }

    /// Hears that the last command was refused, whatever the reason: one that is neither `OK` nor `EXIT`, nor from a member.
    pub(super) fn expect_refusal(&self, what: &str) -> Verdict {
        let heard = self.hear().within(format!("{what}: expected a refusal"))?;
        let is_refusal = !matches!(Heard::of(&heard), Heard::In | Heard::Out) && !heard.contains(" said: ");
        ensure(is_refusal, || format!("{what}: expected a refusal, and heard {}", quoted(heard.as_bytes())))
    }

    /// Leaves, and hears so.
    pub(super) fn leave(&self) -> Verdict {
        self.send(&client::leave(&self.name))?;
        self.expect("EXIT").within("the answer to a Q")
    }

    /// How the room stands, if it says so.
    pub(super) fn status(&self) -> Verdict<Status> {
        self.send(client::STATUS)?;
        let heard = self.hear()?;
        match Heard::of(&heard) {
            Heard::Status(status) => Ok(status),
            _ => skipped("the server does not say how the room stands"),
        }
    }

    /// The next line, but for what is left of earlier cases: their members may be seen to leave only now.
    pub(super) fn hear(&self) -> Verdict<String> {
        loop {
            let line = match &self.line {
                Line::Datagrams { socket, patience, time, facts } => {
                    datagram(socket, *patience, time, facts)?
                }
                Line::Stream { client, begun } => line(client, begun)?,
            };
            let is_strange =
                !line.starts_with(self.case) && [" left", " entered"].iter().any(|end| line.ends_with(end));
            if !is_strange {
                return Ok(line);
            }
        }
    }

    /// Hears that another has left, and leaves as well.
    pub(super) fn leave_after(&self, other: &Self) -> Verdict {
        self.expect(&format!("{} left", other.name))?;
        self.leave()
    }

    /// Leaves, whatever else there is to be heard before the answer.
    pub(super) fn leave_whatever_comes(&self) -> Verdict {
        self.send(&client::leave(&self.name))?;
        while self.hear()? != "EXIT" {}
        Ok(())
    }

    /// Goes without a word: by the end of the connection, or by a reset.
    pub(super) fn go(self, by_reset: bool) -> Verdict {
        match self.line {
            Line::Stream { client, .. } if by_reset => client.reset(),
            _ => Ok(()),
        }
    }

    /// The end of a connection must be seen; over datagrams there is none.
    pub(super) fn expect_end(&self) -> Verdict {
        match &self.line {
            Line::Stream { client, .. } => client.expect_end(),
            Line::Datagrams { .. } => Ok(()),
        }
    }
}

/// A socket that is connected to the server: nobody else's datagrams come to it.
fn datagrams(subject: &Subject) -> Verdict<Line> {
    let connect = || {
        let server = subject.address().ip().ok_or(ErrorKind::AddrNotAvailable)?;
        let own = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind::<(std::net::IpAddr, u16)>((own, 0))?;
        socket.connect(server)?;
        std::io::Result::Ok(socket)
    };
    let (patience, time, facts) = (subject.patience(), subject.time(), Arc::clone(subject.facts()));
    match connect() {
        Ok(socket) => Ok(Line::Datagrams { socket, patience, time, facts }),
        Err(error) => skipped(format!("there is no socket for a client: {error}")),
    }
}

fn datagram(socket: &UdpSocket, patience: Duration, time: &CaseTime, facts: &Facts) -> Verdict<String> {
    let begun = Instant::now();
    let mut buffer = vec![0; LINE_BYTES];
    loop {
        facts.goes_on()?;
        let limit = time.left()?.min(patience);
        let left = limit.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
        let received = socket.set_read_timeout(Some(left)).and_then(|()| socket.recv(&mut buffer));
        match received {
            Ok(length) => return text(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return failed(format!("nothing came for {limit:?}"));
            }
            Err(error) => return failed(error.to_string()),
        }
    }
}

/// The next line of a stream; what stands behind it is kept.
fn line(client: &Client, begun: &RefCell<Vec<u8>>) -> Verdict<String> {
    let mut piece = vec![0; 4096];
    let mut begun = begun.borrow_mut();
    loop {
        if let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = begun.drain(..=end).collect();
            return text(&line[..end]);
        }
        ensure(begun.len() <= LINE_BYTES, || format!("a line of more than {LINE_BYTES} bytes came"))?;
        match client.read(&mut piece)? {
            0 => return failed("the connection ended"),
            read => begun.extend_from_slice(&piece[..read]),
        }
    }
}

fn text(bytes: &[u8]) -> Verdict<String> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(_) => failed(format!("what came is not UTF-8: {}", quoted(bytes))),
    }
}
