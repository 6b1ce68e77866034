//! The file service: what is listed, given and taken, and what is not.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;
use workloads::files::{Files, Settings};

use crate::driver::{Connection, Ending, pieces};

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn open(folder: &TempDir) -> Files {
    Files::open(folder.path(), Settings::default()).unwrap()
}

/// All that a client hears who sends this and then no more.
fn talk(files: &Files, said: impl AsRef<[u8]>) -> (String, Ending) {
    let mut connection = Connection::to(files);
    connection.say(said.as_ref()).end();
    (String::from_utf8_lossy(&connection.heard).into_owned(), connection.ending)
}

/// What is heard, whatever becomes of the connection.
fn heard(files: &Files, said: impl AsRef<[u8]>) -> String {
    talk(files, said).0
}

/// A whole upload, as a client sends it that does not wait.
fn put(name: &str, bytes: &[u8]) -> Vec<u8> {
    let sum = format!("SUM {:08x}\n", crc32fast::hash(bytes));
    [format!("P {} {name}\n", bytes.len()).as_bytes(), bytes, sum.as_bytes()].concat()
}

/// Everything in a folder, hidden or not.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|it| (it.file_name().into_string().unwrap(), fs::read(it.path()).unwrap())).collect()
}

#[test]
fn visible_regular_files_are_listed_by_name() {
    let folder = folder(&[("b", b"12345"), ("a", b""), (".hidden", b"x"), ("两 个", b"12")]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    symlink("a", folder.path().join("link")).unwrap();
    let list = "0 a\n5 b\n2 两 个\n";
    let sum = crc32fast::hash(list.as_bytes());
    assert_eq!(heard(&open(&folder), "L\n"), format!("OK {}\n{list}SUM {sum:08x}\n", list.len()));
}

#[test]
fn an_empty_folder_has_an_empty_list() {
    assert_eq!(heard(&open(&folder(&[])), "L\n"), "OK 0\nSUM 00000000\n");
}

#[test]
fn a_list_that_is_too_long_for_one_piece_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..1_000).map(|number| format!("{number:04}{}", "x".repeat(200))).collect();
    for name in &names {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let mut connection = Connection::to(&open(&folder));
    connection.say(b"L\n");
    let lines: Vec<_> = names.iter().map(|name| format!("0 {name}\n")).collect();
    let list = lines.concat();
    let sum = crc32fast::hash(list.as_bytes());
    assert_eq!(connection.heard, format!("OK {}\n{list}SUM {sum:08x}\n", list.len()).as_bytes());
    assert!(connection.peak <= 65 * 1024, "{}", connection.peak);
}

#[test]
fn a_file_comes_with_its_length_and_its_checksum() {
    let folder = folder(&[("hello", b"Hello World\n"), ("empty", b"")]);
    assert_eq!(heard(&open(&folder), "G hello\n"), "OK 12\nHello World\nSUM b095e5e3\n");
    assert_eq!(heard(&open(&folder), "G empty\n"), "OK 0\nSUM 00000000\n");
}

#[test]
fn a_large_file_comes_in_pieces() {
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let folder = folder(&[("large", &bytes)]);
    let mut connection = Connection::to(&open(&folder));
    connection.say(b"G large\n");
    let end = format!("SUM {:08x}\n", crc32fast::hash(&bytes));
    assert!(connection.heard == [&b"OK 3000000\n"[..], &bytes, end.as_bytes()].concat());
    assert!(connection.peak < 128 * 1024, "{}", connection.peak);
    assert_eq!(connection.ending, Ending::Open);
}

