//! What the sentences beside pictures of how cells went say.

use reports::record::{
    Cell, Curve, CurvePoint, Fairness, OverTime, Run, Schedule, ServerCell, Timeline, Track,
};

use crate::notices::tells;
use crate::record::{self, rounds, server};

const PERCENTILES: [(f64, f64); 4] = [(50.0, 310.0), (90.0, 740.0), (99.0, 2_300.0), (99.9, 9_100.0)];
/// By the hundredth of a slice's replies that were slowest: within the third bound, but for one slice.
const BOUNDS_US: [f64; 5] = [50.0, 110.0, 230.0, 470.0, 950.0];
const REPLIES: [[u64; 5]; 4] =
    [[0, 900, 95, 5, 0], [0, 880, 115, 5, 0], [0, 20, 310, 290, 380], [0, 910, 84, 6, 0]];
const SLICE_S: f64 = 0.35;
const STATES: [(&str, &str, usize, &str); 3] = [
    ("process", "concur", 0, "SSSSSSSSSSSSSSSSSSSSSSZZ"),
    ("thread", "one", 1, "RRrSRRSRRRSRrSRRSSSR"),
    ("thread", "two", 3, "rSRSDSSSrSSRRSDZ"),
];

/// Two models of which the second is slower and less fair; the last round tells how it went.
fn run() -> Run {
    record::run(rounds(&["first", "second"], |model, place, round| {
        let by = record::by(place, round);
        let cell = ServerCell {
            rate: Some(50_000.0),
            schedule: Some(Schedule::Constant),
            ..server(model, round, by)
        };
        let told = round + 1 == record::NUMBER;
        Cell::Servers(Box::new(ServerCell {
            curve: told.then(|| curve(by)),
            over_time: told.then(|| OverTime {
                slice_s: SLICE_S,
                bounds_us: BOUNDS_US.map(|us| us * by).to_vec(),
                replies: REPLIES.map(|slice| slice.to_vec()).to_vec(),
            }),
            fairness: told.then(|| Fairness {
                connection_requests: (1..=8).map(|own| 1_000 + own * own * (3 + 40 * place as u64)).collect(),
                thread_cpu_s: vec![0.5, 0.4 - 0.1 * place as f64, 0.3 - 0.08 * place as f64, 0.0],
            }),
            timeline: told.then(timeline),
            ..cell
        }))
    }))
}

/// What is timed from when requests did leave hides a growing part.
fn curve(by: f64) -> Curve {
    let at = |(percentile, us): (f64, f64)| CurvePoint {
        percentile,
        us: us * by,
        uncorrected_us: Some(us.sqrt() * 11.0 * by),
    };
    Curve { points: PERCENTILES.map(at).to_vec() }
}

fn timeline() -> Timeline {
    let track = |(kind, name, first, states): (&str, &str, usize, &str)| Track {
        process: 4_711,
        number: 4_711 + first as u32,
        kind: kind.into(),
        name: name.into(),
        first,
        states: states.into(),
    };
    Timeline { source: "proc".into(), every_ms: 2.5, tracks: STATES.map(track).to_vec(), left_out: Some(17) }
}

/// The factor of a model in the round that tells how it went.
fn last(place: usize) -> f64 {
    record::by(place, record::NUMBER - 1)
}

#[test]
fn of_latency_by_percentile() {
    let template = "{} in 100 replies of first took at most {}, those of second at most {}. Timed from when requests should have left, second took {} at p{}, \
                    from when they did {}. The";
    let (percentile, us) = PERCENTILES[3];
    let [first, second] = [last(0) * us, last(1) * us];
    let left = us.sqrt() * 11.0 * last(1);
    tells(&run(), "latency-by-percentile", template, &[percentile, first, second, second, percentile, left]);
}

#[test]
fn of_latency_over_time() {
    let template = "Usually 99 in 100 replies of first were there within {}; in the slice from {} s on that took up to {}. A";
    tells(
        &run(),
        "latency-over-time",
        template,
        &[BOUNDS_US[2] * last(0), 2.0 * SLICE_S, BOUNDS_US[4] * last(0)],
    );
}

#[test]
fn of_timelines() {
    // That the process had ended and was not waited for is the lab's doing.
    let end = |(.., first, states): &(_, _, usize, &str)| first + states.trim_end_matches('Z').len();
    let last = STATES.iter().map(end).max().unwrap();
    let looks = last as f64;
    let running_at = |look: usize| {
        let is = |(.., first, states): &&(_, _, usize, &str)| {
            look.checked_sub(*first).is_some_and(|place| states.as_bytes().get(place) == Some(&b'R'))
        };
        STATES.iter().filter(is).count()
    };
    let several = (0..last).filter(|look| running_at(*look) > 1).count() as f64 / looks;
    let template =
        "Mostly one of first runs, and two or more in {} of the looks: there is not always work for several,";
    tells(&run(), "timeline", template, &[several]);
    let on_average = |letters: &str| {
        let seen =
            STATES.iter().flat_map(|(.., states)| states.chars()).filter(|state| letters.contains(*state));
        seen.count() as f64 / looks
    };
    let [running, ready, waiting] = ["R", "r", "SD"].map(on_average);
    let template = format!(
        "Looks at first: {{}}, of {{}} process, {{}} threads. On average {running:.1} of them were running, {ready:.1} were ready to run \
         and had no processor, and {waiting:.1} were waiting. The"
    );
    tells(&run(), "timeline", &template, &[looks, 1.0, 2.0]);
    tells(&run(), "timeline", "So many more were not looked at: {}.", &[17.0]);
}

/// Jain's index, and what part the half with least has.
fn shares(mut of: Vec<f64>) -> (f64, f64) {
    of.sort_by(f64::total_cmp);
    let (sum, squares) = (of.iter().sum::<f64>(), of.iter().map(|share| share * share).sum::<f64>());
    (sum * sum / (of.len() as f64 * squares), of[..of.len() / 2].iter().sum::<f64>() / sum)
}

#[test]
fn of_fairness() {
    let run = run();
    let last = record::servers(&run, |cell| cell.fairness.is_some());
    let connections = |place: usize| {
        let requests = &last[place].fairness.as_ref().unwrap().connection_requests;
        shares(requests.iter().map(|number| *number as f64).collect())
    };
    let ((even, _), (uneven, half)) = (connections(0), connections(1));
    let template = "first shares most evenly (Jain's index {}) and second least ({}): of its {} connections the lower half got {} of the replies.";
    tells(&run, "fairness-of-connections", template, &[even, uneven, 8.0, half]);
    // Who had nothing to do is left out.
    let threads = |place: usize| {
        let seconds = &last[place].fairness.as_ref().unwrap().thread_cpu_s;
        shares(seconds.iter().copied().filter(|seconds| *seconds > 0.0).collect())
    };
    let ((even, _), (uneven, half)) = (threads(0), threads(1));
    let template = "first shares most evenly (Jain's index {}) and second least ({}): of its {} threads the lower half got {} of the processor time.";
    tells(&run, "fairness-of-workers", template, &[even, uneven, 3.0, half]);
}
