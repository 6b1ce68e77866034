//! A folder of pages under every model: curl gets files, parts of them and 304s, and large ones come whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use assert_cmd::assert::OutputAssertExt;
use tempfile::TempDir;

use super::models::all;
use super::tools::output;
use crate::common::{ask, concur, connect, eventually, hear, ip, serve, side_by_side, start, stop};

/// Longer than several turns of a model, and than what a socket's buffers hold; of lines that all differ.
fn large() -> Vec<u8> {
    (0..1_000_000_u32).flat_map(|number| format!("{number:07}\n").into_bytes()).collect()
}

/// A folder with pages.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("notes")).unwrap();
    for (name, bytes) in [
        ("index.html", &b"<title>mine</title>\n"[..]),
        ("hello.txt", b"hello, pages\n"),
        ("notes/io.txt", b"io\n"),
        ("large.bin", &large()),
    ] {
        write(root, name, bytes);
    }
    folder
}

/// Writes a page as of an hour ago.
fn write(root: &Path, name: &str, bytes: &[u8]) {
    fs::write(root.join(name), bytes).unwrap();
    let file = File::options().write(true).open(root.join(name)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3_600)).unwrap();
}

/// Calls `check` with each model and the address of a server under it that shows this folder.
fn under_every_model(folder: &Path, check: impl Fn(&str, SocketAddr) + Sync) {
    let root = folder.to_str().unwrap();
    side_by_side(all(), |model| {
        let server = serve(model, &["--root", root, "--list"]);
        check(model, ip(&server));
        stop(server);
    });
}

#[test]
fn curl_gets_files_ranges_and_304_from_every_model() {
    let folder = folder();
    under_every_model(folder.path(), |model, address| {
        let url = |path: &str| format!("http://{address}{path}");
        let curl = |arguments: &[&str], path: &str| {
            let url = url(path);
            output("curl", &[&["-sS", "-m", "60"], arguments, &[&url]].concat(), "")
        };
        let Some(text) = curl(&[], "/hello.txt") else { return };
        assert_eq!(text, "hello, pages\n", "{model}");
        assert_eq!(curl(&[], "/").unwrap(), "<title>mine</title>\n", "{model}");
        assert_eq!(curl(&["-r", "7-11"], "/hello.txt").unwrap(), "pages", "{model}");
        assert_eq!(curl(&["-L"], "/notes/io.txt").unwrap(), "io\n", "{model}");
        let several = curl(&["-i", "-r", "0-4,7-11"], "/hello.txt").unwrap();
        assert!(
            several.contains("multipart/byteranges") && several.contains("bytes 7-11/13"),
            "{model}: {several}"
        );
        assert!(curl(&["-L"], "/notes").unwrap().contains("href=\"io.txt\""), "{model}");

        let head = curl(&["-I"], "/hello.txt").unwrap();
        let tag = head.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap().trim();
        let status = |arguments: &[&str], path: &str| {
            curl(&[&["-o", "/dev/null", "-w", "%{http_code} %{size_download}"], arguments].concat(), path)
                .unwrap()
        };
        assert_eq!(status(&["-H", &format!("If-None-Match: {tag}")], "/hello.txt"), "304 0", "{model}");
        assert!(status(&["-r", "13-"], "/hello.txt").starts_with("416 "), "{model}");
        for path in ["/nothing", "/../hello.txt", "/%2e%2e/hello.txt", "/.hidden"] {
            assert!(status(&["--path-as-is"], path).starts_with("404 "), "{model}: {path}");
        }
        assert_eq!(status(&[], "/large.bin"), "200 8000000", "{model}");
        assert_eq!(curl(&[], "/hello").unwrap(), "Hello World\n", "{model}: the routes go first");
    });
}

#[test]
fn large_pages_come_whole_one_after_another_on_one_connection() {
    let (folder, large) = (folder(), large());
    under_every_model(folder.path(), |model, address| {
        let mut client = connect(address);
        for _ in 0..3 {
            for path in ["/large.bin", "/hello.txt", "/hello", "/large.bin"] {
                ask(&mut client, path);
            }
            assert!(hear(&mut client) == (200, large.clone()), "{model}");
            assert_eq!(hear(&mut client), (200, b"hello, pages\n".to_vec()), "{model}");
            assert_eq!(hear(&mut client), (200, b"Hello World\n".to_vec()), "{model}");
            assert!(hear(&mut client) == (200, large.clone()), "{model}");
        }
    });
}

#[test]
fn a_page_that_becomes_shorter_on_its_way_ends_the_connection() {
    let folder = folder();
    under_every_model(folder.path(), |model, address| {
        let name = model.replace([':', '=', ','], "-");
        let shrinking = File::create(folder.path().join(&name)).unwrap();
        shrinking.set_len(256 << 20).unwrap();
        let mut client = connect(address);
        ask(&mut client, &format!("/{name}"));
        let mut first = [0; 1_000];
        client.read_exact(&mut first).unwrap();
        assert!(first.starts_with(b"HTTP/1.1 200 OK\r\n"), "{model}");
        shrinking.set_len(1_000).unwrap();
        let mut got = first.len() as u64;
        let mut room = vec![0; 1 << 16];
        // The end, in order or by a reset, and not a time in which nothing comes.
        loop {
            match client.read(&mut room) {
                Ok(0) => break,
                Ok(more) => got += more as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{model}: {error}"),
            }
        }
        assert!(got < 256 << 20, "{model}: {got} bytes");
        crate::common::hello(address);
    });
}

#[test]
fn a_server_without_a_descriptor_for_a_page_says_so_and_goes_on() {
    let folder = folder();
    let (program, root) = (env!("CARGO_BIN_EXE_concur"), folder.path().to_str().unwrap());
    let limited = format!("ulimit -n 32; exec {program} serve epoll --bind 127.0.0.1:0 --root {root}");
    let server = start(["sh", "-c", &limited].map(OsString::from)).unwrap();
    let address = ip(&server);
    let mut client = connect(address);
    let mut status = |path: &str| {
        ask(&mut client, path);
        hear(&mut client).0
    };
    assert_eq!(status("/hello.txt"), 200);
    // They take what there is, and some of them wait outside.
    let crowd: Vec<_> = (0..60).map(|_| connect(address)).collect();
    eventually("there is no descriptor left", || status("/hello.txt") == 503);
    assert_eq!(status("/hello"), 200, "the connection goes on");
    drop(crowd);
    eventually("there are some again", || status("/hello.txt") == 200);
    stop(server);
}

#[test]
fn what_can_not_be_shown_is_said_in_one_line() {
    let folder = folder();
    let (root, file) = (folder.path().to_str().unwrap(), folder.path().join("hello.txt"));
    for (arguments, said) in [
        (&["epoll", "--root", "/nonexistent/folder"][..], "can't be served"),
        (&["epoll", "--root", file.to_str().unwrap()], "Not a directory"),
        (&["epoll", "--list"], "say which one by --root DIR"),
        (&["epoll", "--workload", "echo", "--list"], "echo has none"),
        (&["epoll", "--workload", "echo", "--root", root], "echo serves none"),
    ] {
        let output = concur().arg("serve").args(arguments).args(["--bind", "127.0.0.1:0"]).assert().code(2);
        let line = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        assert!(line.contains(said) && line.trim_end().lines().count() == 1, "{arguments:?}: {line}");
    }
}