#[test]
fn what_is_no_file_of_the_folder_is_not_there() {
    let outside = folder(&[("secret", b"secret")]);
    let folder = folder(&[(".hidden", b"x")]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
    symlink(outside.path(), folder.path().join("leads-out")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("pipe"), rustix::fs::Mode::RWXU).unwrap();
    let files = open(&folder);
    for name in ["nothing", "folder", "link", "pipe", "leads-out"] {
        assert_eq!(
            heard(&files, format!("G {name}\n")),
            "NO missing There is no file of this name.\n",
            "{name}"
        );
    }
    for name in ["../secret", "leads-out/secret", ".hidden", "..", ".", "", "/etc/passwd", "a\0b"] {
        let (heard, _) = talk(&files, format!("G {name}\nL\n"));
        assert!(heard.starts_with("NO name ") && heard.ends_with("SUM 00000000\n"), "{name}: {heard}");
    }
    for name in ["folder", "link", "pipe", "leads-out"] {
        assert!(heard(&files, put(name, b"new")).starts_with("NO taken "), "{name}");
    }
    assert_eq!(contents(outside.path()), BTreeMap::from([("secret".to_owned(), b"secret".to_vec())]));
}

#[test]
fn a_file_that_is_brought_can_be_fetched() {
    let folder = folder(&[]);
    let files = open(&folder);
    assert_eq!(heard(&files, put("new", b"Hello")), "GO 5\nOK 5\n");
    assert_eq!(heard(&files, put("empty", b"")), "GO 0\nOK 0\n");
    assert_eq!(heard(&files, "G new\n"), "OK 5\nHelloSUM f7d18982\n");
    assert_eq!(contents(folder.path()).len(), 2);
}

#[test]
fn a_large_file_is_taken_in_pieces_of_any_length() {
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 253) as u8).collect();
    let folder = folder(&[]);
    for size in [1_000, 65_536, 131_072, 1_000_100] {
        let files = open(&folder);
        let mut connection = Connection::to(&files);
        put("large", &bytes).chunks(size).for_each(|piece| _ = connection.say(piece));
        assert_eq!(connection.heard, b"GO 1000000\nOK 1000000\n", "{size}");
        assert!(contents(folder.path())["large"] == bytes, "{size}");
    }
}

#[test]
fn many_commands_may_come_at_once() {
    let folder = folder(&[("a", b"1")]);
    let said = [&b"G a\n"[..], &put("b", b"22"), b"G b\nG c\n", &put("a", b"333"), b"G a\nQ\nL\n"].concat();
    let (heard, ending) = talk(&open(&folder), said);
    let sum = |bytes: &[u8]| format!("SUM {:08x}\n", crc32fast::hash(bytes));
    let (one, two, three) = (sum(b"1"), sum(b"22"), sum(b"333"));
    let none = "NO missing There is no file of this name.\n";
    assert_eq!(
        heard,
        format!("OK 1\n1{one}GO 2\nOK 2\nOK 2\n22{two}{none}GO 3\nOK 3\nOK 3\n333{three}OK 0\n")
    );
    assert_eq!(ending, Ending::Closed);
}

#[test]
fn the_old_file_is_there_until_the_new_one_is_whole() {
    let folder = folder(&[("a", b"old")]);
    let files = open(&folder);
    let mut connection = Connection::to(&files);
    connection.say(b"P 3 a\nne");
    assert_eq!(heard(&files, "G a\n"), format!("OK 3\noldSUM {:08x}\n", crc32fast::hash(b"old")));
    assert_eq!(contents(folder.path()).len(), 2, "and a hidden one");
    connection.say(b"w").say(format!("SUM {:08x}\n", crc32fast::hash(b"new")).as_bytes());
    assert_eq!(contents(folder.path()), BTreeMap::from([("a".to_owned(), b"new".to_vec())]));
}

#[test]
fn whoever_fetches_the_old_file_gets_all_of_it() {
    let old = vec![1; 1_000_000];
    let folder = folder(&[("a", &old)]);
    let files = open(&folder);
    let mut reader = workloads::Conversation::new(&files, workloads::Peer::default());
    let mut next = reader.arrived(b"G a\n");
    let mut bytes = 0;
    loop {
        let done = match next {
            workloads::Next::Compute(work) => workloads::Done::Computed(work()),
            workloads::Next::File(part) => {
                if bytes == 0 {
                    assert!(heard(&files, put("a", b"new")).ends_with("OK 3\n"));
                }
                bytes += part.length();
                workloads::Done::Flushed
            }
            _ => break,
        };
        next = reader.resumed(done);
    }
    assert_eq!(bytes, 1_000_000);
    assert!(reader.output().ends_with(format!("SUM {:08x}\n", crc32fast::hash(&old)).as_bytes()));
}

