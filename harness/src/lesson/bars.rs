//! A bar for each thread of a step, which grows to the right as time goes by: high where it ran, a dot where it waited.
//!
//! What a column shows is a share: how much of the time between two looks the thread was on a processor, by its processor
//! time. Its state letter alone would not do: under two processors four threads that compute are all in state `R`.

use std::time::Duration;

use reports::terminal::{Charset, padded};

use super::in_place::Line;
use crate::language;
use crate::measure::threads::{Thread, Threads};

/// From a little to all of the time.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_HEIGHTS: [char; 8] = [':', ':', '-', '-', '=', '=', '+', '#'];
/// A thread that ran for a smaller share of the time did not run to speak of.
const LEAST_SHARE: f64 = 0.02;
/// As many bars, so that they and some text fit on a small terminal.
const BARS_AT_MOST: usize = 12;
/// As many looks: more than there are in the longest step, so that a bar stays bounded.
const LOOKS_AT_MOST: usize = 4096;
/// What stands before and behind a bar.
const BESIDE: usize = 30;
/// How many columns a label has.
const LABEL: usize = 15;

/// All bars of one run.
#[derive(Debug, Default)]
pub(super) struct Bars {
    rows: Vec<Row>,
    looks: usize,
    seconds: f64,
    threads: u64,
}

#[derive(Debug)]
struct Row {
    tid: i32,
    label: String,
    state: Option<char>,
    cpu: Duration,
    /// For each look how much of the time before it the thread ran; none where it was not there.
    shares: Vec<Option<f64>>,
}

/// A bar, drawn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// The state's letter; a space once the thread has ended.
    pub(super) state: char,
    /// What stands behind the letter.
    pub(super) rest: String,
}

impl Bars {
    /// Takes what was seen so long after the run began.
    pub(super) fn take(&mut self, seconds: f64, threads: &Threads) {
        if self.looks == LOOKS_AT_MOST {
            return;
        }
        let since = seconds - self.seconds;
        let first = threads.seen.first().map_or(0, |thread| thread.pid);
        for thread in &threads.seen {
            let row = self.row(thread, first);
            let ran = thread.cpu.saturating_sub(row.cpu).as_secs_f64();
            row.shares.push(Some(if since > 0.0 { (ran / since).min(1.0) } else { 0.0 }));
            (row.state, row.cpu) = (Some(thread.state), thread.cpu);
        }
        self.looks += 1;
        for row in self.rows.iter_mut().filter(|row| row.shares.len() < self.looks) {
            row.shares.push(None);
            row.state = None;
        }
        (self.seconds, self.threads) = (seconds, threads.threads);
    }

    /// The thread's row, a new one if it has none.
    fn row(&mut self, thread: &Thread, first: i32) -> &mut Row {
        let place = self.rows.iter().position(|row| row.tid == thread.tid).unwrap_or_else(|| {
            self.rows.push(Row {
                tid: thread.tid,
                label: label(thread, first),
                state: None,
                cpu: Duration::ZERO,
                shares: vec![None; self.looks],
            });
            self.rows.len() - 1
        });
        &mut self.rows[place]
    }

    /// In a sentence: how many run and how many wait.
    pub(super) fn sentence(&self) -> String {
        let in_state = |states: &str| {
            self.rows.iter().filter(|row| row.state.is_some_and(|state| states.contains(state))).count()
        };
        let looked_at = self.rows.iter().filter(|row| row.state.is_some()).count() as u64;
        let more = match self.threads.saturating_sub(looked_at) {
            0 => String::new(),
            more => format!(", {more} more"),
        };
        let cpu: Duration = self.rows.iter().map(|row| row.cpu).sum();
        format!(
            "{:.1} s: {} ready or running, {} waiting{more}; {:.2} s of processor time",
            self.seconds,
            in_state("R"),
            in_state("SDIT"),
            cpu.as_secs_f64()
        )
    }

    /// The bars in lines of less than `width`, at most so many.
    pub(super) fn draw(&self, width: usize, lines: usize, charset: Charset) -> Vec<Bar> {
        let columns = width.saturating_sub(BESIDE).max(8);
        let shown = self.rows.iter().take(lines.min(BARS_AT_MOST));
        shown.map(|row| row.draw(columns, self.looks, charset)).collect()
    }
}

/// A process's first thread bears the name of its program, which tells nothing.
fn label(thread: &Thread, first: i32) -> String {
    match thread.tid {
        tid if tid == first => language::say("main"),
        tid if tid == thread.pid => language::say(&format!("process {tid}")),
        _ => thread.name.clone(),
    }
}

