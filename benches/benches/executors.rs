//! Every executor over every task, with jobs small enough to be repeated many times.
//!
//! This program stays single-threaded as long as an executor may fork it.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use models::executor::executors;
use models::options::Options;
use workloads::task::{
    Algorithm, Count, CounterAtomic, CounterLock, Disk, Fibonacci, Mix, Primes, Sort, Task, Wait,
};

const JOBS: usize = 4;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
        .configure_from_args();
    // `coroutine` comes last among executors, and so with all its tasks: its threads stay, and nothing is forked then.
    for executor in executors() {
        for task in small_tasks().into_iter().filter(|task| executor.refuses(&**task).is_none()) {
            let mut group = criterion.benchmark_group(task.name());
            group.bench_function(executor.name, |bencher| {
                bencher.iter(|| {
                    let results =
                        (executor.run)(&task, JOBS, &Options::default()).expect("no option is given");
                    assert!(results.iter().all(|result| *result == Ok(task.expected())), "{results:?}");
                    task.check(JOBS).expect("all adds are in the sum");
                });
            });
            group.finish();
        }
    }
    criterion.final_summary();
}

/// The lab's tasks at about a hundredth of their size.
fn small_tasks() -> Vec<Arc<dyn Task>> {
    let batch = NonZeroU64::new(2_000).expect("it is not zero");
    vec![
        Arc::new(Primes { below: 10_000 }),
        Arc::new(Count { steps: 4_000_000 }),
        Arc::new(Sort::new(Algorithm::Bubble, 1)),
        Arc::new(Sort::new(Algorithm::Selection, 1)),
        Arc::new(Sort::new(Algorithm::Insertion, 1)),
        Arc::new(Sort::new(Algorithm::Quick, 20)),
        Arc::new(Sort::new(Algorithm::Library, 50)),
        Arc::new(Fibonacci { n: 27 }),
        Arc::new(CounterLock::new(100_000)),
        Arc::new(CounterAtomic::new(300_000)),
        Arc::new(Disk { lines: 2_000, batch }),
        Arc::new(Wait { times: 2, each: Duration::from_millis(5) }),
        Arc::new(Mix { turns: 1, computes: 20, wait: Duration::from_millis(1), lines: 200 }),
    ]
}
