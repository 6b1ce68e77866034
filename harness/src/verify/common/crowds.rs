//! Many clients, together and one after another, and clients who leave without a word.

use super::{Protocol, Stays, one_after_another, serve_one};
use crate::verify::case::{Case, Verdict, Within};
use crate::verify::client::Client;
use crate::verify::subject::Subject;

/// How many before somebody new comes.
const EARLIER_CONNECTIONS: usize = 1_000;

pub(super) fn cases(protocol: &'static Protocol) -> Vec<Case> {
    vec![
        Case::shared(
            "many-clients",
            "Many clients (--at-once) are connected together, all ask for something of their own before any reads, and \
             each gets its own: a server that serves a few leaves the others waiting, and one whose clients share a \
             buffer gives them each other's answers.",
            |subject| many_clients(subject, protocol),
        ),
        Case::shared(
            "abrupt-reset",
            "Clients reset their connections (RST, as a crash does) on arrival, within a request, before the answer and \
             within it; that is their own end, and others are served on.",
            |subject| abrupt_reset(subject, protocol),
        ),
        Case::shared(
            "after-1000-clients",
            "After 1,000 short connections a new client is served like the first.",
            |subject| after_many(subject, protocol),
        ),
    ]
}

fn many_clients(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let number = subject.several(usize::MAX)?;
    let apart = (protocol.apart)(subject)?;
    let place = |index: usize| format!("client {} of {number}", index + 1);
    subject.allow_for(number);
    let connect = |index| Client::connect(subject).within(place(index));
    let clients: Vec<_> = (0..number).map(connect).collect::<Verdict<_>>()?;
    // What took them long to connect is not to be blamed on their answers.
    subject.allow_for(2 * number);
    let (first, last): (Vec<usize>, Vec<usize>) = ((0..number).collect(), (0..number).rev().collect());
    // Twice, and the second time in the other order: the last to come was waiting the longest.
    for (round, order) in [first, last].into_iter().enumerate() {
        let request = |index| round * number + index;
        for &index in &order {
            clients[index].send(&(apart.request)(request(index))).within(place(index))?;
        }
        let mut all_stay = true;
        for &index in &order {
            let stays = (apart.answer)(&clients[index], request(index)).within(place(index))?;
            all_stay &= stays == Stays::Open;
        }
        if !all_stay {
            break;
        }
    }
    Ok(())
}

/// What a client does before it is gone.
type Act<'a> = &'a dyn Fn(&Client) -> Verdict;

fn abrupt_reset(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let mut neighbour = if subject.has_room_for_two() { Some(Client::connect(subject)?) } else { None };
    let request = protocol.request;
    let half = &request[..request.len() / 2];
    let stages: [(&str, Act<'_>); 4] = [
        ("on arrival", &|_| Ok(())),
        ("within a request", &|client| client.send(half)),
        ("before the answer", &|client| client.send(request)),
        ("within the answer", &|client| {
            (protocol.burden)(client)?;
            client.wait_for_something().map(|_| ())
        }),
    ];
    for (stage, act) in stages {
        let client = Client::connect(subject)?;
        act(&client).within(stage)?;
        client.reset()?;
        let place = |who: &str| format!("{who}, after a reset {stage}");
        serve_one(subject, protocol).within(place("the next client"))?;
        if let Some(there) = &neighbour {
            let stays = (protocol.exchange)(there).within(place("a client who was there before"))?;
            if stays == Stays::Closed {
                neighbour = Some(Client::connect(subject)?);
            }
        }
    }
    Ok(())
}

fn after_many(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    serve_many(subject, protocol, EARLIER_CONNECTIONS)?;
    let client = Client::connect(subject)?;
    (protocol.exchange)(&client).within("the client after all these").map(|_| ())
}

fn serve_many(subject: &mut Subject, protocol: &Protocol, number: usize) -> Verdict {
    one_after_another(subject, number, |subject, _| serve_one(subject, protocol))
}
