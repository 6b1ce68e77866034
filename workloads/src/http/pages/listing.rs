//! A directory as a page.

use std::fmt::Write;
use std::time::UNIX_EPOCH;

use super::place::{Place, encoded};
use crate::folder::{Entry, Kind, Listing};

/// The most entries that are listed. Each is opened to see what it is, so there must be an end to it.
pub(super) const ENTRIES_AT_MOST: usize = 1_000;
/// The most bytes of a listing, but for its end: names can be long.
const BYTES_AT_MOST: usize = 256 * 1024;
/// Dates are written up to the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// The page that lists what was found at a place.
pub(super) fn page(place: &Place, found: &Listing) -> String {
    let path = match place.path.as_slice() {
        [] => "/".to_owned(),
        path => format!("/{}/", String::from_utf8_lossy(path)),
    };
    let path = escaped(&path);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{path}</title>\n<h1>{path}</h1>\n<table>\n\
         <tr><th scope=\"col\" align=\"left\">Name<th scope=\"col\" align=\"right\">Bytes<th scope=\"col\" align=\"left\">Last written to\n"
    );
    if !place.path.is_empty() {
        page += "<tr><td><a href=\"../\">../</a><td><td>\n";
    }
    let mut cut = found.cut;
    for entry in &found.entries {
        if page.len() > BYTES_AT_MOST {
            cut = true;
            break;
        }
        row(entry, &mut page);
    }
    page += "</table>\n";
    if cut {
        page += "<p>There are more than can be listed.\n";
    }
    page
}

fn row(entry: &Entry, page: &mut String) {
    let (slash, bytes) = match entry.kind {
        Kind::Directory => ("/", String::new()),
        Kind::File => ("", entry.bytes.to_string()),
    };
    let link = encoded(&entry.name);
    let name = escaped(&String::from_utf8_lossy(&entry.name));
    let when = when(entry).unwrap_or_default();
    // A String takes everything.
    let _ = writeln!(
        page,
        "<tr><td><a href=\"{link}{slash}\">{name}{slash}</a><td align=\"right\">{bytes}<td>{when}"
    );
}

fn when(entry: &Entry) -> Option<String> {
    let since = entry.modified?.duration_since(UNIX_EPOCH).ok()?;
    (since.as_secs() <= LAST_SECOND).then(|| httpdate::fmt_http_date(UNIX_EPOCH + since))
}

/// A text in which nothing is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn entry(name: &[u8], kind: Kind) -> Entry {
        let modified = Some(UNIX_EPOCH + Duration::from_secs(784_111_777));
        Entry { name: name.to_vec(), kind, bytes: 12, modified }
    }

    fn listed(path: &str, entries: Vec<Entry>, cut: bool) -> String {
        let place = Place { path: path.as_bytes().to_vec(), is_directory: true };
        page(&place, &Listing { entries, cut })
    }

    #[test]
    fn a_listing_links_to_what_there_is() {
        let page = listed("", vec![entry(b"a.txt", Kind::File), entry(b"b", Kind::Directory)], false);
        assert!(page.contains(
            "<a href=\"a.txt\">a.txt</a><td align=\"right\">12<td>Sun, 06 Nov 1994 08:49:37 GMT\n"
        ));
        assert!(page.contains("<a href=\"b/\">b/</a><td align=\"right\"><td>"));
        assert!(
            page.contains("<title>/</title>") && !page.contains("../") && !page.contains("There are more")
        );
        let page = listed("notes/deep", vec![], true);
        assert!(page.contains("<h1>/notes/deep/</h1>") && page.contains("<a href=\"../\">"));
        assert!(page.contains("There are more"));
    }

    #[test]
    fn no_name_is_markup_or_leads_elsewhere() {
        let names: [&[u8]; 6] = [
            b"<script>",
            b"a\"b'c&d",
            b"javascript:alert(1)",
            b"a?b#c%41",
            b"\xff\xfe",
            "\u{4f60}".as_bytes(),
        ];
        let page = listed("<b>", names.map(|name| entry(name, Kind::File)).to_vec(), false);
        assert!(!page.contains("<script>") && !page.contains("<b>"));
        for link in [
            "%3Cscript%3E",
            "a%22b%27c%26d",
            "javascript%3Aalert%281%29",
            "a%3Fb%23c%2541",
            "%FF%FE",
            "%E4%BD%A0",
        ] {
            assert!(page.contains(&format!("href=\"{link}\"")), "{link}: {page}");
        }
        assert!(page.contains("a&quot;b&#39;c&amp;d</a>"));
    }

    #[test]
    fn a_listing_of_long_names_is_cut() {
        let long = vec![entry(&[0xff; 255], Kind::File); ENTRIES_AT_MOST];
        let page = listed("", long, false);
        assert!(page.len() < BYTES_AT_MOST + 4_096 && page.contains("There are more"), "{}", page.len());
    }

    #[test]
    fn a_time_that_no_date_can_say_is_left_out() {
        let far = Entry {
            modified: Some(UNIX_EPOCH + Duration::from_secs(LAST_SECOND + 1)),
            ..entry(b"a", Kind::File)
        };
        let old = Entry { modified: Some(UNIX_EPOCH - Duration::from_secs(1)), ..far.clone() };
        assert!(when(&far).is_none() && when(&old).is_none());
    }
}
