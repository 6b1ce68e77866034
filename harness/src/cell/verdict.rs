//! What is to be thought of a server cell's figures: whether they stand, and if not, why.

use models::server::Room;
use reports::record::{Placement, ServerCell, Verdict};

use super::server::{Measured, threads};
use crate::plan::ServerStep;
use crate::server::quoted;

/// A side that uses this much of its processors can't do more.
const BUSY_SHARE: f64 = 0.95;
/// A server that leaves this much of its processors unused is not the limit.
const IDLE_SHARE: f64 = 0.10;

/// What is said of a server that does not keep connections which its clients would go on with.
const CLOSES: &str =
    "the server closed connections that its clients wanted to keep, so they had to connect again";

pub(super) fn judge(cell: &ServerCell, step: &ServerStep, measured: &Measured) -> (Verdict, Option<String>) {
    if let Some(reason) = failure(cell, measured) {
        return (Verdict::Errors, Some(reason));
    }
    if let Some(served) = cell.connections_served.filter(|served| *served < cell.connections) {
        return starved(cell.connections, cell.connections - served, step);
    }
    let bound = client_bound(cell, step);
    let verdict = if bound.is_some() { Verdict::ClientBound } else { Verdict::Valid };
    let closes = cell.keep_alive && cell.connects as usize > 2 * cell.connections;
    let said: Vec<String> =
        [bound, closes.then(|| CLOSES.to_owned()), measured.doubt.clone()].into_iter().flatten().collect();
    (verdict, (!said.is_empty()).then(|| said.join("; ")))
}

/// For a server with room for a few, clients that wait without an answer are part of the picture. For the others they
/// are a fault, or there was too little time to let everyone in.
fn starved(connections: usize, starved: usize, step: &ServerStep) -> (Verdict, Option<String>) {
    let (verdict, why) = match step.subject.room(step.transport) {
        Some(Room::One) => {
            (Verdict::Valid, "this model serves one client to its end before it looks at the next".to_owned())
        }
        // Each worker takes the clients that the kernel deals out to it, who may be none.
        Some(Room::DealtOut(_)) => (
            Verdict::Valid,
            "they were dealt out to workers that belong to other clients until these leave".to_owned(),
        ),
        // Those who were served must be at least as many as it has workers.
        Some(Room::Workers(workers)) if connections - starved >= workers => {
            (Verdict::Valid, format!("its {workers} workers belong to their clients until these leave"))
        }
        Some(Room::Workers(_) | Room::Descriptors(_) | Room::Many) => (
            Verdict::Unstable,
            "it should have got to them all; a longer --warm-up may let them in".to_owned(),
        ),
        None => (
            Verdict::Valid,
            "it has room for fewer at once, or a longer --warm-up would let them in".to_owned(),
        ),
    };
    (verdict, Some(format!("{starved} of {connections} connections were never answered: {why}")))
}

fn failure(cell: &ServerCell, measured: &Measured) -> Option<String> {
    let trouble = measured.ended.trouble().map(|trouble| format!("the server {trouble}"));
    if measured.ended.early {
        return trouble; // whatever else went wrong follows from that
    }
    let errors = cell.errors.total();
    if errors > 0 {
        let first = measured.outcome.first_error.as_deref().unwrap_or("no more is known");
        return Some(format!(
            "{errors} requests failed; the first: {first}{}",
            quoted(&measured.ended.stderr)
        ));
    }
    if cell.requests == 0 {
        return Some(format!("no request was answered{}", quoted(&measured.ended.stderr)));
    }
    trouble
}

