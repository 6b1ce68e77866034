//! Measures a cell that the machine disturbed once more, and keeps both.
//!
//! A disturbed cell is `unstable` and counts nowhere, whatever its figures say: whoever looks at the figures first would
//! choose. Its repeat is judged in the same way. One that is disturbed too stays `unstable`, and so does one for which there
//! was no repeat left: a row without any undisturbed round has no figures. That is rare also on a noisy machine, since what
//! is usual there is not a disturbance (see [`weather`](crate::measure::weather)).
//!
//! The cells of a block that can't be compared with the others of it are measured once more as well ([`alike`]).

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reports::record::{Cell, Noise, Verdict};

use crate::alike::{self, Moved};
use crate::cell::Bench;
use crate::measure::weather::Weather;
use crate::plan::Step;
use crate::recorder::Recorder;

/// One in so many cells is measured again at most for either reason, so that a run on a noisy machine ends in time.
const ONE_IN: usize = 4;
/// Steal is told in a note from here on.
const STEAL_TOLD: f64 = 0.01;

/// How a run deals with disturbed cells.
#[derive(Debug, Default)]
pub struct Repeats {
    again: usize,
    /// Servers and tasks meet different weather: tasks run on all processors, bound nowhere.
    servers: Weather,
    tasks: Weather,
    disturbed: usize,
    without_repeat: usize,
    /// How many cells were measured once more to be like the others of their block, and how many were left as they were.
    made_alike: usize,
    left_apart: usize,
}

