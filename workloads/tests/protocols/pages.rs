//! What a folder of pages answers, example by example; and that nothing else is ever shown.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;
use workloads::FILE_PART_BYTES;
use workloads::client::http::attacks::{PAGE, SECRET_BYTE, Trap};
use workloads::http::{Http, Pages};

use crate::driver::{Connection, Ending, http, moment, pieces};
use crate::http::{Answer, answer_of};

const MODIFIED: &str = "Sat, 05 Nov 1994 01:53:20 GMT";

/// When the pages were last written to: well before the service's clock.
fn modified() -> SystemTime {
    moment(784_000_400)
}

/// A folder with pages, and the service that shows it.
fn folder(list: bool) -> (TempDir, Http) {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    fs::create_dir_all(root.join("notes/deep")).unwrap();
    write(root, "hello.txt", b"hello, pages\n");
    write(root, "empty.txt", b"");
    write(root, "notes/index.html", b"<p>notes\n");
    write(root, "notes/you\u{e9} &.txt", b"odd\n");
    write(root, "large.bin", &large());
    let service = service(root, list);
    (place, service)
}

fn service(root: &Path, list: bool) -> Http {
    Http { pages: Some(Arc::new(Pages::open(root, list).unwrap())), ..http() }
}

fn write(root: &Path, name: &str, bytes: &[u8]) {
    fs::write(root.join(name), bytes).unwrap();
    File::options().write(true).open(root.join(name)).unwrap().set_modified(modified()).unwrap();
}

/// Longer than what is sent in one turn, and no two stretches of a buffer's length are the same.
fn large() -> Vec<u8> {
    (0..FILE_PART_BYTES * 2 + 12_345).map(|at| (at % 251) as u8).collect()
}

fn get(service: &Http, target: &str) -> Answer {
    ask(service, "GET", target, "")
}

