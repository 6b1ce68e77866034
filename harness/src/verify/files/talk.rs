//! The file protocol as a strict client speaks and hears it (docs/protocols.md).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use workloads::files::protocol::{LINE_BYTES, SUM_BYTES, Status, read_sum, sum_line};

use super::super::case::{Stop, Verdict, Within, ensure, failed, skipped};
use super::super::client::{Client, quoted};
use super::super::subject::{Subject, eventually};

/// A line without its LF.
pub(super) fn line(client: &Client) -> Verdict<Vec<u8>> {
    let mut line = Vec::new();
    while line.len() < LINE_BYTES {
        let mut byte = [0];
        match client.read(&mut byte)? {
            0 if line.is_empty() => return failed("expected an answer, and the connection ended"),
            0 => return failed(format!("the connection ended within the line {}", quoted(&line))),
            _ if byte == *b"\n" => return Ok(line),
            _ => line.push(byte[0]),
        }
    }
    failed(format!("a line is longer than {LINE_BYTES} bytes: {}", quoted(&line)))
}

/// The server's answer.
pub(super) fn status(client: &Client) -> Verdict<Status> {
    let line = line(client)?;
    Status::read(&line).map_or_else(|| failed(format!("expected OK, GO or NO, got {}", quoted(&line))), Ok)
}

/// The answer must be this one.
pub(super) fn expect(client: &Client, expected: &Status) -> Verdict {
    let status = status(client)?;
    ensure(status == *expected, || format!("expected '{}', got '{}'", shown(expected), shown(&status)))
}

/// The answer must be NO, for one of these reasons.
pub(super) fn expect_no(client: &Client, words: &[&str]) -> Verdict {
    let status = status(client)?;
    let is_right = matches!(&status, Status::No { word, .. } if words.contains(&word.as_str()));
    ensure(is_right, || format!("expected 'NO {}', got '{}'", words.join(" or "), shown(&status)))
}

fn shown(status: &Status) -> String {
    status.to_string().trim_end().to_owned()
}

/// So many bytes and their checksum, which must be right. They go to `take` in pieces.
pub(super) fn content(client: &Client, length: u64, mut take: impl FnMut(&[u8]) -> Verdict) -> Verdict {
    let (mut left, mut sum) = (length, crc32fast::Hasher::new());
    let mut buffer = vec![0; left.clamp(SUM_BYTES as u64, 256 << 10) as usize];
    while left > 0 {
        let room = buffer.len().min(left as usize);
        let read =
            client.read(&mut buffer[..room]).within(format!("after {} of {length} bytes", length - left))?;
        ensure(read > 0, || format!("after {} of {length} bytes the connection ended", length - left))?;
        sum.update(&buffer[..read]);
        take(&buffer[..read])?;
        left -= read as u64;
    }
    let said = [&line(client).within("behind the bytes")?[..], b"\n"].concat();
    let Some(said_sum) = read_sum(&said) else {
        return failed(format!("expected SUM and a checksum behind the bytes, got {}", quoted(&said)));
    };
    let sum = sum.finalize();
    ensure(said_sum == sum, || {
        format!("the checksum of what came is {sum:08x}, and the server says {said_sum:08x}")
    })
}

/// The answer must be OK, and what follows is given.
pub(super) fn expect_content(client: &Client) -> Verdict<Vec<u8>> {
    match status(client)? {
        Status::Ok(length) => {
            let mut bytes = Vec::new();
            content(client, length, |piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            })?;
            Ok(bytes)
        }
        other => failed(format!("expected OK and a length, got '{}'", shown(&other))),
    }
}

/// Fetches a file.
pub(super) fn get(client: &Client, name: &str) -> Verdict<Vec<u8>> {
    client.send(format!("G {name}\n").as_bytes())?;
    expect_content(client).within(format!("G {name}"))
}

/// Fetches a file that must hold these bytes.
pub(super) fn expect_file(client: &Client, name: &str, bytes: &[u8]) -> Verdict {
    let got = get(client, name)?;
    ensure(got == bytes, || {
        format!(
            "G {name}: expected {} bytes {}, got {} bytes {}",
            bytes.len(),
            quoted(bytes),
            got.len(),
            quoted(&got)
        )
    })
}

/// The list, as it came.
pub(super) fn list(client: &Client) -> Verdict<String> {
    client.send(b"L\n")?;
    let list = expect_content(client).within("L")?;
    String::from_utf8(list).or_else(|_| failed("L: the list is no UTF-8"))
}

