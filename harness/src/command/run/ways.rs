//! From the arguments of `concur run` to the ways that its suites of probes measure.

use models::probe::{Probe, Suite, probes};

use super::planning::NOBODY;
use crate::choose;
use crate::cli::Run;
use crate::failure::Usage;
use crate::plan::ProbeStep;
use crate::plan::probes::probe_steps;

/// A round of the probes that were asked for, of which there are so many at least.
pub(super) fn steps(arguments: &Run, rounds: u32) -> anyhow::Result<Vec<ProbeStep>> {
    let suites: Vec<Suite> = arguments.suite.iter().filter_map(|suite| suite.of_probes()).collect();
    let all: Vec<&'static Probe> = probes().filter(|probe| suites.contains(&probe.suite)).collect();
    if let Some(name) = arguments.ways.iter().find(|name| all.iter().all(|probe| probe.name != **name)) {
        return Err(choose::unknown("way in these suites", name, all.iter().map(|probe| probe.name)));
    }
    let named =
        |probe: &&Probe| arguments.ways.is_empty() || arguments.ways.iter().any(|name| name == probe.name);
    let ways: Vec<_> = all.into_iter().filter(named).collect();
    if let Some(suite) = suites.iter().find(|suite| ways.iter().all(|probe| probe.suite != **suite)) {
        return Err(Usage::error(format!(
            "--ways names nothing in the suite {}; see concur list, or leave the suite out",
            suite.name()
        )));
    }
    let twice = arguments.again.as_deref() != Some(NOBODY);
    Ok(probe_steps(&ways, twice, arguments.probe_time, rounds))
}
