//! Bars and sparklines on a terminal: each stands in the row of its figures, and is as long or as high as they say.

use reports::document::Document;
use reports::record::Run;
use reports::terminal::{self, Charset, Terminal};

use crate::figure::Rounds;
use crate::record::{cpu_us, each, servers as cells_of};
use crate::{connections, servers};

/// From an eighth of a character to a whole one.
const BAR: &str = "▏▎▍▌▋▊▉█";
const HEIGHTS: &str = "▁▂▃▄▅▆▇█";

/// The line of a model in the table of this title.
fn line(run: &Run, title: &str, model: &str) -> String {
    let text = terminal::draw(&Document::of(run), Terminal { width: 4_000, charset: Charset::Utf8 });
    let table = text.split_once(&format!("\n{title}")).expect("there is such a table").1;
    let is_own = |line: &&str| line.split("  ").any(|text| text.trim() == model);
    table.lines().find(is_own).expect("there is such a row").to_owned()
}

/// The longest of the pieces of a line that are made of these characters alone.
fn marks(line: &str, of: &str) -> String {
    let pieces = line.split(|c| !of.contains(c));
    pieces.max_by_key(|piece| piece.chars().count()).unwrap_or_default().to_owned()
}

#[test]
fn a_bar_is_as_long_as_its_rows_figure_is_great() {
    let run = servers::run();
    let title = "http /hello over tcp: 64 connections";
    let cpu = |model: &str| Rounds::of(each(&cells_of(&run, |cell| cell.model == model), cpu_us)).middle;
    let eighths = |model: &str| {
        let bar = marks(&line(&run, title, model), BAR);
        bar.chars().map(|c| BAR.chars().position(|other| other == c).unwrap() + 1).sum::<usize>() as f64
    };
    let (longest, most) = (eighths("four"), cpu("four"));
    assert!(longest > 60.0, "{longest}");
    for model in ["one", "two"] {
        let expected = longest * cpu(model) / most;
        assert!((eighths(model) - expected).abs() <= 1.0, "{model}: {} {expected}", eighths(model));
    }
}

#[test]
fn a_sparkline_rises_as_its_rows_figures_do() {
    let run = connections::run();
    let cpu = |connections: usize| {
        Rounds::of(each(
            &cells_of(&run, |cell| cell.model == "two" && cell.connections == connections),
            cpu_us,
        ))
        .middle
    };
    let drawn: Vec<usize> = marks(&line(&run, "By connections", "two"), HEIGHTS)
        .chars()
        .map(|c| HEIGHTS.chars().position(|other| other == c).unwrap() + 1)
        .collect();
    let expected = [8, 16, 1_024].map(|connections| (8.0 * cpu(connections) / cpu(1_024)).ceil() as usize);
    assert_eq!(drawn, expected);
}
