//! Files that do not arrive as they should, and many that arrive at once.

use std::fs;
use std::thread;
use std::time::Duration;

use super::super::case::{Case, Verdict, Within, ensure, skipped};
use super::super::client::{Client, pattern};
use super::super::common;
use super::super::folder::SMALL;
use super::super::subject::Subject;
use super::PROTOCOL;
use super::talk::{
    Before, begin, expect_file, expect_no, is_kept, is_on_disk, place, put, quit, status, unreadable, upload,
};
use workloads::files::protocol::{Status, sum_line};

/// How many clients bring and fetch at once.
const CLIENTS: usize = 50;
/// How much each brings, at least.
const CLIENT_BYTES: usize = 100_000;
/// Between the pieces of somebody slow.
const PAUSE: Duration = Duration::from_millis(20);
/// How many files a folder of ours may have, if nobody says another number.
const OUR_FILES: u64 = 10_000;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "wrong-checksum",
            "A file whose checksum is another one is not kept, the old one is as it was, and the next command is heard.",
            |subject| {
                let before = with_old(subject, "wrong-checksum")?;
                let client = Client::connect(subject)?;
                begin(&client, "wrong-checksum", 3)?;
                client.send(b"newSUM 00000000\n")?;
                expect_no(&client, &["checksum"])?;
                expect_file(&client, "wrong-checksum", b"old")?;
                put(&client, "wrong-checksum", b"new")?;
                quit(&client)?;
                before.and(subject, &[])
            },
        ),
        Case::shared(
            "no-checksum",
            "Behind a file's bytes comes a line that is no checksum: the file is not kept, and nothing is taken for a \
             command from there on.",
            |subject| {
                let before = with_old(subject, "no-checksum")?;
                let client = Client::connect(subject)?;
                begin(&client, "no-checksum", 3)?;
                client.send(b"new and more\nG hello\nG hello\n")?;
                expect_no(&client, &["checksum"])?;
                client.expect_end()?;
                is_on_disk(subject, "no-checksum", b"old")?;
                before.and(subject, &[])
            },
        ),
        Case::shared(
            "short-upload",
            "A client says that it sends no more before its file is whole: it is told so, the old file is as it was, and \
             nothing is left of the new one.",
            |subject| {
                let before = with_old(subject, "short-upload")?;
                let client = Client::connect(subject)?;
                begin(&client, "short-upload", 1_000_000)?;
                client.send(&pattern(300_000))?;
                client.half_close()?;
                expect_no(&client, &["short"])?;
                client.expect_end()?;
                is_on_disk(subject, "short-upload", b"old")?;
                before.and(subject, &[])
            },
        ),
        Case::shared(
            "broken-upload",
            "Connections are reset at every stage of an upload: the old file is as it was, and nothing is left.",
            broken_upload,
        ),
        Case::shared(
            "two-at-once",
            "Two clients bring a file of one name at the same time, piece by piece in turns: it is one of the two, whole.",
            two_at_once,
        ),
        Case::shared(
            "many-at-once",
            "Fifty clients bring a file each at the same time, in pieces and in turns, and fetch it again: each has its own.",
            many_at_once,
        ),
        Case::shared(
            "slow-upload",
            "A file takes its time to come; it is kept, and others are served meanwhile.",
            slow_upload,
        ),
        Case::shared(
            "too-large",
            "A file that is too large for any disk is refused before its first byte, and nothing that was sent along is \
             taken for a command.",
            |subject| {
                let before = Before::of(subject)?;
                for length in ["9223372036854775807", "18446744073709551615", "99999999999999999999"] {
                    let client = Client::connect(subject)?;
                    client.send(format!("P {length} too-large\nG hello\nG hello\n").as_bytes())?;
                    expect_no(&client, &["size", "full"]).within(format!("P {length} too-large"))?;
                    client.expect_end().within(format!("P {length} too-large"))?;
                }
                before.and(subject, &[])
            },
        ),
        Case::own(
            "too-many",
            "The folder of the lab's own models has 10,000 files: another one is refused, one that is there may be replaced.",
            too_many,
        ),
    ]
}

/// Puts an old file there, and remembers what the folder holds.
fn with_old(subject: &Subject, name: &str) -> Verdict<Before> {
    place(subject, name, b"old")?;
    Before::of(subject)
}

fn broken_upload(subject: &mut Subject) -> Verdict {
    let before = with_old(subject, "broken-upload")?;
    let whole = upload("broken-upload", &pattern(200_000));
    let head = b"P 200000 broken-upload\n".len();
    for sent in [head / 2, head, head + 1, head + 70_000, whole.len() - 14, whole.len() - 1] {
        let client = Client::connect(subject)?;
        client.send(&whole[..sent])?;
        if sent >= head {
            client.wait_for_something()?; // it has begun
        }
        client.reset()?;
        common::serve_one(subject, &PROTOCOL).within(format!("after a reset behind {sent} bytes"))?;
        before.and(subject, &[]).within(format!("after a reset behind {sent} bytes"))?;
        is_on_disk(subject, "broken-upload", b"old")?;
    }
    Ok(())
}

