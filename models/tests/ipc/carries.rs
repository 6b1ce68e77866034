//! What the ways carry, and what they refuse.

use std::sync::mpsc;
use std::thread;

use models::probe::{Operation, Setting, Sides, Trouble};
use nix::libc;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::{Function, first, forking, measure, of, way, ways};

pub(crate) const CASES: &[Function] = functions![
    every_way_carries_what_it_lists,
    a_size_that_nobody_listed_is_carried_as_well,
    what_a_way_cant_carry_is_unsupported_with_a_reason,
    a_message_too_long_for_a_queue_names_the_limit_to_raise,
    a_message_too_long_for_a_datagram_names_the_limit_to_raise,
    one_processor_is_not_enough_for_two_sides_apart,
    a_process_with_other_threads_is_not_forked,
];

/// What the systems that the lab runs on may refuse, by its size.
fn may_be_too_long(way: &str, bytes: u64) -> bool {
    match way {
        "message-queue" => bytes > 8192,
        "unix-datagram" => bytes > 100_000,
        "udp" => bytes > 65_507,
        _ => false,
    }
}

fn every_way_carries_what_it_lists() {
    for way in ways() {
        for setting in (way.settings)() {
            let bytes = setting.message_bytes.unwrap_or(0);
            let measured = match measure(way, &setting) {
                Err(Trouble::Unsupported(_)) if may_be_too_long(way.name, bytes) => continue,
                // Where there is one processor only.
                Err(Trouble::Unsupported(why)) if why.contains("one processor") => continue,
                result => result.unwrap_or_else(|trouble| panic!("{} {setting:?}: {trouble}", way.name)),
            };
            if setting.operation == Operation::Bandwidth {
                assert!(measured.bytes_per_second.unwrap() > 0.0, "{} {setting:?}", way.name);
                assert!(measured.remark.is_none() || way.name == "udp", "{} {setting:?}", way.name);
            } else {
                let times = measured.times.unwrap();
                assert!(times.quantile_ns(0.0).unwrap() > 0.0, "{} {setting:?}", way.name);
            }
        }
    }
}

fn a_size_that_nobody_listed_is_carried_as_well() {
    for way in ways().filter(|way| (way.settings)().iter().any(|setting| setting.message_bytes == Some(64))) {
        for bytes in [7, 1_025, 5_000] {
            for operation in [Operation::RoundTrip, Operation::Bandwidth] {
                measure(way, &of(operation, bytes))
                    .unwrap_or_else(|trouble| panic!("{}: {trouble}", way.name));
            }
        }
    }
}

fn what_a_way_cant_carry_is_unsupported_with_a_reason() {
    let together = |bytes| Setting { sides: Some(Sides::Together), ..of(Operation::RoundTrip, bytes) };
    for (name, setting, reason) in [
        ("pipe", of(Operation::RoundTrip, 0), "a byte at least"),
        ("pipe", of(Operation::RoundTrip, 1 << 40), "too long"),
        ("pipe", of(Operation::Create, 64), "round-trip and bandwidth"),
        ("udp", of(Operation::Bandwidth, 65_508), "65507 bytes at most"),
        ("eventfd", of(Operation::RoundTrip, 64), "carries 8 bytes"),
        ("eventfd", of(Operation::Bandwidth, 8), "no bandwidth"),
        ("signal", of(Operation::RoundTrip, 1), "no message"),
        ("signal", Setting::of(Operation::Bandwidth), "no message"),
        ("signal-real-time", of(Operation::RoundTrip, 8), "carries 4 bytes"),
        ("shared-memory-spin", together(64), "time slice"),
        ("atomics", together(64), "time slice"),
    ] {
        match measure(way(name), &setting) {
            Err(Trouble::Unsupported(why)) => assert!(why.contains(reason), "{name}: {why}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[expect(unsafe_code, reason = "nix's safe setuid stands behind a feature that nothing else needs")]
fn a_message_too_long_for_a_queue_names_the_limit_to_raise() {
    // The limit does not hold for root, and for others as it is.
    // SAFETY: setuid takes a number and touches no memory; this process has one thread.
    let _ = unsafe { libc::setuid(1_000_000_000 + std::process::id()) };
    let sentence =
        measure(way("message-queue"), &of(Operation::RoundTrip, 16 << 20)).unwrap_err().to_string();
    assert!(
        sentence.contains("fs.mqueue.msgsize_max") || sentence.contains("CONFIG_POSIX_MQUEUE"),
        "{sentence}"
    );
}

fn a_message_too_long_for_a_datagram_names_the_limit_to_raise() {
    let trouble = measure(way("unix-datagram"), &of(Operation::RoundTrip, 64 << 20)).unwrap_err();
    assert!(
        matches!(&trouble, Trouble::Unsupported(why) if why.contains("net.core.wmem_max")),
        "{trouble:?}"
    );
}

fn one_processor_is_not_enough_for_two_sides_apart() {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this).unwrap();
    let mut one = CpuSet::new();
    one.set((0..CpuSet::count()).find(|it| allowed.is_set(*it).unwrap()).unwrap()).unwrap();
    sched_setaffinity(this, &one).unwrap();
    for way in ways() {
        let setting = Setting { sides: Some(Sides::Apart), ..first(way) };
        let trouble = measure(way, &setting).unwrap_err();
        assert!(
            matches!(&trouble, Trouble::Unsupported(why) if why.contains("one processor")),
            "{trouble:?}"
        );
    }
}

fn a_process_with_other_threads_is_not_forked() {
    let (end, until_the_end) = mpsc::channel::<()>();
    let other = thread::spawn(move || until_the_end.recv().is_err());
    for way in forking() {
        let trouble = measure(way, &first(way)).unwrap_err();
        assert!(trouble.to_string().contains("several threads"), "{}: {trouble}", way.name);
    }
    drop(end);
    assert!(other.join().unwrap());
}
