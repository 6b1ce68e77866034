//! The file server and its client, from outside.

mod client;
mod faults;
mod models;
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use harness::server::Server;

use crate::common::{self, connect};

/// Starts a file server of this folder.
pub(crate) fn serve(model: &str, root: &Path, more: &[&str]) -> Server {
    let root = root.to_str().unwrap();
    common::serve(model, &[&["--workload", "files", "--root", root][..], more].concat())
}

/// All that brings a file.
pub(crate) fn upload(name: &str, bytes: &[u8]) -> Vec<u8> {
    let sum = format!("SUM {:08x}\n", crc32fast::hash(bytes));
    [format!("P {} {name}\n", bytes.len()).as_bytes(), bytes, sum.as_bytes()].concat()
}

/// So many bytes of which no two stretches are the same.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

/// Everything in a folder, hidden or not; but for what goes while it is looked at.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let read = |it: fs::DirEntry| match fs::read(it.path()) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        bytes => Some((it.file_name().into_string().unwrap(), bytes.unwrap())),
    };
    entries.filter_map(read).collect()
}

/// A client that says what it likes.
pub(crate) struct Talk {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Talk {
    pub(crate) fn to(server: &Server) -> Self {
        Self::at(common::ip(server))
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        let stream = connect(address);
        stream.set_write_timeout(Some(common::PATIENCE)).unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap());
        Self { stream, lines }
    }

    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// A line, without its LF; empty at the end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    pub(crate) fn put(&mut self, name: &str, bytes: &[u8]) {
        self.say(upload(name, bytes));
        assert_eq!(self.line(), format!("GO {}", bytes.len()), "{name}");
        assert_eq!(self.line(), format!("OK {}", bytes.len()), "{name}");
    }

    pub(crate) fn get(&mut self, name: &str) -> Vec<u8> {
        self.say(format!("G {name}\n"));
        let said = self.line();
        let length = said.strip_prefix("OK ").unwrap_or_else(|| panic!("{name}: {said}"));
        let mut bytes = vec![0; length.parse().unwrap()];
        self.lines.read_exact(&mut bytes).unwrap();
        assert_eq!(self.line(), format!("SUM {:08x}", crc32fast::hash(&bytes)), "{name}");
        bytes
    }
}
