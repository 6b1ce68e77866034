//! Peaks, by a thread that looks now and then.

use std::thread;
use std::time::{Duration, Instant};

use harness::measure::placement::processors;
use harness::measure::sampler::{Sampler, Sampling};
use reports::record::Cost;

use crate::subject::Subject;

#[test]
fn a_sampler_keeps_the_peak_of_what_has_ended() {
    let mut subject =
        Subject::shell("(echo up; read end) <&3 & (echo up; read end) <&3 & wait; echo alone; read end");
    subject.hear("up");
    subject.hear("up");
    let sampling = Sampling {
        count_every: Duration::from_millis(5),
        memory_every: Duration::from_millis(5),
        processors: vec![*processors().unwrap().last().unwrap()],
    };
    let sampler = Sampler::start(subject.tree(), sampling).unwrap();
    thread::sleep(Duration::from_millis(200));
    subject.tell("end");
    subject.tell("end");
    subject.hear("alone");
    let peaks = sampler.stop();
    assert_eq!(peaks.trouble, None);
    assert_eq!((peaks.processes, peaks.threads), (Some(3), Some(3)));
    assert!(peaks.pss_bytes > Some(0) && peaks.counts >= 2 && peaks.sums >= 2, "{peaks:?}");
    let cost = peaks.complete(Cost { user_s: Some(1.0), ..Cost::default() });
    assert_eq!((cost.processes_peak, cost.pss_peak_bytes), (Some(3), peaks.pss_bytes));
    assert_eq!(cost.user_s, Some(1.0));
}

#[test]
fn sampling_stays_within_its_budget() {
    let subject = Subject::shell("for i in 1 2 3 4 5 6 7 8 9 10; do (read end) <&3 & done; wait");
    let greedy =
        Sampling { count_every: Duration::ZERO, memory_every: Duration::ZERO, ..Sampling::default() };
    let began = Instant::now();
    let sampler = Sampler::start(subject.tree(), greedy).unwrap();
    thread::sleep(Duration::from_secs(1));
    let peaks = sampler.stop();
    // Two hundredths, and four samples at the ends that come whatever they cost.
    let taken = peaks.counts + peaks.sums;
    assert!(taken >= 4);
    let allowed =
        began.elapsed().as_secs_f64() * 0.02 + peaks.cpu.as_secs_f64() * 4.0 / f64::from(taken) * 2.0;
    assert!(peaks.cpu.as_secs_f64() <= allowed + 0.01, "{peaks:?}");
}
