//! What happens when one side is killed: the other one says so or ends too, and nothing is left.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use models::probe::{Operation, Setting, Trouble};
use nix::errno::Errno;
use nix::mqueue::{MQ_OFlag, mq_open};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use crate::{Function, first, forking, myself, way};

pub(crate) const CASES: &[Function] = functions![
    a_killed_other_side_is_told,
    a_killed_other_side_is_told_in_a_burst,
    a_stopped_other_side_is_told,
    a_killed_measurer_leaves_no_process_and_no_name,
];

pub(crate) const ACTORS: &[Function] = functions![measure_for_long];

/// Longer than anything here takes; who waits so long has failed.
const LIMIT: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(90);

/// Measures until something happens, and says what. What is measured of which way stands in the environment.
fn measure_for_long() {
    let way = way(&env::var("WAY").unwrap());
    let time = env::var("SECONDS").map_or(LONG, |seconds| Duration::from_secs(seconds.parse().unwrap()));
    let setting = match env::var("BYTES") {
        Ok(bytes) => {
            Setting { message_bytes: Some(bytes.parse().unwrap()), ..Setting::of(Operation::Bandwidth) }
        }
        Err(_) => Setting { sides: None, ..first(way) },
    };
    match (way.measure)(&setting, time) {
        Err(Trouble::Failed(sentence)) => print!("{sentence}"),
        other => panic!("{other:?}"),
    }
}

/// A process that measures, and the child that is its other side.
struct Measurer {
    process: Child,
    other: Pid,
}

impl Measurer {
    fn start(way: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = myself(&["measure_for_long"]);
        let command = command.env("WAY", way).envs(environment.iter().copied());
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let children = format!("/proc/{0}/task/{0}/children", process.id());
        let mut other = None;
        wait_until(|| {
            other = fs::read_to_string(&children).unwrap().trim().parse().ok();
            other.is_some()
        });
        let other = Pid::from_raw(other.unwrap());
        // It is under way when the other side has been switched to and from.
        wait_until(|| switches(other) > 20 || way.contains("spin"));
        Self { process, other }
    }

    fn says(self) -> String {
        let output = self.process.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn wait_until(mut there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < LIMIT, "it never came");
        sleep(Duration::from_millis(2));
    }
}

/// How often a process went to sleep or was put aside.
fn switches(process: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let counts = status.lines().filter_map(|line| line.split_once("ctxt_switches:"));
    counts.map(|(_, count)| count.trim().parse::<u64>().unwrap()).sum()
}

fn a_killed_other_side_is_told() {
    for way in forking() {
        let measurer = Measurer::start(way.name, &[]);
        kill(measurer.other, Signal::SIGKILL).unwrap();
        let sentence = measurer.says();
        assert!(sentence.contains("the other process was ended by SIGKILL"), "{}: {sentence}", way.name);
    }
}

fn a_killed_other_side_is_told_in_a_burst() {
    for way in forking().filter(|way| !["eventfd", "signal"].contains(&way.name)) {
        let bytes = if way.name == "signal-real-time" { "4" } else { "1024" };
        let measurer = Measurer::start(way.name, &[("BYTES", bytes)]);
        kill(measurer.other, Signal::SIGKILL).unwrap();
        let sentence = measurer.says();
        assert!(sentence.contains("the other process was ended by SIGKILL"), "{}: {sentence}", way.name);
    }
}

fn a_stopped_other_side_is_told() {
    // One that gets no answer, all at the same time: it is patient.
    let stopped: Vec<_> = ["pipe", "eventfd", "shared-memory-futex", "shared-memory-spin", "signal"]
        .map(|way| {
            let measurer = Measurer::start(way, &[("SECONDS", "3")]);
            kill(measurer.other, Signal::SIGSTOP).unwrap();
            measurer
        })
        .into();
    for measurer in stopped {
        let sentence = measurer.says();
        assert!(sentence.contains("the other side does not answer"), "{sentence}");
    }
}

fn a_killed_measurer_leaves_no_process_and_no_name() {
    for way in forking() {
        let mut measurer = Measurer::start(way.name, &[]);
        measurer.process.kill().unwrap();
        measurer.process.wait().unwrap();
        // Who adopts it may be slow to reap it, or never do: then it is a zombie.
        let stat = format!("/proc/{}/stat", measurer.other);
        wait_until(|| !fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")));
        assert_no_name(measurer.process.id());
    }
}

/// That nothing of this process's has a name any more: no file, no shared memory, no queue.
pub(crate) fn assert_no_name(process: u32) {
    let name = format!("concur-{process}");
    for directory in [env::temp_dir().as_path(), Path::new("/dev/shm"), Path::new("/dev/mqueue")] {
        let Ok(entries) = fs::read_dir(directory) else { continue }; // /dev/mqueue is not mounted everywhere
        for entry in entries {
            let entry = entry.unwrap().file_name().into_string().unwrap_or_default();
            assert!(
                entry != name && !entry.starts_with(&format!("{name}-")),
                "{entry} in {}",
                directory.display()
            );
        }
    }
    for which in ["here", "there"] {
        let queue = mq_open(&*format!("/{name}-{which}"), MQ_OFlag::O_RDONLY, Mode::empty(), None);
        assert!(matches!(queue, Err(Errno::ENOENT | Errno::ENOSYS)), "{queue:?}");
    }
}
