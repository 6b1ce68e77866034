//! Each number of the pictures of executors is the record's own.

use reports::course_notes::WAYS;
use reports::record::{Cell, Run, TaskCell};

use super::known::{self, JOBS};
use super::{assert_lengths, assert_point, bar, close, line, of, of_rounds, pictures};

/// What the executor took with so many jobs, round by round.
fn seconds(run: &Run, task: &str, executor: &str, jobs: usize) -> Vec<f64> {
    let own = run.cells.iter().filter_map(|cell| match cell {
        Cell::Tasks(cell) => Some(&**cell),
        _ => None,
    });
    let is = |cell: &&TaskCell| cell.task == task && cell.executor == executor && cell.jobs == jobs;
    own.filter(is).map(|cell| cell.seconds).collect()
}

/// One by the other, round by round.
fn by(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| one / other).collect()
}

#[test]
fn speed_ups_are_lines_seconds_by_the_executors_with_as_many_jobs() {
    let run = known::tasks();
    let pictures = pictures(&run);
    let own = of(&pictures, "speed-up");
    for (place, task) in ["primes", "disk"].into_iter().enumerate() {
        assert!(own[place].title.contains(task), "{}", own[place].title);
        for executor in ["threads", "processes"] {
            let points = &line(own[place], executor).points;
            assert_eq!(points.len(), JOBS.len());
            for (point, jobs) in points.iter().zip(JOBS) {
                let line = seconds(&run, task, "line", jobs);
                assert_point(point, jobs as f64, by(&line, &seconds(&run, task, executor, jobs)));
            }
        }
    }
}

#[test]
fn laws_are_drawn_by_the_parameters_in_their_names() {
    let run = known::tasks();
    let pictures = pictures(&run);
    let own = of(&pictures, "speed-up");
    let laws = super::series(own[0])
        .iter()
        .filter(|series| series.name.contains("s = ") || series.name.contains('σ'));
    let mut number = 0;
    for law in laws {
        let value = |name: &str| -> f64 {
            let after = law.name.split(name).nth(1).map(|rest| rest.split(',').next().unwrap());
            after.map_or(0.0, |text| text.parse().unwrap())
        };
        let sigma = value(if law.name.contains('σ') { "σ = " } else { "s = " });
        let kappa = value("κ = ");
        for point in &law.points {
            let expected = point.x / (1.0 + sigma * (point.x - 1.0) + kappa * point.x * (point.x - 1.0));
            // The name has the parameters rounded.
            assert!((point.y - expected).abs() < 0.02, "{}: {point:?} and {expected}", law.name);
        }
        number += 1;
    }
    assert_eq!(number, 2);
}

#[test]
fn the_notes_ways_stand_by_line_here_and_there() {
    let run = known::tasks();
    let pictures = pictures(&run);
    let picture = of(&pictures, "course-notes")[0];
    for way in &WAYS[1..] {
        for (column, task, notes) in
            [("cpu", "primes", way.cpu_s / WAYS[0].cpu_s), ("IO", "disk", way.io_s / WAYS[0].io_s)]
        {
            let line = seconds(&run, task, "line", 4);
            let [median, least, greatest] = of_rounds(by(&seconds(&run, task, way.executor, 4), &line));
            let own = bar(picture, &format!("{} {column}: Rust", way.name));
            assert_lengths(own, &[median]);
            let (low, high) = own.interval.unwrap();
            assert!(close(low, least) && close(high, greatest), "{own:?}");
            assert_lengths(bar(picture, &format!("{} {column}: course notes", way.name)), &[0.0, notes]);
        }
    }
}

#[test]
fn a_timeline_is_that_of_its_executor_with_most_jobs() {
    let run = known::tasks();
    let pictures = pictures(&run);
    for executor in known::EXECUTORS {
        let picture = of(&pictures, &format!("timeline-of-{executor}"))[0];
        let reports::picture::Drawing::Tracks(drawn) = &picture.drawing else { panic!("{picture:?}") };
        let is = |cell: &&Cell| matches!(cell, Cell::Tasks(cell) if cell.executor == executor && cell.task == "primes" && cell.jobs == 4 && cell.round == 3);
        let Some(Cell::Tasks(cell)) = run.cells.iter().find(is) else { panic!("{executor}") };
        let expected = cell.timeline.as_ref().unwrap();
        assert!(close(drawn.every_ms, expected.every_ms));
        let states = |row: &reports::picture::Row| (row.first, row.states.clone());
        let tracks = expected.tracks.iter().map(|track| (track.first, track.states.clone()));
        assert!(drawn.rows.iter().map(states).eq(tracks), "{picture:?}");
    }
}

#[test]
fn a_timeline_of_few_looks_is_named_and_not_drawn() {
    let mut run = known::tasks();
    let [first, second] = [known::EXECUTORS[0], known::EXECUTORS[1]];
    for cell in &mut run.cells {
        let Cell::Tasks(cell) = cell else { continue };
        let tracks = cell.timeline.iter_mut().flat_map(|timeline| &mut timeline.tracks);
        if cell.executor == first {
            tracks.for_each(|track| track.states.truncate(19 - track.first));
        }
    }
    let pictures = pictures(&run);
    assert!(pictures.iter().all(|picture| picture.id != format!("timeline-of-{first}")));
    let own: Vec<&str> =
        pictures.iter().filter(|it| it.id.starts_with("timeline-of")).map(|it| &*it.notice).collect();
    let said =
        format!("Over too soon for a picture, with fewer than 20 looks, but in run.json as well: {first}.");
    assert!(own.last().unwrap().ends_with(&said), "{own:?}");
    assert!(pictures.iter().any(|picture| picture.id == format!("timeline-of-{second}")));
}

#[test]
fn that_a_measured_process_has_ended_is_not_drawn() {
    let mut run = known::tasks();
    for cell in &mut run.cells {
        let Cell::Tasks(cell) = cell else { continue };
        for track in cell.timeline.iter_mut().flat_map(|timeline| &mut timeline.tracks) {
            track.states.push_str("ZZ");
        }
    }
    let pictures = pictures(&run);
    let picture = of(&pictures, &format!("timeline-of-{}", known::EXECUTORS[0]))[0];
    let reports::picture::Drawing::Tracks(drawn) = &picture.drawing else { panic!("{picture:?}") };
    let ends: Vec<bool> = drawn.rows.iter().map(|row| row.states.ends_with('Z')).collect();
    assert_eq!(ends, [false, true]);
}
