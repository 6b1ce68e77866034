//! The protocols from the outside: sessions and clients are driven through their public contracts alone, as the
//! models and the load generator drive them, with no socket in between.

#[path = "../../../fuzz/bodies/chat/mod.rs"]
mod chat_room;
mod clients;
#[path = "../../../fuzz/bodies/corpus.rs"]
mod corpus;
mod doubts;
mod driver;
mod echo;
mod files;
#[path = "../../../fuzz/bodies/files/mod.rs"]
mod files_protocol;
mod fuzzed;
mod http;
#[path = "../../../fuzz/bodies/http_session/mod.rs"]
mod http_session;
mod limits;
mod malformed;
mod pages;
#[path = "../../../fuzz/bodies/pages.rs"]
mod pages_session;
mod splits;
#[path = "../../../fuzz/bodies/talk.rs"]
mod talk;
