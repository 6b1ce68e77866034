//! A page that is larger than what a server should hold of it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::super::case::{Case, Verdict, ensure};
use super::super::super::client::Client;
use super::super::super::common::Growth;
use super::super::super::subject::Subject;
use super::super::LARGE_BYTES;
use super::super::talk::{Http, get};
use super::not_written;

/// Where bytes stand in it that are not zero, as so many of all.
const MARKS: [usize; 5] = [0, LARGE_BYTES / 3, LARGE_BYTES / 2, LARGE_BYTES / 2 + 65_537, LARGE_BYTES - 1];

pub(super) fn cases() -> Vec<Case> {
    vec![Case::own(
        "page-large",
        "A page of 64 MiB comes whole, and the server holds no more than a little of it, for a client who does not read yet \
         and for one who does.",
        large,
    )]
}

fn large(subject: &mut Subject) -> Verdict {
    let path = subject.folder()?.join("large.bin");
    make(&path).or_else(|error| not_written(&error))?;
    let client = Client::connect(subject)?;
    let memory = Growth::of(subject)?;
    client.send(&get("/large.bin"))?;
    client.wait_for_something()?;
    memory.settles()?;
    let reply = Http::over(&client).reply("GET")?;
    memory.is_bounded()?;
    reply.expect_status(&[200])?;
    ensure(reply.body.len() == LARGE_BYTES, || {
        format!("expected a body of {LARGE_BYTES} bytes, got one of {}", reply.body.len())
    })?;
    let mut right = vec![0; LARGE_BYTES];
    for mark in MARKS {
        right[mark] = 1;
    }
    ensure(reply.body == right, || "the page has the right length, and not the right bytes".to_owned())
}

/// Makes it, of zeros but for the marks: it takes next to no room on a disk.
fn make(path: &Path) -> io::Result<()> {
    let file = File::create(path)?;
    file.set_len(LARGE_BYTES as u64)?;
    MARKS.iter().try_for_each(|mark| file.write_all_at(&[1], *mark as u64))
}
