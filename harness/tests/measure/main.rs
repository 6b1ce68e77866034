//! What is measured agrees with what other parts of the kernel say about the same processes.

#[macro_use]
#[path = "../../../models/tests/common/skipped.rs"]
mod skipped;
mod lost;
mod machine;
mod sampler;
mod subject;
mod trees;
mod used;
