//! Whatever bytes come to the file service, and however they are split: each command is answered as docs/protocols.md says,
//! nothing outside the folder is seen or changed, and no unfinished file is left in it.

mod expected;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use workloads::Limits;
use workloads::files::{Files, Settings};

use self::expected::answers;
use crate::talk::{Ending, Talk, shown, split, talk};

/// The files of a folder, by their names.
type Library = BTreeMap<String, Vec<u8>>;

/// What stands in the files that nobody may see or change.
const SECRET: &[u8] = b"never to be seen";

/// How large a file may be, and how many there may be: little, so that both are reached.
const MOST_BYTES: u64 = 6_000;
const MOST_FILES: usize = 5;

/// Tries any bytes.
pub(crate) fn check(bytes: &[u8]) {
    let whole = answered_as_written(bytes, &[bytes]);
    for pieces in split(bytes) {
        let split = answered_as_written(bytes, &pieces);
        let both = whole.heard.len().min(split.heard.len());
        let is_cut = whole.ending == Ending::Left || split.ending == Ending::Left;
        assert!(is_cut || whole.heard.len() == split.heard.len(), "{}", shown(bytes));
        assert!(whole.heard[..both] == split.heard[..both], "{}", shown(bytes));
    }
}

/// Talks to a service over a folder of its own, and compares what is said and what then lies there with what is written.
fn answered_as_written(bytes: &[u8], pieces: &[&[u8]]) -> Talk {
    // In memory, if there is such a place: a disk would have each upload wait for it (fsync).
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let directory = directory.expect("a temporary directory");
    let root = directory.path().join("root");
    let mut library = furnish(directory.path(), &root);
    let settings = Settings { max_files: MOST_FILES as u64, max_file_bytes: MOST_BYTES, read_only: false };
    let mut service = Files::open(&root, settings).expect("a folder");
    service.limits = Limits { output_bytes: 2_048, ..Limits::default() };
    let talk = talk(&service, pieces, |work| work());
    let told = || format!("{}\nis answered with {}", shown(bytes), shown(&talk.heard));

    let mut heard = &talk.heard[..];
    let is_whole = answers(bytes, &mut library, |answer| {
        match answer.follow(heard) {
            Some(rest) => heard = rest,
            None if talk.ending == Ending::Left && heard.len() < answer.most_bytes() => return false,
            None => panic!("{answer:?} is not what stands at {}: {}", shown(heard), told()),
        }
        true
    });
    if is_whole {
        assert!(heard.is_empty(), "it says more than is written: {}", told());
        assert_eq!(talk.ending, Ending::Closed, "{}", told());
        assert_eq!(look(&root), library, "{}", told());
    }
    assert_eq!(fs::read(directory.path().join("secret")).expect("what lies outside"), SECRET, "{}", told());
    assert_eq!(fs::read(root.join(".secret")).expect("what is hidden"), SECRET, "{}", told());
    talk
}

/// Makes the folder, and what lies around it; the files that are served.
fn furnish(outside: &Path, root: &Path) -> Library {
    fs::create_dir_all(root.join("folder")).expect("a directory");
    fs::write(outside.join("secret"), SECRET).expect("room for a file");
    fs::write(root.join(".secret"), SECRET).expect("room for a file");
    symlink("../secret", root.join("link")).expect("a link");
    let files = [("hello.txt", b"Hello".to_vec()), ("empty", Vec::new()), ("long", vec![b'x'; 5_000])];
    for (name, bytes) in &files {
        fs::write(root.join(name), bytes).expect("room for a file");
    }
    files.map(|(name, bytes)| (name.to_owned(), bytes)).into()
}

/// What lies in the folder besides what was there that is no file to be served.
fn look(root: &Path) -> Library {
    let entries = fs::read_dir(root).expect("the folder").map(|entry| entry.expect("an entry"));
    let names = entries.map(|entry| entry.file_name().into_string().expect("a name in UTF-8"));
    let others = [".secret", "folder", "link"];
    let files = names.filter(|name| !others.contains(&name.as_str()));
    files.map(|name| (name.clone(), fs::read(root.join(name)).expect("a file"))).collect()
}
