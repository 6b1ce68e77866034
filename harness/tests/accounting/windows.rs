//! Windows, by the group and by the clocks of its processes; and what only the group knows.

use std::process::Command;
use std::thread;
use std::time::Duration;

use harness::measure::placement::processors;
use harness::measure::sampler::{Sampler, Sampling};
use harness::measure::threads::Threads;
use reports::record::Cost;

use crate::common;
use crate::common::{eventually, hello, ip, start, stop};
use crate::measured::{Asked, KEPT, NEW_EACH, PART, alone, assert_agree, window, with_enough_time};

/// What clocks lack is at most this part: a thread's end, once its process no longer has it.
const AT_MOST_LACKING: f64 = 0.3;

#[test]
fn threads_that_come_and_go_are_counted_to_their_end() {
    let _alone = alone();
    let Some(window) = window("thread", NEW_EACH) else { return };
    let (charged_s, clocked_s) = (window.cpu_s, window.clocked.cpu_s().unwrap());
    assert!(clocked_s <= charged_s * (1.0 + PART) + 0.02, "{clocked_s} s of {charged_s} s");
    assert!(clocked_s >= charged_s * (1.0 - AT_MOST_LACKING), "{clocked_s} s of {charged_s} s");
    assert_eq!(window.clocked.switches(), None, "they went with the threads");
    // Each thread leaves its processor at least once: at its end.
    assert!(window.switches >= window.requests * (1.0 - PART), "{} switches", window.switches);
}

/// Both accounts of one window agree. Children's times come in ticks of 10 ms, one for each mode.
fn assert_accounts_agree(model: &str, asked: Asked) {
    let _alone = alone();
    let measured = with_enough_time(asked, |asked| window(model, asked), |window| window.cpu_s);
    let Some(window) = measured else { return };
    assert_agree(model, window.cpu_s, window.clocked.cpu_s().unwrap(), 0.02);
    if let Some(switches) = window.clocked.switches() {
        assert_agree(&format!("{model}, switches"), window.switches, switches as f64, 20.0);
    } else {
        assert_eq!(model, "fork", "only there processes come and go");
    }
}

#[test]
fn both_accounts_of_a_loop_agree() {
    assert_accounts_agree("epoll", KEPT);
}

#[test]
fn both_accounts_of_threads_agree() {
    assert_accounts_agree("thread", KEPT);
}

#[test]
fn both_accounts_of_children_made_beforehand_agree() {
    assert_accounts_agree("prefork", NEW_EACH);
}

#[test]
fn both_accounts_of_short_lived_children_agree() {
    assert_accounts_agree("fork", NEW_EACH);
}

/// CPU time per request of a model, as a ratio to that of `fork` in the next moment: the middle one of three.
fn by_fork(model: &str) -> Option<f64> {
    let each = |model| window(model, NEW_EACH).map(|it| it.cpu_s / it.requests);
    let mut ratios =
        [each(model)? / each("fork")?, each(model)? / each("fork")?, each(model)? / each("fork")?];
    ratios.sort_by(f64::total_cmp);
    Some(ratios[1])
}

#[test]
fn children_that_the_kernel_buries_cost_as_much_as_others() {
    let _alone = alone();
    let Some(ratio) = by_fork("fork:reap=ignore") else { return };
    // Without the children's time it would be about a quarter.
    assert!((0.75..1.25).contains(&ratio), "{ratio}");
}

#[test]
fn children_of_a_double_fork_cost_up_to_twice_as_much_as_others() {
    let _alone = alone();
    let Some(ratio) = by_fork("fork:reap=double-fork") else { return };
    // There are two processes for each request; without the second one's time it would be less than one.
    assert!((1.1..2.2).contains(&ratio), "{ratio}");
}

#[test]
fn memory_that_children_share_counts_once_in_one_sum_and_often_in_the_other() {
    let _alone = alone();
    let server = common::serve("prefork:workers=8", &[]);
    let address = ip(&server);
    eventually("all are there", || server.tree().sample().unwrap().processes == 9);
    let sampler = Sampler::start(server.tree(), Sampling::default()).unwrap();
    hello(address);
    let cost = sampler.stop().complete(Cost::default());
    let (pss, rss) = (cost.pss_peak_bytes.unwrap(), cost.rss_peak_bytes.unwrap());
    // Nine processes, most of whose pages are shared.
    assert!(pss < rss / 2, "{pss} of {rss}");
    let last = cost.pss_bytes.unwrap();
    assert!(last > 0 && last <= pss, "{last} of {pss}");
    stop(server);
}

#[test]
fn threads_that_share_a_processor_wait_for_it() {
    let _alone = alone();
    let side = *processors().unwrap().first().unwrap();
    let spin = format!("taskset -c {side} sh -c 'while :; do :; done' &");
    if Command::new("taskset").arg("--version").output().is_err() {
        skipped!("there is no taskset; install the package util-linux");
        return;
    }
    let script = format!("{spin} {spin} echo 'listening on 127.0.0.1:1'; wait");
    let server = start(["sh".into(), "-c".into(), script.into()]).unwrap();
    // Who has had no turn yet has no account of turns either.
    eventually("both have begun", || {
        let seen = Threads::look(server.tree(), 3).unwrap().seen;
        seen.len() == 3 && seen.iter().all(|thread| !thread.cpu.is_zero())
    });
    let before = server.tree().reading().unwrap();
    thread::sleep(Duration::from_secs(2));
    let after = server.tree().reading().unwrap();
    let waited_s = before.until(&after).run_queue_wait_s.expect("no thread came or went");
    // Each has at most its half: together they wait for as long as one of them runs. Who still waits when it is looked at
    // has that time added only when it runs again, which on a busy machine may take a while.
    let elapsed_s = before.elapsed_until(&after).as_secs_f64();
    assert!(waited_s >= 0.5 * elapsed_s, "{waited_s} s of {elapsed_s} s");
    drop(server);
}
