//! Servers of other people, in `rivals/`: built when a row of theirs is first asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rivals/Cargo.toml");
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/rivals");

/// The rows that [`build`] knows.
pub const NAMES: [&str; 3] = ["hyper", "may_minihttp", "tiny_http"];

/// Builds them all, as they were locked, and gives the program of this name, which takes a port.
pub fn build(name: &str) -> Result<PathBuf> {
    eprintln!("building the rivals, if they are not built yet");
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--quiet",
            "--locked",
            "--manifest-path",
            WORKSPACE,
            "--target-dir",
            TARGET,
        ])
        .status()
        .context("can't start cargo to build the rivals")?;
    ensure!(status.success(), "the rivals can't be built; cargo's messages are above");
    Ok(Path::new(TARGET).join("release").join(name))
}
