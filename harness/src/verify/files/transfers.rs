//! What is listed, given and taken.

use std::fs;
use std::os::unix::fs::symlink;

use super::super::case::{Case, Verdict, Within, ensure};
use super::super::client::{Client, pattern};
use super::super::common::{self, Growth};
use super::super::folder::{LARGE, LARGE_BYTES, SMALL, SMALL_BYTES};
use super::super::subject::Subject;
use super::PROTOCOL;
use super::talk::{
    Before, begin, content, expect, expect_content, expect_file, expect_no, is_kept, is_listed, is_on_disk,
    list, place, put, quit, unreadable, upload,
};
use workloads::files::protocol::{Status, sum_line};

/// How many commands one connection carries.
const COMMANDS: usize = 100;
/// How often the server's memory is looked at while a large file comes or goes.
const LOOKS: u64 = 16;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = given();
    cases.extend(taken());
    cases
}

/// What is listed and given.
fn given() -> Vec<Case> {
    vec![
        Case::shared(
            "get",
            "A file comes with its length before it and its checksum behind it.",
            |subject| {
                let client = Client::connect(subject)?;
                expect_file(&client, SMALL, SMALL_BYTES)?;
                quit(&client)
            },
        ),
        Case::shared(
            "get-empty",
            "A file without bytes comes as well, and its checksum is 00000000.",
            |subject| {
                place(subject, "get-empty", b"")?;
                let client = Client::connect(subject)?;
                expect_file(&client, "get-empty", b"")?;
                quit(&client)
            },
        ),
        Case::shared(
            "get-missing",
            "Who asks for a file that is not there is told so, and may ask for another one.",
            |subject| {
                let client = Client::connect(subject)?;
                client.send(b"G nothing-is-here\n")?;
                expect_no(&client, &["missing"])?;
                expect_file(&client, SMALL, SMALL_BYTES)?;
                quit(&client)
            },
        ),
        Case::own(
            "get-large",
            "A file of 64 MiB comes whole, and the server's memory grows by less than 32 MiB meanwhile.",
            get_large,
        ),
        Case::shared(
            "list",
            "The list has a line for each file, with its length: its bytes are counted beforehand and summed up behind.",
            |subject| {
                let client = Client::connect(subject)?;
                is_listed(&client, &format!("{} {SMALL}", SMALL_BYTES.len()))?;
                is_listed(&client, &format!("{LARGE_BYTES} {LARGE}"))?;
                quit(&client)
            },
        ),
        Case::shared(
            "list-visible",
            "Only regular files that are not hidden are listed and given: no folders, links and pipes.",
            list_visible,
        ),
    ]
}

/// What is taken, and how long all that may go on.
fn taken() -> Vec<Case> {
    vec![
        Case::shared(
            "put",
            "A file that is brought is listed, comes back the same, and lies in the folder.",
            |subject| {
                let (before, bytes) = (Before::of(subject)?, pattern(10_000));
                let client = Client::connect(subject)?;
                put(&client, "put", &bytes)?;
                is_listed(&client, "10000 put")?;
                expect_file(&client, "put", &bytes)?;
                quit(&client)?;
                is_on_disk(subject, "put", &bytes)?;
                before.and(subject, &["put"])
            },
        ),
        Case::shared("put-empty", "A file without bytes is taken as well.", |subject| {
            let client = Client::connect(subject)?;
            put(&client, "put-empty", b"")?;
            quit(&client)?;
            is_on_disk(subject, "put-empty", b"")
        }),
        Case::shared(
            "put-names",
            "Names of 255 bytes, with blanks, and in any language are taken as they are.",
            |subject| {
                let client = Client::connect(subject)?;
                for name in [&["two", "words"].join(" "), "笔记.txt", "%2e%2e", "-rf", &"n".repeat(255)] {
                    put(&client, name, name.as_bytes())?;
                    expect_file(&client, name, name.as_bytes())?;
                    is_on_disk(subject, name, name.as_bytes())?;
                }
                quit(&client)
            },
        ),
        Case::own(
            "put-large",
            "A file of 64 MiB is taken whole, and the server's memory grows by less than 32 MiB meanwhile.",
            put_large,
        ),
        Case::shared(
            "put-replaces",
            "Until a file is whole the old one of its name is given, and then the new one.",
            put_replaces,
        ),
        Case::shared(
            "get-replaced",
            "Who is being sent a file that is replaced meanwhile gets the old one whole.",
            get_replaced,
        ),
        Case::shared("many-commands", "One connection carries a hundred commands.", |subject| {
            let client = Client::connect(subject)?;
            for number in 1..=COMMANDS {
                expect_file(&client, SMALL, SMALL_BYTES).within(format!("command {number} of {COMMANDS}"))?;
            }
            quit(&client)
        }),
        Case::shared(
            "quit",
            "Q is answered, and then the connection ends, whatever was sent behind it.",
            |subject| {
                let client = Client::connect(subject)?;
                client.send(b"G nothing-is-here\nQ\n")?;
                expect_no(&client, &["missing"])?;
                expect(&client, &Status::Ok(0)).within("Q")?;
                client.expect_end()
            },
        ),
    ]
}

