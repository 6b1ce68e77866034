//! Each number of the pictures of probes is the record's own.

use reports::course_notes::PROCESS_BY_THREAD;
use reports::record::{Cell, ProbeCell, Run};

use super::known::{self, SIZES, SLEEPERS, TOUCHED};
use super::{assert_lengths, assert_point, bar, close, line, of, of_rounds, pictures};

const MEBIBYTE: f64 = 1_048_576.0;

/// What the probes of these have, round by round.
fn rounds(run: &Run, is: impl Fn(&ProbeCell) -> bool, figure: fn(&ProbeCell) -> f64) -> Vec<f64> {
    run.cells.iter().filter_map(Cell::probe).filter(|cell| is(cell)).map(figure).collect()
}

fn p50(cell: &ProbeCell) -> f64 {
    cell.time_us.unwrap().p50
}

#[test]
fn making_one_is_drawn_over_the_memory_that_was_touched() {
    let run = known::probes();
    let pictures = pictures(&run);
    let points = &line(of(&pictures, "spawn-by-memory")[0], "fork").points;
    assert_eq!(points.len(), TOUCHED.len());
    for (point, touched) in points.iter().zip(TOUCHED) {
        let is = |cell: &ProbeCell| cell.way == "fork" && cell.touched_bytes == Some(touched);
        assert_point(point, touched as f64 / MEBIBYTE, rounds(&run, is, p50));
    }
}

#[test]
fn bars_are_medians_of_the_medians() {
    let run = known::probes();
    let pictures = pictures(&run);
    for (kind, ways) in [("spawn-create", ["thread", "fork"]), ("switch", ["futex", "pipe"])] {
        let picture = pictures.iter().find(|picture| picture.id == kind).unwrap();
        for way in ways {
            let is = |cell: &ProbeCell| {
                let kind = cell.operation == "create" || cell.operation == "switch";
                cell.way == way && kind && cell.touched_bytes.unwrap_or(0) == 0
            };
            let [median, least, greatest] = of_rounds(rounds(&run, is, p50));
            let bar = bar(picture, way);
            assert_lengths(bar, &[median]);
            let (low, high) = bar.interval.unwrap();
            assert!(close(low, least) && close(high, greatest), "{bar:?}");
        }
    }
}

#[test]
fn messages_are_drawn_at_their_sizes() {
    let run = known::probes();
    let pictures = pictures(&run);
    for way in ["pipe", "channel"] {
        for (place, size) in SIZES.into_iter().enumerate() {
            let is = |operation: &'static str| {
                move |cell: &ProbeCell| {
                    cell.way == way && cell.message_bytes == Some(size) && cell.operation == operation
                }
            };
            let trip = &line(of(&pictures, "round-trip-by-size")[0], way).points[place];
            assert_point(trip, size as f64, rounds(&run, is("round-trip"), p50));
            let rate = |cell: &ProbeCell| cell.bytes_per_second.unwrap() / 1e6;
            let rates = rounds(&run, is("bandwidth"), rate);
            let sent = &line(of(&pictures, "bandwidth-by-size")[0], way).points[place];
            assert_point(sent, size as f64, rates.clone());
            if place == 0 {
                assert_lengths(bar(of(&pictures, "ipc-bandwidth")[0], way), &of_rounds(rates)[..1]);
                let trips = rounds(&run, is("round-trip"), p50);
                assert_lengths(bar(of(&pictures, "ipc-round-trip")[0], way), &of_rounds(trips)[..1]);
            }
        }
    }
}

#[test]
fn sleepers_are_drawn_at_their_number() {
    let run = known::probes();
    let pictures = pictures(&run);
    for way in ["threads", "tasks"] {
        let points = &line(of(&pictures, "memory-of-sleepers")[0], way).points;
        for (point, number) in points.iter().zip(SLEEPERS) {
            let is = |cell: &ProbeCell| cell.way == way && cell.number == Some(number);
            assert_point(point, number as f64, rounds(&run, is, |cell| cell.bytes_each.unwrap() / 1_024.0));
        }
    }
}

#[test]
fn a_process_by_a_thread_stands_beside_the_notes_twenty() {
    let run = known::probes();
    let pictures = pictures(&run);
    let picture = of(&pictures, "course-notes-processes")[0];
    let thread = rounds(&run, |cell| cell.way == "thread", p50);
    for (touched, label) in [(0, "fork (nothing touched)"), (256 << 20, "fork (256 MiB touched)")] {
        let fork = rounds(&run, |cell| cell.way == "fork" && cell.touched_bytes == Some(touched), p50);
        let ratios = fork.iter().zip(&thread).map(|(fork, thread)| fork / thread).collect();
        assert_lengths(bar(picture, label), &of_rounds(ratios)[..1]);
    }
    assert_lengths(bar(picture, "course notes"), &[0.0, PROCESS_BY_THREAD]);
}
