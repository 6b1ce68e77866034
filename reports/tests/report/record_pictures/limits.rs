//! What is not drawn, and that it is said.

use reports::picture::{Drawing, On, Picture};
use reports::record::{Cell, Cost, Noise, Run, ServerCell, Verdict};
use reports::summary::Summary;

use super::{bars, line, of, pictures, series};
use crate::sample::{course, run_of, server};

fn rates(of_models: &[(&str, usize)], change: impl Fn(ServerCell) -> ServerCell) -> Run {
    let rounds = 1..=3_u32;
    let cells = rounds.flat_map(|round| {
        of_models.iter().map(move |(model, connections)| {
            let cell = server(model, round, 8.0 + f64::from(round), u64::from(round));
            let pss_peak_bytes = Some((3 << 20) + (*connections as u64) * 4_096);
            let server = cell.server.map(|cost| Cost { pss_peak_bytes, ..cost });
            ServerCell { connections: *connections, server, ..cell }
        })
    });
    run_of(cells.map(|cell| Cell::Servers(Box::new(change(cell)))).collect())
}

fn picture<'a>(pictures: &'a [Picture], kind: &str) -> &'a Picture {
    of(pictures, kind)[0]
}

#[test]
fn a_record_without_cells_has_no_pictures() {
    assert_eq!(pictures(&run_of(Vec::new())), []);
}

#[test]
fn what_does_not_count_is_in_no_line() {
    let void = |verdict, disturbed: bool| {
        rates(&[("epoll", 1), ("epoll", 64), ("fork", 1), ("fork", 64)], |cell| {
            let noise = disturbed.then(|| Noise { disturbed, ..Noise::default() });
            if cell.model == "fork" { ServerCell { verdict, noise, ..cell } } else { cell }
        })
    };
    for (verdict, disturbed) in [
        (Verdict::Errors, false),
        (Verdict::Unstable, false),
        (Verdict::Unsupported, false),
        (Verdict::Valid, true),
    ] {
        let pictures = pictures(&void(verdict, disturbed));
        let names: Vec<&str> =
            series(picture(&pictures, "rate-by-connections")).iter().map(|series| &*series.name).collect();
        assert_eq!(names, ["epoll"], "{verdict:?}");
        let memory = bars(picture(&pictures, "memory-per-connection"));
        assert!(memory.iter().all(|bar| bar.label == "epoll"), "{memory:?}");
    }
}

#[test]
fn who_left_clients_waiting_has_no_rate_and_it_is_said() {
    let run = rates(&[("epoll", 1), ("epoll", 64), ("loop", 1), ("loop", 64)], |cell| {
        let served = if cell.model == "loop" { 1 } else { cell.connections };
        ServerCell { connections_served: Some(served), ..cell }
    });
    let pictures = pictures(&run);
    let picture = picture(&pictures, "rate-by-connections");
    assert_eq!(line(picture, "loop").points.len(), 1);
    assert!(
        picture.notice.ends_with("Left out, as most clients had to wait: loop with 64."),
        "{}",
        picture.notice
    );
}

/// Where the shaded part of the rates begins, and what is said of it.
fn ceiling(run: &Run) -> (Vec<f64>, String) {
    let pictures = pictures(run);
    let picture = picture(&pictures, "rate-by-connections");
    let Drawing::Lines(lines) = &picture.drawing else { panic!("{picture:?}") };
    assert!(lines.areas.iter().all(|area| (area.on, area.to) == (On::Y, None)));
    (lines.areas.iter().map(|area| area.from).collect(), picture.notice.clone())
}

#[test]
fn the_ceiling_is_what_was_tried_before_the_run_where_no_cell_came_to_more() {
    let (from, said) = ceiling(&course::run());
    assert_eq!(from, [150_000.0]);
    assert!(said.contains("begins at 150,000 requests/s, what the load generator came to"), "{said}");
}

#[test]
fn the_ceiling_is_the_greatest_rate_that_was_met_where_that_is_more() {
    let mut run = course::run();
    run.floor.as_mut().unwrap().ceiling_per_second = 1_000.0;
    let rates = run.cells.iter().filter_map(Cell::server).map(|cell| cell.requests_per_second);
    let most = rates.fold(0.0, f64::max);
    let (from, said) = ceiling(&run);
    assert_eq!(from, [most]);
    assert!(said.contains("the greatest rate that the load generator came to"), "{said}");
    let shares = Summary::of(&run).servers.into_iter().flat_map(|table| table.rows);
    let shares: Vec<f64> = shares.filter_map(|row| row.ceiling_share).collect();
    assert!(!shares.is_empty() && shares.iter().all(|share| *share <= 1.0), "{shares:?}");
}

