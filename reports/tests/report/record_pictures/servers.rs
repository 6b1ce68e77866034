//! Each number of the pictures of servers is the record's own.

use reports::picture::{Drawing, Heat, Picture, Point, Tracks};
use reports::record::{Cell, Latency, Run, ServerCell};
use reports::summary::BOOK;

use super::known::{self, CONNECTIONS, IDLE, MODELS, RATES};
use super::{assert_lengths, assert_point, bar, bars, close, line, of, of_rounds, pictures, series};
use crate::sample::course;

/// What the cells of these have, round by round.
fn rounds<T>(run: &Run, is: impl Fn(&Cell) -> bool, figure: impl Fn(&ServerCell) -> T) -> Vec<T> {
    run.cells.iter().filter(|cell| is(cell)).filter_map(Cell::server).map(figure).collect()
}

fn closed(model: &str, connections: usize) -> impl Fn(&Cell) -> bool + '_ {
    move |cell| matches!(cell, Cell::Servers(cell) if cell.model == model && cell.connections == connections && cell.rate.is_none())
}

fn open(model: &str, rate: f64) -> impl Fn(&Cell) -> bool + '_ {
    move |cell| matches!(cell, Cell::Servers(cell) if cell.model == model && cell.rate == Some(rate))
}

fn beside(model: &str, idle: usize) -> impl Fn(&Cell) -> bool + '_ {
    move |cell| matches!(cell, Cell::Idle(cell) if cell.model == model && cell.shape.idle_connections.unwrap_or(0) == idle)
}

fn cpu_us(cell: &ServerCell) -> f64 {
    cell.server.unwrap().cpu_s().unwrap() * 1e6 / cell.requests as f64
}

/// The picture of this kind at so many connections.
fn at<'a>(pictures: &'a [Picture], kind: &str, connections: usize) -> &'a Picture {
    let word = format!("{connections} connection");
    let own = of(pictures, kind).into_iter().find(|picture| picture.title.contains(&format!(": {word}")));
    own.unwrap_or_else(|| panic!("{kind} at {word}"))
}

#[test]
fn rates_are_requests_a_second_at_their_connections() {
    let run = known::servers();
    let pictures = pictures(&run);
    let picture = of(&pictures, "rate-by-connections")[0];
    assert_eq!(series(picture).len(), MODELS.len());
    for model in MODELS {
        let points = &line(picture, model).points;
        assert_eq!(points.len(), CONNECTIONS.len());
        for (point, connections) in points.iter().zip(CONNECTIONS) {
            let rates = rounds(&run, closed(model, connections), |cell| cell.requests_per_second);
            assert_point(point, connections as f64, rates);
        }
    }
}

