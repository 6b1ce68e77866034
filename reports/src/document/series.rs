//! A series of runs, in words.

use super::tally::{Tally, fewest};
use super::timed;
use super::title::{self, Open};
use super::versus::{self, few, outcome_of, probability, ratio, ratio_interval};
use super::{Conclusion, Document, Fact};
use crate::picture;
use crate::summary::{
    Change, Compared, InRun, Measure, Outcome, Series, SeriesRow, Step, Suite, TimedRow, Versus, VersusRow,
};
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
    let settings = settings(series);
    let mut tables: Vec<Table> = changes(series).into_iter().chain(timed_changes(series)).collect();
    tables.extend(settings.iter().map(|(title, rows)| of_cpu(series, title, rows)));
    tables.extend(settings.iter().filter_map(|(title, rows)| of_rate(series, title, rows)));
    tables.extend(settings.iter().filter_map(|(title, rows)| of_p99(series, title, rows)));
    tables.extend(of_timed(series));
    tables.push(runs(series));
    Document {
        files: vec!["report.md"],
        title: format!("A series of {}", plural(series.runs.len(), "run")),
        conclusions: conclusions(series),
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
    let between = percent(series.overall.between_runs - 1.0);
    let threshold = if versus::compares_no_servers(&series.overall) {
        format!(
            "what the same task or probe, measured twice in one run, differed from itself by; and {between} more as an allowance \
             for what differs between runs, which no run shows by itself"
        )
    } else {
        format!(
            "what the same server, measured twice in one run, differed from itself by; and {between} more as an allowance for \
             what differs between runs, which no run shows by itself"
        )
    };
    vec![
        fact("Runs", format!("{}, in the order of their start", series.runs.len())),
        fact("Threshold", threshold),
    ]
}

/// `1 → 2`.
fn arrow(step: Step<'_>) -> String {
    format!("{} → {}", step.from + 1, step.to + 1)
}

/// What became of each suite.
fn conclusions(series: &Series) -> Vec<Conclusion> {
    let servers = |versus: &Versus| versus.rows.iter().map(|row| (row.outcome, row.rounds)).collect();
    let timed = timed::SUITES.iter().filter_map(|(suite, name)| {
        let of_suite = |versus: &Versus| {
            let rows = versus.timed.iter().filter(|row| row.suite == *suite);
            rows.map(|row| (row.outcome, row.rounds)).collect()
        };
        conclusion(series, name, of_suite)
    });
    conclusion(series, "Servers", servers).into_iter().chain(timed).collect()
}

/// How many rows of a suite changed on the way from the first run to the last one, and in how many steps; nothing where no comparison
/// has any. `rows` gives those of a comparison, with their rounds.
fn conclusion(
    series: &Series,
    suite: &str,
    rows: impl Fn(&Versus) -> Vec<(Outcome, [usize; 2])>,
) -> Option<Conclusion> {
    let all: Vec<(Outcome, [usize; 2])> = series.comparisons().flat_map(|step| rows(step.versus)).collect();
    let rounds = fewest(all.iter().map(|(_, rounds)| rounds))?;
    let tally = |rows: &[(Outcome, [usize; 2])]| Tally::of(rows.iter().map(|(outcome, _)| *outcome));
    let in_steps = series.steps.iter().flat_map(&rows).filter(|(outcome, _)| outcome.is_change()).count();
    let (whole, overall) = (tally(&all), tally(&rows(&series.overall)));
    let overall = format!("From the first run to the last: {}.", overall.told());
    let text = if whole.has_changes() {
        let in_steps = format!("Changes between runs that follow each other: {in_steps}.");
        [overall, in_steps].join(" ")
    } else {
        format!("Nothing changed for sure in any step. {overall}")
    };
    let (trust, belief) = whole.trust(rounds, warnings(series).is_empty());
    Some(Conclusion { suite: suite.to_owned(), text, trust, belief, about: None })
}

