//! The cases that do not ask what is served.
//!
//! * [`crowds`]: many clients, and clients who leave without a word;
//! * [`kept`]: what a server holds on to;
//! * [`ends`]: how it ends.
//!
//! [`memory`] is for the cases of a protocol as well: how much a server holds for one client.

mod crowds;
mod ends;
pub(crate) mod kept;
mod memory;

use std::thread;
use std::time::Duration;

use super::case::{Case, Verdict, Within};
use super::client::Client;
use super::subject::Subject;
pub(super) use ends::drain;
pub(crate) use memory::mebibytes;
pub(super) use memory::{Growth, stays_small};

/// What these cases have to know of a protocol.
pub(super) struct Protocol {
    /// A whole small request.
    pub(super) request: &'static [u8],
    /// Sends one and checks the answer; says whether the connection stays open.
    pub(super) exchange: fn(&Client) -> Verdict<Stays>,
    /// The same, after which the connection ends in order.
    pub(super) farewell: fn(&Client) -> Verdict,
    /// Has the server owe more than two sockets hold, and reads none of it.
    pub(super) burden: fn(&Client) -> Verdict,
    /// Small requests that have answers of their own.
    pub(super) apart: fn(&Subject) -> Verdict<Apart>,
    /// Sends what must be refused, and hears the refusal to its end; none where nothing is wrong.
    pub(super) refused: Option<fn(&Client) -> Verdict>,
}

/// Whether a connection goes on behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    Open,
    /// The server is one that ends it there.
    Closed,
}

/// Requests by number, each of which has an answer of its own: what another client was to get shows.
pub(super) struct Apart {
    pub(super) request: Box<dyn Fn(usize) -> Vec<u8>>,
    /// Reads the answer to the request of this number, and nothing more may have come.
    pub(super) answer: Box<ReadAnswer>,
}

type ReadAnswer = dyn Fn(&Client, usize) -> Verdict<Stays>;

/// Time for a server to go as far as it can, before its memory is looked at.
const A_MOMENT: Duration = Duration::from_millis(200);

pub(super) fn cases(protocol: &'static Protocol) -> Vec<Case> {
    let parts = [crowds::cases(protocol), kept::cases(protocol), ends::cases(protocol)];
    parts.into_iter().flatten().collect()
}

/// One client comes, is served and goes.
pub(super) fn serve_one(subject: &Subject, protocol: &Protocol) -> Verdict {
    (protocol.farewell)(&Client::connect(subject)?)
}

/// Where there is room for another client, one is served now.
pub(super) fn others_are_served(subject: &Subject, protocol: &Protocol) -> Verdict {
    if !subject.has_room_for_two() {
        return Ok(());
    }
    serve_one(subject, protocol).within("another client meanwhile")
}

fn one_after_another(
    subject: &mut Subject,
    number: usize,
    serve: impl Fn(&Subject, usize) -> Verdict,
) -> Verdict {
    subject.allow_for(number);
    for index in 1..=number {
        serve(subject, index).within(format!("connection {index} of {number}"))?;
    }
    subject.begin_case(); // the time for what follows
    Ok(())
}

/// A client who is there, and asks for nothing so far.
pub(super) fn idle_client(subject: &Subject, protocol: &Protocol) -> Verdict<Client> {
    served(Client::connect(subject)?, subject, protocol)
}

/// A client who was served and is still there, or another one in its place.
fn served(client: Client, subject: &Subject, protocol: &Protocol) -> Verdict<Client> {
    match (protocol.exchange)(&client)? {
        Stays::Open => Ok(client),
        Stays::Closed => {
            let next = Client::connect(subject)?;
            thread::sleep(A_MOMENT / 20);
            Ok(next)
        }
    }
}