impl Repeats {
    /// Takes a step, and takes it again if it was disturbed. Every cell is recorded as soon as it is measured. Breaks where
    /// the run is to stop: then the last cell was cut short, and is not recorded.
    ///
    /// # Errors
    /// The record can't be kept.
    pub fn take(
        &mut self,
        step: &Step,
        bench: &Bench<'_>,
        recorder: &mut Recorder,
    ) -> anyhow::Result<ControlFlow<()>> {
        let again = match self.attempt(1, step, bench, recorder)? {
            ControlFlow::Continue(again) => again,
            ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
        };
        if again {
            return Ok(self.attempt(2, step, bench, recorder)?.map_continue(|_| ()));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Takes a step for the so-manieth time, and says whether it is to be taken again.
    fn attempt(
        &mut self,
        attempt: u32,
        step: &Step,
        bench: &Bench<'_>,
        recorder: &mut Recorder,
    ) -> anyhow::Result<ControlFlow<(), bool>> {
        let mut cell = bench.measure(step, recorder.run().cells.len() + 1);
        if bench.stop.load(Ordering::Relaxed) {
            return Ok(ControlFlow::Break(()));
        }
        let again = self.judge(&mut cell, attempt, recorder.run().planned);
        recorder.add(cell)?;
        Ok(ControlFlow::Continue(again))
    }

    /// Which steps of a block are to be taken once more, to be like the others of it; none if all are alike, or too many are
    /// not. `block`: the last cell of each step; `planned`: how many cells there are in all.
    pub fn to_make_alike(&mut self, block: &[&Cell], planned: usize) -> Option<Moved> {
        let moved = Moved::within(block)?;
        let allowed = self.made_alike + moved.before.len() <= planned.div_ceil(ONE_IN);
        self.left_apart += if allowed { 0 } else { moved.before.len() };
        Some(moved).filter(|_| allowed)
    }

    /// Takes a step once more whose last cell is not like `end`, the last of its block; says whether its new cell is. Breaks
    /// where the run is to stop.
    ///
    /// # Errors
    /// The record can't be kept.
    pub fn make_alike(
        &mut self,
        step: &Step,
        (last, end): (usize, usize),
        bench: &Bench<'_>,
        recorder: &mut Recorder,
    ) -> anyhow::Result<ControlFlow<(), bool>> {
        let attempt = recorder.run().cells[last].attempt() + 1;
        if self.attempt(attempt, step, bench, recorder)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.made_alike += 1;
        let cells = &recorder.run().cells;
        Ok(ControlFlow::Continue(cells.last().is_some_and(|cell| alike::alike(cell, &cells[end]))))
    }

    /// Marks a cell that was disturbed; says whether it, of so many that are planned, is to be measured again.
    pub fn judge(&mut self, cell: &mut Cell, attempt: u32, planned: usize) -> bool {
        let parts = Parts::of(cell);
        *parts.attempt = (attempt > 1).then_some(attempt);
        // What failed did not fail by noise alone, unless all that can be said is that nothing was answered; and what can't
        // run has met none.
        let failed = *parts.verdict == Verdict::Errors && !parts.silent;
        if failed || *parts.verdict == Verdict::Unsupported {
            return false;
        }
        let weather = if parts.is_task { &mut self.tasks } else { &mut self.servers };
        let why = parts.noise.as_mut().and_then(|noise| {
            let why = weather.judge(noise, Duration::from_secs_f64(parts.seconds.max(0.0)))?;
            noise.disturbed = true;
            Some(why)
        });
        // A probe has ways of its own to notice that others took part.
        let noticed = parts.is_probe && *parts.verdict == Verdict::Unstable;
        if why.is_none() && !noticed {
            return false;
        }
        *parts.verdict = Verdict::Unstable;
        let reasons: Vec<String> = parts.reason.take().into_iter().chain(why).collect();
        *parts.reason = Some(reasons.join("; "));
        if attempt > 1 {
            return false;
        }
        self.disturbed += 1;
        let again = self.again < planned.div_ceil(ONE_IN);
        self.again += usize::from(again);
        self.without_repeat += usize::from(!again);
        again
    }

    /// Tells the record what a reader should know of the machine's weather.
    ///
    /// # Errors
    /// The record can't be kept.
    pub fn note(&self, recorder: &mut Recorder) -> anyhow::Result<()> {
        self.notes().into_iter().try_for_each(|sentence| recorder.note(sentence))
    }

    fn notes(&self) -> Vec<String> {
        let steal = self.servers.usual().steal_share.filter(|share| *share >= STEAL_TOLD).map(|share| {
            format!(
                "The hypervisor gave about {:.0}% of this machine's time to others all along, so rates are lower and latencies \
                 longer than on a machine of its own.",
                share * 100.0
            )
        });
        let repeats = (self.without_repeat > 0).then(|| {
            format!(
                "{} of {} disturbed cells were not measured again, since a quarter of the plan had been; measure when the \
                 machine is quieter.",
                self.without_repeat, self.disturbed
            )
        });
        let made_alike = (self.made_alike > 0).then(|| {
            format!(
                "{} measured once more: the processors of the two sides had been moved nearer to each other or further \
                 apart since, and the others of their round could not be compared with them.",
                were(self.made_alike)
            )
        });
        let left_apart = (self.left_apart > 0).then(|| {
            format!(
                "{} not measured once more after the processors of the two sides had been moved nearer to each other \
                 or further apart, since there were so many; they are compared with each other alone.",
                were(self.left_apart)
            )
        });
        steal.into_iter().chain(repeats).chain(made_alike).chain(left_apart).collect()
    }
}

fn were(cells: usize) -> String {
    if cells == 1 { "1 cell was".to_owned() } else { format!("{cells} cells were") }
}

/// What is judged of a cell of either kind.
struct Parts<'a> {
    is_task: bool,
    is_probe: bool,
    attempt: &'a mut Option<u32>,
    verdict: &'a mut Verdict,
    reason: &'a mut Option<String>,
    noise: &'a mut Option<Noise>,
    seconds: f64,
    /// Whether nothing was answered, and nothing went wrong.
    silent: bool,
}

impl<'a> Parts<'a> {
    fn of(cell: &'a mut Cell) -> Self {
        let is_probe = matches!(cell, Cell::Spawn(_) | Cell::Switch(_) | Cell::Ipc(_));
        // As tasks, probes run on any processor, and in windows of their own length.
        let is_task = is_probe || matches!(cell, Cell::Tasks(_));
        // The fields have the same names in cells of all kinds, whose types have nothing else in common.
        macro_rules! parts {
            ($cell:ident, $silent:expr) => {
                Self {
                    is_task,
                    is_probe,
                    silent: $silent,
                    attempt: &mut $cell.attempt,
                    verdict: &mut $cell.verdict,
                    reason: &mut $cell.reason,
                    noise: &mut $cell.noise,
                    seconds: $cell.seconds,
                }
            };
        }
        match cell {
            Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) => {
                parts!(cell, cell.requests == 0 && cell.errors.total() == 0)
            }
            Cell::Tasks(cell) => parts!(cell, false),
            Cell::Spawn(cell) | Cell::Switch(cell) | Cell::Ipc(cell) => parts!(cell, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use reports::record::{ProbeCell, ServerCell, TaskCell};

    use super::*;

    fn met(hiccup_ms: f64) -> Noise {
        Noise { hiccup_us: Some(hiccup_ms * 1e3), ..Noise::default() }
    }

    fn server(hiccup_ms: f64) -> Cell {
        let reason = Some("the server closed connections".to_owned());
        Cell::Servers(Box::new(ServerCell {
            noise: Some(met(hiccup_ms)),
            seconds: 0.5,
            reason,
            ..ServerCell::default()
        }))
    }

    #[test]
    fn a_disturbed_cell_is_unstable_says_why_and_is_measured_again() {
        let (mut cell, mut repeats) = (server(80.0), Repeats::default());
        assert!(repeats.judge(&mut cell, 1, 8));
        let marked = cell.server().unwrap();
        assert_eq!((marked.verdict, marked.attempt), (Verdict::Unstable, None));
        assert!(marked.noise.unwrap().disturbed);
        let why = "the server closed connections; the machine was disturbed: an idle thread could not run for 80 ms";
        assert_eq!(marked.reason.as_deref(), Some(why));
    }

    #[test]
    fn a_repeat_is_marked_as_one_judged_alike_and_not_repeated() {
        let mut repeats = Repeats::default();
        let (mut calm, mut disturbed) = (server(3.0), server(80.0));
        assert!(!repeats.judge(&mut calm, 2, 8) && !repeats.judge(&mut disturbed, 2, 8));
        assert_eq!((calm.verdict(), calm.attempt()), (Verdict::Valid, 2));
        assert_eq!((disturbed.verdict(), disturbed.attempt()), (Verdict::Unstable, 2));
        assert!(!calm.server().unwrap().noise.unwrap().disturbed);
    }

    #[test]
    fn a_quarter_of_the_plan_is_measured_again_at_most_and_the_rest_is_told() {
        let mut repeats = Repeats::default();
        // Each stands out from what the others before it made usual.
        let again = [1.0, 3.0, 9.0].map(|times| repeats.judge(&mut server(80.0 * times), 1, 8));
        assert_eq!(again, [true, true, false]);
        let note = repeats.notes().concat();
        assert!(note.starts_with("1 of 3 disturbed cells were not measured again"), "{note}");
    }

    #[test]
    fn a_server_of_which_nothing_was_heard_on_a_disturbed_machine_is_asked_again() {
        let mut cell = server(80.0);
        if let Cell::Servers(cell) = &mut cell {
            cell.verdict = Verdict::Errors;
        }
        assert!(Repeats::default().judge(&mut cell, 1, 8));
        assert_eq!(cell.verdict(), Verdict::Unstable);
    }

    #[test]
    fn an_error_stays_one_whatever_the_machine_did() {
        let task = TaskCell {
            verdict: Verdict::Errors,
            noise: Some(met(80.0)),
            seconds: 0.5,
            ..TaskCell::default()
        };
        let mut cell = Cell::Tasks(Box::new(task));
        assert!(!Repeats::default().judge(&mut cell, 1, 8));
        assert_eq!(cell.verdict(), Verdict::Errors);
    }

    #[test]
    fn what_a_probe_itself_found_disturbed_is_measured_again_once() {
        let found = || {
            let reason = Some("others ran".to_owned());
            let cell = ProbeCell { verdict: Verdict::Unstable, reason, ..ProbeCell::default() };
            Cell::Switch(Box::new(cell))
        };
        let (mut first, mut second) = (found(), found());
        let mut repeats = Repeats::default();
        assert!(repeats.judge(&mut first, 1, 8) && !repeats.judge(&mut second, 2, 8));
        assert_eq!((first.verdict(), second.verdict()), (Verdict::Unstable, Verdict::Unstable));
        assert_eq!(second.reason(), Some("others ran"));
    }

    #[test]
    fn what_is_usual_for_tasks_says_nothing_of_servers() {
        let mut repeats = Repeats::default();
        for _ in 0..20 {
            let task = TaskCell { noise: Some(met(30.0)), seconds: 0.5, ..TaskCell::default() };
            repeats.judge(&mut Cell::Tasks(Box::new(task)), 1, 100);
        }
        assert!(repeats.judge(&mut server(30.0), 1, 100));
    }

    #[test]
    fn steal_that_is_there_all_along_is_told_once_for_all_cells() {
        let mut repeats = Repeats::default();
        for _ in 0..20 {
            let noise = Some(Noise { steal_share: Some(0.05), ..Noise::default() });
            let cell = ServerCell { noise, seconds: 0.5, ..ServerCell::default() };
            repeats.judge(&mut Cell::Servers(Box::new(cell)), 1, 100);
        }
        let notes = repeats.notes();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("gave about 5% of this machine's time to others"), "{notes:?}");
    }

    #[test]
    fn a_block_is_made_alike_for_a_quarter_of_the_plan_at_most_and_what_was_left_is_told() {
        let at = |distance| {
            let hop = Some(distance);
            let noise = Some(Noise { hop_before_ns: hop, hop_after_ns: hop, ..Noise::default() });
            Cell::Servers(Box::new(ServerCell { noise, ..ServerCell::default() }))
        };
        let (near, far) = (at(140.0), at(210.0));
        let mut repeats = Repeats::default();
        assert_eq!(repeats.to_make_alike(&[&near, &near], 8), None);
        let moved = repeats.to_make_alike(&[&near, &near, &far], 8).unwrap();
        assert_eq!((moved.end, moved.before), (2, vec![0, 1]));
        assert_eq!(repeats.to_make_alike(&[&far, &far, &far, &near], 8), None, "3 are more than 2");
        let notes = repeats.notes();
        assert!(notes[0].starts_with("3 cells were not measured once more"), "{notes:?}");
    }
}
