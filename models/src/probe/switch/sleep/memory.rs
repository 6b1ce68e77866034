//! How much memory is held: by processes, and by the kernel for them.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use procfs::process::Process;
use procfs::{Current as _, Meminfo, ProcError, ProcResult};

use super::super::super::Trouble;

/// How far two looks may be from each other.
const SETTLED_BYTES: u64 = 64 * 1024;
/// How long it is between them. The kernel's own counts are brought together some times a second only (`vm.stat_interval`).
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long that is tried.
const SETTLED_WITHIN: Duration = Duration::from_secs(3);

/// What the kernel's part is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// The machine's kernel stacks, page tables and other memory that it can't give back: what others do meanwhile is in it
    /// too.
    Machine,
    /// The page tables of this process: for those that the kernel knows nothing of.
    PageTables,
}

impl Kernel {
    /// What is in a figure, for its reader.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Machine => {
                "the proportional set sizes, and by how much the whole machine's KernelStack, PageTables and SUnreclaim grew, \
                 what others did included"
            }
            Self::PageTables => "the process's proportional set size and its page tables",
        }
    }

    /// Bytes that are held by this process, these children of it, and the kernel.
    ///
    /// # Errors
    /// /proc is not mounted, or a child is gone.
    pub(super) fn bytes_held(self, children: &[Pid]) -> Result<u64, Trouble> {
        // The kernel's first: to read a child's is to let the kernel allocate.
        let kernel = self.bytes().map_err(|error| unread(&error))?;
        let mut sum =
            kernel + Process::myself().and_then(|it| pss_bytes(&it)).map_err(|error| unread(&error))?;
        for child in children {
            sum +=
                Process::new(child.as_raw()).and_then(|it| pss_bytes(&it)).map_err(|error| unread(&error))?;
        }
        Ok(sum)
    }

    /// The same for this process alone before anything is made, once it stays where it is for a moment. The kernel gives back late
    /// what others have held (the stacks of a thousand threads that have just ended, say), which would be taken off what is made.
    ///
    /// # Errors
    /// /proc is not mounted.
    pub(super) fn bytes_held_before(self) -> Result<u64, Trouble> {
        let until = Instant::now() + SETTLED_WITHIN;
        let mut before = self.bytes_held(&[])?;
        loop {
            sleep(LOOK_EVERY);
            let now = self.bytes_held(&[])?;
            // On a machine that never rests the figure is as good as it gets, and its remark says what is in it.
            if now.abs_diff(before) <= SETTLED_BYTES || Instant::now() > until {
                return Ok(now);
            }
            before = now;
        }
    }

    fn bytes(self) -> ProcResult<u64> {
        match self {
            Self::Machine => {
                let memory = Meminfo::current()?;
                Ok([memory.kernel_stack, memory.page_tables, memory.s_unreclaim].into_iter().flatten().sum())
            }
            Self::PageTables => Ok(Process::myself()?.status()?.vmpte.unwrap_or(0) * 1024),
        }
    }
}

/// The pages of a process, each counted 1/n where n have it (`proc_pid_smaps(5)`).
fn pss_bytes(process: &Process) -> ProcResult<u64> {
    let rollup = process.smaps_rollup()?.memory_map_rollup;
    let pss = rollup.0.first().and_then(|map| map.extension.map.get("Pss").copied());
    pss.ok_or_else(|| ProcError::Other("smaps_rollup has no Pss".to_owned()))
}

fn unread(error: &ProcError) -> Trouble {
    Trouble::Failed(format!("can't read how much memory is held: {error}; mount /proc, or try again"))
}
