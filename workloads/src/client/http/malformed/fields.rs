//! Fields that are wrong (RFC 9112, 5 and 6; RFC 9110, 5).

use super::{BAD, Malformed, controls, head, post, with_fields};

pub(super) fn all() -> Vec<Malformed> {
    let parts = [
        names(),
        values(),
        colons(),
        folds(),
        hosts(),
        lengths(),
        codings(),
        both(),
        unwanted(),
        expectations(),
        large(),
    ];
    parts.concat()
}

/// What can't be in a name (RFC 9110, 5.6.2).
fn names() -> Vec<Malformed> {
    let wrong = controls().chain(*b" \"(),/;<=>?@[\\]{}\x80\xff");
    let within = |byte| with_fields([b"X", &[byte][..], b"Y: z\r\n"].concat(), BAD);
    wrong
        .map(within)
        .chain([with_fields(": y\r\n", BAD), with_fields("X\r\n", BAD), with_fields("X y\r\n", BAD)])
        .collect()
}

/// What can't be in a value (RFC 9110, 5.5).
fn values() -> Vec<Malformed> {
    let wrong = controls().filter(|byte| *byte != b'\t');
    wrong.map(|byte| with_fields([b"X: y", &[byte][..], b"z\r\n"].concat(), BAD)).collect()
}

/// No blank is between a name and its colon (RFC 9112, 5.1).
fn colons() -> Vec<Malformed> {
    let mut all = Vec::new();
    for blank in [" ", "\t", "  ", " \t"] {
        all.push(with_fields(format!("X{blank}: y\r\n"), BAD));
        all.push(with_fields(format!("Connection{blank}: close\r\n"), BAD));
        all.push(head(format!("GET /hello HTTP/1.1\r\nHost{blank}: a\r\n\r\n"), BAD));
        all.push(post("1.1", &format!("Content-Length{blank}: 5\r\n"), "hello", BAD));
        all.push(post("1.1", &format!("Transfer-Encoding{blank}: chunked\r\n"), "0\r\n\r\n", BAD));
    }
    all
}

