//! The models, with the options under which they do things in another way.

use models::server::{Model, Room};

use crate::common::{can_run, runnable};

/// Takes a debug build seconds to compute.
pub(crate) const LONG_COMPUTATION: &str = "/cpu/400000";

/// Models with options under which they do things in another way.
pub(crate) const VARIANTS: [&str; 2] = ["epoll:trigger=edge", "thread-pool:per=request,workers=4"];
/// One loop each, which computes in line.
pub(crate) const LOOPS: [&str; 8] =
    ["select", "poll", "epoll", "epoll:trigger=edge", "polling", "mio", "io-uring", "multi-loop:workers=1"];

/// All models that this machine can run.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    runnable().map(|model| model.name).chain(VARIANTS)
}

/// Those of [`LOOPS`] that this machine can run, and others.
pub(crate) fn loops_and(others: &[&'static str]) -> impl Iterator<Item = &'static str> {
    LOOPS.into_iter().filter(can_run).chain(others.to_vec())
}

/// The models that serve many at once, with room for so many.
pub(crate) fn concurrent(clients: usize) -> impl Iterator<Item = String> {
    let with_room = move |model: &Model| match model.usual_room() {
        Room::Workers(_) => format!("{}:workers={clients}", model.name),
        _ => model.name.to_owned(),
    };
    runnable()
        .filter(|model| model.usual_room() != Room::One)
        .map(with_room)
        .chain(VARIANTS.map(str::to_owned))
}
