//! `concur serve`, from outside: what every model does for its clients, and what tells the models apart.

mod answers;
mod crowds;
mod datagrams;
mod drain;
mod ends;
mod io_uring;
mod loops;
mod models;
mod others;
mod pages;
mod processes;
mod slow;
mod tools;
mod unix;
