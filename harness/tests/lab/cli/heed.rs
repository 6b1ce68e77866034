//! Options that nothing would heed.

use super::{run_refused, usage};

#[test]
fn an_option_that_no_suite_heeds_is_refused_in_one_line() {
    for (option, value) in [
        ("--jobs", "4"),
        ("--tasks", "primes"),
        ("--executors", "line"),
        ("--size", "full"),
        ("--models", "epoll"),
    ] {
        let said = usage(&["run", "--suite", "ipc", option, value]);
        assert!(said.contains(option) && said.contains("and the suite has none; leave it out"), "{said}");
    }
    let said = usage(&["run", "--suite", "spawn", "--cmd", "mine=server {port}"]);
    assert!(said.contains("--cmd is for servers"), "{said}");
    let said = usage(&["run", "--suite", "switch", "--python", "pypy3"]);
    assert!(said.contains("--python is for servers and tasks"), "{said}");
    let said = usage(&["run", "--suite", "servers", "--jobs", "4"]);
    assert!(said.contains("--jobs is for tasks"), "{said}");
    let said = usage(&["run", "--suite", "tasks", "--models", "epoll"]);
    assert!(said.contains("--models is for servers"), "{said}");
}

#[test]
fn an_option_that_nothing_would_heed_is_refused() {
    for option in [
        "--workload http",
        "--path /",
        "--message 9",
        "--transport unix",
        "--connections 5",
        "--rate 100",
        "--knee",
        "--idle 5",
        "--new-connections",
        "--pipeline 2",
        "--think 1ms",
        "--slow 1",
        "--beside /",
    ] {
        let name = option.split(' ').next().unwrap();
        let line = run_refused(&format!("--suite stevens {option}"));
        assert_eq!(
            line,
            format!(
                "concur: Stevens' comparison has a load of its own; leave {name} out, or name another --suite"
            )
        );
        let line = run_refused(&format!("--suite tasks {option}"));
        assert!(line.starts_with(&format!("concur: {name} is for servers")), "{line}");
    }
    for (arguments, said) in [
        ("--suite idle --knee", "--knee compares servers"),
        ("--suite idle --transport udp --workload echo", "over UDP there are no idle connections"),
        ("--schedule poisson", "--schedule spaces the requests of an open loop; give it a --rate"),
        ("--budget 1h", "--until"),
    ] {
        let line = run_refused(arguments);
        assert!(line.contains(said), "{arguments}: {line}");
    }
}
