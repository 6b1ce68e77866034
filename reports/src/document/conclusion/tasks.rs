//! Which executor has jobs done soonest, task by task; tasks of a kind that come to the same stand together.

use super::podium::{Disturbed, Doubt, MANY_ROUNDS, ends, join, list, with_care};
use super::{Belief, Conclusion, TASKS};
use crate::document::title;
use crate::record::{Cell, Run};
use crate::summary::TaskRow;
use crate::units::{count, plural, times};

/// With as many jobs as were run at most; interpreters stand in tables of their own.
pub(super) fn conclusion(run: &Run, rows: &[TaskRow]) -> Option<Conclusion> {
    let jobs = rows.iter().map(|row| row.jobs).max()?;
    let own: Vec<&TaskRow> =
        rows.iter().filter(|row| row.jobs == jobs && !row.executor.contains(':')).collect();
    let heats: Vec<Heat<'_>> =
        own.chunk_by(|one, other| one.task == other.task).filter_map(Heat::of).collect();
    let groups = groups(&heats);
    let first = groups.first()?[0];
    let about = Some(title::tasks(first.task, first.computes));
    let with = format!("All this is with {}.", plural(jobs, "job"));
    let text = sentences(&groups).into_iter().chain([with]).collect::<Vec<_>>().join(" ");
    let is_named = |cell: &&Cell| {
        matches!(cell, Cell::Tasks(cell) if cell.jobs == jobs && !cell.executor.contains(':')
            && heats.iter().any(|heat| heat.task == cell.task))
    };
    let (trust, belief) = trust(&heats, Disturbed::of(run.cells.iter().filter(is_named)));
    Some(Conclusion { text, trust, belief, about, ..Conclusion::of(TASKS) })
}

/// Whether to believe it. A task of which no winner is told asks for no belief.
fn trust(heats: &[Heat<'_>], disturbed: Disturbed) -> (String, Belief) {
    let won: Vec<&Heat<'_>> = heats.iter().filter(|heat| heat.next.is_some()).collect();
    if won.is_empty() {
        let head = format!("No winner to believe in after {}.", rounds_of(heats.iter()));
        return (join(&[Some(head), disturbed.doubt().map(Doubt::besides)]), Belief::Open);
    }
    let fewest = won.iter().map(|heat| heat.rounds).min().unwrap_or(0);
    let few: Vec<String> =
        won.iter().filter(|heat| heat.rounds < MANY_ROUNDS).map(|heat| heat.task.to_owned()).collect();
    if (1..won.len()).contains(&few.len()) {
        let head = format!("With care: {} of {} are few.", plural(fewest, "round"), list(&few));
        return (join(&[Some(head), disturbed.doubt().map(Doubt::besides)]), Belief::Careful);
    }
    let doubts = [(fewest < MANY_ROUNDS).then_some(Doubt::FewRounds(fewest)), disturbed.doubt()];
    let doubts: Vec<Doubt> = doubts.into_iter().flatten().collect();
    with_care(&doubts).map_or_else(
        || (format!("To be believed: it held in {}.", rounds_of(won.into_iter())), Belief::Firm),
        |careful| (careful, Belief::Careful),
    )
}

/// `5 rounds`, or from the fewest to the most: tasks need not have as many.
fn rounds_of<'h, 'r: 'h>(heats: impl Iterator<Item = &'h Heat<'r>>) -> String {
    let numbers: Vec<usize> = heats.map(|heat| heat.rounds).collect();
    let (fewest, most) =
        (numbers.iter().min().copied().unwrap_or(0), numbers.iter().max().copied().unwrap_or(0));
    if fewest == most {
        plural(fewest, "round")
    } else {
        format!("{} to {} rounds", count(fewest as f64), count(most as f64))
    }
}

/// Who stands where at one task, with how many times as fast as line they were.
#[derive(Debug, Clone)]
struct Heat<'r> {
    task: &'r str,
    computes: bool,
    first: Vec<(String, f64)>,
    next: Option<(String, f64)>,
    /// The fewest of all these.
    rounds: usize,
}

/// Tasks whose speed-ups are further apart say more one by one: a range over them would hold figures that no task has.
const ALIKE: f64 = 1.25;

