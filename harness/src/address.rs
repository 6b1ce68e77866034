//! Addresses as people write them: `127.0.0.1:8888`, `localhost:8888`, `[::1]:0`, or a port alone.

use std::net::{SocketAddr, ToSocketAddrs};

use crate::failure::Usage;

/// The first address that `text` stands for; a port alone is one on 127.0.0.1.
pub fn resolve(text: &str) -> anyhow::Result<SocketAddr> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(([127, 0, 0, 1], port).into());
    }
    match text.to_socket_addrs().map(|mut addresses| addresses.next()) {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(Usage::error(format!("'{text}' has no address; try 127.0.0.1:8888"))),
        Err(error) => Err(Usage::error(format!(
            "'{text}' is not an address ({error}); try 127.0.0.1:8888 or localhost:8888"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_port_alone() {
        assert_eq!(resolve("8888").unwrap().to_string(), "127.0.0.1:8888");
        assert_eq!(resolve("[::1]:0").unwrap().to_string(), "[::1]:0");
        assert_eq!(resolve("localhost:0").unwrap().port(), 0);
    }

    #[test]
    fn what_is_no_address_is_said_to_be_none() {
        for text in ["", "nowhere", "70000", "127.0.0.1", "127.0.0.1:70000"] {
            let error = resolve(text).unwrap_err().to_string();
            assert!(error.contains("is not an address") && error.contains("try 127.0.0.1:8888"), "{error}");
        }
    }
}
