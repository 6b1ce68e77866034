//! One request by hand: whether a server is ready, and what it answers.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process::{Interrupt, Process};

/// How long a server may take until it listens, and how long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A longer answer is not taken in.
const LONGEST: usize = 1024 * 1024;

/// Waits until the server listens on `port`, asks it for `path`, and gives the body of its answer.
pub fn body(server: &mut Process, port: u16, path: &str, interrupt: &Interrupt) -> Result<Vec<u8>> {
    let mut stream = connect(server, port, interrupt)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    ask(&mut stream, path).with_context(|| format!("no answer to GET {path}"))
}

fn connect(server: &mut Process, port: u16, interrupt: &Interrupt) -> Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let start = Instant::now();
    loop {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) if start.elapsed() > PATIENCE => {
                bail!("it does not listen on {address} after {PATIENCE:?} ({error})")
            }
            Err(_) => {}
        }
        if let Some(status) = server.ended()? {
            bail!("it ended before it listened ({status}); its messages are above");
        }
        interrupt.check()?;
        sleep(Duration::from_millis(10));
    }
}

fn ask(stream: &mut TcpStream, path: &str) -> Result<Vec<u8>> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(got) => answer.extend_from_slice(&piece[..got]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        }
        if answer.len() > LONGEST {
            bail!("the answer is longer than {LONGEST} bytes");
        }
        if whole(&answer) {
            break;
        }
    }
    body_of(&answer)
}

/// Whether a server that leaves the connection open has said all: it stated a length, and so much has come.
fn whole(answer: &[u8]) -> bool {
    let Some((head, body)) = split(answer) else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}

fn body_of(answer: &[u8]) -> Result<Vec<u8>> {
    let Some((head, body)) = split(answer) else { bail!("it answered no HTTP") };
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        bail!("it answered '{status}'");
    }
    Ok(body.to_vec())
}

fn split(answer: &[u8]) -> Option<(&str, &[u8])> {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_stated_length_has_come() {
        assert!(!whole(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab"));
        assert!(whole(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"));
        assert!(!whole(b"HTTP/1.1 200 OK\r\n\r\nabc"));
        assert!(!whole(b"HTTP/1.1 200 OK\r\nContent-Length: 0"));
    }

    #[test]
    fn any_answer_but_200_is_an_error() {
        assert_eq!(body_of(b"HTTP/1.0 200 OK\r\n\r\nabc").unwrap(), b"abc");
        let error = body_of(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap_err();
        assert_eq!(error.to_string(), "it answered 'HTTP/1.1 404 Not Found'");
        assert!(body_of(b"hello").is_err());
    }
}
