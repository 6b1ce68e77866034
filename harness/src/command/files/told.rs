//! What was done, in words or as JSON.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use workloads::files::Name;
use workloads::files::protocol::Listed;

use crate::language;

/// What an action came to.
#[derive(Debug)]
pub(super) enum Told {
    /// The files there are.
    List(Vec<Listed>),
    /// A file was fetched.
    Got(Moved),
    /// A file was brought.
    Put(Moved),
}

/// A file that went from one side to the other.
#[derive(Debug)]
pub(super) struct Moved {
    /// What the server calls it.
    pub(super) name: Name,
    /// Where it is here.
    pub(super) file: PathBuf,
    pub(super) bytes: u64,
    pub(super) sum: u32,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Json<'a> {
    List { files: Vec<JsonFile<'a>> },
    Moved { done: &'static str, name: &'a str, file: &'a Path, bytes: u64, crc32: String },
}

#[derive(Serialize)]
struct JsonFile<'a> {
    name: &'a str,
    bytes: u64,
}

impl Told {
    pub(super) fn text(&self, as_json: bool) -> anyhow::Result<String> {
        Ok(if as_json { serde_json::to_string(&self.json())? + "\n" } else { self.words() })
    }

    fn json(&self) -> Json<'_> {
        match self {
            Self::List(files) => {
                let files = files.iter().map(|it| JsonFile { name: it.name.as_str(), bytes: it.bytes });
                Json::List { files: files.collect() }
            }
            Self::Got(it) => it.json("get"),
            Self::Put(it) => it.json("put"),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::List(files) if files.is_empty() => language::say("The server has no files.") + "\n",
            Self::List(files) => list(files),
            Self::Got(Moved { file, bytes, sum, .. }) => {
                language::say(&format!("Fetched {}: {bytes} bytes, CRC-32 {sum:08x}.", file.display())) + "\n"
            }
            Self::Put(Moved { name, bytes, sum, .. }) => {
                language::say(&format!("Brought {name}: {bytes} bytes, CRC-32 {sum:08x}.")) + "\n"
            }
        }
    }
}

impl Moved {
    fn json(&self, done: &'static str) -> Json<'_> {
        let Self { name, file, bytes, sum } = self;
        Json::Moved { done, name: name.as_str(), file, bytes: *bytes, crc32: format!("{sum:08x}") }
    }
}

/// A line for each file: how large it is, and its name.
fn list(files: &[Listed]) -> String {
    let width = files.iter().map(|file| file.bytes.to_string().len()).max().unwrap_or_default();
    let mut text = String::new();
    for Listed { name, bytes } in files {
        let _ = writeln!(text, "{bytes:>width$}  {name}"); // a String takes all
    }
    text
}
