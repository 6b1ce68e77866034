//! A series of runs, in words.

use super::title::{self, Open};
use super::versus::{name, probability};
use super::{Belief, Conclusion, Document, Fact};
use crate::picture;
use crate::summary::{Compared, InRun, Outcome, Series, SeriesRow, Step, Suite, VersusRow};
use crate::table::{Column, Table};
use crate::units::{figure, if_known, percent, plural, times};

/// So many runs have columns of their own, the last ones; all are in the sparkline.
const COLUMNS: usize = 12;

/// The characters of a sparkline, from low to high.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A sparkline is at least so high, as a share of its least figure: what moves less than that looks flat.
const LEAST_SPAN: f64 = 0.1;

const LEGEND: &str = "Figures are medians, in µs of CPU time per request. A step is a change if its ratio's interval lies beyond the \
threshold and chance alone would hardly show that in any row of any step.";

/// The whole series.
pub(super) fn document(series: &Series) -> Document {
    let mut tables = vec![changes(series)];
    let settings = settings(series);
    tables.extend(settings.iter().map(|(title, rows)| setting(series, title, rows)));
    tables.push(runs(series));
    Document {
        files: vec!["report.md"],
        title: format!("A series of {}", plural(series.runs.len(), "run")),
        conclusions: vec![conclusion(series)],
        warnings: warnings(series),
        facts: facts(series),
        leading: (0..tables.len()).collect(),
        pictures: settings.iter().filter_map(|(title, rows)| picture::series::of(title, rows)).collect(),
        tables,
        legend: LEGEND,
        ..Document::default()
    }
}

/// What differs between runs, each sentence once, with the steps that it is of.
fn warnings(series: &Series) -> Vec<String> {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for step in series.comparisons().take(series.steps.len()) {
        let versus = step.versus;
        let unlike = versus.hosts_differ.iter().chain(&versus.placements_differ);
        let unlike = unlike.map(|what| format!("The runs differ in {what}: ratios are of that as well."));
        for warning in unlike.chain(versus.warnings.iter().cloned()) {
            match told.iter_mut().find(|(other, _)| *other == warning) {
                Some((_, steps)) => steps.push(arrow(step)),
                None => told.push((warning, vec![arrow(step)])),
            }
        }
    }
    told.into_iter().map(|(warning, steps)| format!("{}: {warning}", steps.join(", "))).collect()
}

fn facts(series: &Series) -> Vec<Fact> {
    let fact = |name, value| Fact { name, value, code: false };
    let between = series.overall.between_runs;
    let mut facts = vec![
        fact("Runs", format!("{}, in the order of their start", series.runs.len())),
        fact(
            "Threshold",
            format!(
                "what the same server, measured twice in one run, differed from itself by; and {} more as an allowance for what \
                 differs between runs, which no run shows by itself",
                percent(between - 1.0)
            ),
        ),
    ];
    if series.overall.tasks_left_out {
        facts.push(fact("Tasks", "not compared, as nothing says how far a task is from itself".to_owned()));
    }
    if series.overall.probes_left_out {
        facts.push(fact("Probes", "not compared: they are there to be compared with each other".to_owned()));
    }
    facts
}

/// `1 → 2`.
fn arrow(step: Step<'_>) -> String {
    format!("{} → {}", step.from + 1, step.to + 1)
}

/// How many rows of the way from the first run to the last one changed, and where.
fn conclusion(series: &Series) -> Conclusion {
    let changes = series.changes();
    let is_step = |step: &Step<'_>| step.to == step.from + 1;
    let in_steps = changes.iter().filter(|(step, _)| is_step(step)).count();
    let [slower, faster] = [Outcome::Slower, Outcome::Faster].map(|of| series.overall.count(of));
    let rows = plural(series.overall.rows.len(), "row");
    let text = if changes.is_empty() {
        "Nothing changed for sure: no step of any row is a change, and neither is the way from the first run to the last."
            .to_owned()
    } else {
        format!(
            "From the first run to the last, of {rows} {slower} became slower and {faster} faster; changes between runs that follow \
             each other: {in_steps}."
        )
    };
    let alike = warnings(series).is_empty();
    let all_unknown =
        series.comparisons().all(|step| step.versus.count(Outcome::CantTell) == step.versus.rows.len());
    let (trust, belief) = if all_unknown {
        ("Nothing to believe: no row can be told in any step.".to_owned(), Belief::Open)
    } else if alike {
        (
            "To be believed: chance alone would show any such change in the whole series with a probability below 5%."
                .to_owned(),
            Belief::Firm,
        )
    } else {
        ("With care: the runs were not measured alike, as the warnings say.".to_owned(), Belief::Careful)
    };
    Conclusion { suite: "Servers".to_owned(), text, trust, belief, about: None }
}

