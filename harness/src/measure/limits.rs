//! How many descriptors this process may open: each connection takes one here and one in the server. And what a server
//! may have at the most, where that is to run out.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, ensure};
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

/// The most that a process may have of something (`getrlimit(2)`), written as `nofile=64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confine {
    resource: Resource,
    most: u64,
}

/// What can run out, by the names that limits.conf(5) has for it.
const CONFINED: [(&str, Resource); 3] =
    [("nofile", Resource::RLIMIT_NOFILE), ("nproc", Resource::RLIMIT_NPROC), ("as", Resource::RLIMIT_AS)];

impl Confine {
    /// At most so many descriptors in a process.
    pub fn descriptors(most: u64) -> Self {
        Self { resource: Resource::RLIMIT_NOFILE, most }
    }

    /// At most so many processes and threads of its user; a privileged one has no such limit.
    pub fn tasks(most: u64) -> Self {
        Self { resource: Resource::RLIMIT_NPROC, most }
    }

    /// At most so many bytes of addresses in a process.
    pub fn address_space(most: u64) -> Self {
        Self { resource: Resource::RLIMIT_AS, most }
    }

    /// Confines this process, for good, and those that it becomes or makes.
    ///
    /// # Errors
    /// The limit is above the one that holds.
    pub fn apply(&self) -> Result<()> {
        setrlimit(self.resource, self.most, self.most)
            .with_context(|| format!("this process can't be confined to {self}"))
    }
}

impl fmt::Display for Confine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = CONFINED.iter().find(|(_, resource)| *resource == self.resource);
        write!(f, "{}={}", name.map(|(name, _)| *name).unwrap_or_default(), self.most)
    }
}

impl FromStr for Confine {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = text.split_once('=').and_then(|(name, most)| {
            let (_, resource) = CONFINED.iter().find(|(known, _)| *known == name)?;
            Some(Self { resource: *resource, most: most.parse().ok()? })
        });
        parsed.ok_or_else(|| anyhow!("'{text}' is no limit; try nofile=64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_as_it_is_written() {
        for text in ["nofile=64", "nproc=0", "as=1073741824"] {
            assert_eq!(text.parse::<Confine>().unwrap().to_string(), text);
        }
        for text in ["nofile", "nofile=", "files=1", "nofile=-1", "=1"] {
            assert!(text.parse::<Confine>().is_err(), "{text}");
        }
    }
}
