//! `concur list`: what there is.

use std::fmt::Write as _;
use std::process::ExitCode;

use models::datagram::datagram_servers;
use models::executor::executors;
use models::options::{Kind, Spec};
use models::probe::{Suite, probes};
use models::server::servers;
use serde::Serialize;
use workloads::task::{Size, tasks};

use crate::cli::List;
use crate::language;
use crate::workload::WORKLOADS;

#[derive(Serialize)]
struct Listing {
    servers: Vec<Entry>,
    datagram_servers: Vec<Entry>,
    executors: Vec<Entry>,
    tasks: Vec<Entry>,
    workloads: Vec<Entry>,
    spawn: Vec<Entry>,
    switch: Vec<Entry>,
    ipc: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    family: &'static str,
    summary: &'static str,
    #[serde(skip_serializing_if = "<[Spec]>::is_empty")]
    options: &'static [Spec],
}

pub(super) fn run(arguments: &List) -> anyhow::Result<ExitCode> {
    let listing = listing();
    let text = if arguments.json { serde_json::to_string_pretty(&listing)? + "\n" } else { text(&listing) };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn listing() -> Listing {
    let entry = |name, family, summary, options| Entry { name, family, summary, options };
    let ways = |suite: Suite| {
        let ways = probes().filter(move |probe| probe.suite == suite);
        ways.map(|it| entry(it.name, it.family, it.summary, &[])).collect()
    };
    Listing {
        servers: servers().iter().map(|it| entry(it.name, it.family, it.summary, it.options)).collect(),
        datagram_servers: datagram_servers()
            .iter()
            .map(|it| entry(it.name, it.family, it.summary, it.options))
            .collect(),
        executors: executors().iter().map(|it| entry(it.name, it.family, it.summary, it.options)).collect(),
        tasks: tasks(Size::default())
            .iter()
            .map(|it| entry(it.name(), it.family().name(), it.summary(), &[]))
            .collect(),
        workloads: WORKLOADS.iter().map(|it| entry(it.name, it.family, it.summary, &[])).collect(),
        spawn: ways(Suite::Spawn),
        switch: ways(Suite::Switch),
        ipc: ways(Suite::Ipc),
    }
}

fn text(listing: &Listing) -> String {
    let mut text = String::new();
    section(&mut text, "Server models (concur serve MODEL)", &listing.servers);
    section(
        &mut text,
        "Datagram server models (concur serve MODEL --transport udp)",
        &listing.datagram_servers,
    );
    section(&mut text, "Executors (concur exec EXECUTOR)", &listing.executors);
    section(&mut text, "Tasks (--task)", &listing.tasks);
    section(&mut text, "Workloads (--workload)", &listing.workloads);
    section(&mut text, "Ways to make what runs a job (--suite spawn)", &listing.spawn);
    section(
        &mut text,
        "Ways to go from one that runs to another, and to sleep (--suite switch)",
        &listing.switch,
    );
    section(&mut text, "Ways to send a message (--suite ipc)", &listing.ipc);
    text
}

fn section(text: &mut String, title: &str, entries: &[Entry]) {
    let gap = if text.is_empty() { "" } else { "\n" };
    let language = language::current();
    let _ = writeln!(text, "{gap}{}", language.of(title)); // writing to a String can't fail
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0).max(11);
    for entry in entries {
        let _ = writeln!(text, "  {:<width$}  {}", entry.name, language.of(entry.summary));
        for spec in entry.options {
            let words = match spec.kind {
                Kind::Word(words) => format!(" ({})", words.join(", ")),
                Kind::Number(_) | Kind::Bytes(..) => String::new(),
            };
            let (key, help, default) = (spec.key, language.of(spec.help), language.of(spec.default));
            let default = language.of(&format!("[default: {default}]")).into_owned();
            let _ = writeln!(text, "  {:<width$}    {key}=  {help}{words} {default}", "");
        }
    }
}