/// A percentile and its name.
type Named = (&'static str, fn(&Latency) -> f64);

#[test]
fn each_percentile_by_rate_is_that_of_its_name() {
    let run = known::servers();
    let pictures = pictures(&run);
    let percentiles: [Named; 3] =
        [("p50", |us| us.p50), ("p99", |us| us.p99.unwrap()), ("p99.9", |us| us.p999.unwrap())];
    let expected = |model: &str, rate: f64, figure: fn(&Latency) -> f64| {
        rounds(&run, open(model, rate), |cell| figure(&cell.latency_us.unwrap()))
    };
    let is = |points: &[Point], model: &str, figure: fn(&Latency) -> f64| {
        assert_eq!(points.len(), RATES.len(), "{model}");
        points
            .iter()
            .zip(RATES)
            .for_each(|(point, rate)| assert_point(point, rate, expected(model, rate, figure)));
    };
    for model in MODELS {
        let own = of(&pictures, "latency-by-rate");
        let picture = own.iter().find(|picture| picture.title.contains(&format!(": {model},"))).unwrap();
        for (name, figure) in percentiles {
            is(&line(picture, name).points, model, figure);
        }
        is(&line(of(&pictures, "p99-by-rate")[0], model).points, model, percentiles[1].1);
    }
}

#[test]
fn curves_are_those_of_the_last_round_corrected_and_not() {
    let run = known::servers();
    let pictures = pictures(&run);
    let picture = at(&pictures, "latency-by-percentile", 1);
    for model in MODELS {
        let last = rounds(&run, closed(model, 1), |cell| cell.curve.clone().unwrap()).pop().unwrap();
        let drawn = |name: &str| -> Vec<(f64, f64)> {
            line(picture, name).points.iter().map(|point| (point.x, point.y)).collect()
        };
        assert_eq!(drawn(model), last.points.iter().map(|at| (at.percentile, at.us)).collect::<Vec<_>>());
        let uncorrected = last.points.iter().map(|at| (at.percentile, at.uncorrected_us.unwrap()));
        assert_eq!(drawn(&format!("{model}, uncorrected")), uncorrected.collect::<Vec<_>>());
    }
}

fn heat(picture: &Picture) -> &Heat {
    match &picture.drawing {
        Drawing::Heat(heat) => heat,
        other => panic!("{other:?}"),
    }
}

fn tracks(picture: &Picture) -> &Tracks {
    match &picture.drawing {
        Drawing::Tracks(tracks) => tracks,
        other => panic!("{other:?}"),
    }
}

/// The cell whose picture has this model in its title, of all cells of the last round.
fn shown<'a>(run: &'a Run, picture: &Picture, is: impl Fn(&ServerCell) -> bool) -> &'a ServerCell {
    let last = run.cells.iter().filter(|cell| cell.round() == 3).filter_map(Cell::server);
    let mut own = last.filter(|cell| picture.title.contains(&format!(": {}", cell.model)) && is(cell));
    own.next().unwrap_or_else(|| panic!("{} is of no cell", picture.title))
}

#[test]
fn a_heat_map_has_the_replies_of_its_cell() {
    let run = known::servers();
    let pictures = pictures(&run);
    for picture in of(&pictures, "latency-over-time") {
        let heat = heat(picture);
        let cell = shown(&run, picture, |cell| cell.over_time.as_ref().unwrap().replies == heat.counts);
        let slice_s = cell.over_time.as_ref().unwrap().slice_s;
        assert_eq!(heat.x_edges, [0.0, slice_s, 2.0 * slice_s, 3.0 * slice_s]);
        assert_eq!(heat.y_edges, [5.0, 10.0, 20.0, 40.0]);
    }
}

#[test]
fn a_stall_in_a_heat_map_is_not_said_to_be_of_all_clients() {
    let pictures = pictures(&course::run());
    let stalls =
        of(&pictures, "latency-over-time").into_iter().filter(|it| it.notice.contains("reaches higher"));
    let told: Vec<&str> = stalls.map(|picture| picture.notice.as_str()).collect();
    assert!(!told.is_empty());
    for notice in told {
        assert!(
            notice.contains("or kept some of them waiting") && notice.contains("does not tell which"),
            "{notice}"
        );
    }
}

#[test]
fn a_timeline_says_how_many_were_running_in_tenths() {
    let run = known::servers();
    let pictures = pictures(&run);
    for picture in of(&pictures, "timeline") {
        let (_, told) = picture.notice.split_once("On average ").unwrap();
        let (running, told) = told.split_once(" of them were running").unwrap();
        let digits = running.trim_start_matches("fewer than ");
        assert_eq!(digits.split_once('.').map(|(_, tenths)| tenths.len()), Some(1), "{}", picture.notice);
        assert!(told.contains("ready to run and had no processor"), "{}", picture.notice);
    }
}

#[test]
fn a_timeline_has_the_tracks_of_its_cell() {
    let run = known::servers();
    let pictures = pictures(&run);
    for picture in of(&pictures, "timeline") {
        let drawn = tracks(picture);
        let is_same = |cell: &ServerCell| {
            let of = cell.timeline.as_ref().unwrap();
            let expected = of.tracks.iter().map(|track| {
                (format!("{} {} {}", track.kind, track.number, track.name), track.first, track.states.clone())
            });
            let is = drawn.rows.iter().map(|row| (row.label.clone(), row.first, row.states.clone()));
            close(of.every_ms, drawn.every_ms) && is.eq(expected)
        };
        shown(&run, picture, is_same);
    }
}

