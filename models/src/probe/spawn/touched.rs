//! Memory that the parent has touched.

use std::hint::black_box;

use super::super::available::memory_bytes;
use super::super::{Operation, Setting, Trouble};
use nix::sys::prctl;

const MIB: u64 = 1024 * 1024;
/// The smallest page of any machine that the lab runs on: a larger one is then touched more than once.
const PAGE_BYTES: usize = 4096;

/// One setting for each size of the parent, from nothing to 1 GiB.
pub(super) fn settings() -> Vec<Setting> {
    let touched = |mib| Setting { touched_bytes: Some(mib * MIB), ..Setting::of(Operation::Create) };
    [0, 16, 64, 256, 1024].map(touched).into()
}

/// Memory of this process, each page of it written to. It goes when dropped.
pub(super) struct Touched(#[expect(dead_code, reason = "it is there to be there")] Vec<u8>);

impl Drop for Touched {
    fn drop(&mut self) {
        let _ = prctl::set_thp_disable(false); // as it is in a fresh process
    }
}

impl Touched {
    /// As much as the setting says, in pages of the usual size: the kernel is asked not to make huge ones, each of which
    /// takes the place of 512 entries in a page table.
    ///
    /// # Errors
    /// The machine has not twice as much.
    pub(super) fn of(setting: &Setting) -> Result<Self, Trouble> {
        let bytes = setting.touched_bytes.unwrap_or(0);
        if memory_bytes().is_some_and(|available| available / 2 < bytes) {
            return Err(Trouble::Unsupported(format!(
                "to touch {} MiB twice as much must be free; end other programs, or touch less",
                bytes / MIB
            )));
        }
        prctl::set_thp_disable(true)?;
        let mut memory = vec![0; bytes as usize];
        memory.chunks_mut(PAGE_BYTES).for_each(|page| page[0] = 1);
        Ok(Self(black_box(memory)))
    }
}
