//! What is shown of a folder, and what is not, on a disk.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat};
use tempfile::TempDir;

use super::{Folder, Found, Kind, Opened, Refused};

/// A folder beside which a secret lies, and into which `fill` puts something.
fn place(fill: impl FnOnce(&Path)) -> (TempDir, [Folder; 2]) {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    fs::create_dir_all(root.join("notes/deep")).unwrap();
    fs::write(place.path().join("secret"), "secret").unwrap();
    fs::write(root.join("hello.txt"), "hello").unwrap();
    fs::write(root.join("notes/io.txt"), "io").unwrap();
    fill(&root);
    let folders = [Folder::open(&root).unwrap(), Folder::open(&root).unwrap().step_by_step()];
    (place, folders)
}

fn text(opened: Result<Opened, Refused>) -> String {
    let mut text = String::new();
    opened.unwrap().file.read_to_string(&mut text).unwrap();
    text
}

fn make_fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[test]
fn files_are_opened_wherever_they_are_in_the_folder() {
    let (_place, folders) = place(|root| {
        fs::write(root.join("notes/deep/\u{e9} %41 ?#"), "odd").unwrap();
        fs::write(root.join("empty"), "").unwrap();
    });
    for folder in folders {
        assert_eq!(text(folder.file(b"hello.txt")), "hello");
        assert_eq!(text(folder.file(b"notes/io.txt")), "io");
        assert_eq!(text(folder.file("notes/deep/\u{e9} %41 ?#".as_bytes())), "odd");
        assert_eq!(folder.file(b"empty").unwrap().metadata.len(), 0);
    }
}

#[test]
fn a_directory_is_found_and_is_no_file() {
    let (_place, folders) = place(|_| ());
    for folder in folders {
        for path in ["", "notes", "notes/deep"] {
            assert!(matches!(folder.find(path.as_bytes()), Ok(Found::Directory(_))), "{path}");
            assert!(matches!(folder.file(path.as_bytes()), Err(Refused::Special)), "{path}");
        }
    }
}

#[test]
fn what_is_not_there_is_absent() {
    let (_place, folders) = place(|_| ());
    for folder in folders {
        for path in ["nothing", "notes/nothing", "nothing/io.txt", "hello.txt/x", &"a".repeat(255)] {
            assert!(matches!(folder.find(path.as_bytes()), Err(Refused::Absent)), "{path}");
        }
    }
}

#[test]
fn no_link_leads_out() {
    let (_place, folders) = place(|root| {
        symlink("../secret", root.join("relative")).unwrap();
        symlink(root.parent().unwrap().join("secret"), root.join("absolute")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("/", root.join("top")).unwrap();
        symlink("relative", root.join("chain")).unwrap();
        symlink("../../root/../secret", root.join("notes/winding")).unwrap();
        symlink("/proc/self/root", root.join("magic")).unwrap();
        symlink("/dev/zero", root.join("device")).unwrap();
        symlink("ring", root.join("ring")).unwrap();
        symlink("nothing", root.join("dangling")).unwrap();
        symlink(root.join("hello.txt"), root.join("absolute-within")).unwrap();
    });
    for folder in folders {
        for path in [
            "relative",
            "absolute",
            "up/secret",
            "up/root/hello.txt",
            "top/etc/passwd",
            "top",
            "up",
            "chain",
            "notes/winding",
            "magic",
            "magic/etc/passwd",
            "device",
            "ring",
            "dangling",
            "absolute-within",
        ] {
            assert!(matches!(folder.find(path.as_bytes()), Err(Refused::Absent)), "{path}");
        }
    }
}

#[test]
fn a_link_within_the_folder_is_followed_where_the_kernel_keeps_it_there() {
    let (_place, [at_once, step_by_step]) = place(|root| {
        symlink("../hello.txt", root.join("notes/link")).unwrap();
        symlink("notes", root.join("other")).unwrap();
    });
    assert_eq!(text(at_once.file(b"notes/link")), "hello");
    assert_eq!(text(at_once.file(b"other/io.txt")), "io");
    for path in [&b"notes/link"[..], b"other/io.txt"] {
        assert!(matches!(step_by_step.file(path), Err(Refused::Absent)));
    }
}

#[test]
fn a_link_that_is_made_later_leads_nowhere_either() {
    let (place, folders) = place(|_| ());
    fs::rename(place.path().join("root/notes"), place.path().join("notes")).unwrap();
    symlink("../notes", place.path().join("root/notes")).unwrap();
    for folder in folders {
        assert!(matches!(folder.file(b"notes/io.txt"), Err(Refused::Absent)));
        assert_eq!(text(folder.file(b"hello.txt")), "hello");
    }
}

#[test]
fn the_folder_stays_the_same_when_another_takes_its_name() {
    let (place, folders) = place(|_| ());
    fs::rename(place.path().join("root"), place.path().join("moved")).unwrap();
    fs::create_dir(place.path().join("root")).unwrap();
    fs::write(place.path().join("root/hello.txt"), "another").unwrap();
    for folder in folders {
        assert_eq!(text(folder.file(b"hello.txt")), "hello");
    }
}

#[test]
fn a_fifo_and_a_socket_are_refused_without_waiting() {
    let (_place, folders) = place(|root| {
        make_fifo(&root.join("fifo"));
        drop(UnixListener::bind(root.join("socket")).unwrap());
    });
    for folder in folders {
        for path in [&b"fifo"[..], b"socket"] {
            assert!(matches!(folder.find(path), Err(Refused::Special)), "{path:?}");
        }
    }
}

#[test]
fn hidden_names_are_refused_although_they_are_there() {
    let (_place, folders) = place(|root| {
        fs::create_dir(root.join(".git")).unwrap();
        fs::write(root.join(".git/config"), "hidden").unwrap();
        fs::write(root.join(".env"), "hidden").unwrap();
    });
    for folder in folders {
        for path in [".env", ".git", ".git/config", "notes/../.env", "./hello.txt"] {
            assert!(matches!(folder.find(path.as_bytes()), Err(Refused::Name)), "{path}");
        }
    }
}

#[test]
fn only_a_directory_can_be_the_folder() {
    let (place, _) = place(|_| ());
    assert!(Folder::open(&place.path().join("secret")).is_err());
    assert!(Folder::open(&place.path().join("nothing")).is_err());
}

#[test]
fn a_listing_has_what_can_be_had_in_order() {
    let (_place, folders) = place(|root| {
        fs::write(root.join(".hidden"), "hidden").unwrap();
        fs::write(root.join("b\\c"), "odd").unwrap();
        fs::write(root.join("Zebra"), "1234567").unwrap();
        make_fifo(&root.join("fifo"));
        symlink("../secret", root.join("out")).unwrap();
        symlink("nothing", root.join("dangling")).unwrap();
    });
    for folder in folders {
        let listing = folder.list(b"", 10).unwrap();
        let found: Vec<_> =
            listing.entries.iter().map(|entry| (&entry.name[..], entry.kind, entry.bytes)).collect();
        let expected = [(&b"Zebra"[..], Kind::File, 7), (b"hello.txt", Kind::File, 5)];
        assert_eq!(found[..2], expected);
        assert_eq!((found.len(), found[2].0, found[2].1), (3, &b"notes"[..], Kind::Directory));
        assert!(!listing.cut && listing.entries[0].modified.is_some());
        assert!(matches!(folder.list(b"hello.txt", 10), Err(Refused::Special)));
        let names: Vec<_> =
            folder.list(b"notes", 10).unwrap().entries.into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, [&b"deep"[..], b"io.txt"]);
    }
}

