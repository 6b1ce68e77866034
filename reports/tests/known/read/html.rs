//! The page: what its elements hold.

use super::Grid;

/// The text with what stands for a character put back.
pub(crate) fn plain(text: &str) -> String {
    let marks =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    marks.iter().fold(text.to_owned(), |text, (escaped, mark)| text.replace(escaped, mark))
}

/// What stands between `open` and the next `close`, for each `open`.
pub(crate) fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).map(|rest| rest.split(close).next().unwrap_or_default()).collect()
}

/// The conclusions, each with its suite.
pub(crate) fn conclusions(page: &str) -> Vec<String> {
    let list = between(page, "<ul class=\"conclusions\">", "</ul>").concat();
    let of = |item: &&str| {
        let part = |open: &str, close: &str| between(item, open, close).concat();
        let (suite, text, trust) =
            (part("<h3>", "</h3>"), part("<p class=\"text\">", "</p>"), part("<p class=\"trust\">", "</p>"));
        plain(&format!("{suite}: {text} {trust}"))
    };
    between(&list, "<li class=", "</li>").iter().map(of).collect()
}

/// All tables but those below pictures.
pub(crate) fn tables(page: &str) -> Vec<Grid> {
    between(page, "<table class=\"rows\"", "</table>").into_iter().map(grid).collect()
}

/// The table in short that stands with the conclusions, if there is one.
pub(crate) fn brief(page: &str) -> Option<Grid> {
    between(page, "<table class=\"brief rows\"", "</table>").into_iter().map(grid).next()
}

fn grid(table: &str) -> Grid {
    let mut rows = table.split("<tr").skip(1).map(cells);
    Grid {
        title: plain(&between(table, "<caption class=\"hidden\">", "</caption>").concat()),
        headings: rows.next().unwrap_or_default(),
        rows: rows.collect(),
    }
}

/// The texts of a row. A heading's unit stands in a small element of its own.
fn cells(row: &str) -> Vec<String> {
    let starts = row.replace("<th", "<td");
    let texts = starts.split("<td").skip(1).map(|cell| {
        let cell = cell.split_once('>').map_or("", |(_, rest)| rest);
        let cell = cell.split("</t").next().unwrap_or_default();
        let cell = cell.replace("<small>", " (").replace("</small>", ")").replace("<wbr>", "");
        plain(cell.trim())
    });
    texts.collect()
}
