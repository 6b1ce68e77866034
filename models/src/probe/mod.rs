//! Probes: what one small thing costs that the models are made of: making a process or a thread, going from one to another,
//! sending a message.
//!
//! A probe is a way to do such a thing ([`Probe`]), a file each: `spawn/`, `switch/`, `ipc/`. What is measured of it is a
//! [`Setting`]. A probe may fork, so each runs in a process of its own that has one thread when it begins
//! (`concur probe`); whatever it makes, it ends and takes away, also when it fails.
//!
//! ```
//! use std::time::Duration;
//!
//! use models::probe::{self, Suite};
//!
//! let probe = probe::find(Suite::Spawn, "thread").unwrap();
//! let setting = (probe.settings)().remove(0);
//! let measured = (probe.measure)(&setting, Duration::from_millis(20)).unwrap();
//! assert!(measured.times.unwrap().len() > 0);
//! ```

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

mod available;
mod ipc;
mod one_worker;
mod partner;
mod pipes;
mod placing;
mod samples;
mod spawn;
mod switch;

pub use ipc::forget;
pub use placing::{processors, siblings};
pub use samples::Samples;

/// All probes, in the order of listings.
pub fn probes() -> impl Iterator<Item = &'static Probe> {
    [spawn::PROBES, switch::PROBES, ipc::PROBES].into_iter().flatten()
}

/// The probe of this name.
pub fn find(suite: Suite, name: &str) -> Option<&'static Probe> {
    probes().find(|probe| probe.suite == suite && probe.name == name)
}

/// What probes are compared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suite {
    /// Making and ending what runs a job.
    Spawn,
    /// Going from one that runs to another, and what one that sleeps holds.
    Switch,
    /// Sending a message and getting it back.
    Ipc,
}

impl Suite {
    /// All of them, in the order of listings.
    pub const ALL: [Self; 3] = [Self::Spawn, Self::Switch, Self::Ipc];

    /// As it is asked for, and stands in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spawn => "spawn",
            Self::Switch => "switch",
            Self::Ipc => "ipc",
        }
    }
}

/// One way to do a small thing.
pub struct Probe {
    /// What it is compared for.
    pub suite: Suite,
    /// The name it is asked for by: `fork`.
    pub name: &'static str,
    /// What kind it is: `processes`, `threads`, `coroutines`, `tasks`.
    pub family: &'static str,
    /// The idea in one sentence.
    pub summary: &'static str,
    /// What is measured of it unless somebody asks for something else.
    pub settings: fn() -> Vec<Setting>,
    /// Measures it for about so long.
    pub measure: fn(&Setting, Duration) -> Result<Measured, Trouble>,
}

/// What is measured of a probe. What does not concern it is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// What is timed.
    pub operation: Operation,
    /// How much memory the parent has touched, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched_bytes: Option<u64>,
    /// The size of a stack, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_bytes: Option<u64>,
    /// The size of a message, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_bytes: Option<u64>,
    /// How many there are at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Which processors the two sides are bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<Sides>,
}

impl Setting {
    /// That alone.
    pub const fn of(operation: Operation) -> Self {
        Self {
            operation,
            touched_bytes: None,
            stack_bytes: None,
            message_bytes: None,
            number: None,
            sides: None,
        }
    }
}

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Making one, letting it end, and knowing that it has.
    Create,
    /// Giving a job to one that is there, and knowing that it is done.
    HandOff,
    /// Going from one that runs to another.
    Switch,
    /// A message there and back.
    RoundTrip,
    /// Messages one way, as fast as they go.
    Bandwidth,
    /// Memory of one that sleeps, among many.
    Sleep,
}

impl Operation {
    /// As it stands in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::HandOff => "hand-off",
            Self::Switch => "switch",
            Self::RoundTrip => "round-trip",
            Self::Bandwidth => "bandwidth",
            Self::Sleep => "sleep",
        }
    }
}

/// Which processors two sides are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// Both to the same one.
    Together,
    /// Each to its own.
    Apart,
}

impl Sides {
    /// As it stands in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Together => "together",
            Self::Apart => "apart",
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// How long the operation took, each time or a few times together; none for what is no time.
    pub times: Option<Samples>,
    /// Of [`Operation::Bandwidth`]: bytes that arrived, and were right, in each second.
    pub bytes_per_second: Option<f64>,
    /// Of [`Operation::Sleep`]: bytes of memory (the proportional set size and what the kernel holds) for each that sleeps.
    pub bytes_each: Option<f64>,
    /// How many there were at once, where a machine allows fewer than were asked for.
    pub number: Option<u64>,
    /// What a reader of the figures should know, a sentence.
    pub remark: Option<String>,
}

/// Why there is no figure, in one sentence that says what to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// This machine can't do it.
    Unsupported(String),
    /// It went wrong.
    Failed(String),
    /// Others took part, so what was measured is not what was asked for: in a quieter moment it may be.
    Disturbed(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(why) | Self::Failed(why) | Self::Disturbed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<nix::Error> for Trouble {
    fn from(error: nix::Error) -> Self {
        Self::Failed(error.desc().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_finds_its_probe_and_every_probe_has_settings() {
        let mut seen = BTreeSet::new();
        for probe in probes() {
            assert!(seen.insert((format!("{:?}", probe.suite), probe.name)), "{} stands twice", probe.name);
            assert_eq!(find(probe.suite, probe.name).map(|found| found.summary), Some(probe.summary));
            assert!(!(probe.settings)().is_empty(), "{}", probe.name);
        }
        assert!(find(Suite::Ipc, "fork").is_none());
    }
}
