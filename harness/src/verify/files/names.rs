//! Names that lead elsewhere: whatever is tried, nothing outside the folder is read or written.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;

use super::super::case::{Case, Verdict, Within, ensure, failed};
use super::super::client::{Client, quoted};
use super::super::folder::{Folder, SECRET, SECRET_BYTES};
use super::super::subject::Subject;
use super::talk::{self, unreadable, upload};
use workloads::files::protocol::{Status, sum_line};

/// Ways to write the folder above.
const ABOVE: [&str; 20] = [
    "..",
    "../",
    "./..",
    "/..",
    "...",
    "..;",
    "..\\",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "%252e%252e%252f",
    "..%c0%af",
    "%c0%ae%c0%ae/",
    ".%2e/",
    "%2e./",
    "..%5c",
    "..%00/",
    ".. /",
    "..\t/",
    "\u{ff0e}\u{ff0e}/",
];
/// What is looked for there.
const WANTED: [&str; 8] =
    ["secret", "/secret", "/secret/", "//secret", "/./secret", "/root/../secret", "/secret%00", "secret "];
/// Other ways out.
const OTHERS: [&str; 64] = [
    "",
    " ",
    ".",
    "/",
    "//",
    "~",
    "~/secret",
    "~root",
    "/etc/passwd",
    "//etc/passwd",
    "/etc/passwd/",
    "/proc/self/environ",
    "/proc/self/cwd/secret",
    "/proc/self/root/etc/passwd",
    "/proc/self/fd/3",
    "/dev/stdin",
    "/dev/zero",
    "/dev/null",
    "/dev/fd/0",
    "file:///etc/passwd",
    "file:secret",
    "http://127.0.0.1/secret",
    "hello/../../secret",
    "hello/..",
    "hello/../hello",
    "a-folder/../../secret",
    "a-folder/secret",
    "folder-out/secret",
    "folder-out/../secret",
    "link-out",
    "link-up/secret",
    "link-root/etc/passwd",
    "link-self/hello",
    "./hello",
    ".hidden",
    ".upload-",
    ".upload-1-0",
    ".git/config",
    ".ssh/id_rsa",
    ".bashrc",
    "..hello",
    "...",
    "....",
    "./.",
    "././secret",
    "..\\secret",
    "..\\..\\secret",
    "C:\\secret",
    "C:secret",
    "\\\\host\\secret",
    "\\secret",
    "hello\r",
    "hello\u{0}",
    "hello\u{0}/../secret",
    "secret\u{0}hello",
    "\u{0}",
    "hello\u{7f}",
    "\u{1b}[2Jhello",
    "\u{202e}olleh",
    "hello\u{2028}",
    "|cat ../secret",
    "`cat ../secret`",
    "$(cat ../secret)",
    "; cat ../secret",
];
/// Names that are no UTF-8, or nearly.
const BYTES: [&[u8]; 12] = [
    b"\xff",
    b"\xfe\xff",
    b"..\xc0\xaf",
    b"\xc0\xae\xc0\xae/secret",
    b"\xc0\xae\xc0\xae\xc0\xafsecret",
    b"\xe0\x80\xae/secret",
    b"\xed\xa0\x80",
    b"\xf5\x80\x80\x80",
    b"hello\x80",
    b"\xf0\x80\x80\xafsecret",
    b"..\xef\xbc\x8fsecret",
    b"\x2e\x2e\x2fsecret",
];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "names-get",
            "More than 200 names that lead out of the folder, in every way of writing them, are asked for: not a byte of \
             what lies outside comes.",
            names_get,
        ),
        Case::shared(
            "names-put",
            "A file is brought under each of these names: nothing outside the folder is written, and nothing in it that \
             the name does not say as it stands.",
            names_put,
        ),
        Case::shared(
            "links",
            "Links that lead out of the folder, to a file and to folders, are neither followed nor written through.",
            links,
        ),
    ]
}

/// All of them.
fn attacks() -> Vec<Vec<u8>> {
    let above = ABOVE
        .iter()
        .flat_map(|above| WANTED.iter().map(move |wanted| format!("{above}{wanted}").into_bytes()));
    let others = OTHERS.iter().map(|name| name.as_bytes().to_vec());
    let long =
        [format!("{}secret", "../".repeat(80)), "a".repeat(256), format!("{}/../secret", "a".repeat(200))];
    let all = above.chain(others).chain(BYTES.map(<[u8]>::to_vec)).chain(long.map(String::into_bytes));
    let different: BTreeSet<_> = all.collect();
    different.into_iter().collect()
}

