//! `pipe`: two pipes between a parent and its child, one for each way.
//!
//! A pipe is a ring of pages in the kernel, 64 KiB of them. write(2) copies into it and read(2) out of it, so each byte is
//! copied twice; who finds it full or empty sleeps, and the other one's call wakes it. It has no name: both sides have it since
//! the child was forked. When all who could write are gone read(2) says so, by giving nothing.
//!
//! Good at being simple, and at pace: a fast writer is stopped until its reader has caught up. Bad for more than two, for
//! strangers, and for messages: it knows of bytes only.
//!
//! Source: pipe(2), pipe(7).

use std::io::pipe;

use super::super::{Probe, Suite, Trouble};
use super::process::between_processes;
use super::stream::Stream;
use super::{all_sizes_and_together, any_size};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "pipe",
    family: "processes",
    summary: "pipe(2): bytes through a buffer of the kernel, between a parent and its child",
    settings: all_sizes_and_together,
    measure: |setting, time| between_processes(setting, any_size(setting)?, time, ends),
};

fn ends(_: usize) -> Result<(Stream, Stream), Trouble> {
    let (here, there) = (pipe()?, pipe()?);
    let ours = Stream { input: here.0.into(), output: there.1.into() };
    let theirs = Stream { input: there.0.into(), output: here.1.into() };
    Ok((ours, theirs))
}
