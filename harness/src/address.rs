//! Addresses as people write them: `127.0.0.1:8888`, `localhost:8888`, `[::1]:0`, a port alone, or `unix:PATH`.

use std::net::ToSocketAddrs;

use models::address::{Address, AddressError};

use crate::failure::Usage;

/// What `text` stands for: the first address of a name; with a port alone, one on 127.0.0.1.
pub fn resolve(text: &str) -> anyhow::Result<Address> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(([127, 0, 0, 1], port).into());
    }
    match text.parse() {
        Err(AddressError::Unknown(name)) => resolve_name(&name),
        address => address.map_err(|error| Usage::error(error.to_string())),
    }
}

fn resolve_name(name: &str) -> anyhow::Result<Address> {
    match name.to_socket_addrs().map(|mut addresses| addresses.next()) {
        Ok(Some(address)) => Ok(address.into()),
        Ok(None) => Err(Usage::error(format!("'{name}' has no address; try 127.0.0.1:8888"))),
        Err(error) => Err(Usage::error(format!(
            "'{name}' is not an address ({error}); try 127.0.0.1:8888, localhost:8888 or unix:PATH"
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
        assert_eq!(resolve("localhost:0").unwrap().ip().unwrap().port(), 0);
        assert_eq!(resolve("unix:/tmp/socket").unwrap(), Address::unix("/tmp/socket").unwrap());
    }

    #[test]
    fn what_is_no_address_is_said_to_be_none() {
        for text in ["", "nowhere", "70000", "127.0.0.1", "127.0.0.1:70000", "/tmp/socket"] {
            let error = resolve(text).unwrap_err().to_string();
            assert!(error.contains("is not an address") && error.contains("try 127.0.0.1:8888"), "{error}");
            assert!(error.contains("unix:PATH"), "{error}");
        }
        assert!(resolve("unix:").unwrap_err().to_string().contains("try unix:/tmp/concur.sock"));
    }
}
