//! What a machine can do for the lab: how it is divided, what its kernel allows, how noisy it is, and the two ends between
//! which its figures lie.
//!
//! [`examine`] looks and measures, and [`findings`] says in plain words what that means for the figures.

mod findings;
mod settings;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use reports::record::{Floor, Host, Placement};
use serde::Serialize;

use crate::failure::Interrupted;
use crate::measure::after::counting_unavailable;
use crate::measure::noise::{self, Watch};
use crate::measure::{floor, host, placement};
use crate::subject::Subject;
use crate::transport::Transport;

pub use findings::{Finding, findings, warnings};
pub use settings::Settings;

/// How long the machine is watched while the lab does nothing.
const WATCHED: Duration = Duration::from_secs(1);
/// How long the floor and the ceiling are measured.
const MEASURED: Duration = Duration::from_millis(1_500);
/// How many spins are compared.
const SPINS: usize = 20;
/// How often to look whether somebody wants an end.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How many clock readings are timed together, and how many times.
const CLOCK_READINGS: u32 = 10_000;
const CLOCK_BATCHES: u32 = 10;

/// What was found: `concur doctor --json` prints this. Units stand in the names, and what is absent could not be found out.
#[derive(Debug, Clone, Serialize)]
pub struct Examination {
    /// The machine as every record has it.
    pub host: Host,
    /// Which processors the server and the load generator get.
    pub placement: Placement,
    /// What the kernel is set to.
    pub settings: Settings,
    /// What of a server's cost can't be counted, and why; absent where all can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counting_unavailable: Option<String>,
    /// Why `io_uring` can't be used; absent where it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_uring_lacks: Option<String>,
    /// How long it takes to read the clock, at best, in nanoseconds.
    pub clock_reading_ns: f64,
    /// By how much the kernel may let a timer go off later, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_slack_us: Option<f64>,
    /// Which part of the processors' time the hypervisor gave to others since the machine started, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steal_share_so_far: Option<f64>,
    /// The same in a second in which the lab did nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steal_share: Option<f64>,
    /// The longest that a thread with nothing to do was late in that second, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hiccup_us: Option<f64>,
    /// The shortest of some runs of the same arithmetic, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spin_least_us: Option<f64>,
    /// The longest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spin_most_us: Option<f64>,
    /// The least that a request costs here, and the most that the load generator can ask for.
    pub floor: Floor,
}

/// Looks at the machine and measures it, for some three seconds.
///
/// # Errors
/// Something that every run needs can't be had, such as a socket or the size of memory; and `stop`.
pub fn examine(stop: &AtomicBool) -> anyhow::Result<Examination> {
    let counting_unavailable = counting_unavailable(); // it tries, which is no part of what is measured
    let host = host::host()?;
    let placement = placement::place(&placement::processors()?);
    let watch = Watch::start(&noise::in_use(&placement));
    wait(WATCHED, stop)?;
    let seen = watch.stop();
    let spins: Vec<Duration> = (0..SPINS).filter_map(|_| noise::spin(&placement.server)).collect();
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    Ok(Examination {
        io_uring_lacks: Subject::model("io-uring".parse()?)?.lacks(Transport::Tcp),
        settings: Settings::of_this_machine()?,
        counting_unavailable,
        clock_reading_ns: clock_reading_ns(),
        timer_slack_us: prctl::get_timerslack().ok().map(|nanoseconds| f64::from(nanoseconds) / 1e3),
        steal_share_so_far: noise::steal_so_far(),
        steal_share: seen.steal_share,
        hiccup_us: seen.hiccup.map(us),
        spin_least_us: spins.iter().min().copied().map(us),
        spin_most_us: spins.iter().max().copied().map(us),
        floor: floor::measure(&placement, MEASURED, stop)
            .map_err(|error| if stop.load(Ordering::Relaxed) { Interrupted.into() } else { error })?,
        host,
        placement,
    })
}

fn wait(how_long: Duration, stop: &AtomicBool) -> anyhow::Result<()> {
    let until = Instant::now() + how_long;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Interrupted.into());
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(LOOK_EVERY));
    }
}

/// The best of some batches: what interrupts one is no cost of the clock's.
fn clock_reading_ns() -> f64 {
    let batch = || {
        let begun = Instant::now();
        for _ in 0..CLOCK_READINGS {
            std::hint::black_box(Instant::now());
        }
        begun.elapsed()
    };
    let best = (0..CLOCK_BATCHES).map(|_| batch()).min().unwrap_or_default();
    best.as_secs_f64() * 1e9 / f64::from(CLOCK_READINGS)
}
