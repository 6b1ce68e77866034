//! What can go wrong with a connection, in words.

use std::io::{self, ErrorKind};

use crate::load::tally::{Class, Failure};

/// A connect that failed, with what to try where that helps.
pub(in crate::load) fn not_connected(error: &io::Error) -> Failure {
    let hint = match error.kind() {
        ErrorKind::AddrNotAvailable => {
            "; closed connections hold their local ports for a while (TIME_WAIT): try keep-alive, or wait a minute"
        }
        ErrorKind::ConnectionRefused => "; nobody listens there",
        ErrorKind::NotFound => "; there is no socket at that path",
        _ => "",
    };
    Failure::new(Class::Connect, format!("could not connect: {error}") + hint)
}

pub(super) fn broken(doing: &str, error: &io::Error) -> Failure {
    Failure::new(Class::Reset, format!("the connection broke while {doing}: {error}"))
}

pub(super) fn too_much(bytes: usize) -> Failure {
    Failure::new(Class::Wrong, format!("{bytes} bytes came that belong to no reply"))
}

pub(super) fn cut_short() -> Failure {
    Failure::new(Class::Short, "the server closed the connection within a reply")
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    #[test]
    fn a_lack_of_local_ports_is_told_with_what_to_try() {
        let failure = not_connected(&io::Error::from_raw_os_error(Errno::EADDRNOTAVAIL as i32));
        assert_eq!(failure.class, Class::Connect);
        assert!(
            failure.why.contains("TIME_WAIT") && failure.why.contains("try keep-alive"),
            "{}",
            failure.why
        );
    }
}
