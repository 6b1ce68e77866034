//! Tables read back from the forms that they were drawn in, as their readers see them.

use std::collections::BTreeMap;

/// A table: headings with their units, as in `memory (MiB)`, and rows of texts.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Grid {
    /// The row with this text under that heading: each text by its own heading.
    pub(crate) fn row(&self, heading: &str, text: &str) -> Option<BTreeMap<&str, &str>> {
        let place = self.headings.iter().position(|other| other == heading)?;
        let row = self.rows.iter().find(|row| row[place] == text)?;
        Some(self.headings.iter().map(String::as_str).zip(row.iter().map(String::as_str)).collect())
    }
}

/// A figure as it stands in a text.
#[derive(Debug)]
pub(crate) struct Figure {
    /// What it says: a time in microseconds, a share of 1.
    pub(crate) value: f64,
    /// How far it may be from what it is the figure of: half of its last digit.
    pub(crate) rounded: f64,
}

/// The figures of a text, without the reach of an interval; nought is none.
pub(crate) fn figures(text: &str) -> Vec<Figure> {
    let text = text.split('±').next().unwrap_or_default().replace([',', '≥'], "");
    let parts = text.split("..").map(str::trim).filter(|part| !part.is_empty());
    parts.map(figure).filter(|figure| figure.value > 0.0).collect()
}

fn figure(text: &str) -> Figure {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].trim() {
        "" | "µs" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "%" => 0.01,
        other => panic!("{other} is no unit of a figure"),
    };
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let value: f64 = digits.parse().unwrap_or_else(|_| panic!("{text} is no figure"));
    Figure { value: value * unit, rounded: 0.501 * 0.1_f64.powf(decimals as f64) * unit }
}

/// The first table of a terminal that has a column of models. Columns are what no line crosses with two spaces or more.
pub(crate) fn of_terminal(text: &str) -> Grid {
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let is_rule = |line: &Vec<char>| line.len() > 20 && line.iter().all(|c| ['─', '-'].contains(c));
    let rule = lines.iter().position(is_rule).expect("there is a table");
    let blank = |line: &Vec<char>| line.iter().all(|c| c.is_whitespace());
    let top = lines[..rule].iter().rposition(blank).map_or(0, |place| place + 1);
    let bottom = lines[rule + 1..].iter().position(blank).map_or(lines.len(), |place| rule + 1 + place);
    let (head, body) = (&lines[top..rule], &lines[rule + 1..bottom]);
    let width = head.iter().chain(body).map(Vec::len).max().unwrap_or_default();
    let is_free = |at: usize| head.iter().chain(body).all(|line| line.get(at).is_none_or(|c| *c == ' '));
    let mut columns: Vec<(usize, usize)> = Vec::new();
    for at in (0..width).filter(|at| !is_free(*at)) {
        match columns.last_mut().filter(|(_, end)| at <= *end + 2) {
            Some((_, end)) => *end = at,
            None => columns.push((at, at)),
        }
    }
    let cut = |line: &Vec<char>, (start, end): (usize, usize)| {
        let part: String = line.iter().skip(start).take(end + 1 - start).collect();
        part.trim().to_owned()
    };
    let heading = |column| match &head
        .iter()
        .map(|line| cut(line, column))
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()[..]
    {
        [] => String::new(),
        [title] => title.clone(),
        [title, unit @ ..] => format!("{title} ({})", unit.join(" ")),
    };
    let is_marks = |column: (usize, usize)| {
        let marked =
            |text: &str| !text.is_empty() && text.chars().all(|c| "▏▎▍▌▋▊▉█▁▂▃▄▅▆▇#.:-=+* ".contains(c));
        body.iter().all(|line| marked(&cut(line, column)))
    };
    let shown: Vec<(usize, usize)> = columns.into_iter().filter(|column| !is_marks(*column)).collect();
    Grid {
        headings: shown.iter().map(|column| heading(*column)).collect(),
        rows: body.iter().map(|line| shown.iter().map(|column| cut(line, *column)).collect()).collect(),
    }
}

/// All tables of a text in Markdown.
pub(crate) fn of_markdown(text: &str) -> Vec<Grid> {
    let mut grids: Vec<Grid> = Vec::new();
    let mut is_within = false;
    for line in text.lines() {
        let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
            is_within = false;
            continue;
        };
        let cells: Vec<String> = cells.split(" | ").map(|cell| cell.trim().replace('\\', "")).collect();
        match grids.last_mut().filter(|_| is_within) {
            None => grids.push(Grid { headings: cells, rows: Vec::new() }),
            Some(_) if cells[0].starts_with("---") => {}
            Some(grid) => grid.rows.push(cells),
        }
        is_within = true;
    }
    grids
}

/// All tables of a page.
pub(crate) fn of_html(page: &str) -> Vec<Grid> {
    let tables = page.split("<table").skip(1).map(|table| table.split("</table>").next().unwrap_or_default());
    let grid = |table: &str| {
        let mut rows = table.split("<tr").skip(1).map(cells);
        Grid { headings: rows.next().unwrap_or_default(), rows: rows.collect() }
    };
    tables.map(grid).collect()
}

/// The texts of a row. A heading's unit stands in a small element of its own.
fn cells(row: &str) -> Vec<String> {
    let starts = row.replace("<th", "<td");
    let texts = starts.split("<td").skip(1).map(|cell| {
        let cell = cell.split_once('>').map_or("", |(_, rest)| rest);
        let cell = cell.split("</t").next().unwrap_or_default();
        let cell = cell.replace("<small>", " (").replace("</small>", ")").replace("<wbr>", "");
        cell.replace("&#x2f;", "/").replace("&#x27;", "'").replace("&amp;", "&").trim().to_owned()
    });
    texts.collect()
}
