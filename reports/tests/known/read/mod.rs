//! What stands in the forms that a document is drawn in, read back as their readers see it.

mod html;
mod markdown;
mod terminal;

pub(crate) use html::{
    between, brief as brief_of_html, conclusions as conclusions_of_html, plain as plain_html,
    tables as of_html,
};
pub(crate) use markdown::{
    conclusions as conclusions_of_markdown, plain as plain_markdown, tables as of_markdown,
};
pub(crate) use terminal::{conclusions as conclusions_of_terminal, tables as of_terminal};

/// A table: headings with their units, as in `memory (MiB)`, and rows of texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Grid {
    pub(crate) title: String,
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Grid {
    /// Where the column of this heading stands; each heading stands above one column.
    pub(crate) fn place(&self, heading: &str) -> Option<usize> {
        let places = (0..self.headings.len()).filter(|place| self.headings[*place] == heading);
        let places: Vec<usize> = places.collect();
        assert!(places.len() < 2, "{heading} stands above {} columns of {}", places.len(), self.title);
        places.first().copied()
    }

    /// These columns alone, in the order of the headings given; none if one of them is not there.
    pub(crate) fn part(&self, headings: &[String]) -> Option<Self> {
        let places = headings.iter().map(|heading| self.place(heading)).collect::<Option<Vec<_>>>()?;
        let part = |row: &Vec<String>| places.iter().map(|place| row[*place].clone()).collect();
        Some(Self {
            title: self.title.clone(),
            headings: headings.to_vec(),
            rows: self.rows.iter().map(part).collect(),
        })
    }
}