/// Whether the generator was the limit: all its threads busy all the time, while the server had time to spare.
fn client_bound(cell: &ServerCell, step: &ServerStep) -> Option<String> {
    let Placement { server: servers, client: clients } = &cell.placement;
    if clients == servers {
        return None; // on shared processors each takes from the other, and neither is the limit by itself
    }
    let (server, client) = (cell.server?, cell.client?);
    // A side can use no more processors than it has threads.
    let usable = |processors: &[usize], threads: usize| processors.len().min(threads).max(1) as f64;
    let client = client.cpu_s()? / (cell.seconds * usable(clients, threads(clients, step)));
    let threads = server.threads_peak.map_or(usize::MAX, |threads| threads as usize);
    let server = server.cpu_s().map(|cpu_s| cpu_s / (cell.seconds * usable(servers, threads)));
    if client <= BUSY_SHARE || server.is_some_and(|server| server >= 1.0 - IDLE_SHARE) {
        return None;
    }
    let server = server.map_or_else(
        || "and what the server used is not known".to_owned(),
        |server| format!("the server {:.0}% of its own", server * 100.0),
    );
    Some(format!("the load generator used {:.0}% of its processors, {server}", client * 100.0))
}

#[cfg(test)]
mod tests {
    use reports::record::Cost;

    use super::super::cost::without_time;
    use super::*;
    use crate::plan::tests::step;

    fn cpu(seconds: f64) -> Cost {
        Cost { user_s: Some(seconds / 4.0), system_s: Some(seconds * 3.0 / 4.0), ..Cost::default() }
    }

    #[test]
    fn clients_may_starve_where_a_model_has_no_room_for_them_and_nowhere_else() {
        let verdict = |model, served: usize| starved(8, 8 - served, &step(model, 8)).0;
        assert_eq!(verdict("loop", 1), Verdict::Valid);
        assert_eq!(verdict("thread-pool:workers=3", 3), Verdict::Valid);
        assert_eq!(verdict("thread-pool:workers=3", 2), Verdict::Unstable);
        assert_eq!(verdict("prefork:workers=3,accept=shared", 2), Verdict::Unstable);
        assert_eq!(verdict("prefork:workers=3,accept=reuseport", 2), Verdict::Valid);
        assert_eq!(verdict("epoll", 7), Verdict::Unstable);
        let reason = starved(8, 5, &step("thread-pool:workers=3", 8)).1.unwrap();
        assert_eq!(
            reason,
            "5 of 8 connections were never answered: its 3 workers belong to their clients until these leave"
        );
    }

    #[test]
    fn the_generator_is_the_limit_only_if_it_is_busy_and_the_server_is_not() {
        let bound = |client, server, clients: Vec<usize>| {
            let placement = Placement { server: vec![0], client: clients };
            let (client, server) = (Some(cpu(client)), Some(cpu(server)));
            let cell = ServerCell { seconds: 2.0, placement, client, server, ..ServerCell::default() };
            client_bound(&cell, &step("epoll", 64))
        };
        let reason = bound(1.96, 1.2, vec![1]).unwrap();
        assert_eq!(reason, "the load generator used 98% of its processors, the server 60% of its own");
        assert_eq!(bound(1.96, 1.9, vec![1]), None, "both are busy");
        assert_eq!(bound(1.5, 1.2, vec![1]), None, "the generator has time to spare");
        assert_eq!(bound(1.96, 1.2, vec![1, 2]), None, "half of the generator's time is to spare");
        assert_eq!(bound(1.96, 1.2, vec![0]), None, "they share a processor");
    }

    #[test]
    fn a_generator_with_fewer_connections_than_processors_can_be_the_limit_all_the_same() {
        let placement = Placement { server: vec![0, 1], client: vec![2, 3] };
        let server = Some(Cost { threads_peak: Some(1), ..cpu(1.0) });
        let cell =
            ServerCell { seconds: 2.0, placement, client: Some(cpu(1.96)), server, ..ServerCell::default() };
        assert!(client_bound(&cell, &step("epoll", 1)).is_some());
    }

    #[test]
    fn a_busy_generator_may_be_the_limit_of_a_server_whose_time_is_not_known() {
        let placement = Placement { server: vec![0], client: vec![1] };
        let server = Some(without_time(cpu(1.0)));
        let cell =
            ServerCell { seconds: 2.0, placement, client: Some(cpu(1.96)), server, ..ServerCell::default() };
        let reason = client_bound(&cell, &step("fork", 64)).unwrap();
        assert_eq!(
            reason,
            "the load generator used 98% of its processors, and what the server used is not known"
        );
    }
}