#[test]
fn what_is_cut_short_or_wrong_leaves_the_old_file_and_nothing_else() {
    let folder = folder(&[("a", b"old")]);
    let files = open(&folder);
    for (said, answer, ending) in [
        ("P 3 a\nne", "GO 3\nNO short ", Ending::Closed),
        ("P 3 a\n", "GO 3\nNO short ", Ending::Closed),
        ("P 3 a\nnewSUM 0000", "GO 3\nNO short ", Ending::Closed),
        ("P 3 a\nnewSUM 00000000\n", "GO 3\nNO checksum ", Ending::Closed),
        ("P 3 a\nnewSUM 0000000x\n", "GO 3\nNO checksum ", Ending::Refused),
        ("P 3 a\nnew and more than that", "GO 3\nNO checksum ", Ending::Refused),
        ("P 0 a\nnewSUM 00000000\n", "GO 0\nNO checksum ", Ending::Refused),
    ] {
        let (heard, end) = talk(&files, said);
        assert!(heard.starts_with(answer) && heard.lines().count() == 2, "{said:?}: {heard}");
        assert_eq!(end, ending, "{said:?}");
        assert_eq!(contents(folder.path()), BTreeMap::from([("a".to_owned(), b"old".to_vec())]), "{said:?}");
    }
    let mut connection = Connection::to(&files);
    connection.say(b"P 3 a\nne");
    drop(connection);
    assert_eq!(contents(folder.path()).len(), 1, "a client who is gone leaves nothing");
}

#[test]
fn a_wrong_checksum_does_not_end_the_connection() {
    let folder = folder(&[]);
    let said = [&b"P 3 a\nnewSUM 00000000\n"[..], &put("a", b"new")].concat();
    let (heard, _) = talk(&open(&folder), said);
    assert!(heard.starts_with("GO 3\nNO checksum ") && heard.ends_with("GO 3\nOK 3\n"), "{heard}");
}

#[test]
fn two_uploads_of_one_name_never_mix_and_the_last_one_stays() {
    let folder = folder(&[]);
    let files = open(&folder);
    let (mut first, mut second) = (Connection::to(&files), Connection::to(&files));
    let sums = [b"first", b"again"].map(|bytes| format!("SUM {:08x}\n", crc32fast::hash(bytes)));
    first.say(b"P 5 a\nfi");
    second.say(b"P 5 a\naga");
    first.say(b"rst").say(sums[0].as_bytes());
    assert_eq!(contents(folder.path())["a"], b"first");
    second.say(b"in").say(sums[1].as_bytes());
    assert_eq!(contents(folder.path()), BTreeMap::from([("a".to_owned(), b"again".to_vec())]));
}

#[test]
fn limits_are_kept_also_by_those_who_come_at_the_same_time() {
    let folder = folder(&[("a", b"1"), (".hidden", b"")]);
    let settings = Settings { max_files: 2, max_file_bytes: 4, read_only: false };
    let files = Files::open(folder.path(), settings).unwrap();
    let (heard, ending) = talk(&files, put("b", b"12345"));
    assert_eq!(
        (heard.as_str(), ending),
        ("NO size A file may have at most 4 bytes here.\n", Ending::Refused)
    );
    assert!(talk(&files, "P 99999999999999999999 b\n").0.starts_with("NO size "));
    let (mut first, mut second) = (Connection::to(&files), Connection::to(&files));
    let sum = format!("1234SUM {:08x}\n", crc32fast::hash(b"1234"));
    first.say(b"P 4 b\n");
    second.say(b"P 4 c\n");
    first.say(sum.as_bytes());
    second.say(sum.as_bytes());
    assert!(second.heard.starts_with(b"GO 4\nNO files There may be at most 2 files"), "{:?}", second.heard);
    assert_eq!(contents(folder.path()).len(), 3);
    assert!(talk(&files, put("d", b"1")).0.starts_with("NO files "));
    assert!(talk(&files, put("a", b"22")).0.ends_with("OK 2\n"), "one that is there may be replaced");
}

