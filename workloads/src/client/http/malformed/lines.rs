//! First lines that are wrong, and line ends (RFC 9112, 2 and 3).

use super::{BAD, Malformed, controls, head};

pub(super) fn all() -> Vec<Malformed> {
    let parts =
        [methods(), targets(), characters_of_targets(), versions(), blanks(), ends(), no_requests(), long()];
    parts.concat()
}

/// What can't be in a method (RFC 9110, 5.6.2).
fn methods() -> Vec<Malformed> {
    let wrong = controls().filter(|byte| *byte != b'\t').chain(*b"\"(),/:;<=>?@[\\]{}\x80\xff");
    wrong
        .map(|byte| head([b"GE", &[byte][..], b"T /hello HTTP/1.1\r\nHost: a\r\n\r\n"].concat(), BAD))
        .collect()
}

/// What is no target of a GET (RFC 9112, 3.2).
fn targets() -> Vec<Malformed> {
    [
        "*",
        "hello",
        "a:80",
        "a/hello",
        "?a",
        "/hello#x",
        "/#",
        "/hello?a#x",
        "#/hello",
        "http:/hello",
        "http:hello",
        "http:///hello",
        "http://:80/hello",
        "http://[::1/hello",
        "http://[/hello",
        "http://u@a/hello",
        "http://u:p@a/hello",
        "http://a:x/hello",
        "http://a:80:80/hello",
        "http://a:-1/hello",
        "http://%4/hello",
        "http://a\\b/hello",
        "http://a#/hello",
        "ftp://a/hello",
        "https://a/hello",
        "file:///hello",
        "://a/hello",
        "\\hello",
        "..",
    ]
    .map(|target| head(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"), BAD))
    .into()
}

/// What can't be in a target: control characters, and what is no ASCII.
fn characters_of_targets() -> Vec<Malformed> {
    let wrong = controls().chain([0x80, 0xa0, 0xc0, 0xe9, 0xff]);
    let within = |byte| head([b"GET /he", &[byte][..], b"llo HTTP/1.1\r\nHost: a\r\n\r\n"].concat(), BAD);
    wrong.map(within).collect()
}

fn versions() -> Vec<Malformed> {
    let line = |version: &str| format!("GET /hello {version}\r\nHost: a\r\n\r\n");
    let unknown = ["0.0", "0.9", "1.2", "1.9", "2.0", "2.1", "3.0", "9.9"];
    let unknown = unknown.map(|version| head(line(&format!("HTTP/{version}")), &[505]));
    let wrong = [
        "",
        "HTTP",
        "HTTP/",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/.1",
        "HTTP/11",
        "HTTP/1.1.1",
        "HTTP/01.1",
        "HTTP/1.01",
        "HTTP/1.10",
        "HTTP/10.1",
        "http/1.1",
        "Http/1.1",
        "hTTP/1.1",
        "HTTP 1.1",
        "HTTP/1 1",
        "HTTP/1,1",
        "HTTP/1.x",
        "HTTP/x.1",
        "HTTP/-1.1",
        "HTTP/+1.1",
        "HTTP/1.1a",
        "HTTP/1.1;a",
        "HTTPS/1.1",
        "HTTQ/1.1",
        "HTTP//1.1",
        "HTTP/ 1.1",
        "HTTP/1.1 ",
        "HTTP/1.1\t",
        "HTTP/1.1 HTTP/1.1",
        "SHTTP/1.1",
        "ICY/1.1",
        "1.1",
        "HTTP/1.\u{661}",
    ];
    unknown.into_iter().chain(wrong.map(|version| head(line(version), BAD))).collect()
}

/// One blank, and no other, is between the parts of the line, and none around them.
fn blanks() -> Vec<Malformed> {
    let mut lines = vec![
        "GET  /hello HTTP/1.1".to_owned(),
        "GET /hello  HTTP/1.1".to_owned(),
        "GET /he llo HTTP/1.1".to_owned(),
        "GET /hello".to_owned(),
        "GET".to_owned(),
        "GET ".to_owned(),
        "GET  HTTP/1.1".to_owned(),
        "/hello HTTP/1.1".to_owned(),
        "GET/hello HTTP/1.1".to_owned(),
        "GET /helloHTTP/1.1".to_owned(),
        "GET /hello HTTP/1.1 x".to_owned(),
    ];
    for blank in ["\t", "\x0b", "\x0c", "\u{a0}", " \t"] {
        lines.push(format!("GET{blank}/hello HTTP/1.1"));
        lines.push(format!("GET /hello{blank}HTTP/1.1"));
    }
    lines.into_iter().map(|line| head(line + "\r\nHost: a\r\n\r\n", BAD)).collect()
}

/// A line ends in CR LF, and neither of them is anywhere else (RFC 9112, 2.2).
fn ends() -> Vec<Malformed> {
    [
        "GET /hello HTTP/1.1\nHost: a\n\n",
        "GET /hello HTTP/1.1\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\n\n",
        "GET /hello HTTP/1.1\rHost: a\r\r",
        "GET /hello HTTP/1.1\rHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r",
        "GET /hello HTTP/1.1\r\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\n\rHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: y\nY: z\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: y\rY: z\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: y\r\rY: z\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX\r: y\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX\n: y\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX:\r y\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\0\r\nHost: a\r\n\r\n",
        "\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "\rGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\rGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
    .map(|bytes| head(bytes, BAD))
    .into()
}

/// What can't be the beginning of a request, as each of these bytes says by itself.
fn no_requests() -> Vec<Malformed> {
    let firsts = controls().filter(|byte| !b"\r\n".contains(byte)).chain(*b" \x80\xfe\xff");
    let firsts =
        firsts.map(|byte| head([&[byte][..], b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"].concat(), BAD));
    let others: [&[u8]; 9] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"HELO a\r\n",
        b"what is this\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"Host: a\r\n\r\n",
        b": a\r\n\r\n",
        b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
        b"{\"jsonrpc\": \"2.0\"}\r\n\r\n",
    ];
    firsts.chain(others.map(|bytes| head(bytes, BAD))).collect()
}

/// A line that is longer than anybody needs.
fn long() -> Vec<Malformed> {
    let long = "a".repeat(70_000);
    vec![
        head(format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), &[414]),
        head(format!("GET /hello?{long} HTTP/1.1\r\nHost: a\r\n\r\n"), &[414]),
        head(format!("GET /hello HTTP/1.1{long}\r\nHost: a\r\n\r\n"), &[400, 414, 505]),
        head(format!("GET {}/hello HTTP/1.1\r\nHost: a\r\n\r\n", " ".repeat(70_000)), &[400, 414]),
        head(format!("{long} /hello HTTP/1.1\r\nHost: a\r\n\r\n"), &[400, 414, 501]),
    ]
}