/// No field goes on in the next line (RFC 9112, 5.2), and none begins with a blank.
fn folds() -> Vec<Malformed> {
    let mut all = vec![
        head("GET /hello HTTP/1.1\r\n Host: a\r\n\r\n", BAD),
        head("GET /hello HTTP/1.1\r\n\tHost: a\r\n\r\n", BAD),
        head("GET /hello HTTP/1.1\r\n \r\nHost: a\r\n\r\n", BAD),
        head("GET /hello HTTP/1.1\r\nHost:\r\n a\r\n\r\n", BAD),
        head("GET /hello\r\n HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    ];
    for fold in ["\r\n ", "\r\n\t", "\r\n  \t"] {
        all.push(with_fields(format!("X: y{fold}z\r\n"), BAD));
        all.push(with_fields(format!("X: y{fold}\r\n"), BAD));
        all.push(with_fields(format!("{}Y: z\r\n", &fold[2..]), BAD));
        all.push(post("1.1", &format!("Content-Length:{fold}5\r\n"), "hello", BAD));
        all.push(post("1.1", &format!("Transfer-Encoding:{fold}chunked\r\n"), "0\r\n\r\n", BAD));
    }
    all
}

/// There is one host, and it is one (RFC 9112, 3.2).
fn hosts() -> Vec<Malformed> {
    let with = |fields: &str| head(format!("GET /hello HTTP/1.1\r\n{fields}\r\n"), BAD);
    let mut all = vec![
        with(""),
        with("X: y\r\n"),
        with("Hosts: a\r\n"),
        with("Host: a\r\nHost: a\r\n"),
        with("Host: a\r\nhost: b\r\n"),
        with("HOST: a\r\nX: y\r\nHost: a\r\n"),
        with("Host: a\r\nHost:\r\n"),
        head("GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", BAD),
        head("GET http://a/hello HTTP/1.1\r\n\r\n", BAD),
        head("GET http://a/hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", BAD),
    ];
    for host in [
        "a b", "a/b", "a/", "/a", "a@b", "@a", "a:b", "a:80:90", "a:-1", "a:+1", "a:8 0", "[::1", "::1",
        "[::1]a", "[::1]:x", "[]", "[a]", "a]", "%4", "%4g", "a%", "a\"", "\"a\"", "a\\b", "a?b", "a#b",
        "<a>", "a|b", "a^b", "a{b}", "\u{e9}", "a`b",
    ] {
        all.push(with(&format!("Host: {host}\r\n")));
    }
    all
}

/// A length is digits, and stands once (RFC 9112, 6.3).
fn lengths() -> Vec<Malformed> {
    let values = [
        "",
        "+5",
        "-5",
        "-0",
        "+0",
        "5 5",
        "5,5",
        "5, 5",
        "5, 6",
        "5,",
        ",5",
        "5;",
        "5;a=b",
        "0x5",
        "0X5",
        "5h",
        "5.0",
        "5.",
        "5e0",
        "5a",
        "a5",
        "\"5\"",
        "'5'",
        "(5)",
        "5_0",
        "5\t5",
        "five",
        "NaN",
        "infinity",
        "null",
        "true",
        "#5",
        "$5",
        "%35",
        "-18446744073709551611",
        "\u{665}",
        "\u{ff15}",
        "\u{b2}",
    ];
    let mut all: Vec<_> = values
        .iter()
        .map(|value| post("1.1", &format!("Content-Length: {value}\r\n"), "hello", BAD))
        .collect();
    for fields in [
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 0\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length:\r\n",
        "Content-Length: 5\r\nX: y\r\ncontent-length: 5\r\n",
        "CONTENT-LENGTH: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length\r\n",
        "Content-Length 5\r\n",
        "Content-Length= 5\r\n",
        "Content-Length:\x0b5\r\n",
        "Content-Length: 5\x0c\r\n",
        "Content-Length: 5\0\r\n",
        "Content-Length: \x005\r\n",
        "Content-Length: 5\n",
        "X: y\nContent-Length: 5\r\n",
        "X: y\rContent-Length: 5\r\n",
    ] {
        all.push(post("1.1", fields, "hello", BAD));
        if fields.matches("ontent-").count() > 1 {
            all.push(post("1.0", fields, "hello", BAD));
        }
    }
    all.push(post("1.1", "Content-Length: 1073741825\r\n", "hello", &[413]));
    // Digits they are, and more than anybody counts.
    for value in [
        "18446744073709551614",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551621",
        "99999999999999999999999",
    ] {
        all.push(post("1.1", &format!("Content-Length: {value}\r\n"), "hello", &[400, 413]));
    }
    all
}

/// Of codings there is `chunked`, once (RFC 9112, 6.1).
fn codings() -> Vec<Malformed> {
    let wrong = [
        "",
        "chunked,",
        ",chunked",
        "chunked,,",
        "chunked, chunked",
        "chunked,chunked",
        "chunked, identity",
        "chunked, gzip",
        ",",
        " , ",
        "chunked\x0b",
        "\x0bchunked",
        "chunked\x0c",
        "\0chunked",
        "chunked\0",
    ];
    let unknown = [
        "xchunked",
        "chunkedx",
        "x chunked",
        "chunked x",
        "chunked;a=b",
        "chunked;q=1",
        "\"chunked\"",
        "'chunked'",
        "identity",
        "gzip",
        "gzip, chunked",
        "deflate",
        "compress",
        "identity, chunked",
        "chunke\u{212a}",
        "chunke",
        "c hunked",
        "chun\u{6b}ed\u{200b}",
        "none",
        "0",
        "5",
        "br, chunked",
        "x-gzip",
    ];
    let with = |value: &str, statuses| {
        post("1.1", &format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n", statuses)
    };
    let mut all: Vec<_> = wrong.iter().map(|value| with(value, &[400, 501])).collect();
    all.extend(unknown.iter().map(|value| with(value, &[400, 501])));
    for fields in [
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\ntransfer-encoding: gzip\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n",
        "Transfer-Encoding\r\n",
        "Transfer-Encoding chunked\r\n",
        "Transfer-Encoding: chunked\n",
        "X: y\nTransfer-Encoding: chunked\r\n",
        "X: y\rTransfer-Encoding: chunked\r\n",
    ] {
        all.push(post("1.1", fields, "0\r\n\r\n", BAD));
    }
    for fields in ["", "Connection: keep-alive\r\n", "Content-Length: 5\r\n"] {
        all.push(post("1.0", &format!("Transfer-Encoding: chunked\r\n{fields}"), "0\r\n\r\n", BAD));
    }
    all
}

/// A length and a coding are never together (RFC 9112, 6.1).
fn both() -> Vec<Malformed> {
    let mut all = Vec::new();
    for length in ["0", "5", "05"] {
        for coding in ["chunked", "CHUNKED", "identity", "xchunked", "", "\tchunked\t"] {
            let (length, coding) =
                (format!("Content-Length: {length}\r\n"), format!("Transfer-Encoding: {coding}\r\n"));
            all.push(post("1.1", &format!("{length}{coding}"), "0\r\n\r\n", BAD));
            all.push(post("1.1", &format!("{coding}{length}"), "0\r\n\r\n", BAD));
        }
    }
    all
}

/// A body that nobody wants is not looked at, so nobody can say where the next request begins.
fn unwanted() -> Vec<Malformed> {
    let request = |method: &str, fields: &str, body: &str| {
        format!("{method} /hello HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}")
    };
    let mut all = Vec::new();
    for (fields, body) in [
        ("Content-Length: 5\r\n", "hello"),
        ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        ("Content-Length: 1073741825\r\n", ""),
    ] {
        all.push(head(request("GET", fields, body), &[400, 413]));
        all.push(head(request("HEAD", fields, body), &[400, 413]));
        all.push(head(request("BREW", fields, body), &[400, 413, 501]));
    }
    all
}

/// Nothing but `100-continue` is expected (RFC 9110, 10.1.1).
fn expectations() -> Vec<Malformed> {
    let unknown = [
        "a-miracle",
        "100-continue, tea",
        "tea, 100-continue",
        "100-continue=1",
        "200-ok",
        "100",
        "\"100-continue\"",
    ];
    let mut all: Vec<_> =
        unknown.iter().map(|value| with_fields(format!("Expect: {value}\r\n"), &[400, 417])).collect();
    all.push(post("1.1", "Expect: tea\r\nContent-Length: 5\r\n", "hello", &[400, 417]));
    all.push(post("1.1", "Expect: 100-continue\r\nContent-Length: +5\r\n", "hello", BAD));
    all.push(post("1.1", "Expect: 100-continue\r\nContent-Length: 1073741825\r\n", "hello", &[413]));
    all
}

/// More than anybody needs (RFC 6585, 5).
fn large() -> Vec<Malformed> {
    let long = "a".repeat(70_000);
    vec![
        with_fields(format!("X: {long}\r\n"), &[431]),
        with_fields(format!("{long}: y\r\n"), &[400, 431]),
        with_fields(format!("X:{}y\r\n", " ".repeat(70_000)), &[431]),
        with_fields("X: y\r\n".repeat(1_000), &[431]),
        with_fields(format!("X: {}\r\n", &long[..7_000]).repeat(10), &[431]),
        head(format!("GET /hello HTTP/1.1\r\nHost: {long}\r\n\r\n"), &[400, 431]),
    ]
}
