//! `atomics`: two threads that each look at a number until it is their turn.
//!
//! It is `shared-memory-spin` without a second process, and costs the same: a line of cache goes to and fro, and which address
//! space it is in makes no difference. The wait is a loop, so it has its processor whole. The rest is said there.
//!
//! Source: `std::sync::atomic`.

use super::super::{Probe, Suite};
use super::shared_memory::ring;
use super::shared_memory::spin::Spin;
use super::thread::between_threads;
use super::{all_sizes, any_size, refuse_together};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "atomics",
    family: "threads",
    summary: "memory of two threads; each looks at an atomic number until it is its turn",
    settings: all_sizes,
    measure: |setting, time| {
        refuse_together(setting)?;
        between_threads(setting, any_size(setting)?, time, ring::ends_of_threads::<Spin>)
    },
};
