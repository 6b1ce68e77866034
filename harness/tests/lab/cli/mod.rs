//! The command line as its users meet it: listings, and one clear sentence for whatever can't be done.

mod heed;
mod listing;
mod loads;
mod names;
mod places;

use std::fs;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;

use crate::common::concur;

/// Runs a command that can't be carried out, and gives the one line it says about it.
fn refused(command: &mut Command, code: i32) -> String {
    let output = command.assert().code(code).get_output().clone();
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.trim_end().to_owned();
    assert_eq!(line.lines().count(), 1, "{said}");
    line
}

/// The one line that is said of bad usage.
fn usage(arguments: &[&str]) -> String {
    refused(concur().args(arguments), 2)
}

/// What a command says as JSON.
fn json(arguments: &[&str]) -> Value {
    let output = concur().args(arguments).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

/// What `concur run` says to these arguments, having begun nothing.
fn run_refused(arguments: &str) -> String {
    let out = tempfile::tempdir().unwrap();
    let line = refused(concur().arg("run").args(arguments.split(' ')).arg("--out").arg(out.path()), 2);
    assert!(fs::read_dir(out.path()).unwrap().next().is_none(), "nothing was begun");
    line
}
