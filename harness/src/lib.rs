//! The engine of the lab.

pub mod load;
