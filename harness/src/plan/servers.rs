//! From what was asked for to the cells of one round: every server under every load, every executor over every task.

use models::server::Room;
use reports::record::{Schedule, Shape};

use super::{ServerStep, ServerSuite};
use crate::subject::Subject;
use crate::transport::Transport;
use crate::workload::Workload;

/// A pool gets a worker for each connection, up to so many: with fewer, some clients would never be served.
const WORKERS_AT_MOST: usize = 256;

/// The loads to put on every server: all combinations.
pub struct Loads {
    /// What is asked.
    pub workloads: Vec<Workload>,
    /// What it is asked over.
    pub transports: Vec<Transport>,
    /// How many connections, in turn.
    pub connections: Vec<usize>,
    /// Whether every request brings its own connection.
    pub new_connections: bool,
    /// Requests a second that are offered, in turn; none: a closed loop.
    pub rates: Vec<Option<f64>>,
    /// How they are spaced then.
    pub schedule: Schedule,
    /// What is special about the loads, in turn.
    pub shapes: Vec<Shape>,
    /// The server that is measured a second time in each setting, as it was asked for.
    pub again: Option<String>,
}

impl Default for Loads {
    /// A closed loop over one connection, for `/hello`.
    fn default() -> Self {
        Self {
            workloads: vec![Workload::Http { path: "/hello".to_owned() }],
            transports: vec![Transport::Tcp],
            connections: vec![1],
            new_connections: false,
            rates: vec![None],
            schedule: Schedule::Constant,
            shapes: vec![Shape::default()],
            again: None,
        }
    }
}

/// The server cells of one round.
pub fn server_steps(subjects: &[Subject], loads: &Loads) -> Vec<ServerStep> {
    let plain = |workload: &Workload, subject: &Subject| ServerStep {
        suite: ServerSuite::Servers,
        subject: subject.clone(),
        copy: None,
        workload: workload.clone(),
        transport: Transport::default(),
        connections: 1,
        keep_alive: !loads.new_connections,
        rate: None,
        schedule: loads.schedule,
        shape: Shape::default(),
        round: 1,
    };
    let steps = loads
        .workloads
        .iter()
        .flat_map(|workload| subjects.iter().map(move |subject| plain(workload, subject)));
    let steps = with_each(steps.collect(), &loads.transports, |step, transport| step.transport = transport);
    let steps = with_each(steps, &loads.connections, |step, connections| step.connections = connections);
    let steps = with_each(steps, &loads.rates, |step, rate| step.rate = rate);
    let steps = with_each(steps, &loads.shapes, |step, shape| step.shape = shape);
    let steps = steps.into_iter().flat_map(|step| with_again(step, loads.again.as_deref()));
    steps.map(with_workers).flat_map(with_what_it_is_made_for).collect()
}

/// Each step once with each value.
fn with_each<T: Clone>(
    steps: Vec<ServerStep>,
    values: &[T],
    set: impl Fn(&mut ServerStep, T),
) -> Vec<ServerStep> {
    let mut all = Vec::with_capacity(steps.len() * values.len());
    for step in steps {
        for value in values {
            let mut step = step.clone();
            set(&mut step, value.clone());
            all.push(step);
        }
    }
    all
}

/// A pool with a worker for each connection. Over UDP nobody holds one.
fn with_workers(step: ServerStep) -> ServerStep {
    if step.transport == Transport::Udp {
        return step;
    }
    let subject = step.subject.with_workers(step.all_connections().min(WORKERS_AT_MOST));
    ServerStep { subject, ..step }
}

/// Under keep-alive clients a server with room for one serves one and starves the rest, so it is shown as well under the
/// load it is made for.
fn with_what_it_is_made_for(step: ServerStep) -> Vec<ServerStep> {
    let alone = step.subject.room(step.transport) == Some(Room::One);
    let plain = step.shape.is_plain() && step.rate.is_none();
    if alone && plain && step.connections > 1 && step.keep_alive {
        let new_connections = ServerStep { keep_alive: false, ..step.clone() };
        return vec![step, new_connections];
    }
    vec![step]
}

/// The A/A pair: a step twice, if it is of the server that is measured again.
fn with_again(step: ServerStep, again: Option<&str>) -> Vec<ServerStep> {
    if again.is_none_or(|again| step.subject.to_string() != again) {
        return vec![step];
    }
    let copy = ServerStep { copy: Some(2), ..step.clone() };
    vec![step, copy]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(model: &str, loads: &Loads) -> Vec<ServerStep> {
        server_steps(&[Subject::model(model.parse().unwrap()).unwrap()], loads)
    }

    #[test]
    fn a_pool_gets_a_worker_for_each_connection_up_to_a_bound() {
        let workers = |connections, idle| {
            let shape = Shape { idle_connections: idle, ..Shape::default() };
            let loads = Loads { connections: vec![connections], shapes: vec![shape], ..Loads::default() };
            steps("thread-pool", &loads)[0].subject.room(Transport::Tcp)
        };
        assert_eq!(workers(64, None), Some(Room::Workers(64)));
        assert_eq!(workers(64, Some(30)), Some(Room::Workers(94)), "an idle client holds a worker too");
        assert_eq!(workers(1000, None), Some(Room::Workers(256)));
    }

    #[test]
    fn the_loop_is_measured_with_a_new_connection_per_request_too() {
        let kinds = |connections, rate| {
            let loads = Loads { connections: vec![connections], rates: vec![rate], ..Loads::default() };
            steps("loop", &loads).iter().map(|step| step.keep_alive).collect::<Vec<_>>()
        };
        assert_eq!(kinds(64, None), [true, false]);
        assert_eq!(kinds(1, None), [true]);
        assert_eq!(kinds(64, Some(100.0)), [true]);
    }

    #[test]
    fn all_combinations_are_measured_and_one_server_twice_in_each() {
        let idle = |idle| Shape { idle_connections: idle, ..Shape::default() };
        let subjects = ["epoll", "poll"].map(|name| Subject::model(name.parse().unwrap()).unwrap());
        let loads = Loads {
            connections: vec![1, 2],
            rates: vec![Some(10.0), Some(20.0)],
            shapes: vec![idle(None), idle(Some(5))],
            again: Some("poll".to_owned()),
            ..Loads::default()
        };
        let steps = server_steps(&subjects, &loads);
        assert_eq!(steps.len(), 2 * 2 * 2 * 3);
        assert!(steps.iter().all(|step| step.copy.is_none() || step.subject.name() == "poll"));
        assert_eq!(steps.iter().filter(|step| step.copy == Some(2)).count(), 8);
    }
}
