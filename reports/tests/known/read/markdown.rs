//! Markdown: tables below headings, open or folded.

use super::Grid;

/// The text without what only marks it up.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            plain.push(c);
            escaped = false;
        }
    }
    plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The conclusions, each with its suite.
pub(crate) fn conclusions(text: &str) -> Vec<String> {
    let of = |line: &str| {
        let (suite, said) = line.strip_prefix("- **")?.split_once("**: ")?;
        let (text, trust) = said.strip_suffix('*')?.split_once(" *")?;
        Some(plain(&format!("{suite}: {text} {trust}")))
    };
    text.lines().filter_map(of).collect()
}

/// All tables, whole. One with many columns stands there twice, the main ones first: these must be the same in both.
pub(crate) fn tables(text: &str) -> Vec<Grid> {
    let mut whole: Vec<Grid> = Vec::new();
    for grid in blocks(text) {
        match whole.last_mut().filter(|last| last.title == grid.title) {
            Some(last) => {
                assert_eq!(grid.part(&last.headings).as_ref(), Some(&*last), "main columns and all of them");
                *last = grid;
            }
            None => whole.push(grid),
        }
    }
    whole
}

/// Each table with what it is called: what is folded below an open one has a summary that says so, and no name of its own.
fn blocks(text: &str) -> Vec<Grid> {
    let mut grids: Vec<Grid> = Vec::new();
    let (mut title, mut is_within) = (String::new(), false);
    for line in text.lines() {
        let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
            is_within = false;
            let folded = line.strip_prefix("<details><summary>").and_then(|it| it.strip_suffix("</summary>"));
            let folded = folded.filter(|name| !["All columns and notes", "全部列与说明"].contains(name));
            title = line.strip_prefix("## ").or(folded).map_or(title, plain);
            continue;
        };
        let cells: Vec<String> = cells.split(" | ").map(|cell| plain(cell.trim())).collect();
        match grids.last_mut().filter(|_| is_within) {
            None => grids.push(Grid { title: title.clone(), headings: cells, rows: Vec::new() }),
            Some(_) if cells[0].starts_with("---") => {}
            Some(grid) => grid.rows.push(cells),
        }
        is_within = true;
    }
    grids
}