/// The changes of servers; none where no run has any.
fn changes(series: &Series) -> Option<Table> {
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
    let texts = |(step, row): &(Step<'_>, &VersusRow)| {
        let change = row.cpu_us;
        vec![
            outcome_of(row.outcome).to_owned(),
            arrow(*step),
            row.model.clone(),
            title::of(&row.setting, Open::Nothing),
            if_known(change.map(|change| change.old), figure),
            if_known(change.map(|change| change.new), figure),
            ratio(change),
            ratio_interval(change),
            row.p_value.map(probability).unwrap_or_default(),
        ]
    };
    let title = "What changed".to_owned();
    (!series.rows.is_empty()).then(|| of_changes(title, columns, series.changes(), texts))
}

/// The changes of tasks and probes; none where no run has any.
fn timed_changes(series: &Series) -> Option<Table> {
    let columns = vec![
        Column::words("outcome", 0),
        Column::words("step", 0),
        Column::words("way", 0),
        Column::words("setting", 1),
        Column::words("compared", 0),
        Column::numbers("before", "", 3),
        Column::numbers("after", "", 3),
        Column::numbers("ratio", "", 0),
        Column::numbers("interval", "", 2),
        Column::numbers("p", "", 4),
    ];
    let texts = |(step, row): &(Step<'_>, &TimedRow)| {
        let value = |of: fn(Change) -> f64| {
            row.figure.map(|change| timed::valued(row.measure, of(change))).unwrap_or_default()
        };
        vec![
            outcome_of(row.outcome).to_owned(),
            arrow(*step),
            row.name.clone(),
            timed::setting(row.suite, &row.setting),
            timed::measured(row.measure).to_owned(),
            value(|change| change.old),
            value(|change| change.new),
            ratio(row.figure),
            ratio_interval(row.figure),
            row.p_value.map(probability).unwrap_or_default(),
        ]
    };
    (!series.timed.is_empty()).then(|| {
        let (title, changes) = ("What changed in tasks and probes".to_owned(), series.timed_changes());
        let rows: Vec<&TimedRow> = changes.iter().map(|(_, row)| *row).collect();
        let rates = timed::of_rates(&rows);
        let mut table = of_changes(title, columns, changes, texts);
        table.notes.extend(rates);
        table
    })
}

