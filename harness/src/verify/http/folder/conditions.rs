//! Who has a page need not be sent it again (RFC 9110, 13).

use std::time::{Duration, SystemTime};

use super::super::super::case::{Case, Verdict, Within, ensure, skipped};
use super::super::super::client::Client;
use super::super::super::subject::Subject;
use super::super::is_hello;
use super::super::talk::{Http, Reply, get, request};
use super::{TEXT, page_with, put, put_at};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "page-tag",
            "Who has the page by its ETag gets 304 without a body, and the connection goes on; who has another one gets it \
             (RFC 9110, 13.1.2).",
            tag,
        ),
        Case::shared(
            "page-date",
            "Who has the page by its date gets 304, and who has an older one, or sends what is no date, gets it (RFC 9110, \
             13.1.3).",
            date,
        ),
        Case::shared(
            "page-means-another",
            "Who asks for the very page that it has, and has another one, gets 412 and not the wrong page (RFC 9110, 13.1.1 \
             and 13.1.4).",
            means_another,
        ),
    ]
}

fn tag(subject: &mut Subject) -> Verdict {
    put(subject, "tag.txt", TEXT)?;
    let tag = tag_of(&page_with(subject, "/tag.txt", "")?)?;
    let weak = format!("W/{}", tag.trim_start_matches("W/"));
    for value in [tag.as_str(), &weak, &format!("\"x\", {tag}"), "*"] {
        let client = Client::connect(subject)?;
        let mut http = Http::over(&client);
        let fields = format!("If-None-Match: {value}\r\n");
        let reply = http.ask(&request("GET", "/tag.txt", &fields, b"")).within(value)?;
        reply.expect_status(&[304]).within(value)?;
        reply.must_persist()?;
        is_hello(&client, &http.ask(&get("/hello")).within("the request after a 304")?)?;
    }
    // The date counts for nothing where there is a tag.
    let later = httpdate::fmt_http_date(SystemTime::now());
    let fields = format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {later}\r\n");
    page_with(subject, "/tag.txt", &fields)?.expect_body(TEXT)?;
    put_at(subject, "tag.txt", &TEXT.to_ascii_uppercase(), SystemTime::now() - super::RESTED / 2)?;
    let anew = page_with(subject, "/tag.txt", &format!("If-None-Match: {tag}\r\n"));
    anew?.expect_body(&TEXT.to_ascii_uppercase()).within("the page was written anew")
}

fn date(subject: &mut Subject) -> Verdict {
    put(subject, "date.txt", TEXT)?;
    let modified = date_of(&page_with(subject, "/date.txt", "")?)?;
    let moment = |off: i64| {
        let date = httpdate::parse_http_date(&modified).unwrap_or(SystemTime::UNIX_EPOCH);
        let off_by = Duration::from_secs(off.unsigned_abs());
        httpdate::fmt_http_date(if off < 0 { date - off_by } else { date + off_by })
    };
    for value in [modified.clone(), moment(60)] {
        let fields = format!("If-Modified-Since: {value}\r\n");
        page_with(subject, "/date.txt", &fields)?.expect_status(&[304]).within(fields.trim_end())?;
    }
    for value in [moment(-60), "yesterday".to_owned()] {
        let fields = format!("If-Modified-Since: {value}\r\n");
        page_with(subject, "/date.txt", &fields)?.expect_body(TEXT).within(fields.trim_end())?;
    }
    Ok(())
}

fn means_another(subject: &mut Subject) -> Verdict {
    put(subject, "meant.txt", TEXT)?;
    let first = page_with(subject, "/meant.txt", "")?;
    let (tag, modified) = (tag_of(&first)?, date_of(&first)?);
    if page_with(subject, "/meant.txt", "If-Match: \"x\"\r\n")?.status == 200 {
        return skipped("the server does not heed If-Match, which it need not");
    }
    for fields in ["If-Match: \"x\"\r\n", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"] {
        page_with(subject, "/meant.txt", fields)?.expect_status(&[412]).within(fields.trim_end())?;
    }
    let is_strong = !tag.starts_with("W/");
    let by_tag = is_strong.then(|| format!("If-Match: {tag}\r\n"));
    for fields in by_tag
        .into_iter()
        .chain([format!("If-Unmodified-Since: {modified}\r\n"), "If-Match: *\r\n".to_owned()])
    {
        page_with(subject, "/meant.txt", &fields)?.expect_body(TEXT).within(fields.trim_end())?;
    }
    Ok(())
}

/// The tag of a page, which a server need not have.
pub(super) fn tag_of(reply: &Reply) -> Verdict<String> {
    reply.expect_status(&[200])?;
    let Some(tag) = reply.field("ETag") else { return skipped("the server has no ETag for a page") };
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let is_tag = quoted.len() >= 2 && quoted.starts_with('"') && quoted.ends_with('"');
    ensure(is_tag, || format!("the ETag {tag} is not in quotes (RFC 9110, 8.8.3)"))?;
    Ok(tag.to_owned())
}

/// The date of a page, which a server need not have.
fn date_of(reply: &Reply) -> Verdict<String> {
    reply.expect_status(&[200])?;
    let Some(date) = reply.field("Last-Modified") else {
        return skipped("the server has no Last-Modified for a page");
    };
    let is_date = httpdate::parse_http_date(date).is_ok_and(|parsed| httpdate::fmt_http_date(parsed) == date);
    ensure(is_date, || format!("the Last-Modified {date:?} is no date (RFC 9110, 5.6.7)"))?;
    Ok(date.to_owned())
}
