//! `sleeping-coroutines`: coroutines of may that are parked.
//!
//! A coroutine is a stack, and of a stack only the pages count that it has touched: one or two, and a part of the page
//! table that finds them. The kernel keeps two mappings of each, the stack and the page that guards it, and knows nothing
//! else of it. There are no more than the kernel has mappings for one process (`vm.max_map_count`), which is some 30,000 as
//! it is set mostly.
//!
//! Good for tens of thousands in plain code. Bad beyond, unless somebody raises that limit.
//!
//! Source: the documentation of crate may; mmap(2), proc(5).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use may::coroutine;

use super::super::super::one_worker::in_coroutine;
use super::super::super::{Measured, Probe, Setting, Suite, Trouble};
use super::memory::Kernel;
use super::room::{Room, mapped, wait_for};
use super::{measured, numbers, wanted};
use crate::runtime::Home;

/// Its stack and the page that guards it.
const MAPPINGS_EACH: u64 = 2;

pub(in super::super) const PROBE: Probe = Probe {
    suite: Suite::Switch,
    name: "sleeping-coroutines",
    family: "coroutines",
    summary: "memory of each of many coroutines of may that are parked",
    settings: numbers,
    measure: |setting, _| measure(setting),
};

fn measure(setting: &Setting) -> Result<Measured, Trouble> {
    let wanted = wanted(setting)?;
    may::config().set_pool_capacity(1); // else it has many stacks ready, which would then not be counted
    in_coroutine(|| Ok(()))?; // all that the first one brings with it
    let (arrived, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let before = Kernel::PageTables.bytes_held(&[])?;
    let mut coroutines = Vec::new();
    let filled = Room::for_so_many(wanted, &[mapped(MAPPINGS_EACH)]).fill(|| {
        let (arrived, over) = (Arc::clone(&arrived), Arc::clone(&over));
        coroutines.push(Home::number(0).start(move || sleep(&arrived, &over))?);
        Ok(())
    });
    let held = wait_for(&arrived, filled.number).and_then(|()| Kernel::PageTables.bytes_held(&[]));
    over.store(true, Ordering::Release);
    for coroutine in &coroutines {
        coroutine.coroutine().unpark();
    }
    for coroutine in coroutines {
        coroutine
            .join()
            .map_err(|_| Trouble::Failed("a coroutine panicked; see the message above".to_owned()))?;
    }
    measured(filled, before, held?, Kernel::PageTables.told())
}

/// Sleeps until it is over.
fn sleep(arrived: &AtomicU64, over: &AtomicBool) {
    arrived.fetch_add(1, Ordering::Release);
    while !over.load(Ordering::Acquire) {
        coroutine::park();
    }
}
