//! The record: what was measured, as serde types. Everything hangs on this contract.
//!
//! One *cell* is one fresh server process (or one run of an executor, or of a probe), one load, one round. Units stand in the
//! names; what is absent was not measured, which is never the same as zero. `schema.json` beside `src/` is
//! generated from these types, and a test keeps the two the same.

mod cost;
mod course;
mod load;
mod noise;
mod probe;
mod run;
mod server;
mod task;
mod torture;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cost::{Calls, Cost, Placement};
pub use course::{Curve, CurvePoint, Fairness, OverTime, Timeline, Track};
pub use load::{Beside, Errors, Latency, Offered, VALUES_ABOVE};
pub use noise::{Noise, Verdict};
pub use probe::ProbeCell;
pub use run::{Floor, Host, Run};
pub use server::{Schedule, ServerCell, Shape};
pub use task::{Interpreter, TaskCell};
pub use torture::{Endured, GoodClient, Held, Inflicted, TortureRow};

/// The version of the format that [`Run::schema`] must state.
pub const SCHEMA: u32 = 1;

/// One measurement. The suite says which kind: `servers`, `idle`, `stevens`, `tasks`, `spawn`, `switch` or `ipc`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "suite", rename_all = "lowercase")]
pub enum Cell {
    /// A server model under load.
    Servers(Box<ServerCell>),
    /// A server model with many idle connections beside its active ones.
    Idle(Box<ServerCell>),
    /// A server model under the load of Stevens' comparison: a new connection for each request.
    Stevens(Box<ServerCell>),
    /// An executor at work.
    Tasks(Box<TaskCell>),
    /// A way to make what runs a job.
    Spawn(Box<ProbeCell>),
    /// A way to go from one that runs to another.
    Switch(Box<ProbeCell>),
    /// A way to send a message.
    Ipc(Box<ProbeCell>),
}

impl Cell {
    /// Which round it belongs to.
    pub fn round(&self) -> u32 {
        match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => cell.round,
            Self::Tasks(cell) => cell.round,
            Self::Spawn(cell) | Self::Switch(cell) | Self::Ipc(cell) => cell.round,
        }
    }

    /// Which attempt at its round it is, from 1: from 2 on it was measured again, since an earlier one was disturbed.
    pub fn attempt(&self) -> u32 {
        let attempt = match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => cell.attempt,
            Self::Tasks(cell) => cell.attempt,
            Self::Spawn(cell) | Self::Switch(cell) | Self::Ipc(cell) => cell.attempt,
        };
        attempt.unwrap_or(1)
    }

    /// The server's cell, if it is one.
    pub fn server(&self) -> Option<&ServerCell> {
        match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => Some(cell),
            Self::Tasks(_) | Self::Spawn(_) | Self::Switch(_) | Self::Ipc(_) => None,
        }
    }

    /// The probe's cell, if it is one.
    pub fn probe(&self) -> Option<&ProbeCell> {
        match self {
            Self::Spawn(cell) | Self::Switch(cell) | Self::Ipc(cell) => Some(cell),
            Self::Servers(_) | Self::Idle(_) | Self::Stevens(_) | Self::Tasks(_) => None,
        }
    }

    /// What is to be thought of its figures.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => cell.verdict,
            Self::Tasks(cell) => cell.verdict,
            Self::Spawn(cell) | Self::Switch(cell) | Self::Ipc(cell) => cell.verdict,
        }
    }

    /// Why, in a sentence.
    pub fn reason(&self) -> Option<&str> {
        let reason = match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => &cell.reason,
            Self::Tasks(cell) => &cell.reason,
            Self::Spawn(cell) | Self::Switch(cell) | Self::Ipc(cell) => &cell.reason,
        };
        reason.as_deref()
    }

    /// Whether it is of the same row as another: the same was measured, in whichever round.
    pub fn is_of_row_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Servers(one), Self::Servers(other))
            | (Self::Idle(one), Self::Idle(other))
            | (Self::Stevens(one), Self::Stevens(other)) => one.is_of_row_of(other),
            (Self::Tasks(one), Self::Tasks(other)) => one.is_of_row_of(other),
            _ => false,
        }
    }

    /// Takes out of it what another cell of its row says as well of how it went: one of each kind is enough for a picture.
    pub fn forget_course_told_by(&mut self, other: &Self) {
        match (self, other) {
            (
                Self::Servers(one) | Self::Idle(one) | Self::Stevens(one),
                Self::Servers(other) | Self::Idle(other) | Self::Stevens(other),
            ) => one.forget_course_told_by(other),
            (Self::Tasks(one), Self::Tasks(other)) => forget(&mut one.timeline, other.timeline.as_ref()),
            _ => {}
        }
    }

    /// Takes out of it how it went, which only pictures are drawn from: all that is large.
    pub fn forget_course(&mut self) {
        match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => cell.forget_course(),
            Self::Tasks(cell) => cell.timeline = None,
            Self::Spawn(_) | Self::Switch(_) | Self::Ipc(_) => {}
        }
    }

    /// What else the machine did meanwhile.
    pub fn noise(&self) -> Option<&Noise> {
        let noise = match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => &cell.noise,
            Self::Tasks(cell) => &cell.noise,
            Self::Spawn(cell) | Self::Switch(cell) | Self::Ipc(cell) => &cell.noise,
        };
        noise.as_ref()
    }
}

/// Takes out what is there twice.
fn forget<T>(one: &mut Option<T>, other: Option<&T>) {
    if other.is_some() {
        *one = None;
    }
}
