//! The folder that a server under test serves, and what lies beside it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;

/// What is in it at the beginning: a small file, and a large one that holds nothing but zeros and takes no room.
pub(super) const SMALL: &str = "hello";
pub(super) const SMALL_BYTES: &[u8] = b"Hello World\n";
pub(super) const LARGE: &str = "large";
pub(super) const LARGE_BYTES: u64 = 64 << 20;
/// Files of their own for so many clients; who comes later shares one.
pub(super) const APART: usize = 64;
/// What lies beside it, and is nobody's business.
pub(super) const SECRET: &str = "secret";
pub(super) const SECRET_BYTES: &[u8] = b"this lies beside the folder, and nobody may have it\n";

/// What a file is called that is one client's.
pub(super) fn apart_name(number: usize) -> String {
    format!("apart-{}", number % APART)
}

/// What it holds: no two of them hold the same.
pub(super) fn apart_bytes(number: usize) -> Vec<u8> {
    super::client::pattern(1_000 + number % APART)
}

/// A folder of its own for one server. It is gone when dropped.
pub(super) struct Folder {
    outer: TempDir,
    root: PathBuf,
}

impl Folder {
    /// Makes one: empty, or with what every case of a file server may expect in it.
    pub(super) fn make(is_filled: bool) -> anyhow::Result<Self> {
        let make = || -> io::Result<Self> {
            let outer = tempfile::Builder::new().prefix("concur-").tempdir()?;
            let root = outer.path().join("root");
            fs::create_dir(&root)?;
            if is_filled {
                fill(&root)?;
                fs::write(outer.path().join(SECRET), SECRET_BYTES)?;
            }
            Ok(Self { outer, root })
        };
        make().context("a folder for the server to serve can't be made")
    }

    /// The folder that is served.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// What is around it: the secret, and nothing else.
    pub(super) fn around(&self) -> &Path {
        self.outer.path()
    }
}

fn fill(root: &Path) -> io::Result<()> {
    fs::write(root.join(SMALL), SMALL_BYTES)?;
    for number in 0..APART {
        fs::write(root.join(apart_name(number)), apart_bytes(number))?;
    }
    File::create(root.join(LARGE))?.set_len(LARGE_BYTES)
}
