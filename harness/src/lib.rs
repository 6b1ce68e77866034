//! The engine of the lab.

pub mod load;
pub mod measure;
pub mod server;
