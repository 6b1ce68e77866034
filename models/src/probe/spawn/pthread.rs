//! `pthread`: a thread of the C library, made and joined, with nothing around it.
//!
//! What the kernel does for it stands in `thread.rs`. std adds to each thread a second stack, with a page that guards it,
//! on which its handler can tell that the first one is full: mmap(2), mprotect(2), sigaltstack(2) twice and munmap(2), and
//! a look at where the first one ends, for which the C library asks for the thread's processors as well. The two rows show
//! what that comes to.
//!
//! Source: `pthread_create(3)`, `pthread_join(3)`, sigaltstack(2).

#![allow(unsafe_code, reason = "no safe crate makes a thread without std's additions")]

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use nix::libc;

use super::super::{Measured, Operation, Probe, Samples, Setting, Suite, Trouble};

/// As std's.
const STACK_BYTES: usize = 2 * 1024 * 1024;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "pthread",
    family: "threads",
    summary: "a bare thread of the C library, made and joined",
    settings: || vec![Setting::of(Operation::Create)],
    measure: |_, time| {
        let attributes = Attributes::new()?;
        let times = Samples::take(time, 1, || attributes.create_and_join())?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};

/// How a thread is to be.
struct Attributes(libc::pthread_attr_t);

impl Attributes {
    fn new() -> Result<Self, Trouble> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: it is there to be filled, and is taken for filled only if the call says so.
        check(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: see above.
        let mut this = Self(unsafe { attributes.assume_init() });
        // SAFETY: these are attributes, and nobody uses them meanwhile.
        check(unsafe { libc::pthread_attr_setstacksize(&raw mut this.0, STACK_BYTES) })?;
        Ok(this)
    }

    fn create_and_join(&self) -> Result<(), Trouble> {
        let mut thread = MaybeUninit::uninit();
        // SAFETY: the attributes are filled; the function is one that any thread may run, and makes nothing of its argument.
        check(unsafe {
            libc::pthread_create(thread.as_mut_ptr(), &raw const self.0, end_at_once, ptr::null_mut())
        })?;
        // SAFETY: the thread was made, so its number is filled in; it is joined this once, and wants no place for its value.
        check(unsafe { libc::pthread_join(thread.assume_init(), ptr::null_mut()) })
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: they were filled in `new`, and nobody uses them any more.
        let _ = unsafe { libc::pthread_attr_destroy(&raw mut self.0) };
    }
}

extern "C" fn end_at_once(argument: *mut c_void) -> *mut c_void {
    argument
}

fn check(error: libc::c_int) -> Result<(), Trouble> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error).into()) }
}
