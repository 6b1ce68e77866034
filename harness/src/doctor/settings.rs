//! What the kernel is set to, as far as it decides figures.

use std::fs;

use nix::sys::resource::{Resource, getrlimit};
use serde::Serialize;

/// The settings; what is absent this kernel does not have, or does not show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Settings {
    /// How many descriptors a process may open at the most: the lab raises its limit to this.
    pub nofile_hard: u64,
    /// The first of the ports that a connection gets at its own end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_local_port: Option<u32>,
    /// The last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_local_port: Option<u32>,
    /// Whether such a port is lent out again while its last connection is in `TIME_WAIT`: 0 never, 1 always, 2 on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_tw_reuse: Option<u32>,
    /// What the kernel tells the time by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_source: Option<String>,
}

impl Settings {
    /// Reads them.
    pub fn of_this_machine() -> nix::Result<Self> {
        let (_, nofile_hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        let ports = word("/proc/sys/net/ipv4/ip_local_port_range").and_then(|text| range(&text));
        Ok(Self {
            nofile_hard,
            first_local_port: ports.map(|(first, _)| first),
            last_local_port: ports.map(|(_, last)| last),
            tcp_tw_reuse: word("/proc/sys/net/ipv4/tcp_tw_reuse").and_then(|text| text.parse().ok()),
            clock_source: word("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        })
    }

    /// How many ports there are for connections' own ends.
    pub fn local_ports(&self) -> Option<u32> {
        Some(self.last_local_port?.checked_sub(self.first_local_port?)? + 1)
    }
}

/// A file's text without the white space around it; none of a file that can't be read.
fn word(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn range(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_counted_from_the_first_to_the_last() {
        let ports = |text| {
            let (first, last) = range(text)?;
            let (first_local_port, last_local_port) = (Some(first), Some(last));
            Settings { first_local_port, last_local_port, ..Settings::default() }.local_ports()
        };
        assert_eq!(ports("32768\t60999"), Some(28_232));
        assert_eq!(ports("7 7"), Some(1));
        assert_eq!(ports("9 7"), None);
        assert_eq!(ports("9"), None);
    }
}
