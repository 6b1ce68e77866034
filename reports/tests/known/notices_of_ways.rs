//! What the sentences beside pictures of executors and of small things say.

use reports::document::Document;
use reports::picture::{Drawing, Style};
use reports::record::ProbeCell;

use crate::figure::{Fit, Rounds, by};
use crate::notices::tells;
use crate::probe_grids::TOUCHED;
use crate::probes::{megabytes, own, p50};
use crate::record::each;
use crate::{probes, scaling, tasks};

#[test]
fn of_the_course_notes_timing() {
    let run = tasks::run();
    let of = |executor: &str| {
        tasks::seconds(&tasks::own(&run, |it| it.task == "primes" && it.executor == executor))
    };
    let template = "threads took {} of Line's time in the notes, under a lock that lets one run at a time, and {} here in Rust, which has none.";
    let notes = 8.414_522_647_857_666 / 8.151_667_118_072_51;
    tells(&run, "course-notes", template, &[notes, Rounds::by(&of("threads"), &of("line")).middle]);
}

#[test]
fn of_speed_ups_and_their_laws() {
    let run = scaling::run();
    let speed_ups = scaling::speed_ups(&run, "primes", "processes");
    let of_round = |round: usize| scaling::laws(&speed_ups.iter().map(|of| of[round]).collect::<Vec<_>>());
    let law = |place: usize| Rounds::of((0..3).map(|round| of_round(round)[place])).middle;
    let greatest = speed_ups.iter().map(|of| Rounds::of(of.iter().copied()).middle).fold(0.0, f64::max);
    tells(
        &run,
        "speed-up-primes",
        "processes is fastest, {} times as fast as line with {} at once.",
        &[greatest, 4.0],
    );
    tells(
        &run,
        "speed-up-primes",
        "Amdahl's law fits processes with {} of the work for one at a time (off by {}), Gunther's with a contention of {} and a coherency of {} \
         (off by {}).",
        &[law(0), law(1), law(2), law(3), law(4)],
    );
}

#[test]
fn of_making_one_beside_touched_memory() {
    let run = probes::run();
    let at = |touched: u64| own(&run, |cell| cell.way == "fork" && cell.touched_bytes == Some(touched));
    let points = TOUCHED.into_iter().flat_map(|touched| {
        each(&at(touched), p50).into_iter().map(move |us| (touched as f64 / 1_048_576.0, us))
    });
    let points: Vec<(f64, f64)> = points.collect();
    let fit = Fit::of(&points, |us| us.powi(-2));
    let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
    let squares = |from: &dyn Fn(f64) -> f64| points.iter().map(|(x, y)| (y - from(*x)).powi(2)).sum::<f64>();
    let explained = 1.0 - squares(&|x| fit.base + fit.slope * x) / squares(&|_| mean);
    tells(
        &run,
        "spawn-by-memory",
        "fork takes {} µs more for each MiB touched ({}..{}), beginning at {} µs; the line explains {} of the variance.",
        &[fit.slope, fit.ends.0, fit.ends.1, fit.base, explained],
    );
    let thread = each(&own(&run, |cell| cell.way == "thread"), p50);
    let ratio = |touched| Rounds::of(by(&each(&at(touched), p50), &thread));
    let said = [TOUCHED[0], TOUCHED[2]].map(ratio).map(|ratio| {
        let (low, high) = ratio.ends.unwrap();
        [ratio.middle, low, high]
    });
    tells(
        &run,
        "course-notes-processes",
        "Here a fork with nothing touched took {} times ({}..{}) a thread, which is less; with 256 MiB touched {} times ({}..{}), which is more.",
        &said.concat(),
    );
}

