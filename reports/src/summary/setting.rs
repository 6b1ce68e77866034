//! What must be the same for two servers to be compared.

use crate::record::{Schedule, ServerCell, Shape};

/// What must be the same for two servers to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// What is served.
    pub workload: String,
    /// What is asked for.
    pub request: String,
    /// `tcp`.
    pub transport: String,
    /// How many connections are open at once.
    pub connections: usize,
    /// Whether a connection carries many requests.
    pub keep_alive: bool,
    /// Requests a second offered; none in a closed loop.
    pub rate: Option<f64>,
    /// How these are spaced; none in a closed loop.
    pub schedule: Option<Schedule>,
    /// What is special about the load.
    pub shape: Shape,
}

/// The same as something with an order: streams before datagrams, few connections before many. Positive numbers have the
/// same order as their bits.
pub(crate) type Key = (Asked, Loaded, Company);
type Asked = (String, String, String, bool);
type Loaded = (usize, Option<u64>, Option<Schedule>, Option<usize>, Option<u64>);
type Company = (Option<usize>, Option<usize>, Option<usize>, Option<String>);

impl Setting {
    /// The one that `cell` was measured in.
    pub(crate) fn of(cell: &ServerCell) -> Self {
        Self {
            workload: cell.workload.clone(),
            request: cell.request.clone(),
            transport: cell.transport.clone(),
            connections: cell.connections,
            keep_alive: cell.keep_alive,
            rate: cell.rate,
            // A record that says nothing of the schedule has them at equal distances.
            schedule: cell.rate.map(|_| cell.schedule.unwrap_or_default()),
            shape: cell.shape.clone(),
        }
    }

    /// What settings are told apart and put in order by.
    pub(crate) fn key(&self) -> Key {
        let shape = &self.shape;
        let asked = (self.workload.clone(), self.request.clone(), self.transport.clone(), !self.keep_alive);
        let rate = self.rate.map(f64::to_bits);
        let think = shape.think_us.map(f64::to_bits);
        let loaded = (self.connections, rate, self.schedule, shape.pipeline, think);
        let company = (
            shape.idle_connections,
            shape.slow_connections,
            shape.beside_connections,
            shape.beside_request.clone(),
        );
        (asked, loaded, company)
    }
}
