//! The groups themselves: what goes with them, and where there are none.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use harness::measure::after::{Counting, counting_unavailable};
use harness::measure::group::Group;
use reports::record::Verdict;

use crate::common::{concur, eventually, hello, ip, stop};
use crate::measured::{alone, group, serve};

#[test]
fn a_group_that_goes_takes_what_is_left_in_it_along() {
    let _alone = alone();
    let group = match Group::make() {
        Ok(group) => group,
        Err(error) => return skipped!("{error:#}"),
    };
    let script = "echo 0 > \"$0/cgroup.procs\" && setsid sleep 1000 < /dev/null > /dev/null 2>&1 & wait";
    let mut shell = Command::new("sh").args(["-c", script]).arg(group.path()).spawn().unwrap();
    let members = || fs::read_to_string(group.path().join("cgroup.procs")).unwrap();
    eventually("a daemon is in the group", || !members().is_empty());
    let daemon = members().trim().to_owned();
    let path: PathBuf = group.path().to_owned();
    drop(group);
    assert!(!path.exists());
    shell.wait().unwrap();
    eventually("the daemon is gone", || !PathBuf::from(format!("/proc/{daemon}")).exists());
}

#[test]
fn the_group_of_a_process_that_was_killed_is_removed_by_the_next() {
    let _alone = alone();
    let group = match Group::make() {
        Ok(group) => group,
        Err(error) => return skipped!("{error:#}"),
    };
    let mut ended = Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    let forsaken = group.path().with_file_name(format!("concur-{}-0", ended.id()));
    fs::create_dir(&forsaken).unwrap();
    drop(Group::make().unwrap());
    assert!(!forsaken.exists());
    assert!(group.path().exists(), "whose maker lives");
}

#[test]
fn a_measured_server_leaves_nothing_open() {
    let _alone = alone();
    let open = || {
        let targets = fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        targets.filter(|target| !target.starts_with("/proc")).collect::<BTreeSet<_>>()
    };
    let Some(first) = group() else { return }; // what is tried once has been
    drop(first);
    let before = open();
    let group = Group::make().unwrap();
    let path = group.path().to_owned();
    let server = serve("fork", &group);
    let counting = Counting::begin(&group).unwrap();
    hello(ip(&server));
    assert!(!open().is_subset(&before));
    assert!(counting.end().unwrap().calls > Some(0));
    stop(server);
    drop(group);
    // What others had open before may be closed by now.
    let left: Vec<_> = open().difference(&before).cloned().collect();
    assert_eq!(left, [] as [PathBuf; 0]);
    assert!(!path.exists(), "{} is left", path.display());
}

/// Not a test: says what can't be counted.
#[test]
#[ignore = "a helper for the tests beside it, which start it as a process of its own"]
fn helper_that_says_what_cannot_be_counted() {
    println!("\nunavailable: {}", counting_unavailable().as_deref().unwrap_or("nothing"));
}

/// What the helper says when it is started by `command`.
fn said_under(command: &[&str]) -> Option<String> {
    let program = std::env::current_exe().unwrap();
    let (first, rest) = command.split_first()?;
    let mut command = Command::new(first);
    command.args(rest).arg(program).args(["--exact", "groups::helper_that_says_what_cannot_be_counted"]);
    let output = command.args(["--ignored", "--nocapture"]).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().find_map(|line| line.strip_prefix("unavailable: ")).map(str::to_owned)
}

#[test]
fn who_may_make_no_group_is_told_what_is_missing_and_what_to_try() {
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let Some(said) = said_under(&nobody) else {
        skipped!("only root can become somebody else, by setpriv");
        return;
    };
    assert!(said.contains("no control group can be made in") && said.contains("systemd-run"), "{said}");
}

#[test]
fn tracepoints_are_found_where_tracefs_is_not_mounted() {
    if counting_unavailable().is_some() {
        skipped!("they are not found here at all");
        return;
    }
    let script = "umount -l /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; \
                  test ! -e /sys/kernel/tracing/events && exec \"$@\"";
    let Some(said) = said_under(&["unshare", "--mount", "sh", "-c", script, "sh"]) else {
        skipped!("tracefs can't be taken away here");
        return;
    };
    assert_eq!(said, "nothing");
}

#[test]
fn a_cell_whose_children_nobody_waits_for_is_valid_and_has_its_cost() {
    let _alone = alone();
    if group().is_none() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let mut command = concur();
    command.args([
        "run",
        "--suite",
        "servers",
        "--models",
        "fork:reap=ignore",
        "--new-connections",
        "--json",
    ]);
    command.args(["--connections", "2", "--rounds", "1", "--duration", "300ms"]);
    let output = command.arg("--out").arg(out.path().join("run")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let run: reports::record::Run = serde_json::from_slice(&output.stdout).unwrap();
    let cell = run.cells.last().unwrap().server().unwrap();
    // A machine that is busy with other things may disturb it, which is not what this is about.
    let disturbed = cell.noise.is_some_and(|noise| noise.disturbed);
    assert!(cell.verdict == Verdict::Valid && cell.reason.is_none() || disturbed, "{cell:?}");
    assert!(!cell.reason.as_deref().unwrap_or_default().contains("CPU time"), "{cell:?}");
    let cost = cell.server.unwrap();
    assert!(cost.cpu_s().unwrap() > 0.0, "{cost:?}");
    // Each child leaves its processor at its end, if not before.
    assert!(cell.calls.is_none() || cost.switches >= Some(cell.requests), "{cell:?}");
    assert_eq!(cost.clocked_cpu_s, None, "no clock has the children's time");
}
