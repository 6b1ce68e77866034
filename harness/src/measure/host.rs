//! The machine as the record keeps it.

use std::fs;

use anyhow::{Context, Result};
use procfs::{Current, Meminfo};
use reports::record::Host;

use super::{limits, placement};

/// Where the kernel lists processor faults, a file each, with what it does about them.
const VULNERABILITIES: &str = "/sys/devices/system/cpu/vulnerabilities";
/// More faults than are known, and longer than any of their states: bounds on what goes into a record.
const MOST_MITIGATIONS: usize = 64;
const LONGEST_STATE: usize = 200;

/// Describes this machine. Ask before binding the calling thread to processors, since only those count that it
/// may run on.
pub fn host() -> Result<Host> {
    let memory = Meminfo::current().context("the size of memory can't be read from /proc/meminfo")?;
    let processors = placement::processors().context("the usable processors can't be asked for")?;
    Ok(Host {
        cpu: cpu_name(),
        cores: processors.len(),
        kernel: kernel()?,
        memory_bytes: memory.mem_total,
        nofile: limits::descriptor_limit()?,
        mitigations: mitigations(),
        loopback_mtu_bytes: loopback_mtu(),
    })
}

/// The first processor's name; where the kernel gives none (as on ARM), the architecture.
fn cpu_name() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    named_in(&info).unwrap_or_else(|| format!("{} processor without a name", std::env::consts::ARCH))
}

fn named_in(cpuinfo: &str) -> Option<String> {
    let fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let mut names = fields.filter(|(key, _)| key.trim() == "model name").map(|(_, name)| name.trim());
    names.next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// As in `uname -sr`.
fn kernel() -> Result<String> {
    let part = |name: &str| {
        let path = format!("/proc/sys/kernel/{name}");
        fs::read_to_string(&path).with_context(|| format!("the kernel's name can't be read from {path}"))
    };
    Ok(format!("{} {}", part("ostype")?.trim(), part("osrelease")?.trim()))
}

/// Faults that this processor has, as `name: state`, in the order of their names.
fn mitigations() -> Vec<String> {
    let entries = fs::read_dir(VULNERABILITIES).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let state = fs::read_to_string(entry.path()).ok()?;
            mitigation(&entry.file_name().to_string_lossy(), &state)
        })
        .collect();
    found.sort_unstable();
    found.truncate(MOST_MITIGATIONS);
    found
}

fn mitigation(name: &str, state: &str) -> Option<String> {
    let state: String = state.trim().chars().take(LONGEST_STATE).collect();
    (state != "Not affected").then(|| format!("{name}: {state}"))
}

fn loopback_mtu() -> Option<u64> {
    fs::read_to_string("/sys/class/net/lo/mtu").ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_named_by_its_model() {
        let info = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: Some CPU @ 3.00GHz\n";
        assert_eq!(named_in(info).as_deref(), Some("Some CPU @ 3.00GHz"));
        assert_eq!(named_in("processor\t: 0\nBogoMIPS\t: 50.00\n"), None);
    }

    #[test]
    fn only_faults_that_the_processor_has_are_kept() {
        assert_eq!(mitigation("meltdown", "Not affected\n"), None);
        assert_eq!(mitigation("mds", "Vulnerable\n").as_deref(), Some("mds: Vulnerable"));
        assert!(mitigation("long", &"x".repeat(10_000)).unwrap().len() <= LONGEST_STATE + 6);
    }
}