fn changes(series: &Series) -> Table {
    let columns = vec![
        Column::words("outcome", 0),
        Column::words("step", 0),
        Column::words("model", 0),
        Column::words("setting", 1),
        Column::numbers("before", "µs CPU/req", 3),
        Column::numbers("after", "µs CPU/req", 3),
        Column::numbers("ratio", "CPU/req", 0),
        Column::numbers("interval", "CPU/req", 2),
        Column::numbers("p", "", 4),
    ];
    let changes = series.changes();
    let texts = |(step, row): &(Step<'_>, &VersusRow)| {
        let change = row.cpu_us;
        vec![
            name(row.outcome).to_owned(),
            arrow(*step),
            row.model.clone(),
            title::of(&row.setting, Open::Nothing),
            if_known(change.map(|change| change.old), figure),
            if_known(change.map(|change| change.new), figure),
            if_known(change.map(|change| change.ratio), times),
            change.map(|change| format!("{}..{}", times(change.low), times(change.high))).unwrap_or_default(),
            row.p_value.map(probability).unwrap_or_default(),
        ]
    };
    let none = "No step of any row is a change, and neither is the way from the first run to the last.";
    Table {
        title: "What changed".to_owned(),
        columns,
        rows: changes.iter().map(texts).collect(),
        notes: if changes.is_empty() { vec![none.to_owned()] } else { Vec::new() },
    }
}

/// The rows of each setting, in their order.
fn settings(series: &Series) -> Vec<(String, Vec<&SeriesRow>)> {
    let mut settings: Vec<(String, Vec<&SeriesRow>)> = Vec::new();
    for row in &series.rows {
        let suite = match row.suite {
            Suite::Servers => "",
            Suite::Idle => "Idle connections: ",
            Suite::Stevens => "Stevens' comparison: ",
        };
        let title = format!("{suite}{}", title::of(&row.setting, Open::Nothing));
        match settings.last_mut().filter(|(last, _)| *last == title) {
            Some((_, rows)) => rows.push(row),
            None => settings.push((title, vec![row])),
        }
    }
    settings
}

/// The rows of one setting from run to run.
fn setting(series: &Series, title: &str, rows: &[&SeriesRow]) -> Table {
    let number = series.runs.len();
    let shown = number.saturating_sub(COLUMNS)..number;
    let mut columns = vec![Column::words("model", 0), Column::words("course", 1)];
    // On a narrow terminal the oldest runs go first.
    let run = |place: usize| {
        let expendable = u8::try_from(number - place).unwrap_or(u8::MAX).saturating_add(1);
        Column::numbers(format!("run {}", place + 1), "µs", if place + 1 == number { 0 } else { expendable })
    };
    columns.extend(shown.clone().map(run));
    columns.push(Column::words("changes", 0));
    let texts = |row: &&SeriesRow| {
        let mut texts = vec![row.model.clone(), sparkline(&row.cpu_us)];
        texts.extend(row.cpu_us[shown.clone()].iter().map(|of| if_known(of.map(|of| of.median), figure)));
        texts.push(changes_of(series, row));
        texts
    };
    let mut notes = Vec::new();
    if shown.start > 0 {
        notes.push(format!("The last {COLUMNS} runs have columns; the course is of all {number}."));
    }
    Table { title: title.to_owned(), columns, rows: rows.iter().map(texts).collect(), notes }
}

/// `2 → 3 slower 1.10; 1 → 5 slower 1.21`; empty where nothing changed for sure.
fn changes_of(series: &Series, row: &SeriesRow) -> String {
    let is_row = |other: &VersusRow| {
        (other.suite, &other.model) == (row.suite, &row.model) && other.setting == row.setting
    };
    let changes = series.changes();
    let of = changes.iter().filter(|(_, other)| is_row(other));
    let words = of.map(|(step, other)| {
        let ratio = if_known(other.cpu_us.map(|change| change.ratio), times);
        format!("{} {} {ratio}", arrow(*step), name(other.outcome))
    });
    words.collect::<Vec<_>>().join("; ")
}

/// A character for each run, from the least figure to the greatest; a space where there is none.
fn sparkline(figures: &[Option<InRun>]) -> String {
    let known = || figures.iter().flatten().map(|figure| figure.median);
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(0.0, f64::max));
    let span = (most - least).max(LEAST_SPAN * least);
    let place = |figure: &InRun| {
        let share = if span > 0.0 { (figure.median - least) / span } else { 0.0 };
        HEIGHTS[((share * HEIGHTS.len() as f64) as usize).min(HEIGHTS.len() - 1)]
    };
    figures.iter().map(|figure| figure.as_ref().map_or(' ', place)).collect()
}

/// The runs by their numbers.
fn runs(series: &Series) -> Table {
    let columns = vec![
        Column::numbers("run", "", 0),
        Column::words("record", 0),
        Column::words("started", 0),
        Column::words("concur", 1),
        Column::words("complete", 1),
    ];
    let texts = |(place, run): (usize, &Compared)| {
        vec![
            (place + 1).to_string(),
            run.path.clone(),
            run.started.clone(),
            run.concur.clone(),
            if run.complete { "all cells" } else { "in part" }.to_owned(),
        ]
    };
    Table {
        title: "Runs".to_owned(),
        columns,
        rows: series.runs.iter().enumerate().map(texts).collect(),
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(medians: &[Option<f64>]) -> Vec<Option<InRun>> {
        let of = |median: f64| InRun { median, low: median, high: median, coverage: 0.0 };
        medians.iter().map(|median| median.map(of)).collect()
    }

    #[test]
    fn a_sparkline_goes_from_the_least_to_the_greatest_and_leaves_a_gap_where_there_is_nothing() {
        assert_eq!(sparkline(&figures(&[Some(10.0), None, Some(15.0), Some(20.0)])), "▁ ▅█");
    }

    #[test]
    fn what_hardly_moves_looks_flat() {
        assert_eq!(sparkline(&figures(&[Some(10.0), Some(10.05), Some(10.02)])), "▁▁▁");
        assert_eq!(sparkline(&figures(&[None, None])), "  ");
    }
}