fn ask(service: &Http, method: &str, target: &str, fields: &str) -> Answer {
    answer_of(service, format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n").as_bytes())
}

fn assert_length(answer: &Answer) {
    assert_eq!(
        answer.field("Content-Length"),
        Some(answer.body.len().to_string().as_str()),
        "{}",
        answer.head
    );
}

#[test]
fn a_page_comes_whole_with_what_there_is_to_say_of_it() {
    let (_place, service) = folder(false);
    let page = get(&service, "/hello.txt");
    assert_eq!((page.status(), page.text()), ("200 OK", "hello, pages\n"));
    assert_eq!(page.field("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(page.field("Last-Modified"), Some(MODIFIED));
    assert_eq!(page.field("Accept-Ranges"), Some("bytes"));
    assert_eq!(page.field("X-Content-Type-Options"), Some("nosniff"));
    let tag = page.field("ETag").unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 6, "{tag}");
    assert_eq!(page.ending, Ending::Open);
    assert_length(&page);
}

#[test]
fn a_large_page_comes_in_parts_and_whole() {
    let (_place, service) = folder(false);
    let page = get(&service, "/large.bin");
    assert!(page.body == large());
    assert_length(&page);
    let mut connection = Connection::to(&service);
    connection.say(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(connection.peak <= 64 * 1024 + 512, "{} bytes", connection.peak);
    assert!(connection.replies() <= 2, "what the model sends by itself is no output");
}

#[test]
fn an_empty_page_is_empty() {
    let (_place, service) = folder(false);
    let page = get(&service, "/empty.txt");
    assert_eq!((page.status(), page.body.len(), page.ending), ("200 OK", 0, Ending::Open));
    assert_length(&page);
}

#[test]
fn head_gets_the_head_of_get_and_no_more() {
    let (_place, service) = folder(true);
    for target in
        ["/hello.txt", "/large.bin", "/empty.txt", "/notes/", "/notes", "/notes/deep/", "/nothing", "/"]
    {
        let (with, without) = (get(&service, target), ask(&service, "HEAD", target, ""));
        assert_eq!(without.head, with.head, "{target}");
        assert!(without.body.is_empty() && without.ending == with.ending, "{target}");
    }
    let ranged = ask(&service, "HEAD", "/hello.txt", "Range: bytes=0-1\r\n");
    assert_eq!(
        (ranged.status(), ranged.field("Content-Length")),
        ("200 OK", Some("13")),
        "ranges are for GET"
    );
}

#[test]
fn the_routes_go_first() {
    let (place, service) = folder(false);
    for name in ["hello", "echo", "bytes"] {
        write(place.path(), name, b"a file\n");
    }
    assert_eq!(get(&service, "/hello").text(), "Hello World\n");
    assert_eq!(get(&service, "/bytes/3").text(), "012");
    assert_eq!(get(&service, "/cpu/10").text(), "4\n");
    assert_eq!(get(&service, "/echo").status(), "405 Method Not Allowed");
    assert_eq!(get(&service, "/bytes").text(), "a file\n");
    assert_eq!(get(&service, "/bytes/1073741825").status(), "400 Bad Request");
}

#[test]
fn an_index_page_stands_for_its_directory() {
    let (place, service) = folder(false);
    assert_eq!(get(&service, "/notes/").text(), "<p>notes\n");
    assert_eq!(get(&service, "/notes/").field("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(
        get(&service, "/").text().contains("<code>/echo</code>"),
        "the lab's own page, as long as there is none"
    );
    write(place.path(), "index.html", b"<p>mine\n");
    for target in ["/", "/?a", "http://a", "http://a/", "/index.html"] {
        assert_eq!(get(&service, target).text(), "<p>mine\n", "{target}");
    }
}

#[test]
fn a_directory_without_its_slash_is_301_to_the_one_with_it() {
    let (place, service) = folder(true);
    fs::create_dir(place.path().join("a b\u{e9}?")).unwrap();
    for (target, location) in [
        ("/notes", "/notes/"),
        ("/notes?a=b/c", "/notes/?a=b/c"),
        ("/notes/deep", "/notes/deep/"),
        ("http://host/notes", "/notes/"),
        ("/a%20b%c3%a9%3F", "/a%20b%C3%A9%3F/"),
    ] {
        let moved = get(&service, target);
        assert_eq!(
            (moved.status(), moved.field("Location")),
            ("301 Moved Permanently", Some(location)),
            "{target}"
        );
        assert_length(&moved);
    }
}

#[test]
fn a_directory_with_nothing_to_show_is_404_unless_it_may_be_listed() {
    let (place, service) = folder(false);
    for target in ["/notes/deep", "/notes/deep/"] {
        assert_eq!(get(&service, target).status(), "404 Not Found", "{target}");
    }
    let listing = get(&self::service(place.path(), true), "/notes/deep/");
    assert_eq!(listing.status(), "200 OK");
    assert_eq!(listing.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(listing.field("Content-Security-Policy").unwrap().starts_with("default-src 'none'"));
    assert_length(&listing);
}

#[test]
fn a_listing_names_what_can_be_asked_for() {
    let (place, service) = folder(true);
    write(place.path(), ".hidden", b"hidden");
    fs::create_dir(place.path().join("notes/deep/further")).unwrap();
    let listing = get(&service, "/");
    let links: Vec<_> =
        listing.text().split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links, ["empty.txt", "hello.txt", "large.bin", "notes/"]);
    for link in links {
        assert_eq!(get(&service, &format!("/{link}")).status(), "200 OK", "{link}");
    }
    assert!(get(&service, "/notes/deep/").text().contains("href=\"../\""));
    assert!(get(&service, "/notes/deep/").text().contains("href=\"further/\""));
}

#[test]
fn names_are_decoded_once() {
    let (place, service) = folder(false);
    write(place.path(), "%41", b"percent\n");
    assert_eq!(get(&service, "/%68ello%2etxt").text(), "hello, pages\n");
    assert_eq!(get(&service, "/notes/you%C3%a9%20&.txt").text(), "odd\n");
    assert_eq!(get(&service, "/%2541").text(), "percent\n");
    assert_eq!(get(&service, "/%41").status(), "404 Not Found");
    assert_eq!(get(&service, "/hello.txt?a=../b").text(), "hello, pages\n");
}

#[test]
fn what_is_not_encoded_rightly_is_400_and_nothing_behind_it_is_answered() {
    let (_place, service) = folder(false);
    for target in ["/%", "/hello%2", "/%zz", "/%-1"] {
        let mut connection = Connection::to(&service);
        connection.say(
            format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                .as_bytes(),
        );
        let heard = String::from_utf8(connection.heard).unwrap();
        assert!(heard.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{target}: {heard}");
        assert_eq!((heard.matches("HTTP/1.1 ").count(), connection.ending), (1, Ending::Refused), "{target}");
    }
}

#[test]
fn who_has_the_page_gets_304_without_a_body_and_the_connection_goes_on() {
    let (_place, service) = folder(false);
    let tag = get(&service, "/hello.txt").field("ETag").unwrap().to_owned();
    for fields in [format!("If-None-Match: {tag}\r\n"), format!("If-Modified-Since: {MODIFIED}\r\n")] {
        for method in ["GET", "HEAD"] {
            let answer = ask(&service, method, "/hello.txt", &fields);
            assert_eq!((answer.status(), answer.body.len()), ("304 Not Modified", 0), "{fields}");
            assert_eq!(
                (answer.field("ETag"), answer.field("Content-Length")),
                (Some(&*tag), None),
                "{fields}"
            );
            assert_eq!(answer.ending, Ending::Open);
        }
    }
    let other = ask(&service, "GET", "/hello.txt", "If-None-Match: \"x\"\r\n");
    assert_eq!(other.text(), "hello, pages\n");
}

#[test]
fn a_condition_that_fails_is_412() {
    let (_place, service) = folder(false);
    for fields in ["If-Match: \"x\"\r\n", "If-Unmodified-Since: Sat, 05 Nov 1994 01:53:19 GMT\r\n"] {
        let answer = ask(&service, "GET", "/hello.txt", fields);
        assert_eq!((answer.status(), answer.ending), ("412 Precondition Failed", Ending::Open), "{fields}");
        assert_length(&answer);
    }
}

#[test]
fn a_page_that_is_written_anew_has_another_tag() {
    let (place, service) = folder(false);
    let tag = || get(&service, "/hello.txt").field("ETag").unwrap().to_owned();
    let before = tag();
    assert_eq!(tag(), before);
    write(place.path(), "hello.txt", b"HELLO, pages!\n");
    let longer = tag();
    assert_ne!(longer, before);
    // Another file with the same times and size in its place.
    write(place.path(), "other", b"HELLO, PAGES!\n");
    fs::rename(place.path().join("other"), place.path().join("hello.txt")).unwrap();
    assert_ne!(tag(), longer);
}

#[test]
fn a_range_is_206_with_these_bytes_alone() {
    let (_place, service) = folder(false);
    for (range, content_range, body) in [
        ("0-4", "bytes 0-4/13", "hello"),
        ("7-", "bytes 7-12/13", "pages\n"),
        ("-6", "bytes 7-12/13", "pages\n"),
        ("0-99", "bytes 0-12/13", "hello, pages\n"),
        ("0-4,50-60", "bytes 0-4/13", "hello"),
    ] {
        let part = ask(&service, "GET", "/hello.txt", &format!("Range: bytes={range}\r\n"));
        assert_eq!((part.status(), part.text()), ("206 Partial Content", body), "{range}");
        assert_eq!(part.field("Content-Range"), Some(content_range), "{range}");
        assert_eq!(part.field("Content-Type"), Some("text/plain; charset=utf-8"), "{range}");
        assert!(part.field("ETag").is_some() && part.ending == Ending::Open);
        assert_length(&part);
    }
    let large_part = ask(&service, "GET", "/large.bin", "Range: bytes=100000-500000\r\n");
    assert!(large_part.body == large()[100_000..=500_000]);
}

#[test]
fn a_range_beyond_the_end_is_416_with_the_length() {
    let (_place, service) = folder(false);
    for range in ["13-", "-0", "99-100,200-"] {
        let answer = ask(&service, "GET", "/hello.txt", &format!("Range: bytes={range}\r\n"));
        assert_eq!(answer.status(), "416 Range Not Satisfiable", "{range}");
        assert_eq!(
            (answer.field("Content-Range"), answer.ending),
            (Some("bytes */13"), Ending::Open),
            "{range}"
        );
        assert_length(&answer);
    }
}

#[test]
fn a_range_that_is_none_gets_the_whole_page() {
    let (_place, service) = folder(false);
    for range in
        ["bytes=x", "lines=0-1", "bytes=3-1", "bytes=0-1,1-2", "bytes=0-0,2-2,4-4,6-6,8-8,1-1,3-3,5-5,7-7"]
    {
        let page = ask(&service, "GET", "/hello.txt", &format!("Range: {range}\r\n"));
        assert_eq!((page.status(), page.text()), ("200 OK", "hello, pages\n"), "{range}");
    }
    let twice = ask(&service, "GET", "/hello.txt", "Range: bytes=0-1\r\nRange: bytes=0-1\r\n");
    assert_eq!(twice.status(), "200 OK");
}

#[test]
fn a_range_is_for_the_page_that_the_client_has() {
    let (_place, service) = folder(false);
    let tag = get(&service, "/hello.txt").field("ETag").unwrap().to_owned();
    let with = |if_range: &str| {
        ask(&service, "GET", "/hello.txt", &format!("Range: bytes=0-4\r\nIf-Range: {if_range}\r\n"))
            .text()
            .to_owned()
    };
    assert_eq!((with(&tag), with(MODIFIED)), ("hello".into(), "hello".into()));
    for other in ["\"x\"", &format!("W/{tag}"), "Sat, 05 Nov 1994 01:53:21 GMT", "nonsense"] {
        assert_eq!(with(other), "hello, pages\n", "{other}");
    }
}

/// Takes a multipart body apart: of each part its fields and its bytes (RFC 2046, 5.1.1).
fn parts(answer: &Answer) -> Vec<(String, Vec<u8>)> {
    let kind = answer.field("Content-Type").unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect(kind);
    let find = |bytes: &[u8], what: &str| {
        bytes
            .windows(what.len())
            .position(|window| window == what.as_bytes())
            .unwrap_or_else(|| panic!("{what}"))
    };
    let mut rest = &answer.body[..];
    assert!(rest.starts_with(format!("--{boundary}\r\n").as_bytes()));
    let mut found = Vec::new();
    loop {
        rest = &rest[2 + boundary.len()..];
        if rest == b"--\r\n" {
            return found;
        }
        let head_end = find(rest, "\r\n\r\n") + 4;
        let part_end = find(rest, &format!("\r\n--{boundary}"));
        found.push((
            String::from_utf8(rest[2..head_end].to_vec()).unwrap(),
            rest[head_end..part_end].to_vec(),
        ));
        rest = &rest[part_end + 2..];
    }
}

#[test]
fn several_ranges_are_parts_of_one_reply() {
    let (_place, service) = folder(false);
    let answer = ask(&service, "GET", "/hello.txt", "Range: bytes=-6, 0-4\r\n");
    assert_eq!((answer.status(), answer.field("Content-Range")), ("206 Partial Content", None));
    assert_length(&answer);
    let parts = parts(&answer);
    let bodies: Vec<_> = parts.iter().map(|(_, body)| std::str::from_utf8(body).unwrap()).collect();
    assert_eq!(bodies, ["pages\n", "hello"]);
    for ((fields, _), range) in parts.iter().zip(["bytes 7-12/13", "bytes 0-4/13"]) {
        assert!(fields.contains(&format!("Content-Range: {range}\r\n")), "{fields}");
        assert!(fields.contains("Content-Type: text/plain; charset=utf-8\r\n"), "{fields}");
    }
}

#[test]
fn a_page_that_closes_says_so_and_nothing_is_answered_behind_it() {
    let (_place, service) = folder(false);
    let mut connection = Connection::to(&service);
    connection.say(b"GET /hello.txt HTTP/1.0\r\n\r\nGET /hello.txt HTTP/1.0\r\n\r\n");
    let heard = String::from_utf8(connection.heard).unwrap();
    assert_eq!((heard.matches("hello, pages").count(), connection.ending), (1, Ending::Closed));
    assert!(heard.contains("\r\nConnection: close\r\n"));
}

#[test]
fn only_get_and_head_are_for_pages() {
    let (_place, service) = folder(false);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = ask(&service, method, "/hello.txt", "");
        assert_eq!(
            (answer.status(), answer.field("Allow")),
            ("405 Method Not Allowed", Some("GET, HEAD")),
            "{method}"
        );
    }
    assert_eq!(ask(&service, "GET", "/hello.txt", "Content-Length: 5\r\n").status(), "413 Content Too Large");
}

#[test]
fn pages_are_pipelined_with_all_else() {
    let (_place, service) = folder(true);
    let targets = [
        "/large.bin",
        "/hello",
        "/notes",
        "/hello.txt",
        "/wait/3",
        "/notes/deep/",
        "/nothing",
        "/empty.txt",
        "/",
    ];
    let request = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let one_by_one = targets.map(|target| {
        let answer = get(&service, target);
        [answer.head.into_bytes(), answer.body].concat()
    });
    let mut connection = Connection::to(&service);
    connection.say(targets.map(request).concat().as_bytes());
    assert!(connection.heard == one_by_one.concat());
}

#[test]
fn not_one_attack_gets_a_byte_of_what_lies_outside_or_is_hidden() {
    let place = tempfile::tempdir().unwrap();
    let (root, outside) = (place.path().join("root"), place.path().join("outside"));
    for directory in [&root, &outside] {
        fs::create_dir(directory).unwrap();
    }
    let trap = Trap::set(&root, &outside).unwrap();
    let targets = trap.targets();
    let distinct: BTreeSet<_> = targets.iter().collect();
    assert!(
        distinct.len() == targets.len() && targets.len() >= 200,
        "{} of {}",
        distinct.len(),
        targets.len()
    );
    for list in [false, true] {
        let service = service(&root, list);
        for target in &targets {
            let request = [b"GET ", &target[..], b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
            let answer = answer_of(&service, &request);
            let (status, quoted) = (&answer.head[9..12], target[..target.len().min(100)].escape_ascii());
            let status = status.parse().unwrap();
            let is_listing = list && status == 200 && answer.field("Content-Security-Policy").is_some();
            let is_index = status == 200 && answer.field("Last-Modified").is_some();
            assert!(!is_index || answer.body == PAGE, "{quoted}: {}", answer.head);
            let is_right =
                Trap::is_right(status, answer.head.as_bytes(), if is_listing { b"" } else { &answer.body });
            assert!(is_right && !answer.body.contains(&SECRET_BYTE), "{quoted}: {}", answer.head);
            assert!(!is_listing || !answer.text().contains("secret"), "{quoted}: {}", answer.text());
        }
    }
    assert!(trap.is_untouched().unwrap());
}

#[test]
fn no_path_of_any_kind_gets_a_byte_of_it_either() {
    let place = tempfile::tempdir().unwrap();
    let (root, outside) = (place.path().join("root"), place.path().join("outside"));
    for directory in [&root, &outside] {
        fs::create_dir(directory).unwrap();
    }
    let trap = Trap::set(&root, &outside).unwrap();
    let service = service(&root, true);
    let names = [
        "..",
        ".",
        "",
        "%2e%2e",
        "%2e",
        "..%2f",
        "%252e%252e",
        "outside",
        "root",
        "secret",
        "notes",
        "deep",
        ".git",
        "config",
        "link-up",
        "link-directory",
        "link-top",
        "link-proc-root",
        "link-self-absolute",
        "link-chain",
        "trap",
        "fifo",
        "hello.txt",
        "index.html",
        "%00",
        "\\",
        "%5c..",
        "?",
        "%ff",
        ";",
        "tmp",
    ];
    let name =
        prop_oneof![8 => prop::sample::select(names.to_vec()).prop_map(str::to_owned), 1 => "[!-~]{0,6}"];
    let start = prop::sample::select(vec!["/", "/", "/", "//", "", "http://a/", "/notes/"]);
    for_all(3_000, &(start, vec(name, 0..7)), |(start, names)| {
        let target = format!("{start}{}", names.join("/"));
        let answer = answer_of(&service, format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        let bytes = [answer.head.as_bytes(), &answer.body].concat();
        prop_assert!(!bytes.contains(&SECRET_BYTE), "{target}: {}", answer.head);
        let is_listing = answer.field("Content-Security-Policy").is_some();
        prop_assert!(!is_listing || !answer.text().contains("secret"), "{target}: {}", answer.text());
        prop_assert!(answer.field("ETag").is_none() || answer.body == PAGE, "{target}: {}", answer.head);
        Ok(())
    });
    assert!(trap.is_untouched().unwrap());
}

#[test]
fn the_trap_would_be_noticed() {
    for (status, body) in [(200, &b"root:x:0:0"[..]), (200, &[SECRET_BYTE]), (404, &[b'a', SECRET_BYTE])] {
        assert!(!Trap::is_right(status, b"", body));
    }
    assert!(!Trap::is_right(404, &[SECRET_BYTE], b""));
    assert!(Trap::is_right(200, b"", PAGE) && Trap::is_right(404, b"", b"nothing here"));
}

#[test]
fn a_folder_that_is_not_there_is_not_opened() {
    let place = tempfile::tempdir().unwrap();
    assert!(Pages::open(&place.path().join("nothing"), false).is_err());
    write(place.path(), "file", b"");
    assert!(Pages::open(&place.path().join("file"), false).is_err());
}

/// A request for a page, with conditions and ranges.
fn request() -> impl Strategy<Value = String> {
    let method = prop::sample::select(vec!["GET", "GET", "GET", "HEAD"]);
    let target = prop::sample::select(vec![
        "/hello.txt",
        "/large.bin",
        "/empty.txt",
        "/notes",
        "/notes/",
        "/notes/deep/",
        "/",
        "/nothing",
        "/hello",
        "/../a",
        "/%zz",
    ]);
    let fields = prop::sample::select(vec![
        "",
        "",
        "",
        "Range: bytes=0-4\r\n",
        "Range: bytes=0-4,6-8\r\n",
        "Range: bytes=-300000\r\n",
        "Range: bytes=9999999-\r\n",
        "If-None-Match: *\r\n",
        "If-Match: \"x\"\r\n",
        "Connection: close\r\n",
    ]);
    (method, target, fields)
        .prop_map(|(method, target, fields)| format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"))
}

/// Checks one folder with so many cases: to make one for each would take most of the time.
fn for_all<S: Strategy>(cases: u32, strategy: &S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    if let Err(error) = runner.run(strategy, check) {
        panic!("{error}");
    }
}

#[test]
fn replies_are_the_same_however_requests_are_split() {
    let (_place, service) = folder(true);
    let talk = |pieces: &[&[u8]], ends| {
        let mut connection = Connection::to(&service);
        for piece in pieces {
            connection.say(piece);
        }
        if ends {
            connection.end();
        }
        (connection.heard, connection.ending)
    };
    let strategy = (vec(request(), 1..6), vec(any::<usize>(), 0..12), any::<bool>());
    for_all(300, &strategy, |(requests, cuts, ends)| {
        let bytes = requests.concat().into_bytes();
        let whole = talk(&[&bytes], ends);
        prop_assert!(talk(&pieces(&bytes, &cuts), ends) == whole, "split at {cuts:?}");
        prop_assert!(talk(&bytes.chunks(1).collect::<Vec<_>>(), ends) == whole, "byte by byte");
        Ok(())
    });
}

#[test]
fn any_ranges_are_the_bytes_that_they_name() {
    let ((_place, service), whole) = (folder(false), large());
    for_all(300, &vec((0_usize..600_000, 1_usize..9_000), 1..8), |ranges| {
        let list: Vec<_> =
            ranges.iter().map(|(first, length)| format!("{first}-{}", first + length - 1)).collect();
        let answer = ask(&service, "GET", "/large.bin", &format!("Range: bytes={}\r\n", list.join(",")));
        assert_length(&answer);
        let of = |(first, length): &(usize, usize)| {
            whole.get(*first..whole.len().min(first + length)).unwrap_or_default().to_vec()
        };
        let expected: Vec<_> = ranges.iter().map(of).filter(|bytes| !bytes.is_empty()).collect();
        match answer.status() {
            "416 Range Not Satisfiable" => prop_assert!(expected.is_empty()),
            "200 OK" => prop_assert!(answer.body == whole),
            _ if expected.len() == 1 => prop_assert!(answer.body == expected[0]),
            _ => {
                let bodies: Vec<_> = parts(&answer).into_iter().map(|(_, body)| body).collect();
                prop_assert!(bodies == expected);
            }
        }
        Ok(())
    });
}
