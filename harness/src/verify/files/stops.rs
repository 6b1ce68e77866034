//! What becomes of files that are under way when the server is asked to stop, or is killed.

use std::fs;
use std::thread;
use std::time::Duration;

use super::super::case::{Case, Verdict, Within, ensure};
use super::super::client::{Client, pattern};
use super::super::common::{self, stays_small};
use super::super::folder::{LARGE, LARGE_BYTES};
use super::super::subject::Subject;
use super::talk::{Before, begin, content, expect, expect_content, is_on_disk, place, status, unreadable};
use super::{PROTOCOL, brought};
use workloads::files::protocol::{Status, sum_line};

/// How many uploads are under way when a server is killed.
const UPLOADS: usize = 100;
/// What is under way when a server is asked to stop.
const DRAINED_BYTES: usize = 16 << 20;
/// Time for a server to have begun what it was just asked; within the grace.
const A_MOMENT: Duration = Duration::from_millis(100);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::own(
            "drain",
            "Files that had arrived whole when SIGTERM came, and were not confirmed yet, are kept and confirmed, and then the \
             connection ends.",
            |subject| common::drain(subject, &PROTOCOL, &brought()),
        ),
        Case::own(
            "drain-get",
            "A file of 16 MiB that is under way when SIGTERM comes arrives whole.",
            drain_get,
        ),
        Case::own(
            "drain-put",
            "Half a file has arrived when SIGTERM comes, and the rest comes soon: it is kept and confirmed, or the connection \
             ends; the folder has all of the old one or all of the new one, and nothing else.",
            drain_put,
        ),
        Case::own(
            "stop-uploading",
            "A client stops sending amid its file, and SIGTERM comes: the server ends in time, with the old file as it was \
             and nothing of the new one.",
            stop_uploading,
        ),
        Case::own(
            "killed",
            "The server is killed (SIGKILL) with up to 100 files half way in: under their names lie the old ones, whole.",
            killed,
        ),
        Case::own(
            "slow-reader",
            "A client asks for 64 MiB and does not read: the server's memory grows by less than 32 MiB, others are served \
             meanwhile, and then the client gets it all.",
            slow_reader,
        ),
    ]
}

fn drain_get(subject: &mut Subject) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let bytes = pattern(DRAINED_BYTES);
    place(subject, "drain-get", &bytes)?;
    let client = Client::connect(subject)?;
    client.send(b"G drain-get\n")?;
    client.wait_for_something()?; // it has begun, and does not fit as long as none of it is read
    subject.ask_to_stop()?;
    thread::sleep(A_MOMENT);
    let got = expect_content(&client).within("after SIGTERM")?;
    ensure(got == bytes, || format!("{} bytes came, and not the {DRAINED_BYTES} of the file", got.len()))?;
    client.expect_end().within("after the file")?;
    drop(client);
    subject.has_stopped()
}

fn large_comes(client: &Client) -> Verdict {
    expect(client, &Status::Ok(LARGE_BYTES))?;
    content(client, LARGE_BYTES, |_| Ok(()))
}

fn drain_put(subject: &mut Subject) -> Verdict {
    subject.tree()?; // else it can't be stopped
    place(subject, "drain-put", b"old")?;
    let (before, bytes) = (Before::of(subject)?, pattern(200_000));
    let client = Client::connect(subject)?;
    begin(&client, "drain-put", bytes.len() as u64)?;
    client.send(&bytes[..100_000])?;
    thread::sleep(A_MOMENT);
    subject.ask_to_stop()?;
    thread::sleep(A_MOMENT.min(subject.facts().settings.grace / 4));
    let rest = [&bytes[100_000..], sum_line(crc32fast::hash(&bytes)).as_bytes()].concat();
    let _ = client.send(&rest); // the connection may have ended, and then it does not go out
    let is_kept = matches!(status(&client), Ok(Status::Ok(200_000)));
    drop(client);
    subject.has_stopped()?;
    if is_kept {
        is_on_disk(subject, "drain-put", &bytes).within("it was confirmed")?;
    } else {
        let found = fs::read(subject.folder()?.join("drain-put")).or_else(|error| unreadable(&error))?;
        ensure(found == b"old" || found == bytes, || {
            "the file is neither the old one nor the new one".to_owned()
        })?;
    }
    before.and(subject, &[])
}

fn stop_uploading(subject: &mut Subject) -> Verdict {
    subject.tree()?; // else it can't be stopped
    place(subject, "stop-uploading", b"old")?;
    let before = Before::of(subject)?;
    let client = Client::connect(subject)?;
    begin(&client, "stop-uploading", 200_000)?;
    client.send(&pattern(100_000))?;
    thread::sleep(A_MOMENT);
    subject.ask_to_stop()?;
    subject.has_stopped()?;
    drop(client);
    is_on_disk(subject, "stop-uploading", b"old")?;
    before.still_visible(subject)
}

fn killed(subject: &mut Subject) -> Verdict {
    subject.tree()?; // else it can't be killed
    let number = subject.several(UPLOADS).unwrap_or(1);
    subject.allow_for(2 * number);
    let names: Vec<String> = (0..number).map(|index| format!("killed-{index}")).collect();
    for name in names.iter().step_by(2) {
        place(subject, name, b"old")?;
    }
    let before = Before::of(subject)?;
    let clients: Vec<_> = names.iter().map(|_| Client::connect(subject)).collect::<Verdict<_>>()?;
    let half = pattern(100_000);
    for (client, name) in clients.iter().zip(&names) {
        begin(client, name, 200_000)?;
        client.send(&half)?;
    }
    subject.kill()?;
    for name in names.iter().step_by(2) {
        is_on_disk(subject, name, b"old")?;
    }
    before.still_visible(subject)
}

fn slow_reader(subject: &mut Subject) -> Verdict {
    common::serve_one(subject, &PROTOCOL)?;
    let client = Client::connect(subject)?;
    stays_small(subject, || {
        client.send(format!("G {LARGE}\n").as_bytes())?;
        client.wait_for_something()?;
        thread::sleep(A_MOMENT);
        common::others_are_served(subject, &PROTOCOL)
    })?;
    large_comes(&client).within("reading at last")?;
    super::talk::quit(&client)
}
