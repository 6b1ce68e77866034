//! The machine: what it is, its limits, and its processors.

use std::thread;

use harness::measure::host::host;
use harness::measure::limits::{descriptor_limit, need_descriptors, raise_descriptor_limit};
use harness::measure::placement::{bind_thread, place, processors};

#[test]
fn the_host_is_described() {
    let host = host().unwrap();
    assert!(!host.cpu.is_empty());
    assert_eq!(host.cores, processors().unwrap().len());
    assert_eq!(host.cores, thread::available_parallelism().unwrap().get());
    assert!(host.kernel.starts_with("Linux "), "{}", host.kernel);
    assert!(host.memory_bytes > 16 << 20);
    assert!(host.nofile > 0);
    let affected = |state: &String| state.split_once(": ").is_some_and(|(_, how)| how != "Not affected");
    assert!(host.mitigations.iter().all(affected), "{:?}", host.mitigations);
    assert!(host.loopback_mtu_bytes.is_none_or(|mtu| mtu >= 576));
}

#[test]
fn too_many_descriptors_are_refused_with_what_to_do() {
    let limit = raise_descriptor_limit().unwrap();
    assert_eq!(descriptor_limit().unwrap(), limit);
    need_descriptors(limit).unwrap();
    let Some(more) = limit.checked_add(1) else { return };
    let error = need_descriptors(more).unwrap_err().to_string();
    assert!(error.contains(&format!("needs {more} descriptors and the limit is {limit}")), "{error}");
    assert!(error.contains(&format!("`ulimit -n {more}`")) && error.contains("--connections"), "{error}");
}

#[test]
fn a_thread_runs_where_it_is_bound() {
    let all = processors().unwrap();
    let last = *all.last().unwrap();
    let bound = move || {
        bind_thread(&[last]).unwrap();
        processors().unwrap()
    };
    assert_eq!(thread::spawn(bound).join().unwrap(), [last]);
    let free = || {
        bind_thread(&[]).unwrap();
        processors().unwrap()
    };
    assert_eq!(thread::spawn(free).join().unwrap(), all);
}

#[test]
fn server_and_client_together_use_all_processors() {
    let all = processors().unwrap();
    let placement = place(&all);
    let mut both = [placement.server.clone(), placement.client].concat();
    both.sort_unstable();
    both.dedup();
    assert_eq!(both, all);
    assert!(!placement.server.is_empty());
}