#[test]
fn who_only_gives_takes_nothing() {
    let folder = folder(&[("a", b"1")]);
    let files = Files::open(folder.path(), Settings { read_only: true, ..Settings::default() }).unwrap();
    let (heard, ending) = talk(&files, put("a", b"2"));
    assert!(heard.starts_with("NO read-only ") && ending == Ending::Refused, "{heard}");
    assert_eq!(talk(&files, "G a\n").0, "OK 1\n1SUM 83dcefb7\n");
}

#[test]
fn no_bytes_of_a_refused_file_are_taken_for_commands() {
    let folder = folder(&[("a", b"1")]);
    let settings = Settings { max_file_bytes: 1, ..Settings::default() };
    let files = Files::open(folder.path(), settings).unwrap();
    let (heard, ending) = talk(&files, put("b", b"G a\n"));
    assert_eq!((heard.lines().count(), ending), (1, Ending::Refused), "{heard}");
}

#[test]
fn what_is_no_command_ends_the_connection() {
    let folder = folder(&[("a", b"1")]);
    let long = "G ".to_owned() + &"a".repeat(298);
    for (said, word) in [
        ("GET / HTTP/1.1\r\n\r\nL\n", "command"),
        ("l\nL\n", "command"),
        ("L\r\nL\n", "command"),
        ("\nL\n", "command"),
        ("G a\r\nL\n", "name"),
        ("P 1 ../a\n1SUM 83dcefb7\nL\n", "name"),
        (&long, "line"),
        ("\u{16}\u{3}\u{1}\n", "command"),
    ] {
        let (heard, ending) = talk(&open(&folder), said);
        assert!(heard.starts_with(&format!("NO {word} ")), "{said:?}: {heard}");
        if !said.starts_with("G a") {
            assert_eq!((heard.lines().count(), ending), (1, Ending::Refused), "{said:?}: {heard}");
        }
    }
    let (heard, ending) = talk(&open(&folder), "G a");
    assert!(heard.starts_with("NO short ") && ending == Ending::Closed, "{heard}");
}

#[test]
fn a_line_of_the_greatest_length_is_read_and_one_more_byte_is_not() {
    let folder = folder(&[]);
    assert!(heard(&open(&folder), format!("G {}\n", "a".repeat(255))).starts_with("NO missing "));
    assert!(heard(&open(&folder), format!("G {}\n", "a".repeat(256))).starts_with("NO name "));
    assert!(heard(&open(&folder), format!("G {}\n", "a".repeat(297))).starts_with("NO name "));
    assert!(heard(&open(&folder), format!("G {}\n", "a".repeat(298))).starts_with("NO line "));
}

#[test]
fn the_time_of_a_file_begins_anew_as_it_comes() {
    let folder = folder(&[]);
    let mut connection = Connection::to(&open(&folder));
    connection.say(b"P 1000000 a\n");
    assert!(connection.pending());
    let before = connection.replies();
    connection.say(b"1");
    assert_eq!(connection.replies(), before, "a byte now and then is not enough");
    connection.say(&vec![b'1'; 100_000]);
    assert!(connection.replies() > before);
}

#[test]
fn a_command_that_has_begun_to_arrive_is_pending() {
    let folder = folder(&[]);
    let mut connection = Connection::to(&open(&folder));
    assert!(!connection.pending());
    assert!(connection.say(b"G").pending());
    assert!(!connection.say(b" a\n").pending());
}

#[test]
fn what_a_killed_server_left_is_removed_and_what_a_living_one_writes_is_not() {
    let folder = folder(&[("a", b"1"), (".upload-1-0", b"stale"), (".mine", b"x")]);
    let files = open(&folder);
    let mut connection = Connection::to(&files);
    connection.say(b"P 3 b\nne");
    let _another = open(&folder);
    connection.say(b"w").say(format!("SUM {:08x}\n", crc32fast::hash(b"new")).as_bytes());
    assert_eq!(connection.heard, b"GO 3\nOK 3\n");
    assert_eq!(contents(folder.path()).into_keys().collect::<Vec<_>>(), [".mine", "a", "b"]);
}

