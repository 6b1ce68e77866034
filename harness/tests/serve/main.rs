//! `concur serve`, from outside: what every model does for its clients, and what tells the models apart.

mod answers;
#[path = "../common/mod.rs"]
mod common;
mod crowds;
mod ends;
mod models;
mod others;
