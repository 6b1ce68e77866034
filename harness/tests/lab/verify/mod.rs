//! `concur verify`: good servers pass, and each fault is found by the case that is meant for it.

mod asked;
mod broken;
mod ends;
mod files;
mod good;
pub(crate) mod grading;
mod leaks;
mod pages;
mod replies;
mod requests;

use std::env;

use grading::{FAULT, PORT, ROOT, WORKLOAD};

/// Not a test, but the server that the tests start: this very program, told by its environment what to be. So it is
/// there however the tests are built.
#[test]
#[ignore = "a server that other tests start"]
fn broken_server() {
    let variables = [FAULT, WORKLOAD, PORT, ROOT].map(env::var);
    let [Ok(fault), Ok(workload), Ok(port), Ok(root)] = variables else { return };
    broken::serve(&fault, &workload, port.parse().unwrap(), &root).unwrap();
}
