//! What may stand in a `Host` field: a host and a port (RFC 9110, 7.2; RFC 3986, 3.2.2 and 3.2.3).

use std::net::Ipv6Addr;

/// Whether a field's value is `HOST` or `HOST:PORT`. The host may be empty, as the RFC has it.
#[inline]
pub(super) fn is_host(value: &[u8]) -> bool {
    // A name or an IPv4 address nearly always: one look at each byte.
    let end = value.iter().position(|byte| !IS_PLAIN[usize::from(*byte)]).unwrap_or(value.len());
    match &value[end..] {
        [b'[', ..] if end == 0 => is_literal(&value[1..]),
        [b'%', ..] => is_encoded(value),
        rest => is_port(rest),
    }
}

/// Nothing, or a colon and any number of digits.
fn is_port(text: &[u8]) -> bool {
    text.is_empty() || (text[0] == b':' && text[1..].iter().all(u8::is_ascii_digit))
}

/// The rest of `[2001:db8::1]:80` after its bracket. Addresses of a future kind have never come.
#[cold]
fn is_literal(rest: &[u8]) -> bool {
    let Some(end) = rest.iter().position(|byte| *byte == b']') else { return false };
    let address = std::str::from_utf8(&rest[..end]).unwrap_or_default();
    address.parse::<Ipv6Addr>().is_ok() && is_port(&rest[end + 1..])
}

/// A name in which bytes are written as `%41`.
#[cold]
fn is_encoded(mut value: &[u8]) -> bool {
    loop {
        value = match value {
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if IS_PLAIN[usize::from(*byte)] => rest,
            rest => return is_port(rest),
        };
    }
}

/// What stands for itself in a name (RFC 3986: unreserved and sub-delims).
static IS_PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut marks: &[u8] = b"-._~!$&'()*+,;=";
    while let [mark, rest @ ..] = marks {
        table[*mark as usize] = true;
        marks = rest;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_ports_are_hosts() {
        for host in [
            "",
            ":80",
            "localhost",
            "localhost:",
            "localhost:8888",
            "127.0.0.1:80",
            "a.b-c_d~e",
            "[::1]",
            "[2001:db8::1]:80",
            "%41%2f:80",
            "a%41b",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn what_names_no_host_is_none() {
        for host in [
            "a b", "a/b", "a@b", "a:b", "a:80:90", "a:-1", "a:80 ", "[::1", "::1", "[::1]a", "[::1]:x", "[]",
            "[a]", "a[::1]", "a]", "%4", "%4g", "a%", "a%41:x", "a\"", "\u{e9}", "a\\b", "a?b", "a#b", "<a>",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
