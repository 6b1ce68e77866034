//! The two runtimes with one worker each, so that what is measured never leaves its thread.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use super::Trouble;
use crate::options::Options;
use crate::runtime::{self, Home};

/// Enough for what a probe does and for the report of a panic. Pages come when they are touched.
const STACK_BYTES: usize = 128 * 1024;

/// Does `work` in a coroutine on may's only worker. May goes on running then, as long as the process does.
///
/// # Errors
/// The work's own; or the system has no thread or memory for it, or it panicked.
pub(crate) fn in_coroutine<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let mut options = Options::default();
    options.set_default(runtime::WORKERS.key, "1");
    runtime::may(&options, STACK_BYTES)?;
    Home::number(0).start(work)?.join().unwrap_or_else(|_| Err(panicked()))
}

/// Does `work` in a task, on a thread of tokio's or on the one that calls. No driver for sockets and timers is there to be
/// looked after: nothing here waits for one.
///
/// # Errors
/// The work's own; or the system has no thread for it, or it panicked.
pub(crate) fn in_task<T: Send + 'static>(
    on: Worker,
    work: impl Future<Output = Result<T, Trouble>> + Send + 'static,
) -> Result<T, Trouble> {
    let runtime = on.runtime()?;
    let task = runtime.spawn(work);
    runtime.block_on(task).unwrap_or_else(|_| Err(panicked()))
}

/// Who polls tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worker {
    /// A thread of the runtime that could share its work with others, were there any.
    Thread,
    /// The thread that calls, and nobody else.
    Caller,
}

impl Worker {
    fn runtime(self) -> Result<Runtime, Trouble> {
        let mut builder = match self {
            Self::Thread => {
                // Refused its thread, tokio panics.
                runtime::has_threads(1)?;
                Builder::new_multi_thread()
            }
            Self::Caller => Builder::new_current_thread(),
        };
        Ok(builder.worker_threads(1).build()?)
    }
}

fn panicked() -> Trouble {
    Trouble::Failed("what was measured panicked; see the message above".to_owned())
}