fn of_changes<T>(
    title: String,
    columns: Vec<Column>,
    changes: Vec<T>,
    texts: impl Fn(&T) -> Vec<String>,
) -> Table {
    let mut notes = Vec::new();
    if changes.is_empty() {
        notes.push(
            "No step of any row is a change, and neither is the way from the first run to the last."
                .to_owned(),
        );
    }
    let changes = few(changes, &mut notes);
    Table { title, columns, rows: changes.iter().map(texts).collect(), notes }
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

/// CPU time of the rows of one setting from run to run, with what changed.
fn of_cpu(series: &Series, title: &str, rows: &[&SeriesRow]) -> Table {
    let row = |row: &&SeriesRow| Course {
        name: row.model.clone(),
        figures: row.cpu_us.clone(),
        format: figure,
        changes: Some(changes_of(series, row)),
    };
    course(series, title.to_owned(), ("model", "µs"), rows.iter().map(row).collect())
}

/// Their rates; none where no run has any.
fn of_rate(series: &Series, title: &str, rows: &[&SeriesRow]) -> Option<Table> {
    beside(series, format!("Rate from run to run: {title}"), "req/s", rows, |row| &row.rate)
}

/// Their 99th percentiles.
fn of_p99(series: &Series, title: &str, rows: &[&SeriesRow]) -> Option<Table> {
    beside(series, format!("p99 from run to run: {title}"), "µs", rows, |row| &row.p99_us)
}

/// What is shown of servers beside what they are judged by.
fn beside(
    series: &Series,
    title: String,
    unit: &'static str,
    rows: &[&SeriesRow],
    figures: fn(&SeriesRow) -> &Vec<Option<InRun>>,
) -> Option<Table> {
    let row = |row: &&SeriesRow| Course {
        name: row.model.clone(),
        figures: figures(row).clone(),
        format: figure,
        changes: None,
    };
    let known = rows.iter().any(|row| figures(row).iter().any(Option::is_some));
    known.then(|| course(series, title, ("model", unit), rows.iter().map(row).collect()))
}

/// Tasks and probes from run to run, with what changed: a table for each setting and unit.
fn of_timed(series: &Series) -> Vec<Table> {
    let mut settings: Vec<(String, Measure, Vec<Course>)> = Vec::new();
    let changes = series.timed_changes();
    for row in &series.timed {
        let is_row = |other: &TimedRow| {
            (other.suite, &other.setting, &other.name) == (row.suite, &row.setting, &row.name)
        };
        let changes = changes.iter().filter(|(_, other)| is_row(other));
        let (measure, title) = (row.measure, timed::setting(row.suite, &row.setting));
        let course = Course {
            name: row.name.clone(),
            figures: row.figure.clone(),
            format: format_of(measure),
            changes: Some(told(changes.map(|(step, other)| (*step, other.outcome, other.figure)))),
        };
        match settings.last_mut().filter(|(last, of, _)| *last == title && *of == measure) {
            Some((.., rows)) => rows.push(course),
            None => settings.push((title, measure, vec![course])),
        }
    }
    let unit = |measure| match measure {
        Measure::Seconds => "s",
        Measure::TimeUs => "µs",
        Measure::BytesPerSecond => "MB/s",
        Measure::BytesEach => "KiB",
    };
    let tables = settings.into_iter();
    tables.map(|(title, measure, rows)| course(series, title, ("way", unit(measure)), rows)).collect()
}

/// How a figure stands in a column that has its unit.
fn format_of(measure: Measure) -> fn(f64) -> String {
    match measure {
        Measure::Seconds | Measure::TimeUs => figure,
        Measure::BytesPerSecond => |bytes| figure(bytes / 1e6),
        Measure::BytesEach => |bytes| figure(bytes / 1024.0),
    }
}

/// One row from run to run.
struct Course {
    name: String,
    figures: Vec<Option<InRun>>,
    format: fn(f64) -> String,
    /// Which steps were changes, where it is judged.
    changes: Option<String>,
}

/// Rows from run to run. `of`: what a row is of, and the figures' unit.
fn course(series: &Series, title: String, of: (&'static str, &'static str), rows: Vec<Course>) -> Table {
    let number = series.runs.len();
    let shown = number.saturating_sub(COLUMNS)..number;
    let mut columns = vec![Column::words(of.0, 0), Column::words("course", 1)];
    // On a narrow terminal the oldest runs go first.
    let run = |place: usize| {
        let expendable = u8::try_from(number - place).unwrap_or(u8::MAX).saturating_add(1);
        Column::numbers(format!("run {}", place + 1), of.1, if place + 1 == number { 0 } else { expendable })
    };
    columns.extend(shown.clone().map(run));
    let is_judged = rows.iter().any(|row| row.changes.is_some());
    columns.extend(is_judged.then(|| Column::words("changes", 0)));
    let texts = |row: Course| {
        let mut texts = vec![row.name, sparkline(&row.figures)];
        let figures = row.figures[shown.clone()].iter();
        texts.extend(figures.map(|of| if_known(of.map(|of| of.median), row.format)));
        texts.extend(row.changes);
        texts
    };
    let mut notes = Vec::new();
    if shown.start > 0 {
        notes.push(format!("The last {COLUMNS} runs have columns; the course is of all {number}."));
    }
    Table { title, columns, rows: rows.into_iter().map(texts).collect(), notes }
}

/// Which steps of a row are changes; empty where nothing changed for sure.
fn changes_of(series: &Series, row: &SeriesRow) -> String {
    let is_row = |other: &VersusRow| {
        (other.suite, &other.model) == (row.suite, &row.model) && other.setting == row.setting
    };
    let changes = series.changes();
    let of = changes.iter().filter(|(_, other)| is_row(other));
    told(of.map(|(step, other)| (*step, other.outcome, other.cpu_us)))
}

/// `2 → 3 slower 1.10; 1 → 5 slower 1.21`.
fn told<'s>(changes: impl Iterator<Item = (Step<'s>, Outcome, Option<Change>)>) -> String {
    let words = changes.map(|(step, outcome, change)| {
        let ratio = if_known(change.map(|change| change.ratio), times);
        match outcome {
            Outcome::Faster => format!("{} faster {ratio}", arrow(step)),
            _ => format!("{} slower {ratio}", arrow(step)),
        }
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
