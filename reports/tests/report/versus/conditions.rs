//! Under what two runs were measured: what differs is named.

use reports::document::Document;
use reports::record::{Host, Placement, Run, ServerCell};
use reports::summary::Versus;

use super::{MODELS, run, with};

#[test]
fn what_differs_between_hosts_is_named() {
    let old = run(&MODELS, 3, 0.01, 12);
    let host = |change: fn(&mut Host)| {
        let mut new = old.clone();
        change(&mut new.host);
        Versus::of(&old, &new).hosts_differ
    };
    assert_eq!(host(|host| host.kernel = "Linux 6.9.0".into()), ["kernel (Linux 6.8.0 and Linux 6.9.0)"]);
    assert_eq!(host(|host| host.cores = 4), ["cores (2 and 4)"]);
    assert_eq!(host(|host| host.memory_bytes *= 2), ["memory (8.00 GiB and 16.0 GiB)"]);
    let off = host(|host| host.mitigations = vec!["spectre_v2: Vulnerable".into()]);
    assert_eq!(off, ["mitigations (spectre_v2: Mitigation; IBRS and spectre_v2: Vulnerable)"]);
    assert_eq!(host(|host| host.cpu.clear()).len(), 1);
    // What says nothing of speed, and what the kernel takes a little more of at one start than at another.
    assert!(host(|host| host.nofile = 1).is_empty());
    assert!(host(|host| host.memory_bytes -= 1 << 20).is_empty());
}

#[test]
fn another_placement_is_named_once_and_whichever_rows_have_it() {
    let old = run(&MODELS, 3, 0.01, 12);
    let elsewhere = with(old.clone(), |cell| match cell.model.as_str() {
        "poll" | "fork" => ServerCell { placement: Placement { server: vec![0, 1], client: vec![] }, ..cell },
        _ => cell,
    });
    assert!(Versus::of(&old, &old).placements_differ.is_empty());
    let expected = "placement (server on core 0, load generator on core 1 and server on cores 0, 1, load generator not bound)";
    let versus = Versus::of(&old, &elsewhere);
    assert_eq!(versus.placements_differ, [expected]);
    assert!(Document::versus(&versus).warnings[0].contains(expected));
}

#[test]
fn what_else_differs_between_two_runs_is_warned_of() {
    let lasting = |run: Run, seconds: f64, warm_up_s: f64| {
        with(run, |cell| ServerCell { seconds, warm_up_s: Some(warm_up_s), ..cell })
    };
    let old = lasting(run(&MODELS, 3, 0.01, 12), 2.0, 0.5);
    let warnings = |new: &Run| Versus::of(&old, new).warnings;
    assert!(warnings(&lasting(old.clone(), 2.01, 0.5)).is_empty());
    let longer = warnings(&lasting(old.clone(), 10.0, 0.5));
    assert_eq!(
        longer,
        ["The measured windows are not equally long in both runs (2.00 s and 10.0 s; in 4 rows)."]
    );
    let colder = warnings(&lasting(old.clone(), 2.0, 0.1));
    assert_eq!(colder, ["The warm-ups are not equally long in both runs (0.500 s and 0.100 s; in 4 rows)."]);
    let newer = warnings(&Run { concur: "0.2.0".into(), ..old.clone() });
    assert!(newer.len() == 1 && newer[0].contains("(0.1.0 and 0.2.0)"), "{newer:?}");
    let cut = Run { complete: false, planned: 40, ..old.clone() };
    assert_eq!(warnings(&cut), ["The later run is not complete: it holds 12 of its 40 planned cells."]);
    assert_eq!(Document::versus(&Versus::of(&old, &cut)).warnings, warnings(&cut));
}
