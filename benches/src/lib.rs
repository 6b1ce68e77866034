//! What the benches share: the C floors, servers started beside them, and what both cost.
//!
//! `examples/ratios.rs` is the user of most of this: it puts several servers under one and the same external
//! load, in shuffled blocks, and compares the processor time that a request costs each of them. `examples/costs.rs` sets
//! the lab's probes beside C programs that do the same small thing ([`costs`]).

pub mod affinity;
pub mod apache;
pub mod apart;
pub mod blocks;
pub mod connects;
pub mod costs;
pub mod floor;
pub mod generator;
pub mod nginx;
pub mod probe;
pub mod process;
pub mod ratios;
pub mod rivals;
pub mod row;
pub mod table;
pub mod tree;
pub mod wrk;