/// Slope and base of the line of least squares.
fn fit(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>()
        / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
    (slope, y - slope * x)
}

fn pss_kib(cell: &ServerCell) -> f64 {
    cell.server.unwrap().pss_peak_bytes.unwrap() as f64 / 1_024.0
}

#[test]
fn memory_per_connection_is_the_slope_of_the_peaks_of_pss() {
    let run = known::servers();
    let pictures = pictures(&run);
    let (slopes, totals) = (of(&pictures, "memory-per-connection"), of(&pictures, "memory-by-connections"));
    assert_eq!((slopes.len(), totals.len()), (2, 2));
    for model in MODELS {
        let by_connections = CONNECTIONS.into_iter().flat_map(|connections| {
            rounds(&run, closed(model, connections), |cell| (cell.connections as f64, pss_kib(cell)))
        });
        let by_idle = IDLE.into_iter().flat_map(|idle| {
            rounds(&run, beside(model, idle), move |cell| ((64 + idle) as f64, pss_kib(cell)))
        });
        for (place, points) in [by_connections.collect::<Vec<_>>(), by_idle.collect()].iter().enumerate() {
            assert_lengths(bar(slopes[place], model), &[fit(points).0.max(0.0)]);
            for (drawn, at) in line(totals[place], model).points.iter().zip(points.chunks(3)) {
                let median = of_rounds(at.iter().map(|point| point.1 / 1_024.0).collect())[0];
                assert!(close(drawn.x, at[0].0) && close(drawn.y, median), "{drawn:?}: {at:?}");
            }
        }
    }
}

#[test]
fn cpu_time_is_split_by_the_share_of_user_time() {
    let run = known::servers();
    let pictures = pictures(&run);
    for connections in CONNECTIONS.into_iter().filter(|connections| *connections != 64) {
        for model in MODELS {
            let cells = || closed(model, connections);
            let [median, least, greatest] = of_rounds(rounds(&run, cells(), cpu_us));
            let share = |cell: &ServerCell| {
                let cost = cell.server.unwrap();
                cost.user_s.unwrap() / (cost.user_s.unwrap() + cost.system_s.unwrap())
            };
            let [user, ..] = of_rounds(rounds(&run, cells(), share));
            let bar = bar(at(&pictures, "cpu-per-request", connections), model);
            assert_lengths(bar, &[median * user, median * (1.0 - user)]);
            let (low, high) = bar.interval.unwrap();
            assert!(close(low, least) && close(high, greatest), "{bar:?}");
            assert!(bar.value.starts_with(&format!("{} µs ±", reports::figure(median))), "{bar:?}");
        }
    }
}

#[test]
fn switches_and_calls_are_by_request_and_of_their_own_kind() {
    let run = known::servers();
    let pictures = pictures(&run);
    for model in MODELS {
        let own = || closed(model, 16);
        let both = |cell: &ServerCell| {
            let cost = cell.server.unwrap();
            (cost.voluntary_switches.unwrap() as f64, cost.involuntary_switches.unwrap() as f64)
        };
        let all = |cell: &ServerCell| (both(cell).0 + both(cell).1) / cell.requests as f64;
        let share = |cell: &ServerCell| both(cell).1 / (both(cell).0 + both(cell).1);
        let ([all, ..], [taken, ..]) =
            (of_rounds(rounds(&run, own(), all)), of_rounds(rounds(&run, own(), share)));
        assert_lengths(
            bar(at(&pictures, "switches-per-request", 16), model),
            &[all * (1.0 - taken), all * taken, 0.0],
        );
        let per = |number: u64, cell: &ServerCell| number as f64 / cell.calls.unwrap().requests as f64;
        let all_calls = |cell: &ServerCell| per(cell.calls.unwrap().syscalls, cell);
        let changes = |cell: &ServerCell| per(cell.calls.unwrap().epoll_ctls.unwrap(), cell);
        let ([calls, ..], [changes, ..]) =
            (of_rounds(rounds(&run, own(), all_calls)), of_rounds(rounds(&run, own(), changes)));
        let changes = changes.min(calls);
        assert_lengths(bar(at(&pictures, "calls-per-request", 16), model), &[calls - changes, changes]);
    }
}

