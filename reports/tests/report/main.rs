//! From a record to something to read: rows, words, pictures, and the forms that they are drawn in. All of it is one program, since it
//! shares its samples; what reads the source, and what needs a browser, are programs of their own.

mod cells;
mod chinese;
#[path = "../../../fuzz/bodies/corpus.rs"]
mod corpus;
mod drawing;
mod drawn_pictures;
mod found;
mod fuzzed;
mod gallery;
mod hostile;
mod interpreters;
mod large;
mod loads;
mod notes_form;
mod page;
mod probes;
#[path = "../../../fuzz/bodies/record.rs"]
mod record_file;
mod record_pictures;
#[path = "../sample/mod.rs"]
mod sample;
mod schema;
mod series;
mod servers;
mod storage;
mod summary;
mod tasks;
mod terminal;
mod versus;
mod widths;
