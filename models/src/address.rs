//! Where a server listens: an IP address with a port, or a Unix socket's path. Written `127.0.0.1:8888`, `[::1]:0` or
//! `unix:/run/lab.sock`, and read back from that.
//!
//! ```
//! use models::address::Address;
//!
//! for text in ["127.0.0.1:8888", "[::1]:0", "unix:/run/lab.sock"] {
//!     assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
//! }
//! ```

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::option;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use socket2::SockAddr;
use thiserror::Error;

/// What stands before a Unix socket's path.
const UNIX: &str = "unix:";
/// The longest path a Unix socket can have on Linux, in bytes: `sun_path` holds 108 with the zero at its end (unix(7)).
pub const PATH_BYTES_AT_MOST: usize = 107;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// An IP address and a port, for TCP and UDP.
    Ip(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// Why a text is no address; each message says what would be one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Neither an IP address with a port nor `unix:` and a path.
    #[error("'{0}' is not an address; try 127.0.0.1:8888, [::1]:8888 or unix:PATH")]
    Unknown(String),
    /// Nothing behind `unix:`, or characters that would break the line on which a server says where it listens.
    #[error("'{0}' does not name a socket's path; try unix:/tmp/concur.sock")]
    NoPath(String),
    /// The kernel has no room for it.
    #[error(
        "the path '{path}' has {bytes} bytes and a Unix socket's has room for {PATH_BYTES_AT_MOST}; try a shorter one, \
         such as unix:/tmp/concur.sock"
    )]
    TooLong {
        /// The path.
        path: String,
        /// Its length in bytes.
        bytes: usize,
    },
}

impl Address {
    /// The address of a Unix socket.
    ///
    /// # Errors
    /// The path is empty, holds control characters, ends in white space, or is longer than [`PATH_BYTES_AT_MOST`].
    pub fn unix(path: impl Into<PathBuf>) -> Result<Self, AddressError> {
        let path = path.into();
        let text = path.to_string_lossy();
        let bytes = path.as_os_str().len();
        if text.is_empty() || text.chars().any(char::is_control) || text.trim_end() != text {
            return Err(AddressError::NoPath(format!("{UNIX}{}", text.escape_debug())));
        }
        if bytes > PATH_BYTES_AT_MOST {
            return Err(AddressError::TooLong { path: text.into_owned(), bytes });
        }
        Ok(Self::Unix(path))
    }

    /// Whether it is a Unix socket's.
    pub fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// The IP address and port, if it has them.
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The path, if it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Ip(_) => None,
            Self::Unix(path) => Some(path),
        }
    }

    /// As system calls take it.
    ///
    /// # Errors
    /// A path has no place in one (see [`Address::unix`], which refuses it beforehand).
    pub fn to_sockaddr(&self) -> io::Result<SockAddr> {
        match self {
            Self::Ip(address) => Ok((*address).into()),
            Self::Unix(path) => SockAddr::unix(path),
        }
    }

    /// Where a socket is bound, as the system says.
    ///
    /// # Errors
    /// It is bound to nothing that can be written as an address.
    pub fn of(socket: &socket2::Socket) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let path = || address.as_pathname().map(|path| Self::Unix(path.to_owned()));
        let found = address.as_socket().map(Self::Ip).or_else(path);
        found.ok_or_else(|| io::Error::other("the socket has neither an IP address nor a path"))
    }
}

impl<T: Into<SocketAddr>> From<T> for Address {
    fn from(address: T) -> Self {
        Self::Ip(address.into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.strip_prefix(UNIX) {
            Some(path) => Self::unix(path),
            None => text.parse().map(Self::Ip).map_err(|_| AddressError::Unknown(text.to_owned())),
        }
    }
}

/// So that std's sockets connect to an IP address as it is; a path is an error to them.
impl ToSocketAddrs for Address {
    type Iter = option::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        let no_ip = || io::Error::new(io::ErrorKind::InvalidInput, format!("{self} is not an IP address"));
        Ok(Some(self.ip().ok_or_else(no_ip)?).into_iter())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Address>().unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_address_is_told_what_would_be_one() {
        for text in ["", "nonsense", "127.0.0.1", "127.0.0.1:70000", "/tmp/socket", "UNIX:/tmp/socket"] {
            let error = refused(text);
            let expected = format!("'{text}' is not an address; try 127.0.0.1:8888, [::1]:8888 or unix:PATH");
            assert_eq!(error, expected);
        }
        for text in ["unix:", "unix:/tmp/a\nb", "unix:/tmp/a\0b", "unix:/tmp/a "] {
            assert!(refused(text).ends_with("does not name a socket's path; try unix:/tmp/concur.sock"));
        }
    }

    #[test]
    fn a_path_fits_up_to_the_last_byte() {
        let path = |bytes: usize| format!("unix:/{}", "x".repeat(bytes - 1));
        assert!(path(107).parse::<Address>().unwrap().to_sockaddr().is_ok());
        assert!(refused(&path(108)).contains("has 108 bytes and a Unix socket's has room for 107"));
        assert!(Address::Unix(path(108)[5..].into()).to_sockaddr().is_err(), "the bound is the kernel's own");
    }

    #[test]
    fn a_path_is_no_address_to_a_tcp_socket() {
        assert!(std::net::TcpStream::connect(Address::unix("/tmp/x").unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn an_ip_address_reads_as_it_is_written(ip: std::net::IpAddr, port: u16) {
            let address = Address::from((ip, port));
            prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
        }

        #[test]
        fn a_path_reads_as_it_is_written(path in "[^\\p{C}\\s]{1,26}(/[^\\p{C}\\s])?") {
            let address = Address::unix(&path).unwrap();
            prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(unix:)?\\PC*") {
            let _ = text.parse::<Address>();
        }
    }
}
