//! What small things cost: making, going to another, sending a message; a table of ways in each setting.

use reports::document::Document;
use reports::record::{Cell, Latency, ProbeCell, Run};

use crate::expected::{Expected, Row};
use crate::figure::{Rounds, by};
use crate::forms;
use crate::probe_grids::{self, SIZES, TOUCHED};
use crate::record::{self, each, in_round, latency, rounds};

/// A way: its name, its kind, and what it takes in microseconds.
pub(crate) type Way = (&'static str, &'static str, f64);

/// Both ways with a growth for each MiB that is touched.
pub(crate) const MADE: [(Way, f64); 4] = [
    (("coroutine", "coroutines", 0.37), 0.0),
    (("thread", "threads", 11.0), 0.0),
    (("fork", "processes", 147.0), 2.3),
    (("posix-spawn", "processes", 410.0), 0.21),
];
const GIVEN: [Way; 2] = [("pool", "threads", 4.3), ("process-pool", "processes", 13.0)];
/// With whose sides are where.
const SWITCHED: [(Way, &str); 3] = [
    (("futex-threads", "threads", 1.3), "together"),
    (("pipe-processes", "processes", 2.1), "together"),
    (("pipe-processes", "processes", 5.7), "apart"),
];
/// Bytes of each that sleeps instead of microseconds.
pub(crate) const ASLEEP: [Way; 2] =
    [("sleeping-tasks", "tasks", 530.0), ("sleeping-threads", "threads", 9_300.0)];
/// With megabytes a second for each byte of a message.
pub(crate) const SENT: [(Way, f64); 3] = [
    (("shared-memory-futex", "processes", 7.0), 0.23),
    (("channel", "threads", 8.3), 1.9),
    (("pipe", "processes", 10.0), 0.71),
];

/// A cell without a figure of its own kind.
fn of((way, family, _): Way, operation: &str, round: usize) -> ProbeCell {
    ProbeCell {
        way: way.into(),
        family: family.into(),
        operation: operation.into(),
        round: round as u32 + 1,
        seconds: 0.3,
        ..ProbeCell::default()
    }
}

/// A cell whose every sample takes so many times what the way does.
fn timed(way: Way, operation: &str, round: usize, by: f64) -> ProbeCell {
    // The median is what counts.
    let time_us = Some(latency(5.9 * way.2 * by));
    ProbeCell { samples: Some((31_000.0 * by) as u64), time_us, ..of(way, operation, round) }
}

pub(crate) fn run() -> Run {
    let spawn = |cell| Cell::Spawn(Box::new(cell));
    let switch = |cell| Cell::Switch(Box::new(cell));
    let ipc = |cell| Cell::Ipc(Box::new(cell));
    let mut cells = Vec::new();
    for (step, touched) in TOUCHED.into_iter().enumerate() {
        let mebibytes = touched as f64 / 1_048_576.0;
        let all = rounds(&MADE, |(way, growth), place, round| {
            let by = in_round(place + step, round) * (1.0 + growth * mebibytes / way.2);
            let touched_bytes = (growth > 0.0).then_some(touched);
            spawn(ProbeCell { touched_bytes, ..timed(way, "create", round, by) })
        });
        let is_made =
            |cell: &Cell| step == 0 || cell.probe().is_some_and(|cell| cell.touched_bytes.is_some());
        cells.extend(all.into_iter().filter(is_made));
    }
    cells.extend(rounds(&GIVEN, |way, place, round| {
        spawn(timed(way, "hand-off", round, in_round(place, round)))
    }));
    cells.extend(rounds(&SWITCHED, |(way, sides), place, round| {
        let cell = timed(way, "switch", round, in_round(place, round));
        switch(ProbeCell { sides: Some(sides.into()), ..cell })
    }));
    for (number, fewer) in [(100, 1.0), (10_000, 0.79)] {
        cells.extend(rounds(&ASLEEP, |way, place, round| {
            // Of threads there is room for fewer.
            let number_reached = (way.1 == "threads" && number > 100).then_some(3_276);
            let bytes_each = Some(way.2 * fewer * in_round(place, round));
            switch(ProbeCell { number: Some(number), number_reached, bytes_each, ..of(way, "sleep", round) })
        }));
    }
    for (step, size) in SIZES.into_iter().enumerate() {
        cells.extend(rounds(&SENT, |(way, _), place, round| {
            let by = in_round(place + step, round) * 3.7_f64.powf(step as f64);
            ipc(ProbeCell { message_bytes: Some(size), ..timed(way, "round-trip", round, by) })
        }));
        cells.extend(rounds(&SENT, |(way, rate), place, round| {
            let bytes_per_second = Some(rate * 1e6 * (size as f64).sqrt() * in_round(place, round));
            ipc(ProbeCell { message_bytes: Some(size), bytes_per_second, ..of(way, "bandwidth", round) })
        }));
    }
    record::run(cells)
}

