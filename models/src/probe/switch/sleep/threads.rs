//! `sleeping-threads`: threads that each wait in read(2) for a pipe to be closed.
//!
//! A thread is two stacks: its own, of which only the pages count that it has touched, and the kernel's, which is there as
//! a whole (16 KiB on x86). With it come the kernel's record of the thread, its mappings, and the page tables that find its
//! stack. The size of a stack is addresses: one of 64 KiB holds hardly less than one of 2 MiB.
//!
//! Good up to some thousands. Bad beyond: the mappings that a process may have run out, and then the numbers that tell
//! threads apart.
//!
//! Source: pthreads(7), `proc_meminfo(5)`, `proc_pid_smaps(5)`.

use std::io::{self, PipeReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::super::super::{Measured, Probe, Setting, Suite, Trouble};
use super::memory::Kernel;
use super::room::{Room, half_of_threads, mapped, wait_for};
use super::{measured, numbers, wanted};

const SMALL_STACK_BYTES: u64 = 64 * 1024;

/// Its stack and the one for telling that it is full, each with a page that guards it. std gives up the whole process where
/// it can't have the second, so that must not come to pass.
const MAPPINGS_EACH: u64 = 4;

pub(in super::super) const PROBE: Probe = Probe {
    suite: Suite::Switch,
    name: "sleeping-threads",
    family: "threads",
    summary: "memory of each of many threads that wait, with std's stack of 2 MiB and with one of 64 KiB",
    settings: || {
        let small = |setting| Setting { stack_bytes: Some(SMALL_STACK_BYTES), ..setting };
        numbers().into_iter().chain(numbers().into_iter().map(small)).collect()
    },
    measure: |setting, _| measure(setting),
};

fn measure(setting: &Setting) -> Result<Measured, Trouble> {
    let wanted = wanted(setting)?;
    let ((reader, writer), arrived) = (io::pipe()?, AtomicU64::new(0));
    let before = Kernel::Machine.bytes_held_before()?;
    thread::scope(|scope| {
        let writer = writer; // closed at the end of this, in whichever way: then they wake, and are waited for
        let mut threads = Vec::new();
        let filled = Room::for_so_many(wanted, &[half_of_threads(), mapped(MAPPINGS_EACH)]).fill(|| {
            let builder = match setting.stack_bytes {
                Some(bytes) => thread::Builder::new().stack_size(bytes as usize),
                None => thread::Builder::new(),
            };
            threads.push(builder.spawn_scoped(scope, || sleep(&reader, &arrived))?);
            Ok(())
        });
        wait_for(&arrived, filled.number)?;
        let held = Kernel::Machine.bytes_held(&[])?;
        drop(writer);
        for thread in threads {
            thread
                .join()
                .map_err(|_| Trouble::Failed("a thread panicked; see the message above".to_owned()))?;
        }
        measured(filled, before, held, Kernel::Machine.told())
    })
}

/// Sleeps until the pipe is closed.
fn sleep(mut pipe: &PipeReader, arrived: &AtomicU64) {
    arrived.fetch_add(1, Ordering::Release);
    let _ = pipe.read_exact(&mut [0]); // it is the end that comes
}