#[test]
fn a_link_is_listed_as_what_it_leads_to() {
    let (_place, [folder, _]) = place(|root| symlink("../hello.txt", root.join("notes/link")).unwrap());
    let entries = folder.list(b"notes", 10).unwrap().entries;
    let link = entries.iter().find(|entry| entry.name == b"link").unwrap();
    assert_eq!((link.kind, link.bytes), (Kind::File, 5));
}

#[test]
fn a_long_listing_is_cut_to_its_first_names_and_says_so() {
    let (_place, folders) = place(|root| {
        for number in 0..50 {
            File::create(root.join(format!("notes/deep/{number:02}"))).unwrap();
        }
    });
    for folder in folders {
        let listing = folder.list(b"notes/deep", 20).unwrap();
        let names: Vec<_> = listing.entries.iter().map(|entry| entry.name.clone()).collect();
        assert_eq!(names, (0..20).map(|number| format!("{number:02}").into_bytes()).collect::<Vec<_>>());
        assert!(listing.cut);
        assert!(!folder.list(b"notes/deep", 50).unwrap().cut);
    }
}

#[test]
fn what_may_not_be_read_is_denied_unless_one_may_read_everything() {
    let (place, folders) = place(|_| ());
    let path = place.path().join("root/hello.txt");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        return; // root may
    }
    for folder in folders {
        assert!(matches!(folder.file(b"hello.txt"), Err(Refused::Denied)));
        assert!(folder.list(b"", 10).unwrap().entries.iter().all(|entry| entry.name != b"hello.txt"));
    }
}

/// Sets a flag, also where a test fails, so that who waits for it ends as well.
struct SetInTheEnd<'a>(&'a AtomicBool);

impl Drop for SetInTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_directory_that_is_swapped_for_a_link_meanwhile_leads_nowhere() {
    let (place, folders) = place(|root| symlink("../outside", root.join("link")).unwrap());
    fs::create_dir(place.path().join("outside")).unwrap();
    fs::write(place.path().join("outside/io.txt"), "secret").unwrap();
    let (directory, link) = (place.path().join("root/notes"), place.path().join("root/link"));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _done = SetInTheEnd(&done);
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                rustix::fs::renameat_with(CWD, &directory, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for folder in &folders {
            let mut seen = [0; 2];
            for _ in 0..3_000 {
                match folder.file(b"notes/io.txt") {
                    Ok(opened) => {
                        assert_eq!(text(Ok(opened)), "io");
                        seen[0] += 1;
                    }
                    Err(Refused::Absent | Refused::Busy) => seen[1] += 1,
                    Err(refused) => panic!("{refused:?}"),
                }
            }
            assert_eq!(seen[0] + seen[1], 3_000);
        }
    });
}
