//! Whole lives of servers, by our account and by GNU time.

use std::ffi::OsString;
use std::fs;
use std::process::Command;
use std::time::Duration;

use harness::measure::placement::{place, processors};
use nix::sys::signal::{Signal, kill};

use crate::common::{children_of, ended_in_order, start};
use crate::measured::{
    Asked, CONCUR, KEPT, NEW_EACH, alone, assert_agree, counter, group, load, with_enough_time,
};

/// Processor time in seconds and switches, by GNU time.
fn timed(text: &str) -> (f64, f64) {
    let number = |label: &str| -> f64 {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label)).unwrap();
        line.trim().parse().unwrap()
    };
    let cpu_s = number("User time (seconds):") + number("System time (seconds):");
    (cpu_s, number("Voluntary context switches:") + number("Involuntary context switches:"))
}

/// A server's whole life by our account and by GNU time: seconds and switches.
pub(crate) fn lives(model: &str, asked: Asked) -> Option<[(f64, f64); 2]> {
    let group = group()?;
    if Command::new("/usr/bin/time").arg("--version").output().is_err() {
        skipped!("there is no /usr/bin/time; install the package time");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let said = directory.path().join("time");
    let side: Vec<String> = place(&processors().unwrap()).server.iter().map(usize::to_string).collect();
    let mut command: Vec<OsString> =
        vec!["/usr/bin/time".into(), "-v".into(), "-o".into(), said.clone().into()];
    command.extend(
        [CONCUR, "serve", model, "--bind", "127.0.0.1:0", "--cpus", &side.join(",")].map(OsString::from),
    );
    command.extend(["--group".into(), group.path().into()]);
    let mut counter = counter(&group);
    let server = start(command).unwrap();
    load(&server, asked, &mut |_| {});
    // The first process is GNU time, which would end of the signal and leave the server.
    let [inner] = children_of(server.pid())[..] else { panic!("GNU time has one child") };
    kill(inner, Signal::SIGTERM).unwrap();
    ended_in_order(server);
    let ours = (group.used().unwrap().sum().as_secs_f64(), counter.read().unwrap() as f64);
    Some([ours, timed(&fs::read_to_string(said).unwrap())])
}

/// Seconds and switches of a whole life agree. GNU time cuts each mode off after 10 ms.
fn assert_lives_agree(model: &str, asked: Asked) {
    let _alone = alone();
    let long = Asked { duration: Duration::from_secs(2), ..asked };
    let measured = with_enough_time(long, |asked| lives(model, asked), |[(ours_s, _), _]| *ours_s);
    let Some([(ours_s, ours), (theirs_s, theirs)]) = measured else { return };
    assert_agree(&format!("{model}, seconds"), ours_s, theirs_s, 0.02);
    assert_agree(&format!("{model}, switches"), ours, theirs, 0.0);
}

#[test]
fn a_loop_costs_what_gnu_time_says() {
    assert_lives_agree("epoll", NEW_EACH);
}

#[test]
fn short_lived_children_cost_what_gnu_time_says() {
    assert_lives_agree("fork", NEW_EACH);
}

#[test]
fn children_made_beforehand_cost_what_gnu_time_says() {
    assert_lives_agree("prefork", NEW_EACH);
}

#[test]
fn threads_that_stay_cost_what_gnu_time_says() {
    assert_lives_agree("thread", KEPT);
}
