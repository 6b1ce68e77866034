//! `concur lesson`.

use clap::Args;

/// `concur lesson`.
#[derive(Debug, Args)]
pub struct Lesson {
    /// The lesson: `gil`, `cost`; or `list`, for what there is.
    pub name: String,
    /// Ask the class for a guess first, or take this one; it is shown beside the figure.
    #[arg(long, value_name = "VALUE", num_args = 0..=1, allow_negative_numbers = true)]
    pub predict: Option<Option<String>>,
    /// Print the answers right after the questions, without waiting for a key.
    #[arg(long)]
    pub answers: bool,
    /// Smaller jobs and no repeats: to try a lesson out. Its figures prove less.
    #[arg(long)]
    pub quick: bool,
    /// Print what happens as JSON, an object a line; docs/lessons.md has the names.
    #[arg(long)]
    pub json: bool,
}
