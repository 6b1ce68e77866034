//! What somebody writes for a model with its options.

#![no_main]

#[path = "../bodies/choice.rs"]
mod choice;
// Alone, since the rest of its crate would take longer to build than all targets together.
#[allow(dead_code)]
#[path = "../../models/src/options.rs"]
mod options;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| choice::check(bytes));
