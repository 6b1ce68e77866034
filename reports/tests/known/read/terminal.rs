//! A terminal: what stands in which column follows from where nothing stands in any line.

use unicode_width::UnicodeWidthChar;

use super::Grid;

/// What stands behind a character that takes two columns.
const BEHIND: char = '\0';
/// What bars and sparklines are drawn with, in either charset.
const MARKS: &str = "▏▎▍▌▋▊▉█▁▂▃▄▅▆▇#.:-=+*";

/// Above what is not only looked at: a rank that is none, and a course, which is all that its column says.
const NO_MARKS: [&str; 3] = ["rank", "course", "走势"];

/// A line with a character for each column of the terminal.
type Line = Vec<char>;

/// The conclusions: the lines that begin with one of these suites.
pub(crate) fn conclusions(text: &str, suites: &[String]) -> Vec<String> {
    let is_one = |line: &&str| suites.iter().any(|suite| line.starts_with(&**suite));
    text.lines().filter(is_one).map(str::to_owned).collect()
}

/// All tables. The terminal must be so wide that no text is broken.
pub(crate) fn tables(text: &str) -> Vec<Grid> {
    let lines: Vec<Line> = text.lines().map(line).collect();
    let rules = (0..lines.len()).filter(|place| is_rule(&lines[*place]));
    rules.map(|rule| table(&lines, rule)).collect()
}

fn line(text: &str) -> Line {
    let spread = |c: char| [c, BEHIND].into_iter().take(c.width().unwrap_or(0).max(1));
    text.chars().flat_map(spread).collect()
}

fn is_rule(line: &Line) -> bool {
    line.len() > 3 && line.iter().all(|c| ['─', '-'].contains(c))
}

/// The table whose headings stand above this line.
fn table(lines: &[Line], rule: usize) -> Grid {
    let is_blank = |line: &Line| line.iter().all(|c| c.is_whitespace());
    let top = lines[..rule].iter().rposition(is_blank).expect("above the headings there is an empty line");
    let bottom = lines[rule..].iter().position(is_blank).map_or(lines.len(), |place| rule + place);
    let (head, body) = (&lines[top + 1..rule], &lines[rule + 1..bottom]);
    let columns = columns(head, body).into_iter();
    let columns: Vec<_> = columns.filter(|column| !is_of_marks(head, body, *column)).collect();
    Grid {
        title: cut(&lines[top - 1], (0, lines[top - 1].len())),
        headings: columns.iter().map(|column| heading(head, *column)).collect(),
        rows: body.iter().map(|line| columns.iter().map(|column| cut(line, *column)).collect()).collect(),
    }
}

/// From where to where there is a column: two places that are free in every line part it from the next.
fn columns(head: &[Line], body: &[Line]) -> Vec<(usize, usize)> {
    let lines = || head.iter().chain(body);
    let width = lines().map(Vec::len).max().unwrap_or_default();
    let is_free = |at: usize| lines().all(|line| line.get(at).is_none_or(|c| *c == ' '));
    let mut columns: Vec<(usize, usize)> = Vec::new();
    for at in (0..width).filter(|at| !is_free(*at)) {
        match columns.last_mut().filter(|(_, end)| at < *end + 2) {
            Some((_, end)) => *end = at + 1,
            None => columns.push((at, at + 1)),
        }
    }
    columns
}

fn cut(line: &Line, (start, end): (usize, usize)) -> String {
    let part: String = line.iter().skip(start).take(end - start).filter(|c| **c != BEHIND).collect();
    part.trim().to_owned()
}

/// A title with its unit, which stands below it.
fn heading(head: &[Line], column: (usize, usize)) -> String {
    let texts: Vec<String> =
        head.iter().map(|line| cut(line, column)).filter(|text| !text.is_empty()).collect();
    match &texts[..] {
        [] => String::new(),
        [title] => title.clone(),
        [title, unit @ ..] => format!("{title} ({})", unit.join(" ")),
    }
}

/// Whether a column has bars or sparklines in it, which are of a figure that stands beside them, and have no unit.
fn is_of_marks(head: &[Line], body: &[Line], column: (usize, usize)) -> bool {
    let texts: Vec<String> = body.iter().map(|line| cut(line, column)).collect();
    let drawn = texts.iter().all(|text| text.chars().all(|c| c == ' ' || MARKS.contains(c)));
    let heading = heading(head, column);
    drawn && texts.iter().any(|text| !text.is_empty()) && !NO_MARKS.contains(&&*heading)
}
