//! Two runs against each other, in words.

use super::server_notes::why;
use super::servers::known_range;
use super::title::{self, Open};
use super::{Belief, Conclusion, Document, Fact};
use crate::language::Language;
use crate::picture::Picture;
use crate::record::Run;
use crate::statistics::Interval;
use crate::summary::{Alone, Change, Compared, LEAST, Outcome, Suite, Threshold, Versus, VersusRow};
use crate::table::{Column, Table};
use crate::units::{figure, if_known, latency, percent, plural, times};

/// At most this many rows without a partner are named.
const ALONE_TOLD: usize = 8;

const LEGEND: &str = "Ratios are the later run's median by the earlier one's: above 1 it costs more. Slower and faster: the \
interval lies beyond the threshold, and chance alone would hardly do that. Same: it lies within.";

/// With fewer rounds on a side an outcome is to be read with care.
const MANY_ROUNDS: usize = 5;

/// The whole comparison.
pub(super) fn document(versus: &Versus) -> Document {
    let changes = changes(versus);
    let tables: Vec<Table> = changes.into_iter().chain(settings(versus)).collect();
    Document {
        language: Language::English,
        files: vec!["report.md"],
        title: "Two runs compared".to_owned(),
        conclusions: conclusion(versus).into_iter().collect(),
        warnings: warnings(versus),
        facts: facts(versus),
        leading: (0..tables.len()).collect(),
        pictures: crate::picture::changes::of(versus).into_iter().collect(),
        tables,
        legend: LEGEND,
        ..Document::default()
    }
}

/// Whose a table or a picture is.
const EARLIER: &str = "earlier run";
const LATER: &str = "later run";

/// The same with all that the report on each of the runs shows, one below the other.
pub(super) fn with_both(versus: &Versus, old: &Run, new: &Run) -> Document {
    let mut document = document(versus);
    let (mut old, new) = (Document::of(old), Document::of(new));
    let named = |table: Table, which: &str| Table { title: format!("{} ({which})", table.title), ..table };
    for table in new.tables {
        let same = old.tables.iter().position(|other| other.title == table.title);
        document.tables.extend(same.map(|place| named(old.tables.remove(place), EARLIER)));
        document.tables.push(named(table, LATER));
    }
    document.tables.extend(old.tables.into_iter().map(|table| named(table, EARLIER)));
    let drawn = |(mut picture, which): (Picture, &str)| {
        picture.title = format!("{} ({which})", picture.title);
        picture.id = format!("{}-{}", picture.id, which.trim_end_matches(" run"));
        picture
    };
    // Those of one kind beside each other, as a page has two of them in a line.
    let mut earlier = old.pictures;
    for picture in new.pictures {
        let same = earlier.iter().position(|other| other.title == picture.title);
        let same = same.map(|place| (earlier.remove(place), EARLIER));
        document.pictures.extend(same.into_iter().chain([(picture, LATER)]).map(drawn));
    }
    document.pictures.extend(earlier.into_iter().map(|picture| drawn((picture, EARLIER))));
    document.explanations = new.explanations;
    document
}

/// What became of the rows, the greatest change first to be named.
fn conclusion(versus: &Versus) -> Option<Conclusion> {
    let [slower, faster, same, unknown] =
        [Outcome::Slower, Outcome::Faster, Outcome::Same, Outcome::CantTell].map(|of| versus.count(of));
    let rows = versus.rows.len();
    let rounds = versus.rows.iter().flat_map(|row| row.rounds).filter(|rounds| *rounds > 0).min()?;
    let text = match greatest(versus) {
        None => format!(
            "Nothing changed for sure: of {}, {same} stayed the same and {unknown} can't be told.",
            plural(rows, "row")
        ),
        Some((row, ratio)) => format!(
            "Of {}, {slower} became slower and {faster} faster; {} changed most, to {} times as much CPU time per request ({}).",
            plural(rows, "row"),
            row.model,
            times(ratio),
            title::of(&row.setting, Open::Nothing)
        ),
    };
    let unlike = !versus.hosts_differ.is_empty() || !versus.placements_differ.is_empty();
    let (trust, belief) = if unknown == rows {
        ("Nothing to believe: no row can be told.".to_owned(), Belief::Open)
    } else if unlike || !versus.warnings.is_empty() {
        ("With care: the runs were not measured alike, as the warnings say.".to_owned(), Belief::Careful)
    } else if rounds < MANY_ROUNDS {
        (format!("With care: {} on a side are few.", plural(rounds, "round")), Belief::Careful)
    } else {
        (
            "To be believed: chance alone would show any such change with a probability below 5%.".to_owned(),
            Belief::Firm,
        )
    };
    Some(Conclusion { suite: "Servers".to_owned(), text, trust, belief, about: None })
}

