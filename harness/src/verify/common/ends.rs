//! How a server ends when it is asked to (SIGTERM), and what becomes of those who are connected then.

use std::thread;
use std::time::Duration;

use models::address::Address;

use super::{A_MOMENT, Apart, Protocol, idle_client, served};
use crate::verify::case::{Case, Verdict, Within, ensure};
use crate::verify::client::{self, Client};
use crate::verify::subject::Subject;

/// How many idle clients there are when a server ends, and how many who wait for an answer.
const IDLE_CLIENTS: usize = 20;
const DRAINED_CLIENTS: usize = 20;

pub(super) fn cases(protocol: &'static Protocol) -> Vec<Case> {
    vec![
        Case::own(
            "drain-idle",
            "Connections that carry no request when SIGTERM comes are closed, in order and at once: within half the grace, a \
             second, or a fifth of the patience, whichever is most.",
            |subject| drain_idle(subject, protocol),
        ),
        Case::own(
            "ends-in-time",
            "On SIGTERM the server ends within its grace (--grace), although one client is silent and another never \
             reads what it is owed.",
            |subject| ends_in_time(subject, protocol),
        ),
        Case::own(
            "nothing-left",
            "On SIGTERM, with idle clients connected, the server and all its processes end, in order, and its port (or path) \
             takes no connection any more.",
            |subject| nothing_left(subject, protocol),
        ),
    ]
}

fn drain_idle(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let number = subject.several(IDLE_CLIENTS).unwrap_or(1);
    let clients = idle_clients(subject, protocol, number)?;
    subject.ask_to_stop()?;
    for client in &clients {
        client.expect_end().within("an idle connection after SIGTERM")?;
    }
    subject.was_soon().within("the end of the idle connections")?;
    subject.has_stopped()
}

/// So many clients who are there and ask for nothing.
fn idle_clients(subject: &Subject, protocol: &Protocol, number: usize) -> Verdict<Vec<Client>> {
    let clients: Vec<_> = (0..number).map(|_| Client::connect(subject)).collect::<Verdict<_>>()?;
    // They have been let in if they were served. Where that ends a connection it is not known of the next one.
    clients.into_iter().map(|client| served(client, subject, protocol)).collect()
}

/// Clients who have asked for what is `apart`, and have had no answer when SIGTERM comes, get it whole.
pub(in crate::verify) fn drain(subject: &mut Subject, protocol: &Protocol, apart: &Apart) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let number = subject.several(DRAINED_CLIENTS).unwrap_or(1);
    let clients = idle_clients(subject, protocol, number)?;
    subject.ask_to_stop_behind(|| {
        let mut all = clients.iter().enumerate();
        all.try_for_each(|(index, client)| client.send(&(apart.request)(index)))
    })?;
    for (index, client) in clients.iter().enumerate() {
        let place = format!("client {} of {number}, after SIGTERM", index + 1);
        (apart.answer)(client, index).within(&place)?;
        client.expect_end().within(&place)?;
    }
    drop(clients);
    subject.has_stopped()
}

fn ends_in_time(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let _silent = if subject.has_room_for_two() { Some(idle_client(subject, protocol)?) } else { None };
    let stalled = Client::connect(subject)?;
    (protocol.burden)(&stalled)?;
    subject.ask_to_stop()?;
    subject.has_stopped()
}

fn nothing_left(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let number = subject.several(IDLE_CLIENTS).unwrap_or(1);
    let _clients = idle_clients(subject, protocol, number)?;
    let trouble = subject.stop()?.trouble();
    ensure(trouble.is_none(), || format!("the server {}", trouble.unwrap_or_default()))?;
    // A port that was given back may be somebody else's for a moment: a client's, say.
    let is_taken = || takes_connections(subject.address(), subject.patience());
    let is_kept = is_taken() && {
        thread::sleep(A_MOMENT * 5);
        is_taken()
    };
    ensure(!is_kept, || "the server has ended, but its port still takes connections".to_owned())
}

/// Whether somebody else takes connections at `address`: where nobody listens, the kernel may pick that very port for our
/// end, and we would be talking to ourselves.
fn takes_connections(address: &Address, within: Duration) -> bool {
    let is_ours = |socket: &socket2::Socket| Address::of(socket).is_ok_and(|ours| ours == *address);
    client::connect(address, within).is_ok_and(|socket| !is_ours(&socket))
}
