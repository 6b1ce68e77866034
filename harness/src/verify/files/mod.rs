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

use super::case::{Case, Within, ensure};
use super::client::{Client, pattern};
use super::common::{self, Apart, Protocol, Stays};
use super::folder::{LARGE, SMALL, SMALL_BYTES, apart_bytes, apart_name};
use talk::{expect_file, expect_no, is_kept, quit, upload};
use workloads::files::protocol::Status;

/// How many bytes the first of several files has.
const BROUGHT_BYTES: usize = 1_000;

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

/// Files by number, which are there, and no two of which are the same.
fn apart() -> Apart {
    let answer = |client: &Client, number: usize| {
        let got = talk::expect_content(client).within(apart_name(number))?;
        ensure(got == apart_bytes(number), || format!("{} came with other bytes", apart_name(number)))?;
        Ok(Stays::Open)
    };
    let request = |number: usize| format!("G {}\n", apart_name(number)).into_bytes();
    Apart { request: Box::new(request), answer: Box::new(answer) }
}

/// Files by number that are brought, each of another length and under a name of its own.
fn brought() -> Apart {
    let bytes = |number: usize| pattern(BROUGHT_BYTES + number);
    let answer = move |client: &Client, number: usize| {
        let length = (BROUGHT_BYTES + number) as u64;
        talk::expect(client, &Status::Go(length))?;
        is_kept(client, length).within(format!("brought-{number}"))?;
        Ok(Stays::Open)
    };
    let request = move |number: usize| upload(&format!("brought-{number}"), &bytes(number));
    Apart { request: Box::new(request), answer: Box::new(answer) }
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
