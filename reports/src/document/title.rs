//! What servers were compared in, in words.

use crate::record::Schedule;
use crate::summary::Setting;
use crate::units::{figure, latency, plural};

/// What a title leaves open, since it is what its table's columns differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    /// Nothing.
    Nothing,
    /// How many requests a second are offered.
    Rate,
    /// How many connections there are.
    Connections,
    /// How many idle connections stand beside.
    Idle,
}

/// `echo 64 B over tcp: 64 connections, kept open, 5,000 requests/s offered; 10,000 idle connections beside`.
pub(crate) fn of(setting: &Setting, open: Open) -> String {
    let (asked, transport) = (asked(setting), &setting.transport);
    let (parts, beside) = (load(setting, open).join(", "), company(setting, open));
    match beside.as_str() {
        "" => format!("{asked} over {transport}: {parts}"),
        beside => format!("{asked} over {transport}: {parts}; {beside} beside"),
    }
}

/// Of each of `settings` what not all of them have: `http /hello`, `64 connections, kept open`; nothing where they are one.
pub(crate) fn apart(settings: &[&Setting]) -> Vec<Vec<String>> {
    let parts: Vec<Vec<String>> = settings.iter().map(|setting| parts(setting)).collect();
    let is_shared = |part: &String| parts.iter().all(|other| other.contains(part));
    parts.iter().map(|own| own.iter().filter(|part| !is_shared(part)).cloned().collect()).collect()
}

/// All that is in a title, piece by piece.
fn parts(setting: &Setting) -> Vec<String> {
    let mut parts = vec![asked(setting), setting.transport.clone()];
    parts.extend(load(setting, Open::Nothing));
    let beside = company(setting, Open::Nothing);
    parts.extend((!beside.is_empty()).then(|| format!("{beside} beside")));
    parts
}

/// `http /hello`.
fn asked(setting: &Setting) -> String {
    format!("{} {}", setting.workload, setting.request).trim_end().to_owned()
}

/// How many ask, and in which way.
fn load(setting: &Setting, open: Open) -> Vec<String> {
    let pipeline = setting.shape.pipeline.filter(|depth| *depth > 1);
    let mut parts = vec![connections(setting, open)];
    parts.extend(pipeline.map(|depth| format!("{} under way on each", plural(depth, "request"))));
    parts.extend(setting.shape.think_us.map(|pause| format!("{} of pause after each reply", latency(pause))));
    parts.extend(rate(setting, open));
    parts
}

/// `primes (computes)`.
pub(crate) fn task(name: &str, computes: bool) -> String {
    let does = if computes { "computes" } else { "waits" };
    format!("{name} ({does})")
}

/// The title of the table of one task: `Tasks: primes (computes)`.
pub(crate) fn tasks(name: &str, computes: bool) -> String {
    format!("Tasks: {}", task(name, computes))
}

fn connections(setting: &Setting, open: Open) -> String {
    let number = plural(setting.connections, "connection");
    match (open, setting.keep_alive) {
        (Open::Connections, true) => "connections, kept open".to_owned(),
        (Open::Connections, false) => "connections at once, a new one for each request".to_owned(),
        (_, true) => format!("{number}, kept open"),
        (_, false) => format!("{number} at once, a new one for each request"),
    }
}

fn rate(setting: &Setting, open: Open) -> Option<String> {
    let spacing = match setting.schedule.unwrap_or_default() {
        Schedule::Constant => "",
        Schedule::Poisson => ", Poisson",
    };
    if open == Open::Rate {
        return Some(format!("requests/s offered{spacing}"));
    }
    setting.rate.map(|rate| format!("{} requests/s offered{spacing}", figure(rate)))
}

fn company(setting: &Setting, open: Open) -> String {
    let shape = &setting.shape;
    let mut groups = Vec::new();
    if open == Open::Idle {
        groups.push("idle connections".to_owned());
    } else {
        groups.extend(shape.idle_connections.map(|number| plural(number, "idle connection")));
    }
    groups.extend(shape.slow_connections.map(|number| plural(number, "slow connection")));
    groups.extend(shape.beside_connections.map(|number| {
        let asked = shape.beside_request.as_deref().unwrap_or("something else");
        format!("{} asking for {asked}", plural(number, "connection"))
    }));
    groups.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Shape;

    fn setting() -> Setting {
        Setting {
            workload: "http".into(),
            request: "/hello".into(),
            transport: "tcp".into(),
            connections: 100,
            keep_alive: true,
            rate: None,
            schedule: None,
            shape: Shape::default(),
        }
    }

    #[test]
    fn an_open_loop_and_its_company_are_in_the_title() {
        let setting = Setting {
            rate: Some(5_000.0),
            schedule: Some(Schedule::Poisson),
            shape: Shape {
                idle_connections: Some(10_000),
                slow_connections: Some(1),
                beside_connections: Some(4),
                beside_request: Some("/cpu/1000".into()),
                ..Shape::default()
            },
            ..setting()
        };
        let expected = "http /hello over tcp: 100 connections, kept open, 5,000 requests/s offered, Poisson; 10,000 idle \
                        connections, 1 slow connection, 4 connections asking for /cpu/1000 beside";
        assert_eq!(of(&setting, Open::Nothing), expected);
    }

    #[test]
    fn of_several_settings_only_that_is_told_which_sets_them_apart() {
        let (one, more) = (setting(), Setting { connections: 64, ..setting() });
        let echo = Setting { workload: "echo".into(), request: "64 B".into(), ..setting() };
        assert_eq!(apart(&[&one, &one]), [[""; 0], [""; 0]]);
        assert_eq!(apart(&[&one, &more]), [["100 connections, kept open"], ["64 connections, kept open"]]);
        assert_eq!(
            apart(&[&one, &echo, &more])[1],
            ["echo 64 B".to_owned(), "100 connections, kept open".to_owned()]
        );
    }

    #[test]
    fn what_the_columns_differ_in_is_left_open() {
        let setting = Setting { rate: Some(5_000.0), ..setting() };
        let title = |open| of(&setting, open);
        assert_eq!(title(Open::Rate), "http /hello over tcp: 100 connections, kept open, requests/s offered");
        assert!(title(Open::Connections).contains(": connections, kept open, 5,000 requests/s offered"));
        assert!(title(Open::Idle).ends_with("; idle connections beside"));
    }

    #[test]
    fn pipelining_and_pauses_are_told() {
        let shape = Shape { pipeline: Some(8), think_us: Some(10_000.0), ..Shape::default() };
        let title = of(&Setting { shape, keep_alive: false, ..setting() }, Open::Nothing);
        let expected = "http /hello over tcp: 100 connections at once, a new one for each request, 8 requests under way on \
                        each, 10.0 ms of pause after each reply";
        assert_eq!(title, expected);
    }
}
