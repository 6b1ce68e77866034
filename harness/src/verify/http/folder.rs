//! Pages from a folder: what is in it is shown, in parts or not at all if the client has it, and nothing else is.

mod attacks;
mod conditions;
mod large;
mod ranges;

use std::fs::{self, File};
use std::io;
use std::time::{Duration, SystemTime};

use super::super::case::{Case, Verdict, Within, ensure, skipped};
use super::super::client::Client;
use super::super::subject::Subject;
use super::is_hello;
use super::talk::{Http, Reply, ask_alone, get, request};

/// Pages were last written to so long ago: a server may not believe in the times of what is quite new.
const RESTED: Duration = Duration::from_secs(60 * 60);

/// What most pages here say.
const TEXT: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::shared(
            "page",
            "A file of the folder comes whole, also if its name has to be encoded, and what is not in the folder is 404.",
            page,
        ),
        Case::shared(
            "page-head",
            "HEAD gets the status and the length of a page, and no body (RFC 9110, 9.3.2).",
            head,
        ),
        Case::shared(
            "page-type",
            "A page has the type that its name says, so that browsers need not guess (RFC 9110, 8.3).",
            types,
        ),
        Case::shared(
            "page-index",
            "A directory is its index.html, and is asked for with a slash at its end: who leaves that out is sent there, \
             since the page's links count from there (RFC 9110, 15.4.2).",
            index,
        ),
    ];
    cases.extend(conditions::cases());
    cases.extend(ranges::cases());
    cases.extend(large::cases());
    cases.extend(attacks::cases());
    cases
}

/// Puts a file into the folder that is served.
fn put(subject: &Subject, path: &str, bytes: &[u8]) -> Verdict {
    put_at(subject, path, bytes, SystemTime::now() - RESTED)
}

/// The same, last written to at this time.
fn put_at(subject: &Subject, path: &str, bytes: &[u8], modified: SystemTime) -> Verdict {
    let path = subject.folder()?.join(path);
    let written = || -> io::Result<()> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&path, bytes)?;
        File::options().write(true).open(&path)?.set_modified(modified)
    };
    written().or_else(|error| not_written(&error))
}

/// Why a case is skipped that can't prepare its folder.
fn not_written<T>(error: &io::Error) -> Verdict<T> {
    skipped(format!("the folder that is served can't be filled: {error}"))
}

fn page(subject: &mut Subject) -> Verdict {
    put(subject, "page.txt", TEXT)?;
    put(subject, "directory/two words \u{e9} 100%.txt", b"odd\n")?;
    for (path, body) in [
        ("/page.txt", TEXT),
        ("/%70age%2etxt", TEXT),
        ("/page.txt?query", TEXT),
        ("/directory/two%20words%20%C3%A9%20100%25.txt", b"odd\n"),
    ] {
        let client = Client::connect(subject)?;
        let mut http = Http::over(&client);
        let reply = http.ask(&get(path)).within(path)?;
        reply.expect_body(body).within(path)?;
        http.no_more().within(path)?;
        if reply.persists() {
            is_hello(&client, &http.ask(&get("/hello")).within("the request after a page")?)?;
        }
    }
    for path in ["/nothing.txt", "/directory/nothing.txt", "/page.txt/nothing", "/%252e"] {
        ask_alone(subject, &get(path))?.expect_status(&[404]).within(path)?;
    }
    Ok(())
}

fn head(subject: &mut Subject) -> Verdict {
    put(subject, "head.txt", TEXT)?;
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    let reply = http.ask(&request("HEAD", "/head.txt", "", b""))?;
    reply.expect_status(&[200])?;
    let length = reply.field("Content-Length").map(str::to_owned);
    ensure(length.is_none() || length.as_deref() == Some("26"), || {
        format!("Content-Length is {} with HEAD, and the page has 26 bytes", length.unwrap_or_default())
    })?;
    reply.must_persist()?;
    is_hello(&client, &http.ask(&get("/hello")).within("the request after a HEAD")?)
}

fn types(subject: &mut Subject) -> Verdict {
    for (name, kinds) in [
        ("type.html", &["text/html"][..]),
        ("type.txt", &["text/plain"]),
        ("type.css", &["text/css"]),
        ("type.js", &["text/javascript", "application/javascript"]),
        ("type.json", &["application/json"]),
        ("type.png", &["image/png"]),
        ("type.svg", &["image/svg+xml"]),
    ] {
        put(subject, name, TEXT)?;
        let reply = ask_alone(subject, &get(&format!("/{name}"))).within(name)?;
        reply.expect_status(&[200]).within(name)?;
        let kind = reply.field("Content-Type").unwrap_or("nothing");
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        ensure(kinds.contains(&essence.as_str()), || format!("expected the type {}, got {kind}", kinds[0]))
            .within(name)?;
    }
    Ok(())
}

fn index(subject: &mut Subject) -> Verdict {
    put(subject, "with-index/index.html", TEXT)?;
    ask_alone(subject, &get("/with-index/"))?.expect_body(TEXT).within("with the slash")?;
    let moved = ask_alone(subject, &get("/with-index"))?;
    moved.expect_status(&[301, 302, 307, 308]).within("without the slash")?;
    let location = moved.field("Location").unwrap_or("nowhere");
    ensure(location.ends_with("/with-index/"), || format!("who leaves the slash out is sent to {location}"))
}

/// The reply to a GET of a page with these fields.
fn page_with(subject: &Subject, path: &str, fields: &str) -> Verdict<Reply> {
    ask_alone(subject, &request("GET", path, fields, b"")).within(fields.trim_end())
}
