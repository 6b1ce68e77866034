//! What is measured agrees with what other parts of the kernel say about the same processes.

mod lost;
mod machine;
mod sampler;
mod subject;
mod trees;
mod used;
