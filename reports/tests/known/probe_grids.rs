//! Probes in settings that vary: columns of touched memory, of message sizes, of numbers that sleep; and the course notes' table.

use reports::document::Document;
use reports::record::{ProbeCell, Run};

use crate::expected::{Expected, Row, Text};
use crate::figure::{Fit, Rounds, by};
use crate::forms;
use crate::probes::{self, ASLEEP, MADE, SENT, megabytes, own, p50};
use crate::record::each;

pub(crate) const TOUCHED: [u64; 3] = [0, 16 << 20, 256 << 20];
/// Of messages; one byte is what all ways carry.
pub(crate) const SIZES: [u64; 2] = [1, 16 << 10];

pub(crate) fn tables(run: &Run) -> [Expected; 5] {
    [
        touched(run),
        asleep(run),
        by_size(run, "A message there and back, by its size", "round-trip", "µs", p50, [0, 1, 2]),
        by_size(run, "Messages one way, by their size", "bandwidth", "MB/s", megabytes, [1, 2, 0]),
        talking(run),
    ]
}

/// Those that were made beside touched memory, and the line through all rounds, each point by its share.
fn touched(run: &Run) -> Expected {
    let of = |way: &str| {
        let at = |touched: u64| own(run, |cell| cell.way == way && cell.touched_bytes == Some(touched));
        let points: Vec<(f64, f64)> = TOUCHED
            .into_iter()
            .flat_map(|touched| {
                each(&at(touched), p50).into_iter().map(move |us| (touched as f64 / 1_048_576.0, us))
            })
            .collect();
        let fit = Fit::of(&points, |us| us.powi(-2));
        let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
        let squares =
            |from: &dyn Fn(f64) -> f64| points.iter().map(|(x, y)| (y - from(*x)).powi(2)).sum::<f64>();
        let explained = 1.0 - squares(&|x| fit.base + fit.slope * x) / squares(&|_| mean);
        let headings = ["0 B touched (µs)", "16 MiB touched (µs)", "256 MiB touched (µs)"];
        let row = TOUCHED.into_iter().zip(headings).fold(Row::of("way", way), |row, (touched, heading)| {
            row.estimate(heading, Rounds::of(each(&at(touched), p50)))
        });
        let is_off = |touched: u64| {
            let us = Rounds::of(each(&at(touched), p50)).middle;
            ((us - fit.base - fit.slope * (touched as f64 / 1_048_576.0)) / us).abs() > 0.2
        };
        let row = if TOUCHED.into_iter().any(is_off) {
            row.word("growth (µs per MiB)", "not straight").word("interval (µs per MiB)", "").word("R²", "")
        } else {
            row.figure("growth (µs per MiB)", fit.slope)
                .with("interval (µs per MiB)", Text::Range(fit.ends.0, fit.ends.1))
                .word("R²", format!("{explained:.3}"))
        };
        // A twentieth more beside sixteen mebibytes is near.
        row.repeating(&["16 MiB touched (µs)"])
    };
    let grown = MADE.iter().filter(|(_, growth)| *growth > 0.0);
    Expected::new(
        "Making one beside memory that its parent has touched",
        grown.map(|(way, _)| of(way.0)).collect(),
    )
}

#[test]
fn a_way_that_no_line_fits_has_no_growth() {
    let run = probes::bent();
    let table = touched(&run);
    assert!(format!("{:?}", table.rows[0]).contains("not straight"), "{table:?}");
    forms::each_says(&Document::of(&run), &table);
}

fn asleep(run: &Run) -> Expected {
    let of = |way: &str| {
        let at = |number: u64| own(run, |cell| cell.way == way && cell.number == Some(number));
        let kibibytes = |number| Rounds::of(each(&at(number), |cell| cell.bytes_each.unwrap() / 1_024.0));
        let many = match at(10_000)[0].number_reached {
            Some(reached) => Text::Of(kibibytes(10_000), reached),
            None => Text::Estimate(kibibytes(10_000)),
        };
        Row::of("way", way)
            .estimate("100 asleep (KiB each)", kibibytes(100))
            .with("10,000 asleep (KiB each)", many)
    };
    Expected::new("Memory of each that sleeps, among so many", ASLEEP.iter().map(|way| of(way.0)).collect())
}

fn at<'a>(run: &'a Run, way: &str, operation: &str, size: u64) -> Vec<&'a ProbeCell> {
    own(run, |cell| cell.way == way && cell.operation == operation && cell.message_bytes == Some(size))
}

/// The ways in the order of the first column.
fn by_size(
    run: &Run,
    title: &str,
    operation: &str,
    unit: &str,
    figure: fn(&ProbeCell) -> f64,
    order: [usize; 3],
) -> Expected {
    let of = |place: usize| {
        let way = SENT[place].0.0;
        SIZES.into_iter().zip(["up to 8 B", "16 KiB"]).fold(Row::of("way", way), |row, (size, heading)| {
            let own = Rounds::of(each(&at(run, way, operation, size), figure));
            row.estimate(format!("{heading} ({unit})"), own)
        })
    };
    Expected::new(title, order.map(of).to_vec())
}

/// The notes' words, typed off, beside the record's figures.
fn talking(run: &Run) -> Expected {
    let of = |(way, name, words): (&str, &str, [&str; 4])| {
        let [place, reading, speed, suits] = words;
        let trip = |way: &str| each(&at(run, way, "round-trip", SIZES[0]), p50);
        let rate = |way: &str| each(&at(run, way, "bandwidth", SIZES[1]), megabytes);
        let row = Row::of("way", name)
            .word("notes: where", place)
            .word("notes: reads and writes", reading)
            .word("notes: speed", speed)
            .word("notes: for", suits)
            .estimate("round trip, up to 8 B (µs)", Rounds::of(trip(way)))
            .estimate("rate, 16 KiB (MB/s)", Rounds::of(rate(way)));
        if way == "pipe" {
            return row.word("round trip (× pipe)", "").word("rate (× pipe)", "");
        }
        row.estimate("round trip (× pipe)", Rounds::of(by(&trip(way), &trip("pipe"))))
            .estimate("rate (× pipe)", Rounds::of(by(&rate(way), &rate("pipe"))))
    };
    let pipe = ["memory", "two ends, one- or two-way", "middling", "related processes"];
    let shared = ["memory", "each write replaces the last", "fast", "complex, needs synchronising"];
    let rows = [("pipe", "pipe", pipe), ("shared-memory-futex", "shared memory, futex", shared)];
    Expected::new("In the form of the course notes: talking between processes", rows.map(of).to_vec())
}