#[test]
fn cpu_time_beside_idle_connections_is_that_of_their_number() {
    let run = known::servers();
    let pictures = pictures(&run);
    let picture = of(&pictures, "idle-connections")[0];
    for model in MODELS {
        for (point, idle) in line(picture, model).points.iter().zip(IDLE) {
            assert_point(point, idle as f64, rounds(&run, beside(model, idle), cpu_us));
        }
    }
}

#[test]
fn errors_are_summed_by_class() {
    let run = known::servers();
    let pictures = pictures(&run);
    let picture = of(&pictures, "errors")[0];
    assert_eq!(bars(picture).len(), 4);
    for drawn in bars(picture) {
        let own = |cell: &Cell| cell.server().is_some_and(|cell| cell.model == drawn.label);
        let sum = |class: fn(&ServerCell) -> u64| rounds(&run, own, class).iter().sum::<u64>() as f64;
        let classes = [
            sum(|cell| cell.errors.connect),
            sum(|cell| cell.errors.reset),
            sum(|cell| cell.errors.timeout),
            sum(|cell| cell.errors.short),
            sum(|cell| cell.errors.wrong),
        ];
        assert_lengths(drawn, &classes);
    }
}

#[test]
fn fairness_is_of_the_last_rounds_connections_and_threads() {
    let run = known::servers();
    let pictures = pictures(&run);
    for model in MODELS {
        let last = rounds(&run, closed(model, 16), |cell| cell.fairness.clone().unwrap()).pop().unwrap();
        let requests: Vec<f64> = last.connection_requests.iter().map(|number| *number as f64).collect();
        for (kind, mut shares) in
            [("fairness-of-connections", requests), ("fairness-of-workers", last.thread_cpu_s)]
        {
            let (sum, n) = (shares.iter().sum::<f64>(), shares.len() as f64);
            let index = sum * sum / (n * shares.iter().map(|share| share * share).sum::<f64>());
            shares.sort_by(f64::total_cmp);
            let points = &line(at(&pictures, kind, 16), &format!("{model}, {index:.3}")).points;
            assert_eq!(points.len(), shares.len() + 1);
            let so_far = |place: usize| 100.0 * shares[..place].iter().sum::<f64>() / sum;
            for (place, point) in points.iter().enumerate() {
                assert!(
                    close(point.x, 100.0 * place as f64 / n) && close(point.y, so_far(place)),
                    "{point:?}"
                );
            }
        }
    }
}

#[test]
fn stevens_shares_are_of_a_forks_control_and_the_books_are_the_books() {
    let run = known::servers();
    let pictures = pictures(&run);
    let picture = of(&pictures, "stevens")[0];
    let cpu = |model: &str| {
        let own = |cell: &Cell| matches!(cell, Cell::Stevens(cell) if cell.model == model);
        rounds(&run, own, cpu_us)
    };
    let (base, fork, thread) = (cpu("loop"), cpu("fork"), cpu("thread"));
    let shares = (0..3).map(|round| (thread[round] - base[round]) / (fork[round] - base[round]));
    assert_lengths(bar(picture, "thread"), &of_rounds(shares.collect())[..1]);
    assert_lengths(bar(picture, "fork"), &[1.0]);
    for kind in [1, 6] {
        let book = &BOOK[kind];
        assert_lengths(
            bar(picture, &format!("book: {}", book.server)),
            &[0.0, book.seconds / BOOK[1].seconds],
        );
    }
}
