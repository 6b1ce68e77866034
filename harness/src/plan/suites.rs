//! The suites whose loads are given: idle connections beside active ones, and Stevens' comparison.

use super::servers::{Loads, server_steps};
use super::{ServerStep, ServerSuite};
use crate::subject::Subject;
use crate::workload::Workload;

/// The models that the idle suite compares: those that one thread or a few serve, so that an idle connection costs no
/// thread or process.
pub const IDLE_MODELS: [&str; 5] = ["select", "poll", "epoll", "io-uring", "coroutine"];
/// How many idle connections there are, in turn. With 100 active ones beside them, 900 is what select has room for.
pub const IDLE: [usize; 6] = [0, 300, 900, 2_500, 5_000, 10_000];
/// How many connections are active meanwhile.
pub const IDLE_ACTIVE: usize = 100;

/// The models of Stevens' comparison that Linux and this lab have, in the order of his table (UNIX Network Programming,
/// volume 1, chapter 30), with as many children or threads as he had.
pub const STEVENS_MODELS: [&str; 9] = [
    "loop",
    "fork",
    "prefork:accept=shared,workers=15",
    "prefork:accept=flock,workers=15",
    "prefork:accept=mutex,workers=15",
    "prefork:accept=fd-pass,workers=15",
    "thread",
    "prethread:accept=mutex,workers=15",
    "thread-pool:workers=15",
];
/// His clients: five at a time from each of two hosts, each request on a connection of its own, 4,000 bytes for an answer.
const STEVENS_CONNECTIONS: usize = 10;
const STEVENS_PATH: &str = "/bytes/4000";

/// A round of the idle suite.
pub fn idle_steps(subjects: &[Subject], loads: &Loads) -> Vec<ServerStep> {
    in_suite(ServerSuite::Idle, server_steps(subjects, loads))
}

/// A round of Stevens' comparison.
pub fn stevens_steps(subjects: &[Subject], again: Option<String>) -> Vec<ServerStep> {
    let loads = Loads {
        workloads: vec![Workload::Http { path: STEVENS_PATH.to_owned() }],
        connections: vec![STEVENS_CONNECTIONS],
        new_connections: true,
        again,
        ..Loads::default()
    };
    in_suite(ServerSuite::Stevens, server_steps(subjects, &loads))
}

fn in_suite(suite: ServerSuite, steps: Vec<ServerStep>) -> Vec<ServerStep> {
    steps.into_iter().map(|step| ServerStep { suite, ..step }).collect()
}
