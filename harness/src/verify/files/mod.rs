//! The cases for a file server (docs/protocols.md).
//!
//! * `transfers`: what is listed, given and taken;
//! * `names`: names that lead elsewhere;
//! * `lines`: how commands may come, and what is none;
//! * `faults`: files that do not arrive as they should, and many at once;
//! * `stops`: what becomes of files when the server is asked to stop, or is killed.
//!
//! A server under test serves a folder that the suite has made for it, so what it says and what lies in the folder are both
//! looked at.

mod faults;
mod lines;
mod names;
mod stops;
mod talk;
mod transfers;

use super::case::{Case, Within};
use super::client::Client;
use super::common::{self, Apart, Protocol, Stays};
use super::folder::{LARGE, SMALL, SMALL_BYTES};
use talk::{expect_file, expect_no, is_kept, quit, upload};
use workloads::files::protocol::Status;

/// How many bytes the first of several files has.
const APART_BYTES: usize = 1_000;

static PROTOCOL: Protocol = Protocol {
    request: b"G hello\n",
    exchange: |client| {
        expect_file(client, SMALL, SMALL_BYTES)?;
        Ok(Stays::Open)
    },
    farewell: |client| {
        expect_file(client, SMALL, SMALL_BYTES)?;
        quit(client)
    },
    burden: |client| client.send(format!("G {LARGE}\n").as_bytes()),
    apart: |_| Ok(apart()),
    refused: Some(|client| {
        client.send(b"what is this\n")?;
        expect_no(client, &["command"])?;
        client.expect_end()
    }),
};

/// Files by number, each of another length and under a name of its own.
fn apart() -> Apart {
    let bytes = |number: usize| super::client::pattern(APART_BYTES + number);
    let answer = move |client: &Client, number: usize| {
        let length = (APART_BYTES + number) as u64;
        talk::expect(client, &Status::Go(length))?;
        is_kept(client, length).within(format!("apart-{number}"))?;
        Ok(Stays::Open)
    };
    Apart {
        request: Box::new(move |number| upload(&format!("apart-{number}"), &bytes(number))),
        answer: Box::new(answer),
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = transfers::cases();
    cases.extend(names::cases());
    cases.extend(lines::cases());
    cases.extend(faults::cases());
    cases.extend(stops::cases());
    cases.extend(common::cases(&PROTOCOL));
    cases
}
