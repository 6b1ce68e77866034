//! What is said in a chat room.

#![no_main]

#[path = "../bodies/chat/mod.rs"]
mod chat;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chat::check(bytes));
