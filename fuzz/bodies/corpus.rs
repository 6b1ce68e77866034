//! The corpus as tests: every input that is kept, tried by a plain function on any toolchain.

use std::fs;
use std::path::Path;

/// The bounds of a corpus: fuzz/README.md says how it is made small again.
const FILES: usize = 200;
const BYTES: usize = 100_000;

/// Calls `check` with each input of a target's corpus, and names the one that fails.
pub(crate) fn replay(target: &str, check: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut inputs: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "there is nothing in {}", directory.display());
    assert!(inputs.len() < FILES, "{} files are too many in {}", inputs.len(), directory.display());
    let mut left = BYTES;
    for input in inputs {
        let bytes = fs::read(&input).unwrap();
        left =
            left.checked_sub(bytes.len()).unwrap_or_else(|| panic!("{} is too large", directory.display()));
        println!("{}", input.display()); // the last one shown is the one that fails
        check(&bytes);
    }
}
