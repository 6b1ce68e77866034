//! A server in a group of its own, loads for it, and one test at a time.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use harness::load::{Clients, Edge, Load, Outcome, run};
use harness::measure::after::counting_unavailable;
use harness::measure::counters::Counters;
use harness::measure::group::{Group, Used};
use harness::measure::placement::{place, processors};
use harness::measure::reading::Reading;
use harness::server::{ServeCommand, Server};
use harness::workload::Workload;
use perf_event::events::Software;
use reports::record::Cost;

use crate::common::{PATIENCE, stop};

/// By which part two accounts of the same may differ.
pub(crate) const PART: f64 = 0.03;
/// With less processor time than this, the ticks that children's times come in are a large part of it.
pub(crate) const ENOUGH_S: f64 = 0.2;
/// The program under test.
pub(crate) const CONCUR: &str = env!("CARGO_BIN_EXE_concur");

/// One test at a time: they share two sides of a machine, and one counts this process's descriptors.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());
    ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A group in which everything can be counted, or none with the reason said.
pub(crate) fn group() -> Option<Group> {
    if let Some(sentence) = counting_unavailable() {
        skipped!("{sentence}");
        return None;
    }
    Some(Group::make().unwrap())
}

/// Counts switches from now on.
pub(crate) fn counter(group: &Group) -> Counters {
    Counters::begin(Software::CONTEXT_SWITCHES, group).unwrap()
}

/// A server of ours in the group, on its side of the machine.
pub(crate) fn serve(model: &str, group: &Group) -> Server {
    let side = place(&processors().unwrap()).server;
    let command = ServeCommand::new(model, "http").program(CONCUR).processors(&side);
    command.in_group(Some(group)).start(PATIENCE).unwrap()
}

/// How a server is asked for `/bytes/4000`.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) keep_alive: bool,
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

pub(crate) const KEPT: Asked =
    Asked { keep_alive: true, connections: 5, duration: Duration::from_millis(700) };
pub(crate) const NEW_EACH: Asked = Asked { keep_alive: false, ..KEPT };

pub(crate) fn load(server: &Server, asked: Asked, window: &mut dyn FnMut(Edge)) -> Outcome {
    go(&plan(server, asked), asked, window)
}

pub(crate) fn plan(server: &Server, asked: Asked) -> Load {
    Load {
        address: server.address(),
        connections: asked.connections,
        keep_alive: asked.keep_alive,
        warm_up: Duration::from_millis(100),
        duration: asked.duration,
        timeout: PATIENCE,
        processors: place(&processors().unwrap()).client,
        ..Load::default()
    }
}

pub(crate) fn go(plan: &Load, asked: Asked, window: &mut dyn FnMut(Edge)) -> Outcome {
    let client = Workload::new("http", "/bytes/4000", 1).unwrap();
    let client = client.client("localhost", asked.keep_alive).unwrap();
    let outcome = run(plan, Clients::of(&*client), window, &AtomicBool::new(false)).unwrap();
    assert_eq!(outcome.errors.total(), 0, "{:?}", outcome.first_error);
    outcome
}

/// What a window cost: processor time as charged to the group, counted switches, and both by the processes' own accounts.
pub(crate) struct Window {
    pub(crate) cpu_s: f64,
    pub(crate) switches: f64,
    pub(crate) clocked: Cost,
    pub(crate) requests: f64,
}

pub(crate) fn window(model: &str, asked: Asked) -> Option<Window> {
    let group = group()?;
    let mut counter = counter(&group);
    let server = serve(model, &group);
    let mut looks: Vec<(Used, u64, Reading)> = Vec::new();
    let outcome = load(&server, asked, &mut |_| {
        let reading = server.tree().reading().unwrap();
        looks.push((group.used().unwrap(), counter.read().unwrap(), reading));
    });
    stop(server);
    let [(used, switches, reading), later] = looks.try_into().unwrap();
    Some(Window {
        cpu_s: used.until(later.0).sum().as_secs_f64(),
        switches: (later.1 - switches) as f64,
        clocked: reading.until(&later.2),
        requests: outcome.requests as f64,
    })
}

/// Measures for longer until there is enough processor time to compare: on a busy machine a server may get little.
pub(crate) fn with_enough_time<T>(
    asked: Asked,
    measure: impl Fn(Asked) -> Option<T>,
    cpu_s: impl Fn(&T) -> f64,
) -> Option<T> {
    for times in [1, 3, 9] {
        let measured = measure(Asked { duration: asked.duration * times, ..asked })?;
        if cpu_s(&measured) > ENOUGH_S {
            return Some(measured);
        }
    }
    panic!("the server got less than {ENOUGH_S} s of processor time in {:?}", asked.duration * 9);
}

pub(crate) fn assert_agree(what: &str, one: f64, other: f64, besides: f64) {
    let allowed = PART * one.max(other) + besides;
    assert!((one - other).abs() <= allowed, "{what}: {one} and {other} differ by more than {allowed}");
}
