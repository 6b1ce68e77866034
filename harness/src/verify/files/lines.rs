//! How commands may come, and what is none.

use std::time::Duration;

use super::super::case::{Case, Verdict, Within};
use super::super::client::{Client, pattern};
use super::super::common;
use super::super::folder::{SMALL, SMALL_BYTES};
use super::super::subject::Subject;
use super::PROTOCOL;
use super::talk::{Before, expect, expect_content, expect_file, expect_no, is_kept, quit, upload};
use workloads::files::protocol::{LINE_BYTES, Status};

/// Between packets that must not travel together.
const PAUSE: Duration = Duration::from_millis(1);

/// Lines that are no command.
const GARBAGE: [&[u8]; 24] = [
    b"\n",
    b"\r\n",
    b" \n",
    b"l\n",
    b"L \n",
    b" L\n",
    b"L\r\n",
    b"LL\n",
    b"L hello\n",
    b"G\n",
    b"GET hello\n",
    b"g hello\n",
    b"P hello\n",
    b"P -1 hello\n",
    b"P +1 hello\n",
    b"P 1.0 hello\n",
    b"P 01 hello\n",
    b"P 0x1 hello\n",
    b"P 1\n",
    b"Q \n",
    b"QUIT\n",
    b"GET / HTTP/1.1\r\nHost: verify.test\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\n",
    b"\0\n",
];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "pipelined",
            "Commands that come all at once, a file's bytes among them, are answered one after another.",
            pipelined,
        ),
        Case::shared("split-packets", "The same comes byte by byte in packets of its own.", split_packets),
        Case::shared(
            "half-close",
            "A client asks, and says that it sends no more; it still gets the file, and then the end.",
            |subject| {
                let client = Client::connect(subject)?;
                client.send(format!("G {SMALL}\n").as_bytes())?;
                client.half_close()?;
                is_small(&client)?;
                client.expect_end()
            },
        ),
        Case::shared(
            "garbage",
            "What is no command, in two dozen ways, is refused, and the connection ends: what follows is not read as \
             commands.",
            garbage,
        ),
        Case::shared(
            "overlong-line",
            "A line of 300 bytes without an end is refused, and the connection ends.",
            |subject| {
                let client = Client::connect(subject)?;
                client.send(&[b"G ", &[b'a'; LINE_BYTES][..]].concat())?;
                expect_no(&client, &["line"])?;
                client.expect_end()
            },
        ),
        Case::shared("long-name", "A name of 256 bytes is refused; the next command is heard.", |subject| {
            let client = Client::connect(subject)?;
            client.send(format!("G {}\n", "a".repeat(256)).as_bytes())?;
            expect_no(&client, &["name"])?;
            expect_file(&client, SMALL, SMALL_BYTES)?;
            quit(&client)
        }),
        Case::shared(
            "unfinished-command",
            "A client ends within a command: it is told so, and the connection ends.",
            |subject| {
                let client = Client::connect(subject)?;
                client.send(b"G hel")?;
                client.half_close()?;
                expect_no(&client, &["short"])?;
                client.expect_end()
            },
        ),
        Case::shared(
            "slow-command",
            "A command comes byte by byte, with others served between them.",
            |subject| {
                let client = Client::connect(subject)?;
                for byte in format!("G {SMALL}\n").as_bytes().chunks(1) {
                    client.send(byte)?;
                    common::others_are_served(subject, &PROTOCOL)?;
                }
                is_small(&client)?;
                quit(&client)
            },
        ),
    ]
}

/// Everything that can be said, in one piece.
fn all_at_once(name: &str, bytes: &[u8]) -> Vec<u8> {
    let get = format!("G {name}\n");
    let parts = [&b"G hello\nG nothing-is-here\n"[..], &upload(name, bytes), get.as_bytes(), b"Q\n"];
    parts.concat()
}

/// The answers to it, in their order.
fn all_answers(client: &Client, name: &str, bytes: &[u8]) -> Verdict {
    let length = bytes.len() as u64;
    is_small(client)?;
    expect_no(client, &["missing"]).within("the second command")?;
    expect(client, &Status::Go(length)).within("the third command")?;
    is_kept(client, length).within("the third command")?;
    let got = expect_content(client).within("the fourth command")?;
    super::super::case::ensure(got == bytes, || format!("{name}: what comes back is not what was brought"))?;
    expect(client, &Status::Ok(0)).within("the last command")?;
    client.expect_end()
}

fn is_small(client: &Client) -> Verdict {
    let got = expect_content(client).within("the first command")?;
    super::super::case::ensure(got == SMALL_BYTES, || format!("{SMALL} came with other bytes"))
}

fn pipelined(subject: &mut Subject) -> Verdict {
    let before = Before::of(subject)?;
    let bytes = pattern(50_000);
    let client = Client::connect(subject)?;
    client.both_ways(&all_at_once("pipelined", &bytes), || all_answers(&client, "pipelined", &bytes))?;
    before.and(subject, &["pipelined"])
}

fn split_packets(subject: &mut Subject) -> Verdict {
    let bytes = pattern(30);
    let client = Client::connect(subject)?;
    client.send_slowly(all_at_once("split-packets", &bytes).chunks(1), PAUSE)?;
    all_answers(&client, "split-packets", &bytes)
}

fn garbage(subject: &mut Subject) -> Verdict {
    subject.allow_for(GARBAGE.len());
    for line in GARBAGE {
        let place = format!("\"{}\"", line.escape_ascii());
        let client = Client::connect(subject)?;
        client.send(&[line, b"G hello\nG hello\n"].concat())?;
        expect_no(&client, &["command", "line", "name"]).within(&place)?;
        client.expect_end().within(&place)?;
    }
    Ok(())
}
