//! From a record to something to read.

pub mod record;
