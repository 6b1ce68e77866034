//! The C programs that time small things say what they measured, and nothing else.

use std::process::{Command, Output};

use benches::costs::PAIRS;
use benches::floor::{self, NO_COMPILER};

/// Runs the program of each pair with these words and that of the pair, and looks at what came of it.
fn with_each(words: &[&str], look: impl Fn(&str, Output)) {
    for pair in PAIRS {
        let Some(program) = floor::cost(pair.program).unwrap() else {
            return println!("skipped: {NO_COMPILER}");
        };
        let output = Command::new(program).args(words).args(pair.argument).output().unwrap();
        look(pair.name, output);
    }
}

#[test]
fn a_program_prints_a_time_in_nanoseconds() {
    with_each(&["20"], |name, Output { status, stdout, stderr }| {
        let said = String::from_utf8_lossy(&stderr).into_owned();
        if said.contains("one processor only") {
            return println!("skipped: {name}: {said}");
        }
        assert!(status.success(), "{name}: {said}");
        let ns: f64 = String::from_utf8(stdout).unwrap().trim_end().parse().unwrap();
        assert!(ns.is_finite() && ns > 0.0, "{name}: {ns}");
    });
}

#[test]
fn a_time_that_is_none_is_refused_with_2_in_one_line() {
    for time in ["x", "", "0", "-1", "60001", "99999999999999999999", "20ms"] {
        with_each(&[time], |name, Output { status, stdout, stderr }| {
            let said = String::from_utf8(stderr).unwrap();
            assert_eq!((status.code(), stdout.len()), (Some(2), 0), "{name} {time}: {said}");
            assert!(said.starts_with("usage: ") && said.lines().count() == 1, "{name} {time}: {said}");
        });
    }
}

#[test]
fn a_word_that_nobody_knows_is_refused_with_2() {
    for program in ["create_thread", "switch_pipe"] {
        let Some(program) = floor::cost(program).unwrap() else { return println!("skipped: {NO_COMPILER}") };
        let Output { status, stderr, .. } = Command::new(program).args(["20", "sideways"]).output().unwrap();
        assert_eq!(status.code(), Some(2));
        assert!(String::from_utf8(stderr).unwrap().starts_with("usage: "));
    }
}
