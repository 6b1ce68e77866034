//! An examination in words: each figure with what it means for those that the lab measures, and what speaks against trusting
//! them.

use reports::record::Placement;

use super::Examination;
use crate::measure::noise::SPIN_SHARE;

/// With fewer descriptors the lab can't open 10,000 connections.
const DESCRIPTORS: u64 = 10_100;
/// A clock that takes longer to read was not made for it: the kernel has to be asked, or the hypervisor.
const SLOW_CLOCK_NS: f64 = 200.0;
/// From here on steal shows in figures.
const STEAL_SHARE: f64 = 0.01;
/// A thread with nothing to do is not later than this on a machine that nobody else uses.
const HICCUP_US: f64 = 20_000.0;
/// Fewer local ports than this run short with a new connection for each request.
const LOCAL_PORTS: u32 = 10_000;

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is of.
    pub name: &'static str,
    /// The figure with its unit.
    pub figure: String,
    /// What it means, in a sentence.
    pub means: String,
}

/// Everything that was found, in the order of reading.
pub fn findings(of: &Examination) -> Vec<Finding> {
    let groups = [machine(of), kernel(of), time(of), noise(of), ends(of)];
    groups.into_iter().flatten().map(|(name, figure, means)| Finding { name, figure, means }).collect()
}