impl Row {
    fn draw(&self, columns: usize, looks: usize, charset: Charset) -> Bar {
        let drawn = looks.min(columns);
        let bar: String = (0..drawn)
            .map(|column| mark(&self.shares[column * looks / drawn..(column + 1) * looks / drawn], charset))
            .collect();
        let label = padded(&Line::plain(&self.label, LABEL + 1).text, LABEL);
        let rest = format!("{label} {bar:<columns$} {:>6.2} s", self.cpu.as_secs_f64());
        Bar { state: self.state.unwrap_or(' '), rest }
    }
}

/// One column: the mean of the looks that fall into it.
fn mark(shares: &[Option<f64>], charset: Charset) -> char {
    let there: Vec<f64> = shares.iter().flatten().copied().collect();
    let share = there.iter().sum::<f64>() / there.len() as f64;
    let (dot, heights) = match charset {
        Charset::Utf8 => ('·', HEIGHTS),
        Charset::Ascii => ('.', ASCII_HEIGHTS),
    };
    match share {
        share if share.is_nan() => ' ', // it was not there
        share if share < LEAST_SHARE => dot,
        share => heights[((share * 8.0).ceil() as usize).clamp(1, 8) - 1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(seen: &[(i32, i32, char, f64)]) -> Threads {
        let thread = |&(pid, tid, state, cpu): &(i32, i32, char, f64)| Thread {
            pid,
            tid,
            name: format!("job {tid}"),
            state,
            cpu: Duration::from_secs_f64(cpu),
        };
        Threads { processes: 1, threads: seen.len() as u64, seen: seen.iter().map(thread).collect() }
    }

    /// The first thread waits; the second runs, half, not at all; the third comes later and goes.
    fn bars() -> Bars {
        let mut bars = Bars::default();
        bars.take(1.0, &threads(&[(7, 7, 'S', 0.0), (7, 8, 'R', 1.0)]));
        bars.take(2.0, &threads(&[(7, 7, 'S', 0.0), (7, 8, 'R', 1.5), (9, 9, 'R', 1.0)]));
        bars.take(3.0, &threads(&[(7, 7, 'S', 0.0), (7, 8, 'S', 1.5)]));
        bars
    }

    fn drawn(bars: &Bars, width: usize, charset: Charset) -> Vec<String> {
        bars.draw(width, 9, charset).iter().map(|bar| format!("{} {}", bar.state, bar.rest)).collect()
    }

    #[test]
    fn a_bar_is_high_where_a_thread_ran_and_a_dot_where_it_waited() {
        let expected = [
            "S main            ···          0.00 s",
            "S job 8           █▄·          1.50 s",
            "  process 9        █           1.00 s",
        ];
        assert_eq!(drawn(&bars(), 40, Charset::Utf8), expected);
        assert!(drawn(&bars(), 40, Charset::Ascii)[1].starts_with("S job 8           #-. "));
    }

    #[test]
    fn a_bar_that_has_no_room_shows_the_mean_of_what_falls_together() {
        let mut bars = Bars::default();
        for look in 1..=16 {
            bars.take(f64::from(look), &threads(&[(7, 7, 'R', f64::from(look / 2))]));
        }
        assert!(
            drawn(&bars, 38, Charset::Utf8)[0].contains(" ▄▄▄▄▄▄▄▄ "),
            "{:?}",
            drawn(&bars, 38, Charset::Utf8)
        );
    }

    #[test]
    fn every_line_is_shorter_than_the_terminal_is_wide() {
        for width in 40..120 {
            for line in drawn(&bars(), width, Charset::Utf8) {
                assert!(line.chars().count() + 2 < width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn the_sentence_counts_who_runs_and_who_waits() {
        let mut bars = bars();
        assert_eq!(bars.sentence(), "3.0 s: 0 ready or running, 2 waiting; 2.50 s of processor time");
        let many = Threads { threads: 1000, ..threads(&[(7, 7, 'S', 0.5), (7, 8, 'R', 2.0)]) };
        bars.take(4.0, &many);
        assert_eq!(
            bars.sentence(),
            "4.0 s: 1 ready or running, 1 waiting, 998 more; 3.50 s of processor time"
        );
    }

    #[test]
    fn only_as_many_bars_are_drawn_as_there_is_room_for() {
        assert_eq!(bars().draw(80, 2, Charset::Utf8).len(), 2);
    }
}
