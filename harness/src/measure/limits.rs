//! How many descriptors this process may open: each connection takes one here and one in the server.

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// How many descriptors this process may open at once (the soft limit of `RLIMIT_NOFILE`, `getrlimit(2)`).
pub fn descriptor_limit() -> Result<u64> {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).context("the descriptor limit can't be read")?;
    Ok(soft)
}

/// Raises the soft limit to the hard one, which needs no privilege, and gives what now holds. Processes
/// started afterwards inherit it.
pub fn raise_descriptor_limit() -> Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("the descriptor limit can't be read")?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
            .with_context(|| format!("the descriptor limit can't be raised from {soft} to {hard}"))?;
    }
    Ok(hard)
}

/// Refuses what needs more descriptors than the limit allows.
pub fn need_descriptors(count: u64) -> Result<()> {
    let limit = descriptor_limit()?;
    ensure!(
        count <= limit,
        "this needs {count} descriptors and the limit is {limit}; raise it with `ulimit -n {count}`, or use \
         fewer --connections"
    );
    Ok(())
}
