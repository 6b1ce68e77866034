//! The benches of one suite of probes: each probe in its settings, where it takes time.
//!
//! Those that make sleepers are not here: what is measured of them is memory, and Criterion knows nothing but time
//! (`concur run --suite switch` has them). Of many sizes a few are taken, so that all of it is a matter of minutes.
//!
//! Each sample is a process of its own, which measures for some milliseconds by itself: probes fork, bind themselves to
//! processors and leave runtimes running. What Criterion is given is that process's median, as many times as it asked for.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use benches::apart;
use benches::process::Interrupt;
use criterion::{BenchmarkId, Criterion, Throughput};
use harness::failure;
use models::probe::{Operation, Probe, Setting, Suite, probes};

/// How long each process measures.
const SAMPLE: Duration = Duration::from_millis(20);
/// Long enough to see whether it can be done here.
const A_MOMENT: Duration = Duration::from_millis(1);

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const TOUCHED: [u64; 3] = [0, 16 * MIB, 256 * MIB];
/// A way that carries one number and no more carries 8 bytes.
const ROUND_TRIPS: [u64; 5] = [1, 8, 64, 16 * KIB, MIB];
const BURSTS: [u64; 3] = [8, 16 * KIB, MIB];

/// What `main` does: all probes of the suite, or the one that this process was started for.
pub(crate) fn bench(suite: Suite) -> ExitCode {
    if let Some(answered) = apart::answer() {
        return answered;
    }
    match bench_all(suite) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::print(&error),
    }
}

fn bench_all(suite: Suite) -> Result<()> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(10)
        .configure_from_args();
    for probe in probes().filter(|probe| probe.suite == suite) {
        for setting in (probe.settings)().into_iter().filter(is_benched) {
            bench_one(&mut criterion, probe, &setting)?;
        }
    }
    criterion.final_summary();
    Ok(())
}

fn is_benched(setting: &Setting) -> bool {
    let among = |bytes: Option<u64>, these: &[u64]| bytes.is_none_or(|bytes| these.contains(&bytes));
    among(setting.touched_bytes, &TOUCHED)
        && match setting.operation {
            Operation::Sleep => false,
            Operation::RoundTrip => among(setting.message_bytes, &ROUND_TRIPS),
            Operation::Bandwidth => among(setting.message_bytes, &BURSTS),
            Operation::Create | Operation::HandOff | Operation::Switch => true,
        }
}

/// Benches a probe in one setting, if this machine can do it, and is quiet enough for it; else a sentence says why not.
fn bench_one(criterion: &mut Criterion, probe: &Probe, setting: &Setting) -> Result<()> {
    let parameter = parameter(setting);
    if let Err(why) = seconds(probe, setting, A_MOMENT)? {
        println!("{}: {} {parameter} is left out: {why}", setting.operation.name(), probe.name);
        return Ok(());
    }
    let id = match &*parameter {
        "" => BenchmarkId::from_parameter(probe.name),
        parameter => BenchmarkId::new(probe.name, parameter),
    };
    let mut group = criterion.benchmark_group(setting.operation.name());
    if let (Operation::Bandwidth, Some(bytes)) = (setting.operation, setting.message_bytes) {
        group.throughput(Throughput::Bytes(bytes));
    }
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|times| {
            let each = seconds(probe, setting, SAMPLE).expect("it went right before");
            let each = each.unwrap_or_else(|why| panic!("{}: {why}", probe.name));
            Duration::from_secs_f64(each * times as f64)
        });
    });
    group.finish();
    Ok(())
}

/// The seconds of one operation, or why there are none.
fn seconds(probe: &Probe, setting: &Setting, time: Duration) -> Result<Result<f64, String>> {
    let figures = match apart::figures(probe, setting, time, &Interrupt::default())? {
        Ok(figures) => figures,
        Err(why) => return Ok(Err(why)),
    };
    Ok(Ok(match (setting.operation, setting.message_bytes) {
        (Operation::Bandwidth, Some(bytes)) => {
            bytes as f64 / figures.bytes_per_second.context("a burst has no bandwidth")?
        }
        _ => apart::median_ns(&figures)? * 1e-9,
    }))
}

/// A setting in words: `64 B, apart`.
fn parameter(setting: &Setting) -> String {
    let touched = setting.touched_bytes.map(|bytes| format!("{} touched", size(bytes)));
    let stack = setting.stack_bytes.map(|bytes| format!("stack of {}", size(bytes)));
    let message = setting.message_bytes.map(size);
    let sides = setting.sides.map(|sides| sides.name().to_owned());
    [touched, stack, message, sides].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn size(bytes: u64) -> String {
    match bytes {
        0 => "nothing".to_owned(),
        _ if bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} B"),
    }
}
