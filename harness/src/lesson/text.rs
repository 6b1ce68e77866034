//! A lesson for people: as a page to read, with bars that grow in place on a terminal and a line a second elsewhere.

use std::io::{self, Write};

use reports::table::{Column, Table};
use reports::terminal::{Colours, Terminal, columns, draw_table_in, draw_text};

use super::bars::{Bar, Bars};
use super::conclusion::{Conclusion, Verdict, times};
use super::event::{Event, Guessed, Trouble};
use super::figures::{Figure, Figures};
use super::in_place::{InPlace, Line};
use super::{Lesson, Setup, Stage, Step};
use crate::language;
use crate::measure::threads::Threads;

/// What a screen must have room for beside the bars: the line above them, and the cursor's.
const LINES_BESIDE: usize = 3;
/// How much room a step's name is given.
const NAME: usize = 18;

/// What a lesson is told on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// How wide it is and what it can show.
    pub terminal: Terminal,
    /// How many lines it has; none where lines can't be drawn again.
    pub lines: Option<usize>,
    /// Whether it may be coloured.
    pub colours: bool,
}

/// Tells a lesson to people.
pub struct Text<W> {
    out: W,
    /// Asked again and again, since a window may change its size.
    screen: fn() -> Screen,
    /// Whether the answers come right after the questions.
    answers: bool,
    place: InPlace,
    bars: Bars,
    /// Which round it is, from 1.
    round: u32,
    /// The last whole second that a line was written for.
    second: u64,
}

impl<W: Write> Text<W> {
    /// Nothing has been told yet.
    pub fn new(out: W, screen: fn() -> Screen, answers: bool) -> Self {
        Self { out, screen, answers, place: InPlace::default(), bars: Bars::default(), round: 0, second: 0 }
    }

    /// The answers to the questions.
    pub fn answers(&mut self, lesson: &Lesson) -> io::Result<()> {
        let answers = lesson.questions.iter().zip(1..);
        let told: String =
            answers.map(|(it, number)| self.within(2, &numbered(number, it.answer), 3)).collect();
        self.write(&(language::say("\nAnswers\n") + &told))
    }

    fn terminal(&self) -> Terminal {
        (self.screen)().terminal
    }

    /// A paragraph on the margin, whose lines but the first are indented.
    fn paragraph(&self, text: &str, indent: usize) -> String {
        draw_text(&told(text), self.terminal(), indent)
    }

    /// A paragraph that stands `margin` to the right as a whole.
    fn within(&self, margin: usize, text: &str, indent: usize) -> String {
        let terminal = self.terminal();
        let narrower = Terminal { width: terminal.width.saturating_sub(margin), ..terminal };
        let lines = draw_text(&told(text), narrower, indent);
        let margin = " ".repeat(margin);
        lines.lines().flat_map(|line| [&margin, line, "\n"]).collect()
    }

