//! Whatever is asked of a folder of pages: nothing comes back that lies outside it or is hidden in it, what comes back are
//! replies, and the split of the requests changes none of them.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use workloads::Limits;
use workloads::http::{Http, Pages};

use crate::http_session::{is_the_same, replies};
use crate::talk::{Ending, Talk, shown, split, talk};

/// What stands in the files that nobody may see.
const SECRET: &[u8] = b"never to be seen";

/// The folder, and what lies around it.
struct Place {
    pages: Arc<Pages>,
    _directory: TempDir,
}

/// Tries any bytes, but for those that may have it count primes for seconds.
pub(crate) fn check(bytes: &[u8]) {
    static PLACE: LazyLock<Place> = LazyLock::new(Place::make);
    if bytes.windows(5).any(|part| part == b"/cpu/") {
        return;
    }
    let service = Http {
        limits: Limits { output_bytes: 2_048, ..Limits::default() },
        clock: || moment(900_000_000),
        pages: Some(Arc::clone(&PLACE.pages)),
    };
    let whole = talk(&service, &[bytes], |work| work());
    let says_secret = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|part| part == SECRET);
    assert!(!says_secret(&whole.heard) || says_secret(bytes), "{}", shown(bytes));
    // For a head alone there is a reply without a body, and where one may be asked for it takes a reader of requests to know.
    if !bytes.windows(4).any(|part| part == b"HEAD") {
        replies_are_well_formed(&whole, bytes);
    }
    for pieces in split(bytes) {
        is_the_same(&whole, &talk(&service, &pieces, |work| work()), bytes);
    }
}

fn replies_are_well_formed(whole: &Talk, bytes: &[u8]) {
    let mut heard = &whole.heard[..];
    while !heard.is_empty() {
        match replies::read(heard, false) {
            Ok(Some((_, rest))) => heard = rest,
            Ok(None) => {
                assert_ne!(whole.ending, Ending::Open, "{}", shown(bytes));
                return;
            }
            Err(what) => panic!("{what}: {} is answered with {}", shown(bytes), shown(&whole.heard)),
        }
    }
}

fn moment(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

impl Place {
    fn make() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (outside, root) = (directory.path(), directory.path().join("root"));
        for folder in ["folder", "listed", ".hidden"] {
            fs::create_dir_all(root.join(folder)).expect("a directory");
        }
        let long: Vec<u8> = (0..5_000_u32).map(|at| b'a' + (at % 26) as u8).collect();
        let files: [(&Path, &str, &[u8]); 9] = [
            (outside, "secret.txt", SECRET),
            (&root, "index.html", b"<title>all</title>"),
            (&root, "long.txt", &long),
            (&root, "empty", b""),
            (&root, "a b%c", b"a name with a blank"),
            (&root, ".secret", SECRET),
            (&root, ".hidden/secret.txt", SECRET),
            (&root, "folder/index.html", b"<title>folder</title>"),
            (&root, "listed/one.css", b"p {}"),
        ];
        for (place, name, bytes) in files {
            fs::write(place.join(name), bytes).expect("room for a file");
            let file = File::options().write(true).open(place.join(name)).expect("the file");
            file.set_modified(moment(800_000_000)).expect("a time of its own");
        }
        let links =
            [("../secret.txt", "out"), ("..", "up"), ("long.txt", "within"), (".secret", "to-hidden")];
        for (target, name) in links {
            symlink(target, root.join(name)).expect("a link");
        }
        let pages = Arc::new(Pages::open(&root, true).expect("a folder"));
        Self { pages, _directory: directory }
    }
}
