//! What an HTTP session hears from whoever comes along.

#![no_main]

#[path = "../bodies/http_session/mod.rs"]
mod http_session;
#[path = "../bodies/talk.rs"]
mod talk;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| http_session::check(bytes));
