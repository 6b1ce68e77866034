//! From a step to the load that it puts on its server, so that one which makes no sense is found before anything is started.

use std::time::Duration;

use models::address::Address;
use reports::record::Shape;
use workloads::client::Client;

use super::{ServerStep, Timing};
use crate::load::{self, Clients, Company, Load, Pace};
use crate::transport::Transport;
use crate::workload::Workload;

impl ServerStep {
    /// The load, but for what only the machine and a running server can say: where it listens, and which threads and
    /// processors the generator has.
    pub fn load(&self, timing: &Timing) -> Load {
        Load {
            transport: self.transport,
            connections: self.connections,
            pace: self.pace(),
            pipeline: self.shape.pipeline.unwrap_or(1),
            company: company(&self.shape),
            keep_alive: self.keep_alive,
            warm_up: timing.warm_up_of(self),
            duration: timing.duration,
            timeout: timing.timeout,
            ..Load::default()
        }
    }

    /// Who asks for something else beside it.
    pub fn beside(&self, host: &str) -> anyhow::Result<Option<Box<dyn Client>>> {
        let path = self.shape.beside_request.as_deref();
        path.map(|path| Workload::new("http", path, 1)?.client(host, true)).transpose()
    }

    /// Refuses a load that makes no sense, as the generator would, and gives it.
    pub fn checked_load(&self, timing: &Timing) -> anyhow::Result<Load> {
        let address = match self.transport {
            Transport::Unix => Address::unix("socket")?,
            Transport::Tcp | Transport::Udp => ([127, 0, 0, 1], 0).into(),
        };
        let load = Load { address, ..self.load(timing) };
        let client = self.workload.client("localhost", self.keep_alive)?;
        let beside = self.beside("localhost")?;
        load::check(&load, Clients { measured: &*client, beside: beside.as_deref() })?;
        Ok(load)
    }

    /// What sets the pace. Each round has random distances of its own, the same for all servers.
    fn pace(&self) -> Pace {
        let think = Duration::from_secs_f64(self.shape.think_us.unwrap_or_default() / 1e6);
        match self.rate {
            Some(rate) => Pace::Open { rate, schedule: self.schedule, seed: self.round.into() },
            None => Pace::Closed { think },
        }
    }
}

fn company(shape: &Shape) -> Company {
    Company {
        idle: shape.idle_connections.unwrap_or_default(),
        slow: shape.slow_connections.unwrap_or_default(),
        beside: shape.beside_connections.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::{TIMING, step};

    #[test]
    fn a_step_over_any_transport_is_a_load_that_makes_sense_or_is_refused() {
        for transport in [Transport::Tcp, Transport::Unix] {
            let step = ServerStep { transport, rate: Some(500.0), ..step("epoll", 8) };
            let load = step.checked_load(&TIMING).unwrap();
            assert_eq!((load.connections, load.transport, load.duration), (8, transport, TIMING.duration));
        }
        let slow = Shape { slow_connections: Some(1), ..Shape::default() };
        let alone = ServerStep { shape: slow, keep_alive: false, ..step("epoll", 8) };
        assert!(alone.checked_load(&TIMING).is_err(), "slow clients beside connections that do not stay");
        let echo = Workload::new("echo", "/", 64).unwrap();
        let udp = ServerStep { transport: Transport::Udp, workload: echo, ..step("epoll", 8) };
        assert!(udp.checked_load(&TIMING).is_ok());
    }
}