fn two_at_once(subject: &mut Subject) -> Verdict {
    subject.several(2)?;
    let before = with_old(subject, "two-at-once")?;
    let contents = [vec![b'1'; 5_000], vec![b'2'; 5_000]];
    let clients = [Client::connect(subject)?, Client::connect(subject)?];
    for client in &clients {
        begin(client, "two-at-once", 5_000)?;
    }
    // In turns, each before the other: who writes to one place would have a file of both.
    for (turn, at) in (0..5_000).step_by(250).enumerate() {
        for who in [turn % 2, (turn + 1) % 2] {
            clients[who].send(&contents[who][at..at + 250])?;
            thread::sleep(PAUSE / 4);
        }
    }
    for (client, bytes) in clients.iter().zip(&contents) {
        client.send(sum_line(crc32fast::hash(bytes)).as_bytes())?;
    }
    for (client, bytes) in clients.iter().zip(&contents) {
        is_kept(client, bytes.len() as u64)?;
    }
    let got = super::talk::get(&clients[0], "two-at-once")?;
    ensure(contents.contains(&got), || "the file is neither of the two that were brought".to_owned())?;
    clients.iter().try_for_each(quit)?;
    before.and(subject, &[])
}

fn many_at_once(subject: &mut Subject) -> Verdict {
    let number = subject.several(CLIENTS)?;
    subject.allow_for(10 * number);
    let before = Before::of(subject)?;
    let all = pattern(CLIENT_BYTES + number);
    let names: Vec<String> = (0..number).map(|index| format!("many-at-once-{index}")).collect();
    let bytes = |index: usize| &all[index..index + CLIENT_BYTES];
    let clients: Vec<_> = names.iter().map(|_| Client::connect(subject)).collect::<Verdict<_>>()?;
    for (client, name) in clients.iter().zip(&names) {
        begin(client, name, CLIENT_BYTES as u64)?;
    }
    for at in (0..CLIENT_BYTES).step_by(CLIENT_BYTES / 4) {
        for (index, client) in clients.iter().enumerate() {
            client.send(&bytes(index)[at..at + CLIENT_BYTES / 4])?;
        }
    }
    for (index, client) in clients.iter().enumerate() {
        client.send(sum_line(crc32fast::hash(bytes(index))).as_bytes())?;
    }
    for (client, name) in clients.iter().zip(&names) {
        is_kept(client, CLIENT_BYTES as u64).within(name)?;
    }
    for (client, name) in clients.iter().zip(&names) {
        client.send(format!("G {name}\n").as_bytes())?;
    }
    for (index, client) in clients.iter().enumerate() {
        let got = super::talk::expect_content(client).within(&names[index])?;
        ensure(got == bytes(index), || format!("{}: what comes back is not what was brought", names[index]))?;
        quit(client)?;
    }
    before.and(subject, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn slow_upload(subject: &mut Subject) -> Verdict {
    let bytes = pattern(800);
    let slow = Client::connect(subject)?;
    begin(&slow, "slow-upload", 800)?;
    for part in bytes.chunks(100) {
        slow.send(part)?;
        common::others_are_served(subject, &PROTOCOL)?;
        thread::sleep(PAUSE);
    }
    slow.send(sum_line(crc32fast::hash(&bytes)).as_bytes())?;
    is_kept(&slow, 800)?;
    expect_file(&slow, "slow-upload", &bytes)?;
    quit(&slow)
}

fn too_many(subject: &mut Subject) -> Verdict {
    if !subject.facts().is_ours {
        return skipped("that is where the lab's own models draw the line; others may draw it elsewhere");
    }
    let folder = subject.folder()?.to_owned();
    let there = fs::read_dir(&folder).or_else(|error| unreadable(&error))?.count() as u64;
    subject.allow_for(OUR_FILES as usize);
    let mut numbers = there..OUR_FILES - 1;
    // Other names of one file are files like any, and cost less than files of their own.
    let made =
        numbers.try_for_each(|number| fs::hard_link(folder.join(SMALL), folder.join(number.to_string())));
    made.or_else(|error| unreadable(&error))?;
    let client = Client::connect(subject)?;
    put(&client, "the-last", b"it has place")?;
    put(&client, "the-last", b"it may be replaced")?;
    client.send(b"P 1 one-more\n")?;
    expect_no(&client, &["files"])?;
    let other = Client::connect(subject)?;
    other.send(b"L\n")?;
    let said = status(&other)?;
    ensure(matches!(said, Status::Ok(_)), || format!("L: expected OK, got '{}'", said.to_string().trim_end()))
}