    fn table(&self, table: Table) -> String {
        let language = language::current();
        draw_table_in(language, &table.translated(language), self.terminal(), Colours::Off)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn title(&mut self, lesson: &Lesson, setup: &Setup, steps: &[Step]) -> io::Result<()> {
        let rule = "=".repeat(columns(&language::say(lesson.title)).min(self.terminal().width));
        let mut told = format!("{}{rule}\n\n", self.paragraph(lesson.title, 0));
        for watch in (lesson.watch)(setup) {
            told += &self.paragraph(&watch, 0);
            told.push('\n');
        }
        let here = match setup.processors {
            1 => "This machine has one processor.".to_owned(),
            several => format!("This machine has {several} processors."),
        };
        told += &self.paragraph(&here, 0);
        let rounds = steps.iter().map(|step| step.repeats).max().unwrap_or_default();
        if rounds > 1 {
            told += &self.paragraph(
                &format!("All steps are run {rounds} times, in rounds: each once, then each again."),
                0,
            );
        }
        if (self.screen)().lines.is_some() {
            told += &self.paragraph(LEGEND, 0);
        }
        self.write(&told)
    }

    /// Later rounds are told in few words: all that is to be said of a step was said in the first one.
    fn step_begun(&mut self, step: &Step, repeat: u32) -> io::Result<()> {
        (self.bars, self.second) = (Bars::default(), 0);
        let new = repeat != self.round;
        self.round = repeat;
        if repeat > 1 {
            let told = if new { language::say(&format!("\nRound {repeat}\n")) } else { String::new() };
            return self.write(&told);
        }
        let told = [
            self.paragraph(step.title, 0),
            self.within(2, &step.says, 0),
            self.within(2, &format!("$ {}", step.work), 4),
        ];
        self.write(&format!("\n{}", told.concat()))
    }

    fn sample(&mut self, step: &Step, seconds: f64, threads: &Threads) -> io::Result<()> {
        self.bars.take(seconds, threads);
        let step = if self.round > 1 { format!("{}, ", step.name) } else { String::new() };
        let sentence = format!("  {step}{}", language::say(&self.bars.sentence()));
        let screen = (self.screen)();
        let Some(lines) = screen.lines else {
            let second = seconds as u64;
            if second <= self.second {
                return Ok(());
            }
            self.second = second;
            return self.write(&(sentence + "\n"));
        };
        let width = screen.terminal.width;
        let mut drawn = vec![Line::plain(&sentence, width)];
        let bars = self.bars.draw(width, lines.saturating_sub(LINES_BESIDE), screen.terminal.charset);
        drawn.extend(bars.iter().map(|bar| line_of(bar, screen)));
        self.place.draw(&mut self.out, &drawn, width)
    }

    fn step_ended(
        &mut self,
        step: &Step,
        figure: Option<&Figure>,
        trouble: Option<&Trouble>,
    ) -> io::Result<()> {
        let told = match (figure, trouble) {
            (Some(figure), _) => came_to(figure),
            (None, Some(Trouble::Unsupported(why))) => format!("not possible here: {why}"),
            (None, trouble) => format!("failed: {}", trouble.map_or("there is no figure", Trouble::reason)),
        };
        let told = language::say(&told);
        if self.round > 1 {
            // Else the table and the bars of the first round would be far apart.
            let width = self.terminal().width;
            self.place.draw(&mut self.out, &[], width)?;
            let told = self.within(2, &format!("{:<NAME$} => {told}", step.name), NAME + 4);
            return self.write(&told);
        }
        self.place.leave();
        let told = self.within(2, &format!("=> {told}"), 3);
        self.write(&told)
    }

    fn conclusion(
        &mut self,
        lesson: &Lesson,
        setup: &Setup,
        steps: &[Step],
        figures: &Figures,
        conclusion: &Conclusion,
        guess: Option<Guessed>,
    ) -> io::Result<()> {
        let mut told = format!("\n{}\n", self.table(table(lesson, steps, figures)));
        for claim in &conclusion.claims {
            let language = language::current();
            let holds = language.of(if claim.holds { "yes" } else { "no" });
            let wanted = language::say(&format!("wanted: {}", claim.wanted()));
            let says = format!("{}{}{wanted}", language.of(&claim.says), language.semicolon());
            told += &self.within(2, &language.labelled(&holds, &says), 5);
        }
        let verdict = match conclusion.verdict {
            Verdict::Shown => "Shown",
            Verdict::NotShown => "Not shown",
            Verdict::CannotShow => "Can't be shown here",
        };
        told.push('\n');
        let from = if setup.quick { " (from one quick run)" } else { "" };
        let verdict = language::say(verdict) + &language::say(from);
        let sentence = language::say(&conclusion.sentence);
        told += &self.paragraph(&language::current().labelled(&verdict, &sentence), 0);
        if let Some(guess) = guess {
            told += &self.paragraph(&guessed(guess), 0);
        }
        told += &language::say("\nWhere to look\n");
        for place in lesson.places {
            let shows = language::say(place.shows);
            told += &self.within(2, &language::current().labelled(place.path, &shows), 2);
        }
        self.write(&told)
    }

    fn questions(&mut self, lesson: &Lesson) -> io::Result<()> {
        let mut told = language::say("\nQuestions\n");
        for (question, number) in lesson.questions.iter().zip(1..) {
            told += &self.within(2, &numbered(number, question.asks), 3);
        }
        self.write(&told)?;
        if self.answers { self.answers(lesson) } else { Ok(()) }
    }
}

impl<W: Write> Stage for Text<W> {
    fn show(&mut self, event: &Event<'_>) -> io::Result<()> {
        match *event {
            Event::Title { lesson, setup, steps } => self.title(lesson, setup, steps),
            Event::StepBegun { step, repeat } => self.step_begun(step, repeat),
            Event::Sample { step, seconds, threads, .. } => self.sample(step, seconds, threads),
            Event::StepEnded { step, figure, trouble, .. } => self.step_ended(step, figure, trouble),
            Event::Conclusion { lesson, setup, steps, figures, conclusion, guess } => {
                self.conclusion(lesson, setup, steps, figures, conclusion, guess)
            }
            Event::Questions { lesson } => self.questions(lesson),
        }
    }
}

/// A text in the reader's language; what would be typed into a shell stays.
fn told(text: &str) -> String {
    if text.starts_with("$ ") { text.to_owned() } else { language::say(text) }
}

fn numbered(number: usize, text: &str) -> String {
    format!("{number}. {}", language::say(text))
}

const LEGEND: &str = "A bar is a thread, from its beginning to now: high where it ran, a dot where it waited, nothing where it \
    was not there. The letter before it is its state now: R runs or could run, S sleeps, D waits for a disk, Z has ended and \
    nobody has asked how. What stands behind it is the processor time it has used.";

/// A bar with its letter in colour: green for who runs, dim for who waits.
fn line_of(bar: &Bar, screen: Screen) -> Line {
    let plain = Line::plain(&format!("  {} {}", bar.state, bar.rest), screen.terminal.width);
    let colour = match bar.state {
        _ if !screen.colours => return plain,
        'R' => "32",
        _ => "2",
    };
    let (before, rest) = plain.text.split_at(2);
    let Some(rest) = rest.strip_prefix(bar.state) else { return plain };
    Line { text: format!("{before}\x1b[{colour}m{}\x1b[0m{rest}", bar.state), ..plain }
}

/// The last time.
fn came_to(figure: &Figure) -> String {
    figure.unit.write(figure.values.last().copied().unwrap_or(figure.median))
}

fn guessed(guess: Guessed) -> String {
    let it_was = guess.was.map_or("it was not measured".to_owned(), |was| format!("it was {}", times(was)));
    format!("You guessed {}; {it_was}.", guess.guessed)
}

/// How many times as much as that, or which part of it.
fn compared_with(ratio: f64, by: &str) -> String {
    if ratio < 0.1 {
        format!("1/{} of {by}", times(1.0 / ratio))
    } else {
        format!("{} × {by}", times(ratio))
    }
}

const RATIOS: &str = "What a step is of another is the median of the ratios within rounds.";

/// All figures of the run, and the notes' own beside them.
fn table(lesson: &Lesson, steps: &[Step], figures: &Figures) -> Table {
    let mut columns = vec![
        Column::words("step", 0),
        Column::numbers("median", "", 0),
        Column::numbers("from .. to", "", 3),
        Column::words("that is", 1),
    ];
    let several = steps.iter().any(|step| step.repeats > 1);
    let has_notes = !lesson.notes.is_empty();
    columns.extend(has_notes.then(|| Column::words(lesson.notes, 2)));
    let row = |step: &Step| {
        let found = figures.of(step.name);
        let write = |of: fn(&Figure) -> f64| found.map(|it| it.unit.write(of(it))).unwrap_or_default();
        let against = step.against.filter(|against| *against != step.name);
        let compared = against.and_then(|by| Some((figures.ratio(step.name, by)?, by)));
        let mut row = vec![step.name.to_owned()];
        let ends =
            found.filter(|it| it.values.len() > 1).map(|it| it.unit.write_range(it.least, it.greatest));
        row.extend([write(|it| it.median), ends.unwrap_or_default()]);
        row.push(compared.map(|(ratio, by)| compared_with(ratio, by)).unwrap_or_default());
        row.extend(has_notes.then(|| step.notes.clone()));
        row
    };
    Table {
        title: "What this run came to".to_owned(),
        columns,
        rows: steps.iter().map(row).collect(),
        notes: several.then(|| RATIOS.to_owned()).into_iter().collect(),
    }
}
