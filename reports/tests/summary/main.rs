//! From cells to rows: the figures, the ranks and what holds a row back.

mod figures;
mod ranks;
mod rounds;
mod rows;
#[path = "../sample/mod.rs"]
mod sample;
mod scaling;
mod tasks;
