//! How many connections servers of this machine have accepted: the kernel's own count.
//!
//! Some servers ignore `Connection: close` and keep the connection; then a load of "a new connection per request" is
//! nothing of the kind. wrk does not say how often it connected, but the kernel does.

use std::fs;

use anyhow::{Context as _, Result};

/// So many TCP connections have been accepted in this network namespace (`Tcp: PassiveOpens`, RFC 4022, in
/// `/proc/net/snmp`).
pub fn accepted() -> Result<u64> {
    let text = fs::read_to_string("/proc/net/snmp").context("can't read /proc/net/snmp")?;
    passive_opens(&text).context("/proc/net/snmp has no PassiveOpens")
}

/// Two lines begin with `Tcp:`, one with names and one with numbers.
fn passive_opens(snmp: &str) -> Option<u64> {
    let mut lines = snmp.lines().filter(|line| line.starts_with("Tcp:"));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let place = names.split_whitespace().position(|name| name == "PassiveOpens")?;
    numbers.split_whitespace().nth(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_number_is_found_under_its_name() {
        let text = "Ip: Forwarding\nIp: 1\nTcp: RtoMin ActiveOpens PassiveOpens\nTcp: 200 7 9\nUdp: a\n";
        assert_eq!(passive_opens(text), Some(9));
        assert_eq!(passive_opens("Tcp: RtoMin\nTcp: 200\n"), None);
    }

    #[test]
    fn a_connection_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let before = accepted().unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(accepted().unwrap() > before);
    }
}
