//! What is to be thought of a server cell's figures: whether they stand, and if not, why.

use models::server::Room;
use reports::record::{ServerCell, Verdict};

use super::limit::{client_bound, late, limited, slower};
use super::little::contradiction;
use super::server::Measured;
use crate::plan::ServerStep;
use crate::server::quoted;

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
    let (bound, slower) = match cell.rate {
        None => (client_bound(cell, step), None),
        Some(rate) => match late(cell).or_else(|| limited(cell, step, rate)) {
            Some(why) => (Some(why), None), // what the server could do with more is not known
            None => (None, slower(cell, rate)),
        },
    };
    let verdict = if bound.is_some() { Verdict::ClientBound } else { Verdict::Valid };
    let closes = cell.keep_alive && cell.connects as usize > 2 * step.all_connections();
    let closes = closes.then(|| CLOSES.to_owned());
    let said = [bound, slower, closes, measured.doubt.clone(), contradiction(cell)];
    let said: Vec<String> = said.into_iter().flatten().collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::step;

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
}
