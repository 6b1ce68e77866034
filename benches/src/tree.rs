//! The processor time of a whole process tree, read when the tree is at rest.
//!
//! What is counted, and how finely, is the lab's own account: [`harness::measure::reading`].

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::measure::reading::Reading;
use harness::measure::tree::Tree;

/// How far apart two looks at a tree are that is to be found at rest, and how much it may use between them.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const REST: Duration = Duration::from_micros(200);
/// After so many looks a tree is taken as it is.
const LOOKS: usize = 50;

/// What the tree of `root` has used, once two looks in a row find next to nothing used between them, or a second has
/// passed. A child that is just ending would otherwise be counted twice (by itself and by the parent that reaps it) or
/// not at all.
pub fn at_rest(root: u32) -> Result<Reading> {
    let tree = Tree::new(root);
    ensure!(tree.sample()?.processes > 0, "process {root} has ended; its messages say why");
    let read = || tree.reading().context("a server's processor time can't be read");
    let mut last = read()?;
    for _ in 0..LOOKS {
        sleep(BETWEEN_LOOKS);
        let next = read()?;
        let used = cpu_between(&last, &next)?;
        last = next;
        if used <= REST.as_secs_f64() {
            break;
        }
    }
    Ok(last)
}

/// The processor time used between two looks, in seconds.
pub fn cpu_between(before: &Reading, after: &Reading) -> Result<f64> {
    before
        .until(after)
        .cpu_s()
        .context("the processor time of some of a server's processes is in nobody's account")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_a_tree_used_between_two_rests_is_told() {
        // It works for a while each time it is sent a line, in itself and in a child that it waits for.
        let script = "while read line; do i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; \
                      sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; echo done; done";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let before = at_rest(child.id()).unwrap();
        let mut said = [0; 5];
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"go\n").unwrap();
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        let worked = cpu_between(&before, &at_rest(child.id()).unwrap()).unwrap();
        let idle = cpu_between(&at_rest(child.id()).unwrap(), &at_rest(child.id()).unwrap()).unwrap();
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(worked > 0.02 && idle < worked / 4.0, "{worked} s at work, {idle} s at rest");
    }

    #[test]
    fn the_tree_of_a_process_that_has_ended_is_an_error() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(at_rest(child.id()).unwrap_err().to_string().contains("has ended"));
    }
}
