//! Two runs against each other, in words.

use std::cmp::Ordering;

use super::server_notes::why;
use super::servers::known_range;
use super::tally::{Tally, fewest};
use super::title::{self, Open};
use super::{Conclusion, Document, Fact, timed};
use crate::language::Language;
use crate::picture::Picture;
use crate::record::Run;
use crate::statistics::Interval;
use crate::summary::{
    Alone, Change, Compared, LEAST, Outcome, Suite, Threshold, TimedAlone, Versus, VersusRow,
};
use crate::table::{Column, Table};
use crate::units::{figure, grouped, if_known, latency, percent, plural, times};

/// At most this many rows without a partner are named.
const ALONE_TOLD: usize = 8;

const LEGEND: &str = "Ratios are the later run's median by the earlier one's: above 1 it costs more. Slower and faster: the \
interval lies beyond the threshold, and chance alone would hardly do that. Same: it lies within.";

/// At most this many changes are in the table of what changed: all of them are in the tables below it.
const CHANGES_TOLD: usize = 100;

/// The whole comparison.
pub(super) fn document(versus: &Versus) -> Document {
    let changes = changes(versus);
    let servers = changes.into_iter().chain(settings(versus));
    let tables: Vec<Table> = servers.chain(timed::tables(versus)).collect();
    Document {
        language: Language::English,
        files: vec!["report.md"],
        title: "Two runs compared".to_owned(),
        conclusions: conclusions(versus),
        warnings: warnings(versus),
        facts: facts(versus),
        leading: (0..tables.len()).collect(),
        pictures: crate::picture::changes::of(versus).into_iter().collect(),
        tables,
        legend: LEGEND,
        ..Document::default()
    }
}

/// What lies beside a page of two runs: its text, and both records with their cells.
const COMPARED_FILES: [&str; 5] = ["report.md", "earlier.json", "later.json", "earlier.csv", "later.csv"];

/// Whose a table or a picture is.
const EARLIER: &str = "earlier run";
const LATER: &str = "later run";

/// The same with all that the report on each of the runs shows, one below the other.
pub(super) fn with_both(versus: &Versus, old: &Run, new: &Run) -> Document {
    let mut document = document(versus);
    let (old, new) = (Document::of(old), Document::of(new));
    document.files = COMPARED_FILES.to_vec();
    document.conclusions.extend(of_both(&old, &new));
    document.facts.extend(code_of_both(&old.facts, &new.facts));
    document.tables.push(facts_of_both(&old.facts, &new.facts));
    let named = |table: Table, which: &str| Table { title: format!("{} ({which})", table.title), ..table };
    let title = |table: &Table| table.title.clone();
    document.pairs.tables = beside(&mut document.tables, [old.tables, new.tables], title, named);
    let drawn = |mut picture: Picture, which: &str| {
        picture.title = format!("{} ({which})", picture.title);
        picture.id = format!("{}-{}", picture.id, which.trim_end_matches(" run"));
        picture
    };
    // As a page has two of them in a line, those of one kind stand beside each other.
    let title = |picture: &Picture| picture.title.clone();
    document.pairs.pictures = beside(&mut document.pictures, [old.pictures, new.pictures], title, drawn);
    document.explanations = new.explanations;
    document
}

/// What each of the runs came to by itself, those on one suite beside each other.
fn of_both(old: &Document, new: &Document) -> Vec<Conclusion> {
    let mut all: Vec<Conclusion> = Vec::new();
    let named =
        |it: &Conclusion, which: &str| Conclusion { suite: format!("{} ({which})", it.suite), ..it.clone() };
    let mut earlier: Vec<&Conclusion> = old.conclusions.iter().collect();
    for conclusion in &new.conclusions {
        if let Some(place) = earlier.iter().position(|other| other.suite == conclusion.suite) {
            all.push(named(earlier.remove(place), EARLIER));
        }
        all.push(named(conclusion, LATER));
    }
    all.extend(earlier.into_iter().map(|conclusion| named(conclusion, EARLIER)));
    all
}

/// What is code among the facts of the runs: the commands, and what else is the same in both once.
fn code_of_both(old: &[Fact], new: &[Fact]) -> Vec<Fact> {
    let of = |facts: &[Fact], name: &str| facts.iter().find(|fact| fact.name == name).cloned();
    let pairs = [
        ("Command", "Command of the earlier run", "Command of the later run"),
        ("Mitigations", "Mitigations of the earlier run", "Mitigations of the later run"),
    ];
    let told = pairs.into_iter().flat_map(|(name, earlier, later)| match (of(old, name), of(new, name)) {
        (Some(one), Some(other)) if one == other => vec![one],
        (one, other) => {
            let named = |fact: Option<Fact>, name| fact.map(|fact| Fact { name, ..fact });
            [named(one, earlier), named(other, later)].into_iter().flatten().collect()
        }
    });
    told.collect()
}

