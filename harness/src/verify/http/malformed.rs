//! Every malformed request that there is a list of, one after another.
//!
//! Each is wrong in one way, and most of them in a character: the list is [`workloads::client::http::malformed`]. Where one is
//! taken, its bytes stand in the reason. What these requests are and why each kind of them matters, the cases of
//! [`refusals`](super::refusals) show one by one.

use workloads::client::http::malformed::{BEHIND, Malformed, malformed};

use super::super::case::{Case, Verdict, Within};
use super::super::client::{Client, quoted};
use super::super::subject::Subject;
use super::talk::{Http, method_of};
use super::{PROTOCOL, has, needs_echo};

/// After so many of them a good client must be served.
const BATCH: usize = 50;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::shared(
        "malformed",
        "Hundreds of malformed requests, each wrong in one way, are refused one by one; nothing behind them is answered, and \
         good clients are served in between (RFC 9112, 2.2, 3, 5, 6 and 11.2).",
        all_are_refused,
    )]
}

fn all_are_refused(subject: &mut Subject) -> Verdict {
    let has_echo = has(needs_echo(subject))?;
    let all: Vec<Malformed> = malformed().into_iter().filter(|one| has_echo || !one.in_body).collect();
    subject.allow_for(all.len());
    for batch in all.chunks(BATCH) {
        for one in batch {
            is_refused(subject, one).within(quoted(&one.bytes))?;
        }
        (PROTOCOL.exchange)(&Client::connect(subject)?).within("a good client in between")?;
    }
    Ok(())
}

fn is_refused(subject: &Subject, one: &Malformed) -> Verdict {
    let client = Client::connect(subject)?;
    client.send(&[&one.bytes[..], BEHIND, BEHIND].concat())?;
    let mut http = Http::over(&client);
    let reply = http.reply(method_of(&one.bytes));
    // A reply that has begun when the body turns out wrong can only be cut short.
    if one.in_body && http.was_cut_short() {
        return Ok(());
    }
    reply?.expect_status(one.statuses)?;
    http.end().within("after the refusal")
}
