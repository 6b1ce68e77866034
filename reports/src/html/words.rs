//! The page's own words: what stands in its templates by a key. They stand here so that who translates finds all of them.

/// Keys of the templates, and the words.
pub const WORDS: [(&str, &str); 24] = [
    ("skip", "Skip to what it comes to"),
    ("contents", "Contents"),
    ("verdict", "What it comes to"),
    ("ranking", "Ranking"),
    ("groups", "Rows between two lines share a place: they can't be told apart."),
    ("pictures", "Pictures"),
    ("more_tables", "More tables"),
    ("tables", "Tables"),
    ("about", "Machine and command"),
    ("files", "Data"),
    ("beside", "Beside this page lie:"),
    ("run.json", "the record: every cell, with how it was measured"),
    ("cells.csv", "the cells as a table"),
    ("report.md", "the tables as Markdown"),
    ("own", "The rows of each picture stand below it, and in the page itself."),
    ("columns", "What the columns mean"),
    ("rows", "The rows of this table"),
    ("data", "What it is drawn from"),
    ("take", "Take it away as CSV"),
    ("reset", "Whole picture"),
    ("zoom", "Drag over a part to see it larger; a double click shows the whole again. Keys: + - arrows 0."),
    ("theme", "Light or dark"),
    ("list", "All pictures"),
    ("warnings", "To be known first"),
];
