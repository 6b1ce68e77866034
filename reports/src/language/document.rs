//! A document in another language: the same figures, other words.

use std::borrow::Cow;

use super::Language;
use crate::document::{Brief, Conclusion, Document, Explanation, Fact};
use crate::table::{Column, Marks, Table};

impl Document {
    /// The document in `language`, as far as there are translations. What is code (commands, names) stays.
    #[must_use]
    pub fn translated(self, language: Language) -> Self {
        if language == Language::English {
            return self;
        }
        let texts = |texts: Vec<String>| texts.iter().map(|text| language.of(text).into_owned()).collect();
        Self {
            language,
            files: self.files,
            title: language.of(&self.title).into_owned(),
            conclusions: self.conclusions.into_iter().map(|it| conclusion_in(language, &it)).collect(),
            brief: self.brief.map(|brief| brief_in(language, brief)),
            warnings: texts(self.warnings),
            facts: self.facts.into_iter().map(|fact| fact_in(language, fact)).collect(),
            tables: self.tables.into_iter().map(|table| table.translated(language)).collect(),
            legend: language.literal(self.legend),
            explanations: self.explanations.into_iter().map(|it| explanation_in(language, &it)).collect(),
            pictures: self.pictures.into_iter().map(|picture| picture.translated(language)).collect(),
            pairs: self.pairs,
            leading: self.leading,
        }
    }
}

fn conclusion_in(language: Language, conclusion: &Conclusion) -> Conclusion {
    let text = |text: &str| language.of(text).into_owned();
    Conclusion {
        suite: language.heading(&conclusion.suite).into_owned(),
        text: text(&conclusion.text),
        trust: text(&conclusion.trust),
        belief: conclusion.belief,
        about: conclusion.about.clone(),
    }
}

fn brief_in(language: Language, brief: Brief) -> Brief {
    Brief { table: brief.table.translated(language), by: language.literal(brief.by), ..brief }
}

fn fact_in(language: Language, fact: Fact) -> Fact {
    let value = if fact.code { fact.value } else { language.of(&fact.value).into_owned() };
    Fact { name: language.literal(fact.name), value, code: fact.code }
}

fn explanation_in(language: Language, explanation: &Explanation) -> Explanation {
    Explanation {
        text: language.literal(explanation.text),
        columns: Cow::Owned(explanation.columns.iter().map(|text| language.literal(text)).collect()),
    }
}

/// Columns of words that are names elsewhere, as headings are: `threads`, `apart`, `passed`.
const OF_WORDS: [&str; 5] = ["kind", "sides", "outcome", "compared", "fact"];

impl Table {
    /// The table in `language`: its title, headings, notes, and the words and sentences in its cells.
    #[must_use]
    pub fn translated(self, language: Language) -> Self {
        if language == Language::English {
            return self;
        }
        let text = |text: &String| language.of(text).into_owned();
        let of_words: Vec<bool> =
            self.columns.iter().map(|column| OF_WORDS.contains(&&*column.title)).collect();
        let cell = |(word, is_word): (&String, &bool)| match is_word {
            true => language.heading(word).into_owned(),
            false => text(word),
        };
        let row = |row: &Vec<String>| row.iter().zip(&of_words).map(cell).collect();
        Self {
            title: text(&self.title),
            columns: self.columns.into_iter().map(|column| column_in(language, column)).collect(),
            rows: self.rows.iter().map(row).collect(),
            notes: self.notes.iter().map(text).collect(),
        }
    }
}

fn column_in(language: Language, column: Column) -> Column {
    let title = match column.title {
        Cow::Borrowed(title) => match language.literal(title) {
            same if same == title => Cow::Owned(language.of(title).into_owned()),
            translated => Cow::Borrowed(translated),
        },
        Cow::Owned(title) => Cow::Owned(language.heading(&title).into_owned()),
    };
    let marks = column.marks.map(|marks| marks_in(language, marks));
    Column { title, unit: language.literal(column.unit), marks, ..column }
}

fn marks_in(language: Language, marks: Marks) -> Marks {
    match marks {
        Marks::Bars(_) => marks,
        Marks::Sparks { title, rows } => {
            Marks::Sparks { title: language.heading(&title).into_owned().into(), rows }
        }
    }
}
