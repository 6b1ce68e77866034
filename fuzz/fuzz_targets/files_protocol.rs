//! What somebody says to a file server.

#![no_main]

#[path = "../bodies/files/mod.rs"]
mod files;
#[path = "../bodies/talk.rs"]
mod talk;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| files::check(bytes));
