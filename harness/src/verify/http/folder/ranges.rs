//! Parts of a page (RFC 9110, 14).

use super::super::super::case::{Case, Verdict, Within, ensure, failed, skipped};
use super::super::super::client::quoted;
use super::super::super::subject::Subject;
use super::super::talk::Reply;
use super::conditions::tag_of;
use super::{TEXT, page_with, put};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "page-range",
            "A range of a page is 206 with these bytes and says which they are; one beyond its end is 416 (RFC 9110, 14).",
            range,
        ),
        Case::shared(
            "page-range-if",
            "A range is for who has the rest of the very same page: who names another one by If-Range gets it whole (RFC \
             9110, 13.1.5).",
            range_if,
        ),
        Case::shared(
            "page-ranges",
            "Several ranges are as many parts of one reply, or the whole page (RFC 9110, 14.6).",
            ranges,
        ),
    ]
}

/// Makes the page that ranges are asked of; skipped if the server knows none, which it need not.
fn prepare(subject: &Subject) -> Verdict {
    put(subject, "range.txt", TEXT)?;
    let probe = page_with(subject, "/range.txt", "Range: bytes=0-0\r\n")?;
    if probe.status == 200 {
        skipped("the server sends no parts of pages, which it need not")
    } else {
        Ok(())
    }
}

/// Asks for a range of it.
fn ask_for(subject: &Subject, range: &str, more: &str) -> Verdict<Reply> {
    page_with(subject, "/range.txt", &format!("Range: bytes={range}\r\n{more}"))
}

fn range(subject: &mut Subject) -> Verdict {
    prepare(subject)?;
    for (range, first, last) in
        [("0-0", 0, 0), ("2-5", 2, 5), ("23-", 23, 25), ("-3", 23, 25), ("20-99", 20, 25), ("-99", 0, 25)]
    {
        let reply = ask_for(subject, range, "")?;
        reply.expect_status(&[206]).within(range)?;
        let said = reply.field("Content-Range").unwrap_or("nothing");
        let right = format!("bytes {first}-{last}/26");
        ensure(said == right, || format!("expected the Content-Range {right}, got {said}")).within(range)?;
        is_part(&reply.body, first, last).within(range)?;
    }
    let beyond = ask_for(subject, "26-", "")?;
    beyond.expect_status(&[416]).within("26-")?;
    let said = beyond.field("Content-Range").unwrap_or("nothing");
    ensure(said == "bytes */26", || format!("expected the Content-Range bytes */26, got {said}"))
        .within("26-")
}

fn range_if(subject: &mut Subject) -> Verdict {
    prepare(subject)?;
    let tag = tag_of(&page_with(subject, "/range.txt", "")?)?;
    for other in ["\"x\"", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        ask_for(subject, "2-5", &format!("If-Range: {other}\r\n"))?.expect_body(TEXT).within(other)?;
    }
    if tag.starts_with("W/") {
        return Ok(()); // which says that bytes may differ
    }
    let same = ask_for(subject, "2-5", &format!("If-Range: {tag}\r\n"))?;
    same.expect_status(&[206]).within(&tag)?;
    is_part(&same.body, 2, 5).within(&tag)
}

fn ranges(subject: &mut Subject) -> Verdict {
    prepare(subject)?;
    let asked = [(0, 1), (5, 6), (24, 25)];
    let reply = ask_for(subject, "0-1, 5-6,-2", "")?;
    if reply.status == 200 {
        return reply.expect_body(TEXT);
    }
    reply.expect_status(&[206])?;
    let kind = reply.field("Content-Type").unwrap_or_default();
    let Some(boundary) = boundary_of(kind) else {
        return failed(format!(
            "several ranges came with the type {kind:?}, which is not multipart/byteranges"
        ));
    };
    let Some(parts) = parts_of(&reply.body, boundary) else {
        return failed(format!(
            "the parts are not parted by the boundary {boundary}: {}",
            quoted(&reply.body)
        ));
    };
    ensure(parts.len() == asked.len(), || {
        format!("{} ranges were asked for, and {} parts came", asked.len(), parts.len())
    })?;
    for ((head, body), (first, last)) in parts.iter().zip(asked) {
        let right = format!("content-range: bytes {first}-{last}/26");
        ensure(head.to_ascii_lowercase().contains(&right), || {
            format!("the part {first}-{last} does not say that it is: {head:?}")
        })?;
        is_part(body, first, last)?;
    }
    Ok(())
}

fn is_part(got: &[u8], first: usize, last: usize) -> Verdict {
    let right = &TEXT[first..=last];
    ensure(got == right, || format!("expected the bytes {}, got {}", quoted(right), quoted(got)))
}

/// The boundary that a type names (RFC 2046, 5.1.1).
fn boundary_of(kind: &str) -> Option<&str> {
    let (essence, parameters) = kind.split_once(';')?;
    let boundary = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    essence.trim().eq_ignore_ascii_case("multipart/byteranges").then(|| boundary.trim_matches('"'))
}

/// The parts of a body: of each its fields and its bytes. None if it is not made of such.
fn parts_of(body: &[u8], boundary: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    let mark = format!("--{boundary}");
    let mut rest = &body[find(body, mark.as_bytes())? + mark.len()..];
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let rest_of_part = rest.strip_prefix(b"\r\n")?;
        let head_end = find(rest_of_part, b"\r\n\r\n")? + 4;
        let (head, behind) = rest_of_part.split_at(head_end);
        let end = find(behind, format!("\r\n{mark}").as_bytes())?;
        parts.push((String::from_utf8_lossy(head).into_owned(), behind[..end].to_vec()));
        rest = &behind[end + 2 + mark.len()..];
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_between_their_boundaries() {
        let kind = "multipart/byteranges; boundary=\"x y\"";
        assert_eq!(boundary_of(kind), Some("x y"));
        assert_eq!(boundary_of("text/plain; boundary=x"), None);
        let body = b"\r\n--b\r\nContent-Range: bytes 0-1/26\r\n\r\nab\r\n--b\r\nX: y\r\n\r\n\r\n--b--\r\n";
        let parts = parts_of(body, "b").unwrap();
        assert_eq!(parts[0], ("Content-Range: bytes 0-1/26\r\n\r\n".to_owned(), b"ab".to_vec()));
        assert_eq!((parts.len(), parts[1].1.len()), (2, 0));
        for wrong in [&b""[..], b"--c\r\n", b"--b\r\nX: y\r\n\r\nab", b"--bX: y\r\n\r\n\r\n--b--"] {
            assert_eq!(parts_of(wrong, "b"), None, "{wrong:?}");
        }
    }
}