#[test]
fn of_making_one_that_grows_in_no_straight_line() {
    let run = probes::bent();
    let at = |touched: u64| own(&run, |cell| cell.way == "fork" && cell.touched_bytes == Some(touched));
    let middles = TOUCHED.map(|touched| Rounds::of(each(&at(touched), p50)).middle);
    let mebibytes = TOUCHED.map(|touched| touched as f64 / 1_048_576.0);
    let points = TOUCHED.into_iter().zip(mebibytes);
    let points = points.flat_map(|(touched, x)| each(&at(touched), p50).into_iter().map(move |us| (x, us)));
    let fit = Fit::of(&points.collect::<Vec<_>>(), |us| us.powi(-2));
    let off = |place: usize| {
        let there = fit.base + fit.slope * mebibytes[place];
        ((middles[place] - there) / middles[place]).abs()
    };
    let most = if off(2) > off(1) { 2 } else { 1 };
    assert!(off(most) > 0.2 && off(most) > off(0));
    let slope = |from: usize, to: usize| (middles[to] - middles[from]) / (mebibytes[to] - mebibytes[from]);
    tells(
        &run,
        "spawn-by-memory",
        "fork does not grow in a straight line, as the best one is off by {} beside {} MiB: it takes {} µs more for each MiB up to {} MiB, \
         and {} from there to {} MiB.",
        &[off(most), mebibytes[most], slope(0, 1), mebibytes[1], slope(1, 2), mebibytes[2]],
    );
    // The other way is as straight as it was, and the only one with a line.
    let pictures = Document::of(&run).pictures;
    let picture = pictures.iter().find(|picture| picture.id == "spawn-by-memory").unwrap();
    let Drawing::Lines(lines) = &picture.drawing else { panic!("{picture:?}") };
    let fitted: Vec<&str> =
        lines.series.iter().filter(|it| it.style == Style::Reference).map(|it| &*it.name).collect();
    assert_eq!(fitted, ["posix-spawn, fitted"]);
}

/// The middle of the times of a way.
fn middle(is: impl Fn(&ProbeCell) -> bool, figure: fn(&ProbeCell) -> f64) -> f64 {
    Rounds::of(each(&own(&probes::run(), is), figure)).middle
}

#[test]
fn of_the_cheapest_and_the_dearest_way() {
    let made = |way: &'static str| {
        middle(
            |cell| cell.way == way && cell.operation == "create" && cell.touched_bytes.unwrap_or(0) == 0,
            p50,
        )
    };
    let (least, most) = (made("coroutine"), made("posix-spawn"));
    let template = "coroutine is the cheapest with {} µs, posix-spawn the dearest with {} µs, {} times as much. A process";
    tells(&probes::run(), "spawn-create", template, &[least, most, most / least]);
    let switched = |way: &'static str, sides: &'static str| {
        middle(|cell| cell.way == way && cell.sides.as_deref() == Some(sides), p50)
    };
    let (least, most) = (switched("futex-threads", "together"), switched("pipe-processes", "apart"));
    let template = "futex-threads (together) is the cheapest with {} µs, pipe-processes (apart) the dearest with {} µs, {} times as much. Who";
    tells(&probes::run(), "switch", template, &[least, most, most / least]);
}

#[test]
fn of_messages_by_their_size() {
    let trip = |size: u64| {
        let is = |cell: &ProbeCell| {
            cell.way == "shared-memory-futex"
                && cell.operation == "round-trip"
                && cell.message_bytes == Some(size)
        };
        middle(is, p50)
    };
    let (small, large) = (trip(1), trip(16 << 10));
    let template = "the best round trip is that of shared-memory-futex, {} µs, with 16 KiB that of shared-memory-futex, {} µs: {} times as much.";
    tells(&probes::run(), "round-trip-by-size", template, &[small, large, large / small]);
    let rate = |way: &'static str| {
        let is = |cell: &ProbeCell| {
            cell.way == way && cell.operation == "bandwidth" && cell.message_bytes == Some(16 << 10)
        };
        middle(is, megabytes)
    };
    let (most, least) = (rate("channel"), rate("shared-memory-futex"));
    let template = "channel is the fastest with {} MB/s, shared-memory-futex the slowest with {} MB/s: the first is {} times as fast.";
    tells(&probes::run(), "ipc-bandwidth", template, &[most, least, most / least]);
}

#[test]
fn of_sleepers() {
    let kibibytes = |way: &'static str| {
        middle(
            |cell| cell.way == way && cell.number == Some(10_000),
            |cell| cell.bytes_each.unwrap() / 1_024.0,
        )
    };
    let (most, least) = (kibibytes("sleeping-threads"), kibibytes("sleeping-tasks"));
    let template = "Asked for {}, each of sleeping-threads holds {} KiB and each of sleeping-tasks {} KiB, {} times less.";
    tells(&probes::run(), "memory-of-sleepers", template, &[10_000.0, most, least, most / least]);
}