/// Of the rows that changed the one whose ratio is farthest from 1.
fn greatest(versus: &Versus) -> Option<(&VersusRow, f64)> {
    let changed = versus.rows.iter().filter(|row| is_change(row));
    let with_ratio = changed.filter_map(|row| Some((row, row.cpu_us?.ratio)));
    with_ratio.max_by(|(one, _), (other, _)| far(one).total_cmp(&far(other)))
}

/// Whether it became slower or faster for sure.
pub(crate) fn is_change(row: &VersusRow) -> bool {
    matches!(row.outcome, Outcome::Slower | Outcome::Faster)
}

/// How far a row's ratio is from 1, whichever way.
fn far(row: &VersusRow) -> f64 {
    row.cpu_us.map_or(0.0, |change| change.ratio.ln().abs())
}

/// All rows that changed, the greatest change first, whatever they were measured in; of one setting its own table says it.
fn changes(versus: &Versus) -> Option<Table> {
    let settings: Vec<String> =
        versus.rows.iter().map(|row| title::of(&row.setting, Open::Nothing)).collect();
    let several = settings.iter().any(|setting| *setting != settings[0]);
    let mut changed: Vec<&VersusRow> = versus.rows.iter().filter(|row| is_change(row)).collect();
    changed.sort_by(|one, other| one.outcome.cmp(&other.outcome).then(far(other).total_cmp(&far(one))));
    let texts = |row: &VersusRow| {
        let mut texts = texts(row);
        texts.insert(2, title::of(&row.setting, Open::Nothing));
        texts
    };
    let mut columns = columns();
    columns.insert(2, Column::words("setting", 0));
    (several && !changed.is_empty()).then(|| Table {
        title: "What changed".to_owned(),
        columns,
        rows: changed.iter().map(|row| texts(row)).collect(),
        notes: Vec::new(),
    })
}

fn warnings(versus: &Versus) -> Vec<String> {
    let mut warnings = Vec::new();
    if !versus.hosts_differ.is_empty() {
        warnings.push(format!(
            "The runs are of different hosts, which differ in {}: ratios are of the hosts as well.",
            versus.hosts_differ.join("; ")
        ));
    }
    if !versus.placements_differ.is_empty() {
        warnings.push(format!(
            "The runs differ in {}: ratios are of that as well.",
            versus.placements_differ.join("; ")
        ));
    }
    warnings.extend(versus.warnings.iter().cloned());
    if versus.rows.is_empty() {
        warnings.push("The runs have no row in common, so there is nothing to compare.".to_owned());
    }
    warnings
}

fn facts(versus: &Versus) -> Vec<Fact> {
    let fact = |name, value| Fact { name, value, code: false };
    let outcomes = [Outcome::Slower, Outcome::Faster, Outcome::Same, Outcome::CantTell];
    let counts = outcomes.map(|outcome| format!("{} {}", versus.count(outcome), name(outcome)));
    let mut facts = vec![
        fact("Earlier run", run(&versus.old)),
        fact("Later run", run(&versus.new)),
        fact("Outcome", format!("of {}: {}", plural(versus.rows.len(), "row"), counts.join(", "))),
        fact("Threshold", threshold(versus)),
    ];
    facts.extend(alone(&versus.only_old).map(|rows| fact("Only in the earlier run", rows)));
    facts.extend(lost(&versus.rows).map(|rows| fact("Lost in the later run", rows)));
    facts.extend(alone(&versus.only_new).map(|rows| fact("Only in the later run", rows)));
    if versus.tasks_left_out {
        facts.push(fact("Tasks", "not compared, as nothing says how far a task is from itself".to_owned()));
    }
    if versus.probes_left_out {
        facts.push(fact("Probes", "not compared: they are there to be compared with each other".to_owned()));
    }
    facts
}

