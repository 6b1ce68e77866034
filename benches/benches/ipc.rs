//! Every way to send a message: a short round trip, and the bandwidth of one of 16 KiB.
//!
//! This program stays single-threaded, since most ways fork it. A way measures for a while and not so many times, so what
//! Criterion is given is the median of a while, as many times as it asked for.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use models::probe::{Operation, Probe, Setting, Sides, Suite, Trouble, probes};

/// How long a way measures for one of Criterion's samples.
const A_WHILE: Duration = Duration::from_millis(20);
const BYTES: u64 = 16 * 1024;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1))
        .sample_size(10)
        .configure_from_args();
    let mut group = criterion.benchmark_group("round trip");
    for way in ways() {
        bench(&mut group, way, &(way.settings)().remove(0), |way, setting| {
            let times = (way.measure)(setting, A_WHILE)?.times;
            Ok(times.and_then(|times| times.quantile_ns(0.5)).expect("a round trip takes time") / 1e9)
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("bandwidth");
    group.throughput(Throughput::Bytes(BYTES));
    let setting = Setting {
        message_bytes: Some(BYTES),
        sides: Some(Sides::Apart),
        ..Setting::of(Operation::Bandwidth)
    };
    for way in ways() {
        bench(&mut group, way, &setting, |way, setting| {
            let bytes_per_second = (way.measure)(setting, A_WHILE)?.bytes_per_second;
            Ok(BYTES as f64 / bytes_per_second.expect("a burst has a bandwidth"))
        });
    }
    group.finish();
    criterion.final_summary();
}

fn ways() -> impl Iterator<Item = &'static Probe> {
    probes().filter(|probe| probe.suite == Suite::Ipc)
}

/// Has the seconds of one operation measured, unless the way can't do it here; the first is a sentence then.
fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    way: &Probe,
    setting: &Setting,
    seconds: fn(&Probe, &Setting) -> Result<f64, Trouble>,
) {
    if let Err(trouble) = (way.measure)(setting, Duration::from_millis(1)) {
        println!("{} is left out: {trouble}", way.name);
        assert!(matches!(trouble, Trouble::Unsupported(_)), "a way has failed");
        return;
    }
    group.bench_function(way.name, |bencher| {
        bencher.iter_custom(|times| {
            let each = seconds(way, setting).unwrap_or_else(|trouble| panic!("{}: {trouble}", way.name));
            Duration::from_secs_f64(each * times as f64)
        });
    });
}