impl<'r> Heat<'r> {
    /// From the rows of one task; none where nothing of it is ranked, or nothing was done in line.
    fn of(rows: &[&'r TaskRow]) -> Option<Self> {
        let known = |row: &&'r TaskRow| Some((row.rank?.place, *row, row.comparison?.speed_up));
        let mut ranked: Vec<(usize, &TaskRow, f64)> = rows.iter().filter_map(known).collect();
        ranked.sort_by(|one, other| one.0.cmp(&other.0).then(other.2.total_cmp(&one.2)));
        let (best, row, _) = *ranked.first()?;
        let first: Vec<_> = ranked.iter().filter(|(place, ..)| *place == best).collect();
        let next = ranked.iter().find(|(place, ..)| *place != best);
        let named = |(_, row, speed_up): &(usize, &TaskRow, f64)| (row.executor.clone(), *speed_up);
        Some(Self {
            task: &row.task,
            computes: row.family == "cpu",
            rounds: first.iter().copied().chain(next).map(|(_, row, _)| row.rounds.counted).min()?,
            first: first.iter().map(|it| named(it)).collect(),
            next: next.map(named),
        })
    }

    fn names(&self) -> Vec<String> {
        self.first.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Whether another task comes to the same: of its kind, with the same ones first, and nearly as much faster than line.
    fn is_like(&self, other: &Self) -> bool {
        let sorted = |heat: &Self| {
            let mut names = heat.names();
            names.sort();
            names
        };
        let by = self.first[0].1 / other.first[0].1;
        self.computes == other.computes
            && (1.0 / ALIKE..=ALIKE).contains(&by)
            && self.next.is_some() == other.next.is_some()
            && sorted(self) == sorted(other)
    }
}

/// Tasks that come to the same, together; those first of which something can be told.
fn groups<'h, 'r>(heats: &'h [Heat<'r>]) -> Vec<Vec<&'h Heat<'r>>> {
    let mut groups: Vec<Vec<&Heat<'r>>> = Vec::new();
    for heat in heats {
        match groups.iter_mut().find(|group| group[0].is_like(heat)) {
            Some(group) => group.push(heat),
            None => groups.push(vec![heat]),
        }
    }
    groups.sort_by_key(|group| group[0].next.is_none());
    groups
}

/// What is told of each is read over up to so many.
const TOLD: usize = 3;

/// A sentence for each group, and of what is left a sentence for all.
fn sentences(groups: &[Vec<&Heat<'_>>]) -> Vec<String> {
    let (told, open): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group[0].next.is_some());
    let mut sentences: Vec<String> = told.iter().take(TOLD).map(|group| sentence(group)).collect();
    let more: usize = told.iter().skip(TOLD).map(|group| group.len()).sum();
    sentences.extend((more > 0).then(|| format!("The tables tell of {}.", plural(more, "more task"))));
    match &open[..] {
        [] => {}
        [group] => sentences.push(sentence(group)),
        open => {
            let tasks = open.iter().flat_map(|group| group.iter());
            let tasks: Vec<String> = tasks.map(|heat| title::task(heat.task, heat.computes)).collect();
            sentences.push(format!("Nothing can be told apart at {}.", list(&tasks)));
        }
    }
    sentences
}

fn sentence(group: &[&Heat<'_>]) -> String {
    let tasks: Vec<String> = group.iter().map(|heat| title::task(heat.task, heat.computes)).collect();
    let (tasks, names) = (list(&tasks), list(&group[0].names()));
    let firsts = group.iter().flat_map(|heat| &heat.first).map(|(_, speed_up)| *speed_up);
    let speed_up = ends(firsts, times).unwrap_or_default();
    let nexts: Vec<&(String, f64)> = group.iter().filter_map(|heat| heat.next.as_ref()).collect();
    let next = ends(nexts.iter().map(|(_, speed_up)| *speed_up), times);
    let is_one = nexts.iter().all(|(name, _)| *name == nexts[0].0);
    match (group[0].first.len(), next) {
        (1, Some(next)) if is_one => format!(
            "{tasks}: done soonest by {names}, {speed_up} times as fast as line; the next, {}, comes to {next}.",
            nexts[0].0
        ),
        (1, Some(next)) => format!(
            "{tasks}: done soonest by {names}, {speed_up} times as fast as line; the next come to {next}."
        ),
        (1, None) => format!("{tasks}: {names} alone is ranked, {speed_up} times as fast as line."),
        (_, Some(next)) if is_one => format!(
            "{tasks}: {names} can't be told apart, {speed_up} times as fast as line; the next, {}, comes to {next}.",
            nexts[0].0
        ),
        (_, Some(next)) => format!(
            "{tasks}: {names} can't be told apart, {speed_up} times as fast as line; the next come to {next}."
        ),
        (_, None) => format!("{tasks}: {names} can't be told apart, {speed_up} times as fast as line."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heat<'r>(task: &'r str, first: &[(&str, f64)], next: Option<(&str, f64)>, rounds: usize) -> Heat<'r> {
        let named = |(name, speed_up): &(&str, f64)| ((*name).to_owned(), *speed_up);
        Heat {
            task,
            computes: task != "disk" && task != "wait",
            first: first.iter().map(named).collect(),
            next: next.as_ref().map(named),
            rounds,
        }
    }

    fn said(heats: &[Heat<'_>]) -> Vec<String> {
        sentences(&groups(heats))
    }

    const QUIET: Disturbed = Disturbed::NONE;

    #[test]
    fn who_can_be_told_from_the_next_has_won() {
        let told = [heat("primes", &[("processes", 1.9)], Some(("threads", 1.1)), 5)];
        assert_eq!(
            said(&told),
            [
                "primes (computes): done soonest by processes, 1.90 times as fast as line; the next, threads, comes to 1.10."
            ]
        );
        assert_eq!(trust(&told, QUIET), ("To be believed: it held in 5 rounds.".to_owned(), Belief::Firm));
    }

    #[test]
    fn a_tie_is_no_result_of_one_of_them() {
        let open = [heat("primes", &[("processes", 1.88), ("threads", 1.74)], None, 5)];
        assert_eq!(
            said(&open),
            [
                "primes (computes): processes and threads can't be told apart, 1.74 to 1.88 times as fast as line."
            ]
        );
        assert_eq!(trust(&open, QUIET), ("No winner to believe in after 5 rounds.".to_owned(), Belief::Open));
    }

    #[test]
    fn tasks_of_a_kind_whose_leaders_differ_are_named_one_by_one() {
        let differ = [
            heat("disk", &[("threads", 1.2)], Some(("line", 1.0)), 3),
            heat("wait", &[("coroutine", 4.0)], Some(("line", 1.0)), 3),
        ];
        assert_eq!(said(&differ).len(), 2);
        let same = [
            heat("primes", &[("processes", 1.9)], Some(("threads", 1.1)), 5),
            heat("sort", &[("processes", 1.6)], Some(("line", 1.0)), 5),
        ];
        assert_eq!(
            said(&same),
            [
                "primes (computes) and sort (computes): done soonest by processes, 1.60 to 1.90 times as fast as line; the next come to \
              1.00 to 1.10."
            ]
        );
    }

    #[test]
    fn tasks_that_come_to_very_different_figures_stand_one_by_one() {
        let apart = [
            heat("disk", &[("threads", 1.5), ("gil", 1.4)], Some(("line", 1.0)), 5),
            heat("wait", &[("threads", 3.9), ("gil", 3.8)], Some(("line", 1.0)), 5),
        ];
        assert_eq!(said(&apart).len(), 2);
    }

    #[test]
    fn of_many_tasks_those_come_first_that_have_a_winner_and_the_others_are_one_sentence() {
        let open = |task| heat(task, &[("processes", 1.9), ("line", 1.0)], None, 5);
        let won = |task, name| heat(task, &[(name, 1.9)], Some(("line", 1.0)), 5);
        let quick = heat("quick", &[("gil", 1.4), ("line", 1.0)], None, 5);
        let many = [open("primes"), quick, won("count", "gil"), won("sort", "async"), won("mix", "rayon")];
        let told = said(&[many.to_vec(), vec![won("bubble", "line"), won("selection", "line")]].concat());
        let begins = ["count (computes): done", "sort (computes): done", "mix (computes): done"];
        assert!(told.iter().zip(begins).all(|(told, begin)| told.starts_with(begin)), "{told:?}");
        assert_eq!(
            told[3..],
            [
                "The tables tell of 2 more tasks.",
                "Nothing can be told apart at primes (computes) and quick (computes)."
            ]
        );
    }

    #[test]
    fn tasks_of_two_kinds_never_stand_together() {
        let kinds = [
            heat("primes", &[("processes", 1.9)], Some(("line", 1.0)), 5),
            heat("disk", &[("processes", 1.9)], Some(("line", 1.0)), 5),
        ];
        assert_eq!(said(&kinds).len(), 2);
    }

    #[test]
    fn only_the_rounds_of_what_was_won_count_against_it() {
        let won = heat("primes", &[("processes", 1.9)], Some(("threads", 1.1)), 5);
        let open = heat("disk", &[("processes", 1.0), ("threads", 1.0)], None, 3);
        assert_eq!(trust(&[won.clone(), open.clone()], QUIET).1, Belief::Firm);
        let few = heat("wait", &[("processes", 3.9)], Some(("threads", 1.1)), 3);
        let (told, belief) = trust(&[won.clone(), few.clone()], QUIET);
        assert_eq!((told.as_str(), belief), ("With care: 3 rounds of wait are few.", Belief::Careful));
        assert_eq!(trust(&[few], QUIET).0, "With care: 3 rounds are few.");
        let longer = Heat { rounds: 7, ..won.clone() };
        assert_eq!(trust(&[won, longer], QUIET).0, "To be believed: it held in 5 to 7 rounds.");
    }
}
