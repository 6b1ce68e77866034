//! Bodies in chunks that are wrong (RFC 9112, 7.1).

use super::{BAD, Malformed, controls, post};

pub(super) fn all() -> Vec<Malformed> {
    [sizes(), extensions(), ends(), trailers(), large()].concat()
}

fn chunked(body: impl AsRef<[u8]>, statuses: &'static [u16]) -> Malformed {
    post("1.1", "Transfer-Encoding: chunked\r\n", body, statuses)
}

/// A size is hexadecimal digits, not too many, and nothing around them.
fn sizes() -> Vec<Malformed> {
    let around = controls().filter(|byte| *byte != b'\r').chain(*b" g-+_.,:#xX\"'\xb9\xff");
    let behind = around.clone().map(|byte| chunked([b"1", &[byte][..], b"\r\nx\r\n0\r\n\r\n"].concat(), BAD));
    let before = around.map(|byte| chunked([&[byte][..], b"1\r\nx\r\n0\r\n\r\n"].concat(), BAD));
    let others = [
        "\r\n0\r\n\r\n",
        "\r\r\n0\r\n\r\n",
        ";a\r\n0\r\n\r\n",
        "0x1\r\nx\r\n0\r\n\r\n",
        "1\nx\r\n0\r\n\r\n",
        "1\rx\r\n0\r\n\r\n",
        "1\r\r\nx\r\n0\r\n\r\n",
        "1 1\r\nx\r\n0\r\n\r\n",
        "\u{661}\r\nx\r\n0\r\n\r\n",
        "one\r\nx\r\n0\r\n\r\n",
        "hello",
    ];
    behind.chain(before).chain(others.map(|body| chunked(body, BAD))).collect()
}

/// An extension is passed over, but no control character in it.
fn extensions() -> Vec<Malformed> {
    let within = controls().filter(|byte| *byte != b'\t' && *byte != b'\r');
    let within = within.map(|byte| chunked([b"1;a", &[byte][..], b"b\r\nx\r\n0\r\n\r\n"].concat(), BAD));
    let others = ["1;a\nx\r\n0\r\n\r\n", "1;a\rb\r\nx\r\n0\r\n\r\n", "1;a\r\rx\r\n0\r\n\r\n", "0;a\n\r\n"];
    within.chain(others.map(|body| chunked(body, BAD))).collect()
}

/// Data is as long as its size says, and CR LF follows.
fn ends() -> Vec<Malformed> {
    [
        "1\r\nx\n0\r\n\r\n",
        "1\r\nx\r0\r\n\r\n",
        "1\r\nxy\r\n0\r\n\r\n",
        "2\r\nx\r\n0\r\n\r\n",
        "1\r\nx0\r\n\r\n",
        "1\r\nx\r\r\n0\r\n\r\n",
        "1\r\nx \r\n0\r\n\r\n",
        "1\r\nx\0\r\n0\r\n\r\n",
        "1\r\nx\r\n\r\n0\r\n\r\n",
        "1\r\nx\n\n0\r\n\r\n",
        "0\r\nx",
        "0\n\r\n",
        "0\n\n",
        "0\r\n\n",
        "0\r\n\r\r\n",
        "0\r\r\n\r\n",
    ]
    .map(|body| chunked(body, BAD))
    .into()
}

/// A trailer is fields, as in a head.
fn trailers() -> Vec<Malformed> {
    let in_name =
        controls().chain(*b" \"(),/;<=>?@[\\]{}").map(|byte| [b"X", &[byte][..], b"Y: z\r\n"].concat());
    let in_value =
        controls().filter(|byte| *byte != b'\t').map(|byte| [b"X: y", &[byte][..], b"z\r\n"].concat());
    let others = [
        "X : y\r\n",
        " X: y\r\n",
        "\tX: y\r\n",
        "X: y\r\n z\r\n",
        "no colon\r\n",
        ": y\r\n",
        "GET /hello HTTP/1.1\r\n",
    ];
    let lines = in_name.chain(in_value).chain(others.map(|line| line.as_bytes().to_vec()));
    lines.map(|line| chunked([b"0\r\n", &line[..], b"\r\n"].concat(), BAD)).collect()
}

/// More than anybody needs.
fn large() -> Vec<Malformed> {
    vec![
        chunked(format!("1;{}\r\nx\r\n0\r\n\r\n", "a".repeat(70_000)), &[400, 413, 431]),
        chunked(format!("1{}\r\nx\r\n0\r\n\r\n", " ".repeat(70_000)), &[400, 413, 431]),
        chunked(format!("0\r\n{}\r\n", "X: y\r\n".repeat(1_000)), &[400, 431]),
        chunked(format!("0\r\nX: {}\r\n\r\n", "y".repeat(70_000)), &[400, 431]),
        chunked(format!("0\r\n{}", "y".repeat(70_000)), &[400, 431]),
        chunked("40000001\r\n", &[400, 413]),
        chunked("7fffffffffffffff\r\n", &[400, 413]),
        chunked("8000000000000000\r\n", &[400, 413]),
        chunked("ffffffffffffffff\r\n", &[400, 413]),
        chunked("10000000000000001\r\nx\r\n0\r\n\r\n", &[400, 413]),
        chunked("fffffffffffffffff\r\nx\r\n0\r\n\r\n", &[400, 413]),
        chunked("1\r\nx\r\n40000000\r\n", &[400, 413]),
    ]
}
