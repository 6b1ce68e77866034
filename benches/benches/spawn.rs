//! What it costs to make something that runs a job, with the first setting of each probe.
//!
//! Each sample is a process of its own, which measures for some milliseconds by itself: probes fork, bind themselves to processors and
//! leave runtimes running.

use std::process::ExitCode;
use std::time::Duration;

use benches::apart;
use criterion::Criterion;
use models::probe::{Operation, Suite, probes};

/// How long each process measures.
const SAMPLE: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    if let Some(answered) = apart::answer() {
        return answered;
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    let mut group = criterion.benchmark_group("spawn");
    for probe in probes().filter(|probe| probe.suite == Suite::Spawn) {
        let setting = (probe.settings)().remove(0);
        if setting.operation == Operation::Sleep {
            continue; // no time is measured
        }
        match apart::median_ns(probe, &setting, SAMPLE).expect("it goes right or is not supported") {
            Err(why) => println!("{} is left out: {why}", probe.name),
            Ok(_) => drop(group.bench_function(probe.name, |bencher| {
                bencher.iter_custom(|times| {
                    let measured = apart::median_ns(probe, &setting, SAMPLE).expect("it went right before");
                    Duration::from_secs_f64(measured.expect("it was supported before") * 1e-9 * times as f64)
                });
            })),
        }
    }
    group.finish();
    criterion.final_summary();
    ExitCode::SUCCESS
}
