//! `shared-memory-spin`: turns are taken by looking at a number until it changes.
//!
//! No call, no sleep, nobody is woken: what one side writes the other sees as soon as the line of cache has gone from one
//! processor to the other, some 50 to 200 ns. That is the floor of all ways between two processors. It takes both processors
//! whole for as long as it waits, and if the two sides have to share one, each wait lasts until the scheduler takes it away from
//! who looks: so that is not measured.
//!
//! Good at waits that are certain to be shorter than a sleep. Bad at all others, and on machines with other things to do.
//!
//! Source: the memory model (`std::sync::atomic::Ordering`); `std::hint::spin_loop`.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::super::{Probe, Suite, Trouble};
use super::super::process::between_processes;
use super::super::{Peer, all_sizes, any_size, refuse_together};
use super::ring::{self, Gate};

pub(in super::super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "shared-memory-spin",
    family: "processes",
    summary: "memory mapped by both; each looks at a number in it until it is its turn",
    settings: all_sizes,
    measure: |setting, time| {
        refuse_together(setting)?;
        between_processes(setting, any_size(setting)?, time, ring::ends::<Spin>)
    },
};

pub(in super::super) struct Spin(AtomicU32);

/// How often it looks at the number before it looks whether there is still somebody to change it: some 100 us.
const LOOKS: u32 = 10_000;

impl Gate for Spin {
    const ROUND_TRIPS_EACH: u32 = 32;

    fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    fn begin(&self, open_for: u32) -> Result<(), Trouble> {
        self.0.store(open_for, Ordering::Release);
        Ok(())
    }

    fn pass(&self, peer: &Peer<'_>) -> Result<(), Trouble> {
        let mut looks = 0_u32;
        while self.0.load(Ordering::Acquire) == 0 {
            spin_loop();
            looks += 1;
            if looks == LOOKS {
                looks = 0;
                peer.look()?;
            }
        }
        self.0.fetch_sub(1, Ordering::Acquire); // nobody else passes here
        Ok(())
    }

    fn open(&self) -> Result<(), Trouble> {
        self.0.fetch_add(1, Ordering::Release);
        Ok(())
    }
}
