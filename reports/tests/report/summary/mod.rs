//! From cells to rows: the figures, the ranks and what holds a row back.

mod figures;
mod ranks;
mod rounds;
mod rows;
mod scaling;
mod tasks;
