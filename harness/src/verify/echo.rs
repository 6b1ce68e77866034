//! The cases for an echo server (RFC 862): what came in goes out again, whole and in order.

use std::thread;
use std::time::Duration;

use super::case::{Case, Verdict, Within};
use super::client::{Client, Heard, pattern};
use super::common::{self, Apart, Protocol, Stays, stays_small};
use super::subject::Subject;

/// The sizes that are tried, with the names of their cases.
const SIZES: [(&str, usize); 6] = [
    ("whole-1-b", 1),
    ("whole-2-b", 2),
    ("whole-1-kib", 1 << 10),
    ("whole-64-kib", 1 << 16),
    ("whole-1-mib", 1 << 20),
    ("whole-16-mib", 16 << 20),
];
/// Between packets that must not travel together.
const PAUSE: Duration = Duration::from_millis(1);
/// Between the parts of a message from somebody slow.
const SLOW_PAUSE: Duration = Duration::from_millis(20);
/// How much a client sends at most without reading.
const POURED_BYTES: usize = 64 << 20;
/// What each client has sent when the server is asked to stop: it fits the buffers of any system, so it has arrived.
const DRAINED_BYTES: usize = 32 << 10;

/// What has gone back, for all that the server knows, when a client sends some more.
const UNREAD_BYTES: usize = 128 << 10;
/// Time for a server to have done what it does on a signal; within the grace.
const A_MOMENT: Duration = Duration::from_millis(100);

const MESSAGE: &[u8] = b"what came in goes out again\n";

static PROTOCOL: Protocol = Protocol {
    request: MESSAGE,
    exchange: |client| {
        client.echo(MESSAGE)?;
        Ok(Stays::Open)
    },
    farewell: |client| {
        client.echo(MESSAGE)?;
        client.leave()
    },
    burden: |client| client.pour(&pattern(1 << 16), POURED_BYTES).map(|_| ()),
    apart: |_| Ok(messages(0)),
    refused: None,
};

/// A message for each number, which says that number and has at least so many bytes.
fn messages(bytes: usize) -> Apart {
    let message = move |number| {
        let mut message = format!("this is number {number}, and all of it goes back\n").into_bytes();
        message.extend(pattern(bytes));
        message
    };
    Apart {
        request: Box::new(message),
        answer: Box::new(move |client, number| {
            client.expect(&message(number))?;
            Ok(Stays::Open)
        }),
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, bytes) in SIZES {
        cases.push(Case::shared(
            name,
            "A message of this size comes back whole and in order, while it is still being sent (RFC 862).",
            move |subject| echo_and_leave(&Client::connect(subject)?, &pattern(bytes)),
        ));
    }
    cases.extend([
        Case::shared(
            "split-packets",
            "A message comes byte by byte in packets of its own, and all of it goes back: TCP knows no messages.",
            split_packets,
        ),
        Case::shared(
            "joined-packets",
            "A thousand small messages come in one piece, and all of them go back.",
            joined_packets,
        ),
        Case::shared(
            "half-close",
            "A client sends, then says that it sends no more; it still gets everything, and then the end.",
            half_close,
        ),
        Case::shared(
            "slow-sender",
            "A message takes its time to come; it goes back as it comes, and others are served meanwhile.",
            slow_sender,
        ),
        Case::own(
            "slow-reader",
            "A client sends until no more goes in, at most 64 MiB, and reads nothing: the server's memory grows by less \
             than 32 MiB, others are served meanwhile, and then the client gets all it is owed.",
            slow_reader,
        ),
        Case::own(
            "drain",
            "What had arrived when SIGTERM came, and was not answered yet, goes back whole to every client, to each its own, \
             and then the connection ends.",
            |subject| common::drain(subject, &PROTOCOL, &messages(DRAINED_BYTES)),
        ),
    ]);
    cases.push(Case::own(
        "drain-sending",
        "A client who has not read its 128 KiB when SIGTERM comes sends some more: it gets all that went before, and no \
         reset that overtakes it.",
        drain_sending,
    ));
    cases.extend(common::cases(&PROTOCOL));
    cases
}

/// All of it comes back, and nothing besides.
fn echo_and_leave(client: &Client, message: &[u8]) -> Verdict {
    client.echo(message)?;
    client.leave()
}

fn split_packets(subject: &mut Subject) -> Verdict {
    let client = Client::connect(subject)?;
    let message = pattern(100);
    client.send_slowly(message.chunks(1), PAUSE)?;
    client.expect(&message)?;
    client.leave()
}

fn joined_packets(subject: &mut Subject) -> Verdict {
    let messages: Vec<String> = (1..=1_000).map(|number| format!("message {number}\n")).collect();
    echo_and_leave(&Client::connect(subject)?, messages.concat().as_bytes())
}

fn half_close(subject: &mut Subject) -> Verdict {
    let message = pattern(10_000);
    let client = Client::connect(subject)?;
    client.send(&message)?;
    client.half_close()?;
    client.expect(&message)?;
    client.expect_end()
}

fn slow_sender(subject: &mut Subject) -> Verdict {
    let slow = Client::connect(subject)?;
    for part in pattern(800).chunks(100) {
        slow.echo(part)?;
        common::others_are_served(subject, &PROTOCOL)?;
        thread::sleep(SLOW_PAUSE);
    }
    slow.leave()
}

fn slow_reader(subject: &mut Subject) -> Verdict {
    common::serve_one(subject, &PROTOCOL)?;
    let piece = pattern(1 << 16);
    let client = Client::connect(subject)?;
    let mut poured = 0;
    stays_small(subject, || {
        poured = client.pour(&piece, POURED_BYTES)?;
        common::others_are_served(subject, &PROTOCOL)
    })?;
    client.half_close()?;
    let owed: Vec<u8> = piece.iter().copied().cycle().take(poured).collect();
    client.expect(&owed).within("reading at last")?;
    client.expect_end()
}

fn drain_sending(subject: &mut Subject) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let message = pattern(UNREAD_BYTES);
    let client = Client::connect(subject)?;
    client.send(&message)?;
    client.wait_for_something()?;
    thread::sleep(A_MOMENT); // as much of it is sent back as the kernel takes
    subject.ask_to_stop()?;
    thread::sleep(A_MOMENT);
    let _ = client.send(MESSAGE); // the connection may have ended, and then it does not go out
    thread::sleep(A_MOMENT);
    client.expect(&message).within("after SIGTERM")?;
    if matches!(client.wait_for_something()?, Heard::Something) {
        client.expect(MESSAGE).within("what was sent after SIGTERM")?;
    }
    drop(client);
    subject.has_stopped()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_says_how_large_it_is() {
        for (name, bytes) in SIZES {
            let (number, unit) = name.strip_prefix("whole-").unwrap().split_once('-').unwrap();
            let unit = match unit {
                "b" => 1,
                "kib" => 1 << 10,
                "mib" => 1 << 20,
                other => panic!("{other}"),
            };
            assert_eq!(number.parse::<usize>().unwrap() * unit, bytes, "{name}");
        }
    }
}
