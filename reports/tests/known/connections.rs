//! Servers at several numbers of connections.

use reports::document::Document;
use reports::record::{Cell, Run, ServerCell};

use crate::expected::{Expected, Row};
use crate::figure::Rounds;
use crate::forms;
use crate::record::{self, cpu_us, each, rounds, server, servers};
use crate::servers::table;

const MODELS: [&str; 3] = ["one", "two", "three"];
/// Of the numbers of connections none stands in another's order as a text.
const CONNECTIONS: [usize; 3] = [8, 16, 1_024];

pub(crate) fn run() -> Run {
    let steps = CONNECTIONS.iter().enumerate();
    let cells = steps.flat_map(|(step, connections)| {
        rounds(&MODELS, |model, place, round| {
            let by = record::by(place, round) * 1.41_f64.powf(step as f64);
            Cell::Servers(Box::new(ServerCell { connections: *connections, ..server(model, round, by) }))
        })
    });
    record::run(cells.collect())
}

fn at<'a>(run: &'a Run, model: &str, connections: usize) -> Vec<&'a ServerCell> {
    servers(run, |cell| cell.model == model && cell.connections == connections)
}

/// A row for each model, a column for each number.
fn sweep(run: &Run) -> Expected {
    let of = |model: &&str| {
        CONNECTIONS.iter().zip(["8", "16", "1,024"]).fold(
            Row::of("model", model),
            |row, (connections, heading)| {
                let cpu = Rounds::of(each(&at(run, model, *connections), cpu_us));
                row.figure(format!("{heading} (µs CPU/req)"), cpu.middle)
            },
        )
    };
    let title = "By connections: http /hello over tcp: connections, kept open";
    Expected::new(title, MODELS.iter().map(of).collect())
}

#[test]
fn every_number_of_connections_has_its_own_figures() {
    let run = run();
    let settings = CONNECTIONS.iter().zip(["8", "16", "1,024"]).map(|(connections, number)| {
        let rows = MODELS.map(|model| at(&run, model, *connections));
        table(&format!("http /hello over tcp: {number} connections, kept open"), &rows)
    });
    let tables: Vec<Expected> = settings.chain([sweep(&run)]).collect();
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::of(&run), &tables);
}
