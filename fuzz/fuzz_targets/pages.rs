//! What somebody asks of a folder of pages.

#![no_main]

#[allow(dead_code)] // of which its reader of replies is wanted
#[path = "../bodies/http_session/mod.rs"]
mod http_session;
#[path = "../bodies/pages.rs"]
mod pages;
#[path = "../bodies/talk.rs"]
mod talk;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pages::check(bytes));
