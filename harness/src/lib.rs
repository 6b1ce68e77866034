//! The engine of the lab, and the `concur` binary.
//!
//! A measurement goes through these rooms in one direction:
//!
//! 1. [`cli`] says what can be asked for; [`command`] has one file per subcommand, and is glue.
//! 2. [`choose`] and [`workload`] turn names into models, executors, tasks and workloads.
//!    [`subject`] is what is put under a load: a model, or somebody else's server; [`python`] has the course's own.
//! 3. [`plan`] lays out the cells to measure: every one once a block, the blocks shuffled.
//! 4. [`cell`] takes one step of the plan: [`server`] starts `concur serve` as a process of its own, [`load`] puts the
//!    load on it and checks every reply, [`measure`] reads from the kernel what that cost. Tasks run in `concur exec`
//!    processes ([`execution`]), or under a real interpreter ([`interpreter`]), and probes in `concur probe` processes
//!    ([`probing`]).
//!    A cell that the machine disturbed is measured once more ([`repeat`]).
//! 5. [`recorder`] keeps the record, so that whatever ends the run loses no cell; crate `reports` draws it.
//!
//! [`doctor`] says what the machine can do. [`verify`] grades a server by its behaviour: ours, or anyone's. [`lesson`] has
//! demonstrations for a class.
//!
//! A server is a process of its own so that it is single-threaded before it forks, its figures are its own, and a
//! crash is its own. Whatever goes wrong with one cell becomes that cell's verdict, and the run goes on.

pub mod address;
pub mod alike;
pub mod appearance;
pub mod cell;
pub mod chat;
pub mod choose;
pub mod cli;
pub mod command;
pub mod doctor;
pub mod execution;
pub mod failure;
pub mod interpreter;
mod label;
pub mod language;
pub mod lesson;
pub mod load;
pub mod measure;
pub mod observed;
pub mod plan;
pub mod probing;
pub mod progress;
pub mod python;
pub mod recorder;
pub mod repeat;
pub mod server;
pub mod subject;
pub mod torture;
pub mod transport;
pub mod verify;
pub mod workload;