/// The other facts of both runs, side by side.
fn facts_of_both(old: &[Fact], new: &[Fact]) -> Table {
    let plain = |facts: &[Fact]| -> Vec<Fact> { facts.iter().filter(|fact| !fact.code).cloned().collect() };
    let (old, new) = (plain(old), plain(new));
    let mut names: Vec<&str> = Vec::new();
    for fact in old.iter().chain(&new) {
        if !names.contains(&fact.name) {
            names.push(fact.name);
        }
    }
    // There may be several notes.
    let all = |facts: &[Fact], name: &str| {
        let values = facts.iter().filter(|fact| fact.name == name).map(|fact| fact.value.as_str());
        values.collect::<Vec<_>>().join(" ")
    };
    let row = |name: &&str| vec![(*name).to_owned(), all(&old, name), all(&new, name)];
    Table {
        title: "Both runs".to_owned(),
        columns: vec![Column::words("fact", 0), Column::words("earlier", 0), Column::words("later", 0)],
        rows: names.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

/// Puts what two runs have behind `all`, each with whose it is: what has the same title in both right behind each other, and then what
/// only the earlier one has. Says where those of both stand.
fn beside<T>(
    all: &mut Vec<T>,
    [mut old, new]: [Vec<T>; 2],
    title: impl Fn(&T) -> String,
    named: impl Fn(T, &str) -> T,
) -> Vec<[usize; 2]> {
    let mut pairs = Vec::new();
    for thing in new {
        if let Some(place) = old.iter().position(|other| title(other) == title(&thing)) {
            pairs.push([all.len(), all.len() + 1]);
            all.push(named(old.remove(place), EARLIER));
        }
        all.push(named(thing, LATER));
    }
    all.extend(old.into_iter().map(|thing| named(thing, EARLIER)));
    pairs
}

/// What became of each suite.
fn conclusions(versus: &Versus) -> Vec<Conclusion> {
    let alike =
        versus.hosts_differ.is_empty() && versus.placements_differ.is_empty() && versus.warnings.is_empty();
    conclusion(versus, alike).into_iter().chain(timed::conclusions(versus, alike)).collect()
}

/// What became of the servers, the greatest change first to be named.
fn conclusion(versus: &Versus, alike: bool) -> Option<Conclusion> {
    let rounds = fewest(versus.rows.iter().map(|row| &row.rounds))?;
    let tally = Tally::of(versus.rows.iter().map(|row| row.outcome));
    let most = greatest(versus).map(|(row, ratio)| {
        let setting = title::of(&row.setting, Open::Nothing);
        format!(
            "{} changed most, to {} times as much CPU time per request ({setting}).",
            row.model,
            times(ratio)
        )
    });
    let text = tally.told_first(most);
    let (trust, belief) = tally.trust(rounds, alike);
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
    row.outcome.is_change()
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
    let mut notes = Vec::new();
    let changed = few(changed, &mut notes);
    (several && !changed.is_empty()).then(|| Table {
        title: "What changed".to_owned(),
        columns,
        rows: changed.iter().map(|row| texts(row)).collect(),
        notes,
    })
}

/// The first of `changes`, and a note where that is not all of them.
pub(super) fn few<T>(mut changes: Vec<T>, notes: &mut Vec<String>) -> Vec<T> {
    if changes.len() > CHANGES_TOLD {
        notes.push(format!(
            "The first {CHANGES_TOLD} of {} changes are here; all of them are in the tables below.",
            grouped(changes.len() as u64)
        ));
        changes.truncate(CHANGES_TOLD);
    }
    changes
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
    if versus.number_of_rows() == 0 {
        warnings.push("The runs have no row in common, so there is nothing to compare.".to_owned());
    }
    warnings
}

fn facts(versus: &Versus) -> Vec<Fact> {
    let fact = |name, value| Fact { name, value, code: false };
    let outcomes = [Outcome::Slower, Outcome::Faster, Outcome::Same, Outcome::CantTell];
    let counts = outcomes.map(|outcome| format!("{} {}", versus.count(outcome), outcome_of(outcome)));
    let mut facts = vec![
        fact("Earlier run", run(&versus.old)),
        fact("Later run", run(&versus.new)),
        fact("Outcome", format!("of {}: {}", plural(versus.number_of_rows(), "row"), counts.join(", "))),
        fact("Threshold", threshold(versus)),
    ];
    let only_old = alone(&versus.only_old, &versus.timed_only_old);
    facts.extend(only_old.map(|rows| fact("Only in the earlier run", rows)));
    facts.extend(lost(versus).map(|rows| fact("Lost in the later run", rows)));
    let only_new = alone(&versus.only_new, &versus.timed_only_new);
    facts.extend(only_new.map(|rows| fact("Only in the later run", rows)));
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
    let (least, between) = (percent(LEAST - 1.0), percent(versus.between_runs - 1.0));
    if compares_no_servers(versus) {
        return format!(
            "what the same task or probe, measured twice in one run, differed from itself by, at least {least}; and {between} more \
             as an allowance for what differs between runs, which no run shows by itself"
        );
    }
    format!(
        "what the same server, measured twice in one run, differed from itself by, at least {least}; and {between} more as an \
         allowance for what differs between runs, which no run shows by itself"
    )
}

/// Whether all that is compared are tasks and probes.
pub(super) fn compares_no_servers(versus: &Versus) -> bool {
    versus.rows.is_empty() && !versus.timed.is_empty()
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

fn alone(rows: &[Alone], of_timed: &[TimedAlone]) -> Option<String> {
    let servers =
        rows.iter().map(|row| format!("{} ({})", row.model, title::of(&row.setting, Open::Nothing)));
    let all: Vec<String> = servers.chain(of_timed.iter().map(timed::alone)).collect();
    let (first, others) = all.split_at(all.len().min(ALONE_TOLD));
    let mut named = first.to_vec();
    if !others.is_empty() {
        named.push(format!("{} more", others.len()));
    }
    (!all.is_empty()).then(|| named.join("; "))
}

/// The rows of both runs of which the later one lost something.
fn lost(versus: &Versus) -> Option<String> {
    let lost: Vec<String> = versus.lost_rows().map(|(name, what)| format!("{name} ({what})")).collect();
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
    let ratio = |row: &VersusRow| row.cpu_us.map(|change| change.ratio);
    rows.sort_by(|one, other| by_outcome((one.outcome, ratio(one)), (other.outcome, ratio(other))));
    let mut notes = reasons(rows.iter().map(|row| (row.model.as_str(), row.reason.as_deref())), ", ");
    notes.extend(rows.first().map(|row| threshold_here(row.threshold, between_runs)));
    Table { title, columns: columns(), notes, rows: rows.into_iter().map(texts).collect() }
}

/// What became of rows, and among rows of one outcome those first that cost most by what they did.
pub(super) fn by_outcome(one: (Outcome, Option<f64>), other: (Outcome, Option<f64>)) -> Ordering {
    let ratio = |of: Option<f64>| of.unwrap_or(0.0);
    one.0.cmp(&other.0).then(ratio(other.1).total_cmp(&ratio(one.1)))
}

/// Why rows can't be told, each reason once, behind the names of the rows with `between` between them.
pub(super) fn reasons<'r>(
    rows: impl Iterator<Item = (&'r str, Option<&'r str>)>,
    between: &str,
) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, reason) in rows {
        let Some(reason) = reason else { continue };
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, names)) => names.push(name),
            None => reasons.push((reason, vec![name])),
        }
    }
    reasons.into_iter().map(|(reason, names)| format!("{}: {reason}.", names.join(between))).collect()
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
    vec![
        outcome_of(row.outcome).to_owned(),
        row.model.clone(),
        if_known(row.cpu_us.map(|change| change.old), figure),
        if_known(row.cpu_us.map(|change| change.new), figure),
        ratio(row.cpu_us),
        ratio_interval(row.cpu_us),
        row.p_value.map(probability).unwrap_or_default(),
        ratio(row.rate),
        ratio_interval(row.rate),
        ratio(row.p99_us),
        ratio_interval(row.p99_us),
        if_known(row.p99_us.map(|change| change.new), latency),
        format!("{}+{}", row.rounds[0], row.rounds[1]),
    ]
}

pub(super) fn ratio(change: Option<Change>) -> String {
    change.map(|change| times(change.ratio)).unwrap_or_default()
}

/// `1.02..1.05`; nothing where there is one round.
pub(super) fn ratio_interval(change: Option<Change>) -> String {
    let of = |change: Change| Interval { low: change.low, high: change.high, coverage: change.coverage };
    change.and_then(|change| known_range(of(change), times)).unwrap_or_default()
}

pub(super) fn outcome_of(outcome: Outcome) -> &'static str {
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