fn get_large(subject: &mut Subject) -> Verdict {
    common::serve_one(subject, &PROTOCOL)?;
    let (growth, client) = (Growth::of(subject)?, Client::connect(subject)?);
    client.send(format!("G {LARGE}\n").as_bytes())?;
    expect(&client, &Status::Ok(LARGE_BYTES))?;
    let (mut came, mut looks, mut wrong) = (0, 0, 0);
    content(&client, LARGE_BYTES, |piece| {
        came += piece.len() as u64;
        wrong += piece.iter().filter(|byte| **byte != 0).count();
        if came < LARGE_BYTES / LOOKS * looks {
            return Ok(());
        }
        looks += 1;
        growth.is_bounded().within(format!("after {came} of {LARGE_BYTES} bytes")).map(|_| ())
    })?;
    ensure(wrong == 0, || format!("{wrong} bytes of {LARGE} are wrong"))?;
    growth.settles()?;
    quit(&client)
}

fn put_large(subject: &mut Subject) -> Verdict {
    common::serve_one(subject, &PROTOCOL)?;
    let (growth, client) = (Growth::of(subject)?, Client::connect(subject)?);
    let (piece, mut sum) = (pattern((LARGE_BYTES / LOOKS) as usize), crc32fast::Hasher::new());
    begin(&client, "put-large", LARGE_BYTES)?;
    for number in 1..=LOOKS {
        client.send(&piece)?;
        sum.update(&piece);
        growth
            .is_bounded()
            .within(format!("after {} of {LARGE_BYTES} bytes", number * LARGE_BYTES / LOOKS))?;
    }
    client.send(sum_line(sum.finalize()).as_bytes())?;
    is_kept(&client, LARGE_BYTES)?;
    growth.settles()?;
    quit(&client)?;
    let kept = fs::read(subject.folder()?.join("put-large")).or_else(|error| unreadable(&error))?;
    ensure(kept.len() as u64 == LARGE_BYTES && kept.chunks(piece.len()).all(|it| it == piece), || {
        format!("what lies in the folder are {} bytes, and not those that were sent", kept.len())
    })
}

fn list_visible(subject: &mut Subject) -> Verdict {
    let folder = subject.folder()?.to_owned();
    let make = || {
        fs::create_dir_all(folder.join("a-folder"))?;
        fs::write(folder.join(".a-hidden-file"), "x")?;
        symlink(SMALL, folder.join("a-link"))?;
        Ok(nix::unistd::mkfifo(&folder.join("a-pipe"), nix::sys::stat::Mode::S_IRWXU)?)
    };
    make().or_else(|error| unreadable(&error))?;
    let client = Client::connect(subject)?;
    let list = list(&client)?;
    for name in ["a-folder", ".a-hidden-file", "a-link", "a-pipe"] {
        let is_listed =
            list.lines().any(|line| line.split_once(' ').is_some_and(|(_, listed)| listed == name));
        ensure(!is_listed, || format!("{name} is in the list"))?;
        client.send(format!("G {name}\n").as_bytes())?;
        expect_no(&client, &["missing", "name"]).within(format!("G {name}"))?;
    }
    quit(&client)
}

fn put_replaces(subject: &mut Subject) -> Verdict {
    let name = "put-replaces";
    place(subject, name, b"old")?;
    let before = Before::of(subject)?;
    let client = Client::connect(subject)?;
    begin(&client, name, 3)?;
    client.send(b"ne")?;
    is_on_disk(subject, name, b"old")?;
    if subject.has_room_for_two() {
        let other = Client::connect(subject)?;
        expect_file(&other, name, b"old").within("before the new one is whole")?;
        quit(&other)?;
    }
    client.send(b"w")?;
    client.send(sum_line(crc32fast::hash(b"new")).as_bytes())?;
    is_kept(&client, 3)?;
    expect_file(&client, name, b"new")?;
    quit(&client)?;
    is_on_disk(subject, name, b"new")?;
    before.and(subject, &[])
}

fn get_replaced(subject: &mut Subject) -> Verdict {
    subject.several(2)?;
    let old = pattern(16 << 20);
    place(subject, "get-replaced", &old)?;
    let (reader, writer) = (Client::connect(subject)?, Client::connect(subject)?);
    reader.send(b"G get-replaced\n")?;
    reader.wait_for_something()?; // it has begun, and does not fit as long as none of it is read
    writer.send(&upload("get-replaced", b"new"))?;
    expect(&writer, &Status::Go(3))?;
    is_kept(&writer, 3)?;
    expect_file_as_sent(&reader, &old)?;
    expect_file(&reader, "get-replaced", b"new")?;
    quit(&reader)?;
    quit(&writer)
}

/// What is under way must be these bytes.
fn expect_file_as_sent(client: &Client, bytes: &[u8]) -> Verdict {
    let got = expect_content(client)?;
    ensure(got == bytes, || format!("{} bytes came, and not the {} of the old file", got.len(), bytes.len()))
}
