//! `sleeping-tasks`: async tasks of tokio that wait to be told to go on.
//!
//! A task is what it has to keep over its `.await`s, a header of about a hundred bytes, and its place in the list of those
//! who wait. It has no stack, and the kernel knows nothing of it.
//!
//! Good by the million, as long as memory is there. Bad where what is kept over an `.await` is large: each task has it all
//! its life.
//!
//! Source: the documentation of crate tokio, "Spawning".

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::task::yield_now;

use super::super::super::one_worker::{Worker, in_task};
use super::super::super::{Measured, Probe, Suite, Trouble};
use super::memory::Kernel;
use super::room::Room;
use super::{measured, numbers, wanted};

pub(in super::super) const PROBE: Probe = Probe {
    suite: Suite::Switch,
    name: "sleeping-tasks",
    family: "tasks",
    summary: "memory of each of many tasks of tokio that wait",
    settings: numbers,
    measure: |setting, _| {
        let wanted = wanted(setting)?;
        in_task(Worker::Caller, measure(wanted)) // all that it spawned goes with the runtime
    },
};

async fn measure(wanted: u64) -> Result<Measured, Trouble> {
    let (arrived, go_on) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let before = Kernel::PageTables.bytes_held(&[])?;
    let mut tasks = Vec::new();
    let filled = Room::for_so_many(wanted, &[]).fill(|| {
        tasks.push(tokio::spawn(sleep(Arc::clone(&arrived), Arc::clone(&go_on))));
        Ok(())
    });
    // Each is polled once in the turn that this one lets through, since the worker is fair.
    while arrived.load(Ordering::Relaxed) < filled.number {
        yield_now().await;
    }
    let held = Kernel::PageTables.bytes_held(&[])?;
    go_on.notify_waiters();
    for task in tasks {
        task.await.map_err(|error| Trouble::Failed(format!("a task did not end: {error}; try again")))?;
    }
    measured(filled, before, held, Kernel::PageTables.told())
}

async fn sleep(arrived: Arc<AtomicU64>, go_on: Arc<Notify>) {
    arrived.fetch_add(1, Ordering::Relaxed);
    go_on.notified().await;
}
