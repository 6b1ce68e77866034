//! Disks that are full, servers that are killed, and options that make no sense.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::{Talk, bytes, contents, serve, upload};
use crate::common::{self, PATIENCE, concur, eventually, start, stop};

/// A small disk of its own. It goes when dropped.
struct SmallDisk {
    place: PathBuf,
    _directory: tempfile::TempDir,
}

impl SmallDisk {
    /// None where nobody may make one.
    fn of(size: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("disk");
        fs::create_dir(&place).unwrap();
        let options = std::ffi::CString::new(format!("size={size},mode=0755")).unwrap();
        match mount("none", &place, "tmpfs", MountFlags::empty(), Some(options.as_c_str())) {
            Ok(()) => Some(Self { place, _directory: directory }),
            Err(error) => {
                skipped!("a small disk can't be made: {error}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = unmount(&self.place, UnmountFlags::DETACH);
    }
}

#[test]
fn a_full_disk_leaves_the_old_file_and_nothing_else() {
    let Some(disk) = SmallDisk::of("1m") else { return };
    for model in ["epoll", "fork", "thread"] {
        let server = serve(model, &disk.place, &[]);
        let (mut first, mut second) = (Talk::to(&server), Talk::to(&server));
        first.put("a", b"old");
        first.say("P 3000000 b\n");
        assert!(
            first.line().starts_with("NO full "),
            "{model}: what can't fit is refused before its first byte"
        );
        // Each would fit by itself, and both are told to go on.
        let mut first = Talk::to(&server);
        let (one, other) = (upload("a", &bytes(1, 700_000)), upload("b", &bytes(2, 700_000)));
        let head = b"P 700000 a\n".len();
        first.say(&one[..head]);
        second.say(&other[..head]);
        assert_eq!((first.line().as_str(), second.line().as_str()), ("GO 700000", "GO 700000"), "{model}");
        second.say(&other[head..head + 600_000]);
        eventually("it is written", || {
            contents(&disk.place).values().map(Vec::len).sum::<usize>() >= 500_000
        });
        first.say(&one[head..]);
        assert!(first.line().starts_with("NO full "), "{model}");
        second.say(&other[head + 600_000..]);
        assert_eq!(second.line(), "OK 700000", "{model}: the other one's trouble is its own");
        eventually("what was not whole is gone", || contents(&disk.place).len() == 2);
        assert_eq!(contents(&disk.place)["a"], b"old", "{model}");
        fs::remove_file(disk.place.join("b")).unwrap();
        drop((first, second));
        stop(server);
    }
}

#[test]
fn a_limit_of_the_system_on_files_does_not_end_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let limited = format!(
        "ulimit -f 100; exec {} serve epoll --bind 127.0.0.1:0 --workload files --root {}",
        env!("CARGO_BIN_EXE_concur"),
        folder.path().display()
    );
    let server = start(["sh", "-c", &limited].map(Into::into)).unwrap();
    let mut talk = Talk::to(&server);
    talk.say(upload("large", &bytes(1, 1_000_000)));
    assert_eq!(talk.line(), "GO 1000000");
    assert!(talk.line().starts_with("NO full "));
    Talk::to(&server).put("small", b"it goes on");
    eventually("what was not whole is gone", || contents(folder.path()).len() == 1);
    stop(server);
}

#[test]
fn a_server_that_is_killed_amid_a_hundred_uploads_leaves_old_files_whole_and_its_next_one_cleans_up() {
    common::side_by_side(["fork", "thread", "epoll", "prefork:workers=100"], |model| {
        let folder = tempfile::tempdir().unwrap();
        let mut expected = BTreeMap::new();
        for number in (0..100).step_by(2) {
            fs::write(folder.path().join(format!("file-{number}")), b"old").unwrap();
            expected.insert(format!("file-{number}"), b"old".to_vec());
        }
        let server = serve(model, folder.path(), &[]);
        let mut clients: Vec<_> = (0..100).map(|_| Talk::to(&server)).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            client.say(format!("P 300000 file-{number}\n"));
            client.say(bytes(number as u64, 200_000));
        }
        for client in &mut clients {
            assert_eq!(client.line(), "GO 300000", "{model}");
        }
        let children = common::children_of(server.pid());
        common::send(&server, Signal::SIGKILL);
        eventually("it is gone", || !server.is_running());
        eventually("its children are as well", || {
            children.iter().all(|child| !Path::new(&format!("/proc/{child}/stat")).exists())
        });
        let left = contents(folder.path());
        let (hidden, visible): (BTreeMap<_, _>, BTreeMap<_, _>) =
            left.into_iter().partition(|(name, _)| name.starts_with('.'));
        assert!(visible == expected, "{model}: {:?}", visible.keys());
        let _ = server.stop(PATIENCE);
        drop(clients);
        let next = serve(model, folder.path(), &[]);
        assert!(contents(folder.path()) == expected, "{model}: {} were left, and are", hidden.len());
        Talk::to(&next).put("file-1", b"new");
        stop(next);
    });
}

#[test]
fn an_upload_that_never_ends_is_gone_when_the_server_is() {
    common::side_by_side(["fork", "thread", "epoll", "io-uring", "coroutine", "async"], |model| {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(model, folder.path(), &["--grace", "300ms"]);
        let mut talk = Talk::to(&server);
        talk.say("P 300000 a\n");
        assert_eq!(talk.line(), "GO 300000");
        talk.say(bytes(1, 200_000));
        common::send(&server, Signal::SIGTERM);
        eventually("it ends", || !server.is_running());
        let visible = contents(folder.path()).into_keys().filter(|name| !name.starts_with('.')).count();
        assert_eq!(visible, 0, "{model}");
        let _ = server.stop(PATIENCE);
        let next = serve(model, folder.path(), &[]);
        assert_eq!(contents(folder.path()).len(), 0, "{model}");
        stop(next);
    });
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let nowhere = format!("{root}/nowhere");
    for (arguments, reason) in [
        (&["--workload", "files"][..], "try --root DIR"),
        (&["--workload", "files", "--root", &nowhere], "can't be served"),
        (&["--workload", "http", "--max-files", "1"], "are for --workload files"),
        (&["--workload", "echo", "--read-only"], "are for --workload files"),
        (&["--workload", "files", "--root", root, "--transport", "udp"], "needs a stream"),
    ] {
        let output =
            concur().args(["serve", "epoll", "--bind", "127.0.0.1:0"]).args(arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(reason), "{arguments:?}: {error}");
    }
}

#[test]
fn a_load_of_files_is_refused() {
    let output = concur().args(["load", "1", "--workload", "files"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("its client is concur files"));
}
