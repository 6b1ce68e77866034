//! Ways out of the folder, and into what it hides. The list is [`workloads::client::http::attacks`].

use workloads::client::http::attacks::Trap;

use super::super::super::case::{Case, Verdict, Within, ensure, failed};
use super::super::super::client::{Client, quoted};
use super::super::super::subject::Subject;
use super::super::PROTOCOL;
use super::super::talk::Http;
use super::not_written;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::own(
        "page-attacks",
        "Hundreds of ways out of the folder, by dots, encodings, links, devices and hidden names, give not a byte of what is \
         not shown, and good clients are served in between (CWE-22).",
        none_leads_out,
    )]
}

fn none_leads_out(subject: &mut Subject) -> Verdict {
    let outside =
        tempfile::Builder::new().prefix("concur-").tempdir().or_else(|error| not_written(&error))?;
    let trap = Trap::set(subject.folder()?, outside.path()).or_else(|error| not_written(&error))?;
    let targets = trap.targets();
    subject.allow_for(targets.len());
    let mut left = &targets[..];
    while !left.is_empty() {
        let asked = as_many_as_one_connection_takes(subject, left)?;
        left = &left[asked..];
    }
    (PROTOCOL.exchange)(&Client::connect(subject)?).within("a good client behind them")?;
    let untouched = trap.is_untouched().or_else(|error| not_written(&error))?;
    ensure(untouched, || "what lies outside the folder is not what it was".to_owned())
}

/// Asks for one after the other, until the server ends the connection; gives how many it answered.
fn as_many_as_one_connection_takes(subject: &Subject, targets: &[Vec<u8>]) -> Verdict<usize> {
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    for (number, target) in targets.iter().enumerate() {
        let place = quoted(target);
        client
            .send(&[b"GET ", &target[..], b" HTTP/1.1\r\nHost: verify.test\r\n\r\n"].concat())
            .within(&place)?;
        let Some(reply) = http.reply_or_end("GET").within(&place)? else { return Ok(number + 1) };
        if !Trap::is_right(reply.status, b"", &reply.body) {
            return failed(format!("{place} was answered with {} and {}", reply.status, quoted(&reply.body)));
        }
        if !reply.persists() {
            return Ok(number + 1);
        }
    }
    Ok(targets.len())
}