/// The list must have this line.
pub(super) fn is_listed(client: &Client, line: &str) -> Verdict {
    let list = list(client)?;
    ensure(list.lines().any(|listed| listed == line), || {
        format!("expected the line '{line}' in the list, got {}", quoted(list.as_bytes()))
    })
}

/// All that brings a file, in one piece.
pub(super) fn upload(name: &str, bytes: &[u8]) -> Vec<u8> {
    let (begin, sum) = (format!("P {} {name}\n", bytes.len()), sum_line(crc32fast::hash(bytes)));
    [begin.as_bytes(), bytes, sum.as_bytes()].concat()
}

/// Asks to bring a file, and is told to go on.
pub(super) fn begin(client: &Client, name: &str, length: u64) -> Verdict {
    client.send(format!("P {length} {name}\n").as_bytes())?;
    expect(client, &Status::Go(length)).within(format!("P {length} {name}"))
}

/// Brings a file: waits until it is told to go on, sends it, and is told that it is kept.
pub(super) fn put(client: &Client, name: &str, bytes: &[u8]) -> Verdict {
    begin(client, name, bytes.len() as u64)?;
    client.send(bytes)?;
    client.send(sum_line(crc32fast::hash(bytes)).as_bytes())?;
    is_kept(client, bytes.len() as u64).within(format!("P {} {name}", bytes.len()))
}

/// A file has arrived and is kept.
pub(super) fn is_kept(client: &Client, length: u64) -> Verdict {
    expect(client, &Status::Ok(length)).within("after the last byte")
}

/// Says goodbye, and hears it.
pub(super) fn quit(client: &Client) -> Verdict {
    client.send(b"Q\n")?;
    expect(client, &Status::Ok(0)).within("Q")?;
    client.expect_end().within("after Q")
}

/// What the folder held at some moment, hidden files too.
pub(super) struct Before(BTreeSet<String>);

impl Before {
    pub(super) fn of(subject: &Subject) -> Verdict<Self> {
        names(subject.folder()?).map(Self).or_else(|error| unreadable(&error))
    }

    /// The folder comes to hold these beside, and nothing else: what is not whole leaves nothing behind.
    pub(super) fn and(&self, subject: &Subject, more: &[&str]) -> Verdict {
        let mut expected = self.0.clone();
        expected.extend(more.iter().map(|name| (*name).to_owned()));
        let mut found = BTreeSet::new();
        let is_so = eventually(subject.patience(), || {
            found = names(subject.folder().map_err(|_| io::ErrorKind::NotFound)?)?;
            Ok(found == expected)
        })?;
        ensure(is_so, || {
            let difference: Vec<_> = found.symmetric_difference(&expected).collect();
            format!("the folder does not hold what it should; what is missing or too much: {difference:?}")
        })
    }
}

impl Before {
    /// What is visible in the folder by now was there before.
    pub(super) fn still_visible(&self, subject: &Subject) -> Verdict {
        let now = names(subject.folder()?).or_else(|error| unreadable(&error))?;
        match now.difference(&self.0).find(|name| !name.starts_with('.')) {
            None => Ok(()),
            Some(name) => failed(format!("{name} is in the folder, and never was whole")),
        }
    }
}

fn names(folder: &Path) -> io::Result<BTreeSet<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// A file of the folder must hold these bytes, whatever the server says of it.
pub(super) fn is_on_disk(subject: &Subject, name: &str, bytes: &[u8]) -> Verdict {
    let found =
        fs::read(subject.folder()?.join(name)).map_err(|error| Stop::Failed(format!("{name}: {error}")))?;
    ensure(found == bytes, || {
        format!(
            "{name}: expected {} bytes {} in the folder, found {} bytes {}",
            bytes.len(),
            quoted(bytes),
            found.len(),
            quoted(&found)
        )
    })
}

/// Puts a file into the folder behind the server's back.
pub(super) fn place(subject: &Subject, name: &str, bytes: &[u8]) -> Verdict {
    fs::write(subject.folder()?.join(name), bytes).or_else(|error| unreadable(&error))
}

/// Why a case is skipped whose folder can't be used.
pub(super) fn unreadable<T>(error: &io::Error) -> Verdict<T> {
    skipped(format!("the folder can't be used: {error}"))
}
