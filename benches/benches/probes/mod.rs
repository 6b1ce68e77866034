//! The benches of one suite of probes, each with its first setting.
//!
//! Each sample is a process of its own, which measures for some milliseconds by itself: probes fork, bind themselves to
//! processors and leave runtimes running.

use std::process::ExitCode;
use std::time::Duration;

use benches::apart;
use criterion::Criterion;
use models::probe::{Operation, Suite, probes};

/// How long each process measures.
const SAMPLE: Duration = Duration::from_millis(10);

/// What `main` does: all probes of the suite under `name`, or the one that this process was started for.
pub(crate) fn bench(suite: Suite, name: &str) -> ExitCode {
    if let Some(answered) = apart::answer() {
        return answered;
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    let mut group = criterion.benchmark_group(name);
    for probe in probes().filter(|probe| probe.suite == suite) {
        let setting = (probe.settings)().remove(0);
        if setting.operation == Operation::Sleep {
            continue; // no time is measured
        }
        if let Err(why) =
            apart::median_ns(probe, &setting, SAMPLE).expect("it goes right or is not supported")
        {
            println!("{} is left out: {why}", probe.name);
            continue;
        }
        group.bench_function(probe.name, |bencher| {
            bencher.iter_custom(|times| {
                let measured = apart::median_ns(probe, &setting, SAMPLE).expect("it went right before");
                Duration::from_secs_f64(measured.expect("it was supported before") * 1e-9 * times as f64)
            });
        });
    }
    group.finish();
    criterion.final_summary();
    ExitCode::SUCCESS
}
