//! The account that the kernel keeps of one server: its control group, and the counters over it.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use harness::measure::account::Account;
//!
//! let mut account = Account::open()?;
//! // Start a server that joins `account.group()`, and put a load on it.
//! let before = account.moment()?;
//! let cost = before.until(&account.moment()?);
//! # Ok(())
//! # }
//! ```

use std::io;

use anyhow::Result;
use reports::record::Cost;

use super::calls::CallCounters;
use super::counters::Counters;
use super::group::{Group, Used};

/// An account. Open it before the server starts and drop it when the server has ended.
#[derive(Debug)]
pub struct Account {
    /// None where the kernel does not let us count.
    switches: Option<Counters>,
    group: Group,
}

/// What stood in it at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    used: Used,
    switches: Option<u64>,
}

impl Account {
    /// Opens an empty one.
    ///
    /// # Errors
    /// No control group can be made; without counters an account is just not as full.
    pub fn open() -> Result<Self> {
        let group = Group::make()?;
        Ok(Self { switches: Counters::of_switches(&group).ok(), group })
    }

    /// The group whose account it is.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Looks at it.
    pub fn moment(&mut self) -> io::Result<Moment> {
        let used = self.group.used()?;
        Ok(Moment { used, switches: self.switches.as_mut().map(Counters::read).transpose()? })
    }

    /// Begins to count system calls.
    ///
    /// # Errors
    /// The kernel does not let us.
    pub fn count_calls(&self) -> io::Result<CallCounters> {
        CallCounters::begin(&self.group)
    }
}

impl Moment {
    /// What the group used between this moment and a later one: processor time, and switches.
    pub fn until(&self, later: &Self) -> Cost {
        let used = self.used.until(later.used);
        let switches = self.switches.zip(later.switches);
        Cost {
            user_s: Some(used.user.as_secs_f64()),
            system_s: Some(used.system.as_secs_f64()),
            switches: switches.map(|(before, now)| now.saturating_sub(before)),
            ..Cost::default()
        }
    }
}