/// Links that lead out, and something that they could lead to.
fn lay_out(subject: &Subject) -> Verdict {
    let folder = subject.folder()?;
    let make = || -> io::Result<()> {
        for (target, link) in [
            ("../secret", "link-out"),
            ("..", "folder-out"),
            ("..", "link-up"),
            ("/", "link-root"),
            (".", "link-self"),
        ] {
            if fs::symlink_metadata(folder.join(link)).is_err() {
                symlink(target, folder.join(link))?;
            }
        }
        fs::create_dir_all(folder.join("a-folder"))
    };
    make().or_else(|error| unreadable(&error))
}

fn names_get(subject: &mut Subject) -> Verdict {
    lay_out(subject)?;
    let attacks = attacks();
    subject.allow_for(attacks.len());
    for name in &attacks {
        let client = Client::connect(subject)?;
        client.send(&[b"G ", &name[..], b"\n"].concat())?;
        let place = format!("G {}", quoted(name));
        match talk::status(&client).within(&place)? {
            Status::No { .. } => {}
            other => return failed(format!("{place}: expected NO, got '{}'", other.to_string().trim_end())),
        }
    }
    Ok(())
}

fn names_put(subject: &mut Subject) -> Verdict {
    lay_out(subject)?;
    let attacks = attacks();
    subject.allow_for(3 * attacks.len());
    for name in &attacks {
        let client = Client::connect(subject)?;
        let sum = sum_line(crc32fast::hash(b"new"));
        client.send(&[b"P 3 ", &name[..], b"\nnew", sum.as_bytes()].concat())?;
        let place = format!("P 3 {}", quoted(name));
        match talk::status(&client).within(&place)? {
            Status::No { .. } => {}
            Status::Go(3) => is_taken_literally(subject, &client, name).within(&place)?,
            other => {
                return failed(format!(
                    "{place}: expected NO or 'GO 3', got '{}'",
                    other.to_string().trim_end()
                ));
            }
        }
        outside_is_untouched(subject.served()?).within(&place)?;
    }
    Ok(())
}

/// A name that stands for nothing but itself may be taken; it must then be there, and nothing else.
fn is_taken_literally(subject: &Subject, client: &Client, name: &[u8]) -> Verdict {
    let status = talk::status(client)?;
    let Ok(text) = std::str::from_utf8(name) else { return failed("it is no UTF-8, and was taken") };
    ensure(!text.contains('/') && !text.starts_with('.') && !text.chars().any(char::is_control), || {
        "it is no file's name, and was taken".to_owned()
    })?;
    match status {
        Status::Ok(3) => {
            talk::is_on_disk(subject, text, b"new")?;
            let removed = fs::remove_file(subject.folder()?.join(text));
            removed.or_else(|error| unreadable(&error))
        }
        _ => Ok(()),
    }
}

fn links(subject: &mut Subject) -> Verdict {
    lay_out(subject)?;
    for link in ["link-out", "folder-out", "link-root", "link-self"] {
        let client = Client::connect(subject)?;
        client.send(format!("G {link}\n").as_bytes())?;
        talk::expect_no(&client, &["missing", "name"]).within(format!("G {link}"))?;
        client.send(&upload(link, b"new"))?;
        match talk::status(&client).within(format!("P 3 {link}"))? {
            Status::No { .. } => {}
            _ => drop(talk::status(&client)), // it may take the link's place, but not what it leads to
        }
        outside_is_untouched(subject.served()?).within(format!("P 3 {link}"))?;
        drop(client);
    }
    lay_out(subject)
}

/// What lies beside the folder is as it was, and nothing has come there.
fn outside_is_untouched(folder: &Folder) -> Verdict {
    let around = folder.around();
    let secret = fs::read(around.join(SECRET)).or_else(|error| unreadable(&error))?;
    ensure(secret == SECRET_BYTES, || "what lies outside the folder was written".to_owned())?;
    let entries = fs::read_dir(around).or_else(|error| unreadable(&error))?.count();
    ensure(entries == 2, || format!("there are {entries} things where the folder lies, and there were two"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_than_two_hundred_attacks_each_on_one_line() {
        let attacks = attacks();
        assert!(attacks.len() >= 200, "{}", attacks.len());
        assert!(attacks.iter().all(|name| !name.contains(&b'\n')));
    }
}