#[test]
fn without_a_trial_the_ceiling_is_what_was_met_if_the_generator_was_the_limit() {
    let bound = |connections| {
        rates(&[("epoll", 1), ("epoll", 64)], |cell| {
            let verdict = if cell.connections == connections { Verdict::ClientBound } else { Verdict::Valid };
            ServerCell { verdict, ..cell }
        })
    };
    let (from, said) = ceiling(&bound(64));
    // The greatest of the rounds: 106,000 in 2.003 s.
    assert_eq!(from, [106_000.0 / 2.003]);
    assert!(said.contains("A lower bound, as the load generator was the limit: epoll with 64."), "{said}");
    assert!(ceiling(&bound(0)).0.is_empty());
}

#[test]
fn a_generator_on_several_processors_has_no_ceiling() {
    let mut run = course::run();
    for cell in &mut run.cells {
        if let Cell::Servers(cell) = cell {
            cell.placement.client = vec![1, 2];
        }
    }
    assert!(ceiling(&run).0.is_empty());
}

#[test]
fn rounds_that_do_not_tell_models_apart_are_not_said_to() {
    let run = rates(&[("epoll", 1), ("epoll", 64), ("fork", 1), ("fork", 64)], |cell| {
        let more = if cell.model == "fork" { 1.001 } else { 1.0 };
        ServerCell { requests_per_second: cell.requests_per_second * more, ..cell }
    });
    let pictures = pictures(&run);
    let notice = &picture(&pictures, "rate-by-connections").notice;
    assert!(notice.contains("the rounds don't tell the models apart"), "{notice}");
    assert!(!notice.contains("answers most"), "{notice}");
}

#[test]
fn the_knee_is_where_the_shaded_part_begins() {
    let pictures = pictures(&course::run());
    let beyond = |model: &str| {
        let own = of(&pictures, "latency-by-rate");
        let picture = own.iter().find(|picture| picture.title.contains(&format!(": {model},"))).unwrap();
        let Drawing::Lines(lines) = &picture.drawing else { panic!("{picture:?}") };
        lines.areas.iter().map(|area| (area.on, area.from)).collect::<Vec<_>>()
    };
    assert_eq!(beyond("fork"), [(On::X, 20_000.0)]);
    assert_eq!(beyond("epoll"), []);
}

#[test]
fn of_many_rows_the_first_and_the_last_have_a_heat_map_and_the_others_are_named() {
    let models = ["a", "b", "c", "d", "e", "f"];
    let run = rates(&models.map(|model| (model, 64)), |cell| {
        let place = models.iter().position(|model| *model == cell.model).unwrap() as f64;
        let over_time = reports::record::OverTime {
            slice_s: 0.1,
            bounds_us: vec![10.0, 20.0],
            replies: vec![vec![5, 6]],
        };
        let dearer = |s: Option<f64>| s.map(|s| s * (1.0 + place));
        let server = cell.server.map(|cost| Cost { user_s: dearer(cost.user_s), ..cost });
        ServerCell { over_time: Some(over_time), server, ..cell }
    });
    let pictures = pictures(&run);
    let own = of(&pictures, "latency-over-time");
    let title = |picture: &&Picture| picture.title["Latency over time: ".len()..][..1].to_owned();
    assert_eq!(own.iter().map(title).collect::<Vec<_>>(), ["a", "b", "e", "f"]);
    assert!(own[3].notice.ends_with("run.json has these as well: c, d."), "{}", own[3].notice);
}

#[test]
fn a_server_without_errors_has_no_bar_of_them() {
    let pictures = pictures(&rates(&[("epoll", 1), ("epoll", 64)], |cell| cell));
    assert!(pictures.iter().all(|picture| picture.id != "errors"));
}

#[test]
fn figures_that_are_no_numbers_break_no_picture() {
    let run = rates(&[("epoll", 1), ("epoll", 64), ("fork", 1), ("fork", 64)], |cell| ServerCell {
        requests: 0,
        requests_per_second: f64::NAN,
        seconds: 0.0,
        fairness: Some(reports::record::Fairness {
            connection_requests: vec![0; 4],
            thread_cpu_s: vec![0.0, 0.0],
        }),
        over_time: Some(reports::record::OverTime {
            slice_s: 1.0,
            bounds_us: vec![0.0, 1.0],
            replies: vec![vec![1]],
        }),
        timeline: Some(reports::record::Timeline::default()),
        curve: Some(reports::record::Curve::default()),
        ..cell
    });
    let pictures = pictures(&run);
    assert!(
        pictures.iter().all(|picture| !picture.id.starts_with("rate") && !picture.id.starts_with("latency"))
    );
    assert!(pictures.iter().all(|picture| !picture.id.starts_with("fairness")));
}