type Told = (&'static str, String, String);

fn machine(of: &Examination) -> Vec<Told> {
    let host = &of.host;
    let mitigations = host.mitigations.len();
    vec![
        ("processors", format!("{}, {}", host.cores, host.cpu), placed(&of.placement)),
        ("kernel", host.kernel.clone(), "Figures of different kernels are not to be compared.".to_owned()),
        (
            "mitigations",
            if mitigations == 0 { "none".to_owned() } else { format!("{mitigations}, in the record") },
            "What the kernel does against processor faults makes every system call dearer.".to_owned(),
        ),
    ]
}

fn placed(Placement { server, client }: &Placement) -> String {
    if server == client {
        return "Server and load generator share them: every figure is one of the two together.".to_owned();
    }
    format!(
        "The server gets {server:?} and the load generator {client:?}, so that neither runs in the other's time."
    )
}

fn kernel(of: &Examination) -> Vec<Told> {
    let settings = &of.settings;
    let mut told = vec![(
        "descriptors",
        settings.nofile_hard.to_string(),
        "So many connections can be open at once, less some thirty: each takes a descriptor on both sides."
            .to_owned(),
    )];
    if let Some(ports) = settings.local_ports() {
        told.push((
            "local ports",
            format!("{ports}, tcp_tw_reuse {}", settings.tcp_tw_reuse.map_or("unknown".to_owned(), |it| it.to_string())),
            match settings.tcp_tw_reuse {
                Some(0) => format!(
                    "A port rests for a minute after its connection: {} new connections a second and no more to one server.",
                    ports / 60
                ),
                _ => format!(
                    "On loopback a port is lent out again after a second: some {ports} new connections a second to one server."
                ),
            },
        ));
    }
    told.extend([
        (
            "io_uring",
            of.io_uring_lacks.as_ref().map_or("yes".to_owned(), |why| format!("no: {why}")),
            "Whether the model io-uring can be measured.".to_owned(),
        ),
        (
            "counters",
            of.counting_unavailable.as_ref().map_or("all", |_| "not all").to_owned(),
            of.counting_unavailable.as_ref().map_or_else(
                || "The system calls of a request can be told, and no child's CPU time is lost.".to_owned(),
                |why| format!("{why}."),
            ),
        ),
    ]);
    told
}

fn time(of: &Examination) -> Vec<Told> {
    let source = of.settings.clock_source.as_deref().unwrap_or("of unknown source");
    let mut told = vec![(
        "clock",
        format!("{source}, {:.0} ns a reading", of.clock_reading_ns),
        "The generator reads it twice or so for each request, in its own time and not in the server's."
            .to_owned(),
    )];
    told.extend(of.timer_slack_us.map(|us| {
        let means =
            "Timers may go off so much later: pauses and waits are longer than asked for by up to this.";
        ("timer slack", format!("{us:.0} us"), means.to_owned())
    }));
    told
}

fn noise(of: &Examination) -> Vec<Told> {
    let percent = |share: f64| format!("{:.1}%", share * 100.0);
    let mut told = Vec::new();
    if let Some(so_far) = of.steal_share_so_far {
        let now =
            of.steal_share.map_or(String::new(), |now| format!(", {} in a second of rest", percent(now)));
        let means =
            "The hypervisor gave so much of the processors' time to others; 0 on a machine of its own.";
        told.push(("steal", format!("{} since it started{now}", percent(so_far)), means.to_owned()));
    }
    told.extend(of.hiccup_us.map(|us| {
        let means =
            "So late a thread woke that had nothing to do: no tail of latencies can be trusted below this.";
        ("hiccup", format!("{:.1} ms at most in a second", us / 1e3), means.to_owned())
    }));
    told.extend(of.spin_least_us.zip(of.spin_most_us).map(|(least, most)| {
        let by = (most / least - 1.0) * 100.0;
        let means = "The same arithmetic, again and again on the server's processor: a smaller difference between two servers \
                     may be the machine's.";
        ("spin", format!("{least:.0} to {most:.0} us, {by:.0}% apart"), means.to_owned())
    }));
    told
}

fn ends(of: &Examination) -> Vec<Told> {
    let floor = &of.floor;
    vec![
        (
            "floor",
            format!("{:.2} us of CPU a request", floor.cpu_us),
            "One recv(2) and one send(2) over loopback, with nothing to wait for: who makes both for each request can't do with less.".to_owned(),
        ),
        (
            "round trip",
            format!("{:.1} us", floor.round_trip_us),
            "One request and its reply over one connection, both sides asleep in between: the least latency at rest.".to_owned(),
        ),
        (
            "ceiling",
            format!("{:.0} requests a CPU second", floor.ceiling_per_second),
            "So many the load generator asks for and checks on one processor: no rate above this can be seen from it.".to_owned(),
        ),
    ]
}

/// What speaks against trusting the figures of this machine, or stands in the way of some, with what helps.
pub fn warnings(of: &Examination) -> Vec<String> {
    let above = |figure: Option<f64>, bound: f64| figure.filter(|figure| *figure > bound);
    let spread = of.spin_least_us.zip(of.spin_most_us).map(|(least, most)| most / least - 1.0);
    let steal = of.steal_share.into_iter().chain(of.steal_share_so_far).reduce(f64::max);
    [
        (of.placement.server == of.placement.client).then(|| {
            "there is one processor: server and load generator share it; run on a machine with two".to_owned()
        }),
        above(steal, STEAL_SHARE).map(|share| {
            format!(
                "the hypervisor gives up to {:.0}% of the time to others; repeat with more --rounds, or use a machine of its own",
                share * 100.0
            )
        }),
        above(of.hiccup_us, HICCUP_US).map(|us| {
            format!("something kept an idle thread from running for {:.0} ms; end what else is running", us / 1e3)
        }),
        above(spread, SPIN_SHARE).map(|by| {
            format!("the processor's speed changes by {:.0}%; end what else is running", by * 100.0)
        }),
        (of.settings.nofile_hard < DESCRIPTORS).then(|| {
            format!(
                "a process may open {} descriptors, too few for 10,000 connections; raise them with ulimit -Hn, as root",
                of.settings.nofile_hard
            )
        }),
        of.settings.local_ports().filter(|ports| *ports < LOCAL_PORTS).map(|ports| {
            format!("there are {ports} local ports; widen net.ipv4.ip_local_port_range before using --new-connections")
        }),
        (of.settings.tcp_tw_reuse == Some(0)).then(|| {
            "ports rest for a minute after use; try sysctl net.ipv4.tcp_tw_reuse=2 before using --new-connections".to_owned()
        }),
        (of.clock_reading_ns > SLOW_CLOCK_NS).then(|| {
            format!(
                "reading the clock takes {:.0} ns, which the load generator pays for each request; a clock source of tsc takes some 25",
                of.clock_reading_ns
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use reports::record::{Floor, Host};

    use super::super::Settings;
    use super::*;

    fn healthy() -> Examination {
        Examination {
            host: Host { cores: 2, ..Host::default() },
            placement: Placement { server: vec![0], client: vec![1] },
            settings: Settings {
                nofile_hard: 1 << 20,
                first_local_port: Some(32_768),
                last_local_port: Some(60_999),
                tcp_tw_reuse: Some(2),
                clock_source: Some("tsc".to_owned()),
            },
            counting_unavailable: None,
            io_uring_lacks: None,
            clock_reading_ns: 25.0,
            timer_slack_us: Some(50.0),
            steal_share_so_far: Some(0.001),
            steal_share: Some(0.0),
            hiccup_us: Some(400.0),
            spin_least_us: Some(330.0),
            spin_most_us: Some(340.0),
            floor: Floor {
                cpu_us: 3.2,
                round_trip_us: 12.0,
                ceiling_per_second: 250_000.0,
                ..Floor::default()
            },
        }
    }

    #[test]
    fn a_healthy_machine_is_warned_of_nothing() {
        assert_eq!(warnings(&healthy()), [""; 0]);
    }

    #[test]
    fn each_trouble_is_warned_of_by_itself() {
        let ill = |make: fn(&mut Examination)| {
            let mut of = healthy();
            make(&mut of);
            let [warning] = warnings(&of).try_into().unwrap();
            warning
        };
        assert!(ill(|of| of.placement.client = vec![0]).contains("one processor"));
        assert!(ill(|of| of.steal_share = Some(0.07)).contains("7% of the time"));
        assert!(ill(|of| of.steal_share_so_far = Some(0.05)).contains("5% of the time"));
        assert!(ill(|of| of.hiccup_us = Some(30_000.0)).contains("30 ms"));
        assert!(ill(|of| of.spin_most_us = Some(660.0)).contains("by 100%"));
        assert!(ill(|of| of.settings.nofile_hard = 1_024).contains("1024 descriptors"));
        assert!(ill(|of| of.settings.last_local_port = Some(32_777)).contains("10 local ports"));
        assert!(ill(|of| of.settings.tcp_tw_reuse = Some(0)).contains("rest for a minute"));
        assert!(ill(|of| of.clock_reading_ns = 900.0).contains("900 ns"));
    }

    #[test]
    fn what_could_not_be_found_out_is_left_out() {
        let of = Examination { hiccup_us: None, spin_least_us: None, steal_share_so_far: None, ..healthy() };
        let names: Vec<&str> = findings(&of).iter().map(|finding| finding.name).collect();
        assert!(
            !names.contains(&"hiccup") && !names.contains(&"spin") && !names.contains(&"steal"),
            "{names:?}"
        );
        assert_eq!(findings(&healthy()).len(), names.len() + 3);
    }
}