/// `before/, started 2026-01-31T12:00:00Z, concur 0.1.0`.
pub(super) fn run(run: &Compared) -> String {
    let path = (!run.path.is_empty()).then(|| run.path.clone());
    let parts = [path, Some(format!("started {}", run.started)), Some(format!("concur {}", run.concur))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The rule; what it comes to is said below each table.
fn threshold(versus: &Versus) -> String {
    format!(
        "what the same server, measured twice in one run, differed from itself by, at least {}; and {} more as an allowance for \
         what differs between runs, which no run shows by itself",
        percent(LEAST - 1.0),
        percent(versus.between_runs - 1.0)
    )
}

/// What the threshold comes to in one setting.
fn threshold_here(threshold: Threshold, between_runs: f64) -> String {
    let why = match threshold.pairs {
        0 => "neither run measured a server twice under such a load".to_owned(),
        _ => why(threshold),
    };
    format!(
        "Threshold: {}, from {} within a run ({why}) and {} between runs.",
        percent(threshold.ratio * between_runs - 1.0),
        percent(threshold.ratio - 1.0),
        percent(between_runs - 1.0)
    )
}

fn alone(rows: &[Alone]) -> Option<String> {
    let (first, others) = rows.split_at(rows.len().min(ALONE_TOLD));
    let named = first.iter().map(|row| format!("{} ({})", row.model, title::of(&row.setting, Open::Nothing)));
    let mut named: Vec<String> = named.collect();
    if !others.is_empty() {
        named.push(format!("{} more", others.len()));
    }
    (!rows.is_empty()).then(|| named.join("; "))
}

/// The rows of both runs of which the later one lost something.
fn lost(rows: &[VersusRow]) -> Option<String> {
    let lost: Vec<String> =
        rows.iter().filter_map(|row| Some(format!("{} ({})", row.model, row.lost.as_ref()?))).collect();
    (!lost.is_empty()).then(|| lost.join("; "))
}

/// One table for each setting, in the order of the rows.
fn settings(versus: &Versus) -> Vec<Table> {
    let mut tables: Vec<(String, Vec<&VersusRow>)> = Vec::new();
    for row in &versus.rows {
        let suite = match row.suite {
            Suite::Servers => "",
            Suite::Idle => "Idle connections: ",
            Suite::Stevens => "Stevens' comparison: ",
        };
        let title = format!("{suite}{}", title::of(&row.setting, Open::Nothing));
        match tables.last_mut().filter(|(last, _)| *last == title) {
            Some((_, rows)) => rows.push(row),
            None => tables.push((title, vec![row])),
        }
    }
    tables.into_iter().map(|(title, rows)| table(title, rows, versus.between_runs)).collect()
}

fn table(title: String, mut rows: Vec<&VersusRow>, between_runs: f64) -> Table {
    let ratio = |row: &VersusRow| row.cpu_us.map_or(0.0, |change| change.ratio);
    rows.sort_by(|one, other| one.outcome.cmp(&other.outcome).then(ratio(other).total_cmp(&ratio(one))));
    let mut notes = reasons(&rows);
    notes.extend(rows.first().map(|row| threshold_here(row.threshold, between_runs)));
    Table { title, columns: columns(), notes, rows: rows.into_iter().map(texts).collect() }
}

/// Why rows can't be told, each reason once.
fn reasons(rows: &[&VersusRow]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in rows {
        let Some(reason) = row.reason.as_deref() else { continue };
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, models)) => models.push(&row.model),
            None => reasons.push((reason, vec![&row.model])),
        }
    }
    reasons.into_iter().map(|(reason, models)| format!("{}: {reason}.", models.join(", "))).collect()
}

fn columns() -> Vec<Column> {
    vec![
        Column::words("outcome", 0),
        Column::words("model", 0),
        Column::numbers("earlier", "µs CPU/req", 1),
        Column::numbers("later", "µs CPU/req", 1),
        Column::numbers("ratio", "CPU/req", 0),
        Column::numbers("interval", "CPU/req", 0),
        Column::numbers("p", "", 3),
        Column::numbers("ratio", "rate", 2),
        Column::numbers("interval", "rate", 6),
        Column::numbers("ratio", "p99", 4),
        Column::numbers("interval", "p99", 7),
        Column::numbers("later", "p99", 8),
        Column::numbers("rounds", "", 5),
    ]
}

fn texts(row: &VersusRow) -> Vec<String> {
    let ratio = |change: Option<Change>| change.map(|change| times(change.ratio)).unwrap_or_default();
    let interval = |change: Option<Change>| {
        let of = |change: Change| Interval { low: change.low, high: change.high, coverage: change.coverage };
        change.and_then(|change| known_range(of(change), times)).unwrap_or_default()
    };
    vec![
        name(row.outcome).to_owned(),
        row.model.clone(),
        if_known(row.cpu_us.map(|change| change.old), figure),
        if_known(row.cpu_us.map(|change| change.new), figure),
        ratio(row.cpu_us),
        interval(row.cpu_us),
        row.p_value.map(probability).unwrap_or_default(),
        ratio(row.rate),
        interval(row.rate),
        ratio(row.p99_us),
        interval(row.p99_us),
        if_known(row.p99_us.map(|change| change.new), latency),
        format!("{}+{}", row.rounds[0], row.rounds[1]),
    ]
}

pub(super) fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Slower => "slower",
        Outcome::Faster => "faster",
        Outcome::Same => "same",
        Outcome::CantTell => "can't tell",
    }
}

/// A probability; below a thousandth it is only that.
pub(super) fn probability(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}