/// The same, but that a fork beside the most memory takes so many times as long: what was measured lies on no line.
pub(crate) fn bent() -> Run {
    let mut run = run();
    for cell in &mut run.cells {
        let Cell::Spawn(cell) = cell else { continue };
        if cell.way == "fork" && cell.touched_bytes == Some(TOUCHED[2]) {
            cell.time_us = cell.time_us.map(|us| latency(us.p99.unwrap() * 3.1));
        }
    }
    run
}

/// The cells of probes among those of a record that are of this kind, in the order of their rounds.
pub(crate) fn own(run: &Run, is: impl Fn(&ProbeCell) -> bool) -> Vec<&ProbeCell> {
    let mut cells: Vec<&ProbeCell> =
        run.cells.iter().filter_map(Cell::probe).filter(|cell| is(cell)).collect();
    cells.sort_by_key(|cell| cell.round);
    cells
}

pub(crate) fn p50(cell: &ProbeCell) -> f64 {
    cell.time_us.unwrap().p50
}

pub(crate) fn megabytes(cell: &ProbeCell) -> f64 {
    cell.bytes_per_second.unwrap() / 1e6
}

/// A table of ways, given in the order of their ranks. They are compared with a way whose rounds are `base`; `figure` has its name and
/// its unit.
fn table(title: &str, rows: &[Vec<&ProbeCell>], (compared, base): (&str, &[f64]), figure: Kind) -> Expected {
    let of = |(place, cells): (usize, &Vec<&ProbeCell>)| {
        let (name, unit, figure) = figure;
        let values = each(cells, figure);
        let (own, ratio) = (Rounds::of(values.iter().copied()), Rounds::of(by(&values, base)));
        let row = Row::of("rank", place + 1)
            .word("way", &cells[0].way)
            .estimate(format!("{name} ({unit})"), own)
            .ends(format!("interval ({unit})"), own)
            .word("kind", &cells[0].family)
            .word("rounds", "3/3");
        let row = if values == base {
            row.word(compared, "").word("interval (×)", "")
        } else {
            row.estimate(compared, ratio).ends("interval (×)", ratio)
        };
        let row = match &cells[0].sides {
            Some(sides) => row.word("sides", sides),
            None => row,
        };
        if cells[0].time_us.is_none() {
            return row;
        }
        let time = |of: fn(&Latency) -> Option<f64>| {
            Rounds::of(each(cells, |cell| of(&cell.time_us.unwrap()).unwrap())).middle
        };
        row.figure("p90 (µs)", time(|time| time.p90))
            .figure("p99 (µs)", time(|time| time.p99))
            .figure("samples (a round)", Rounds::of(each(cells, |cell| cell.samples.unwrap() as f64)).middle)
    };
    Expected::new(title, rows.iter().enumerate().map(of).collect())
}

/// A figure's name, its unit, and the figure of a cell.
type Kind = (&'static str, &'static str, fn(&ProbeCell) -> f64);
const TIME: Kind = ("time", "µs", p50);
const RATE: Kind = ("rate", "MB/s", megabytes);

fn of_operation(run: &Run) -> Vec<Expected> {
    let made = MADE.map(|(way, _)| {
        own(run, |cell| {
            cell.operation == "create" && cell.way == way.0 && cell.touched_bytes.unwrap_or(0) == 0
        })
    });
    let given = GIVEN.map(|way| own(run, |cell| cell.way == way.0));
    let thread = each(&made[1], p50);
    let switched = SWITCHED
        .map(|(way, sides)| own(run, |cell| cell.way == way.0 && cell.sides.as_deref() == Some(sides)));
    let sent = |operation: &str, size: u64, ways: [usize; 3]| {
        let is = |cell: &ProbeCell, way: &str| {
            cell.way == way && cell.operation == operation && cell.message_bytes == Some(size)
        };
        ways.map(|place| own(run, |cell| is(cell, SENT[place].0.0)))
    };
    let (trips, rates) = (sent("round-trip", SIZES[0], [0, 1, 2]), sent("bandwidth", SIZES[1], [1, 2, 0]));
    let first = each(&switched[0], p50);
    let (pipe, pipes_rate) = (each(&trips[2], p50), each(&rates[1], megabytes));
    vec![
        table("Making one and waiting for its end", &made, ("× thread", &thread), TIME),
        // Compared with a thread that is made, which stands in another table.
        table(
            "Giving a job to one that is there, and waiting for it to be done",
            &given,
            ("× thread", &thread),
            TIME,
        ),
        table("Going from one that runs to another", &switched, ("× first", &first), TIME),
        table("A message there and back: up to 8 B", &trips, ("× pipe", &pipe), TIME),
        table("Messages one way, as fast as they go: 16 KiB", &rates, ("× pipe", &pipes_rate), RATE),
    ]
}

#[test]
fn every_figure_of_a_probe_is_the_records() {
    let run = run();
    let mut tables = of_operation(&run);
    tables.extend(probe_grids::tables(&run));
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::of(&run), &tables);
}
