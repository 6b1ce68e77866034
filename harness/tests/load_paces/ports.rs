//! More connections than one source address has ports for, in a network of their own where ports are few.

use std::process::Command;

use serde_json::Value;

/// Of a fresh network: its loopback is brought up, and has fifty ports to give.
const NETWORK: &str = "ip link set lo up && echo '50000 50049' >/proc/sys/net/ipv4/ip_local_port_range";

/// What a load comes to whose server and ports are in a network of their own; none, and said why, where there can't be one.
fn load_with_fifty_ports(arguments: &str) -> Option<Value> {
    let probe = Command::new("unshare").args(["-n", "sh", "-c", NETWORK]).output();
    if !probe.as_ref().is_ok_and(|output| output.status.success()) {
        skipped!("no network of one's own can be had here (unshare, ip, and root are needed): {probe:?}");
        return None;
    }
    let program = env!("CARGO_BIN_EXE_concur");
    let script = format!(
        "{NETWORK} && {{ {program} serve epoll --bind 127.0.0.1:8888 --with-parent $$ >/dev/null & }} && \
         until {program} load 127.0.0.1:8888 --connections 1 --duration 10ms --warm-up 10ms >/dev/null 2>&1; do :; done; \
         {program} load 127.0.0.1:8888 --json {arguments}; kill %1; wait"
    );
    let output =
        Command::new("timeout").args(["60", "unshare", "-n", "bash", "-c", &script]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Some(
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error}: {text} {}", String::from_utf8_lossy(&output.stderr))),
    )
}

#[test]
fn more_connections_than_ports_come_from_further_addresses() {
    let Some(answer) = load_with_fifty_ports("--connections 180 --duration 500ms") else { return };
    assert_eq!(answer["errors"]["connect"], 0, "{answer}");
    assert_eq!((&answer["connects"], &answer["connections_served"]), (&180.into(), &180.into()), "{answer}");
}

#[test]
fn a_new_connection_per_request_goes_on_when_ports_run_short() {
    let Some(answer) = load_with_fifty_ports("--connections 4 --new-connections --duration 1s") else {
        return;
    };
    assert_eq!(answer["errors"]["connect"], 0, "{answer}");
    assert!(answer["connects"].as_u64().unwrap() > 100, "{answer}");
}