#[test]
fn a_file_that_becomes_shorter_ends_the_connection() {
    let folder = folder(&[("a", &vec![7; 600_000])]);
    let files = open(&folder);
    let mut reader = workloads::Conversation::new(&files, workloads::Peer::default());
    let workloads::Next::Compute(open) = reader.arrived(b"G a\n") else { panic!("it is opened first") };
    let next = reader.resumed(workloads::Done::Computed(open()));
    fs::write(folder.path().join("a"), "short").unwrap();
    let workloads::Next::Compute(read) = next else { panic!("then it is read") };
    assert!(matches!(reader.resumed(workloads::Done::Computed(read())), workloads::Next::Close));
}

#[test]
fn a_folder_that_is_not_there_is_said_to_be() {
    let folder = folder(&[("a", b"")]);
    for path in ["nothing", "a"] {
        assert!(Files::open(&folder.path().join(path), Settings::default()).is_err(), "{path}");
    }
}

#[test]
fn a_folder_that_has_moved_is_still_the_same() {
    let outer = tempfile::tempdir().unwrap();
    let (one, other) = (outer.path().join("one"), outer.path().join("other"));
    fs::create_dir(&one).unwrap();
    let files = Files::open(&one, Settings::default()).unwrap();
    fs::rename(&one, &other).unwrap();
    symlink("/etc", &one).unwrap();
    assert_eq!(heard(&files, "G passwd\n"), "NO missing There is no file of this name.\n");
    assert!(heard(&files, put("a", b"1")).ends_with("OK 1\n"));
    assert_eq!(contents(&other).len(), 1);
}

/// Something that a client may say, right or nearly.
fn saying() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec!["a", "b", "两", "../secret", ".hidden", "link", "x y"]);
    let bytes = prop_oneof![vec(any::<u8>(), 0..60), Just(b"G a\nQ\n".to_vec()), Just(vec![5; 140_000])];
    prop_oneof![
        2 => Just(b"L\n".to_vec()),
        4 => name.clone().prop_map(|name| format!("G {name}\n").into_bytes()),
        6 => (name.clone(), bytes.clone()).prop_map(|(name, bytes)| put(name, &bytes)),
        1 => (name, bytes, any::<u64>()).prop_map(|(name, bytes, length)| {
            [format!("P {length} {name}\n").as_bytes(), &bytes].concat()
        }),
        1 => vec(any::<u8>(), 0..400),
        1 => prop::sample::select(vec!["Q\n", "L", "\n", "P 2 a\nxxSUM 00000000\n", "SUM 00000000\n"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_it_is_split_it_comes_to_the_same(sayings in vec(saying(), 0..6), cuts in vec(any::<usize>(), 0..12)) {
        let said = sayings.concat();
        let outside = folder(&[("secret", b"secret")]);
        let run = |pieces: &[&[u8]]| {
            let folder = folder(&[("a", b"one"), (".hidden", b"x")]);
            symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
            let mut connection = Connection::to(&open(&folder));
            for piece in pieces {
                connection.say(piece);
            }
            connection.end();
            let heard = String::from_utf8_lossy(&connection.heard).into_owned();
            (heard, connection.ending, contents(folder.path()))
        };
        let whole = run(&[&said]);
        prop_assert_eq!(&run(&pieces(&said, &cuts)), &whole);
        let (heard, _, left) = whole;
        prop_assert!(!heard.contains("secret") || said.windows(6).any(|part| part == b"secret"));
        prop_assert!(left.keys().all(|name| !name.starts_with(".upload-")), "{:?}", left.keys());
        prop_assert_eq!(left.get(".hidden").map(Vec::as_slice), Some(&b"x"[..]));
        prop_assert_eq!(contents(outside.path()).len(), 1);
        prop_assert_eq!(&contents(outside.path())["secret"], b"secret");
    }
}
