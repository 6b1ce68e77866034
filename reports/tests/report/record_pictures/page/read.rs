//! What the page has of a picture, read back.

use reports::document::Document;
use reports::picture::Picture;

/// Rows of texts below headings.
#[derive(Debug, PartialEq)]
pub(super) struct Rows {
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// What stands between `open` and the next `close`, for each `open`.
pub(super) fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).map(|rest| rest.split(close).next().unwrap_or_default()).collect()
}

pub(super) fn plain(text: &str) -> String {
    let marks =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    marks.iter().fold(text.trim().to_owned(), |text, (escaped, mark)| text.replace(escaped, mark))
}

/// Each picture that the page shows, with its figure.
pub(super) fn figures<'a>(document: &'a Document, page: &'a str) -> Vec<(&'a Picture, &'a str)> {
    let figure = |picture: &'a Picture| {
        let start = format!("<figure class=\"picture\" id=\"{}\">", picture.id);
        Some((picture, *between(page, &start, "</figure>").first()?))
    };
    document.pictures.iter().filter_map(figure).collect()
}

/// The rows of the table below a picture; none where they are so many that they can only be taken away.
pub(super) fn shown(figure: &str) -> Option<Rows> {
    let table = *between(figure, "<table class=\"points\">", "</table>").first()?;
    let headings = between(table, "<th scope=\"col\">", "</th>").into_iter().map(plain).collect();
    let body = between(table, "<tbody>", "</tbody>").concat();
    let row = |row: &str| row.split("<td>").skip(1).map(plain).collect();
    Some(Rows { headings, rows: body.split("<tr>").skip(1).map(row).collect() })
}

/// What the key below a drawing names.
pub(super) fn key(figure: &str) -> Vec<String> {
    let entries = between(figure, "<ul class=\"entries\">", "</ul>").concat();
    between(&entries, "<span>", "</span>").into_iter().map(plain).collect()
}

/// The rows to take away.
pub(super) fn to_take(figure: &str) -> Rows {
    let link = between(figure, "href=\"data:text/csv;charset=utf-8,", "\"").concat();
    let mut bytes = Vec::new();
    let mut rest = link.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = behind;
            }
            _ => bytes.push(*first),
        }
    }
    let mut reader = ::csv::Reader::from_reader(&bytes[..]);
    let texts = |record: &::csv::StringRecord| record.iter().map(str::to_owned).collect();
    let headings = texts(reader.headers().unwrap());
    Rows { headings, rows: reader.records().map(|record| texts(&record.unwrap())).collect() }
}
