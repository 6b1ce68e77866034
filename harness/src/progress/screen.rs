//! Draws a run's [`State`] as lines: how far it is, what goes on, what came of it, what comes next. What has no room is left
//! out, from the end.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::text::{Line, Span};
use reports::language::Language;
use reports::terminal::{Charset, Colours, Terminal, bar, padded, sparkline};
use reports::{grouped, latency};

use super::state::{Came, Crowd, Member, State};

/// For processes no more lines than these are drawn, however many there is room for.
const MEMBERS_AT_MOST: usize = 12;
/// How wide the figures before sparklines are.
const FIGURES: usize = 24;

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// In which characters.
    pub charset: Charset,
    /// Whether with colours.
    pub colours: Colours,
    /// In which language.
    pub language: Language,
}

/// Draws `state` all over `area`.
pub fn draw(state: &State, look: Look, area: Rect, buffer: &mut Buffer) {
    buffer.reset();
    let lines = Page { state, look, width: area.width.into() }.lines(area.height.into());
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        buffer.set_line(area.x, y, line, area.width);
    }
}

struct Page<'a> {
    state: &'a State,
    look: Look,
    width: usize,
}

/// A part of the page: its own lines, and a list of which some may be left out.
struct Part {
    head: Vec<Line<'static>>,
    list: Vec<Line<'static>>,
    at_most: usize,
}

impl Page<'_> {
    /// All lines, no more than `height`.
    fn lines(&self, height: usize) -> Vec<Line<'static>> {
        let parts = vec![self.header(), self.now(), self.processes(), self.results(), self.next()];
        let footer = self.text("q ends the run and keeps its cells.", self.dim());
        let room = height.saturating_sub(1);
        let mut lines = arranged(parts, room);
        lines.truncate(room);
        lines.resize(room, Line::default());
        lines.push(footer);
        lines
    }

    fn header(&self) -> Part {
        let State { done, all, .. } = self.state;
        let share = if *all == 0 { 0.0 } else { *done as f64 / *all as f64 };
        let bar = bar(share, self.width, self.look.charset);
        Part::of(vec![self.how_far(), Line::styled(bar, self.coloured(Color::Green))])
    }

    /// How far the run is, in as many words as there is room for.
    fn how_far(&self) -> Line<'static> {
        let State { done, all, so_far, .. } = self.state;
        let so_far = duration(*so_far);
        let [long, short] = match self.state.time_left().map(super::left_in_words) {
            Some(left) => [
                format!("concur: {done} of {all} steps done, {left} left, {so_far} so far"),
                format!("{done} of {all} done, {left} left"),
            ],
            None => [
                format!("concur: {done} of {all} steps done, time left not known yet, {so_far} so far"),
                format!("{done} of {all} done, time left not known yet"),
            ],
        };
        let lines = [long, short, format!("{done}/{all}")].map(|text| self.text(&text, self.bold()));
        let [.., shortest] = &lines;
        lines.iter().find(|line| line.width() <= self.width).unwrap_or(shortest).clone()
    }

    fn now(&self) -> Part {
        let Some(now) = &self.state.now else {
            return Part::of(vec![self.text("Looking at what this machine can do", self.bold())]);
        };
        let what = self.text(&format!("Now: {}", now.what), self.bold());
        let p50: VecDeque<f64> = now.seconds.iter().map(|second| second.p50_us).collect();
        let p99: VecDeque<f64> = now.seconds.iter().map(|second| second.p99_us).collect();
        let unit = self.look.language.heading("req/s");
        let rate = now.rates.back().map(|rate| format!("{} {unit}", grouped(rate.round() as u64)));
        if !now.is_server {
            return Part::of(vec![what]);
        }
        // A shorter cell shows them among the results alone.
        let late =
            |of: &VecDeque<f64>| Some(of.back().map_or("known after 1 s".to_owned(), |us| latency(*us)));
        Part::of(vec![
            what,
            self.spark("rate", rate, &now.rates, Color::Green),
            self.spark("p50", late(&p50), &p50, Color::Cyan),
            self.spark("p99", late(&p99), &p99, Color::Cyan),
        ])
    }

    /// A figure, and how it went until now.
    fn spark(
        &self,
        name: &str,
        figure: Option<String>,
        values: &VecDeque<f64>,
        color: Color,
    ) -> Line<'static> {
        let figure = self.said(&figure.unwrap_or_else(|| "not known yet".to_owned()));
        let name = padded(&self.look.language.heading(name), 5);
        let told = padded(&self.plain(&format!("  {name} {figure}")), FIGURES);
        let room = self.width.saturating_sub(FIGURES + 1);
        let shown = values.len().min(room);
        let highest = values.iter().copied().fold(0.0, f64::max);
        let share = |value: &f64| (highest > 0.0).then(|| value / highest);
        let marks = sparkline(values.iter().skip(values.len() - shown).map(share), self.look.charset);
        Line::from(vec![Span::raw(told + " "), Span::styled(marks, self.coloured(color))])
    }

    fn processes(&self) -> Part {
        let Some(crowd) = self.state.now.as_ref().and_then(|now| now.processes.as_ref()) else {
            return Part::of(vec![self.text("Processes: none yet", self.bold())]);
        };
        let Crowd { processes, threads, share, members } = crowd;
        let used = share.map(|share| format!(", CPU: {}", percent(share))).unwrap_or_default();
        let told = format!("Processes: {processes}, threads: {threads}{used}");
        let list = members.iter().map(|member| self.member(member)).collect();
        Part { head: vec![self.text(&told, self.bold())], list, at_most: MEMBERS_AT_MOST }
    }

    fn member(&self, member: &Member) -> Line<'static> {
        let Member { pid, name, state, threads, share } = member;
        let used = share.map(percent).unwrap_or_default();
        let threads = if *threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
        let [state, threads] =
            [(state_name(*state), 8), (&*threads, 12)].map(|(text, width)| padded(&self.said(text), width));
        let told = format!("  {pid:>8}  {state}  {used:>5}  {threads}  {name}");
        Line::styled(self.plain(&told), Style::new())
    }

    fn results(&self) -> Part {
        let list: Vec<_> = self.state.results.iter().map(|came| self.came(came)).collect();
        let title = if list.is_empty() { "Results: none yet" } else { "Results, the latest one first" };
        Part { head: vec![self.text(title, self.bold())], list, at_most: usize::MAX }
    }

    fn came(&self, came: &Came) -> Line<'static> {
        let style = if came.counts { Style::new() } else { self.coloured(Color::Yellow) };
        self.text(&format!("  {}: {}", came.who, came.what), style)
    }

    fn next(&self) -> Part {
        let list: Vec<_> =
            self.state.next.iter().map(|step| self.text(&format!("  {step}"), Style::new())).collect();
        let title = match (&self.state.now, list.is_empty()) {
            (_, false) => "Next",
            (Some(_), true) => "Next: nothing more in this round",
            (None, true) => "Next: not planned yet",
        };
        Part { head: vec![self.text(title, self.bold())], list, at_most: usize::MAX }
    }

    fn text(&self, text: &str, style: Style) -> Line<'static> {
        Line::styled(self.plain(&self.said(text)), style)
    }

    /// In the reader's language.
    fn said(&self, text: &str) -> String {
        self.look.language.of_lines(text)
    }

    /// In characters that the terminal knows.
    fn plain(&self, text: &str) -> String {
        Terminal { width: self.width, charset: self.look.charset }.text(text)
    }

    fn bold(&self) -> Style {
        self.if_coloured(Style::new().add_modifier(Modifier::BOLD))
    }

    fn dim(&self) -> Style {
        self.if_coloured(Style::new().add_modifier(Modifier::DIM))
    }

    fn coloured(&self, color: Color) -> Style {
        self.if_coloured(Style::new().fg(color))
    }

    fn if_coloured(&self, style: Style) -> Style {
        if self.look.colours == Colours::On { style } else { Style::new() }
    }
}

impl Part {
    fn of(head: Vec<Line<'static>>) -> Self {
        Self { head, list: Vec::new(), at_most: 0 }
    }
}

/// The parts one below the other in so many lines: first their own lines, then a space between them, then their lists, all of
/// which grow together.
fn arranged(parts: Vec<Part>, room: usize) -> Vec<Line<'static>> {
    let heads: usize = parts.iter().map(|part| part.head.len()).sum();
    let lists = parts.iter().filter(|part| !part.list.is_empty()).count();
    let gaps = parts.len().saturating_sub(1);
    let is_spaced = heads + gaps + lists <= room;
    let mut left = room.saturating_sub(heads + if is_spaced { gaps } else { 0 });
    let mut shown = vec![0; parts.len()];
    loop {
        let before = left;
        for (part, shown) in parts.iter().zip(&mut shown) {
            if left > 0 && *shown < part.list.len().min(part.at_most) {
                *shown += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    let mut lines = Vec::with_capacity(room);
    for (number, (part, shown)) in parts.into_iter().zip(shown).enumerate() {
        if is_spaced && number > 0 {
            lines.push(Line::default());
        }
        lines.extend(part.head);
        lines.extend(part.list.into_iter().take(shown));
    }
    lines
}

fn state_name(state: char) -> &'static str {
    match state {
        'R' => "running",
        'S' | 'I' => "waiting",
        'D' => "on disk",
        'T' | 't' => "stopped",
        'Z' | 'X' => "ended",
        _ => "",
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

fn duration(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use ratatui_core::backend::TestBackend;
    use ratatui_core::terminal;

    use super::super::state::Now;
    use super::*;
    use crate::load::Second;

    fn state() -> State {
        let member =
            |pid, state, threads, share| Member { pid, name: "concur".to_owned(), state, threads, share };
        let second = |p50_us, p99_us| Second { p50_us, p99_us };
        let came =
            |who: &str, what: &str, counts| Came { who: who.to_owned(), what: what.to_owned(), counts };
        let next = |name: &str| format!("{name}, http /hello, 64 connections, round 2");
        State {
            done: 42,
            all: 145,
            so_far: Duration::from_secs(61),
            left: Duration::from_secs(150),
            now: Some(Now {
                what: "prefork:accept=mutex, http /hello, 64 connections, round 2".to_owned(),
                is_server: true,
                rates: [0.0, 12_000.0, 48_000.0, 50_000.0, 51_234.4].into(),
                seconds: [second(110.0, 900.0), second(121.0, 1_200.0)].into(),
                processes: Some(Crowd {
                    processes: 3,
                    threads: 5,
                    share: Some(0.984),
                    members: vec![
                        member(4711, 'S', 1, Some(0.0)),
                        member(4712, 'R', 1, Some(0.61)),
                        member(4713, 'D', 3, None),
                    ],
                }),
            }),
            next: ["select", "epoll", "thread", "fork", "poll", "mio"].map(next).to_vec(),
            results: [
                came("loop", "unsupported", false),
                came("epoll", "50,000 req/s, p50 123 µs, p99 1.50 ms, 10.0 µs CPU/req", true),
                came("fork", "9,000 req/s, p50 523 µs, p99 4.50 ms, 91.0 µs CPU/req", true),
            ]
            .into(),
        }
    }

    fn drawn(state: &State, charset: Charset, width: u16, height: u16) -> TestBackend {
        drawn_in(Language::English, state, charset, width, height)
    }

    fn drawn_in(language: Language, state: &State, charset: Charset, width: u16, height: u16) -> TestBackend {
        let look = Look { charset, colours: Colours::Off, language };
        let mut terminal = terminal::Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(state, look, frame.area(), frame.buffer_mut())).unwrap();
        terminal.backend().clone()
    }

    #[test]
    fn a_view_of_80_columns_and_24_lines() {
        assert_snapshot!(drawn(&state(), Charset::Utf8, 80, 24));
    }

    #[test]
    fn a_view_in_chinese() {
        assert_snapshot!(drawn_in(Language::Chinese, &state(), Charset::Utf8, 80, 24));
    }

    #[test]
    fn a_view_of_40_columns_and_12_lines() {
        assert_snapshot!(drawn(&state(), Charset::Utf8, 40, 12));
    }

    #[test]
    fn in_little_room_the_first_line_has_fewer_words_and_none_is_cut() {
        let first = |state: &State, width| {
            let text = drawn(state, Charset::Utf8, width, 6).to_string();
            text.lines().next().unwrap().trim_matches('"').trim_end().to_owned()
        };
        assert_eq!(first(&state(), 60), "concur: 42 of 145 steps done, 2m 30s left, 1m 1s so far");
        assert_eq!(first(&state(), 40), "42 of 145 done, 2m 30s left");
        assert_eq!(first(&state(), 20), "42/145");
        let fresh = State { all: 145, ..State::default() };
        assert_eq!(first(&fresh, 40), "0 of 145 done, time left not known yet");
    }

    #[test]
    fn what_takes_longer_than_expected_does_not_end_at_once() {
        let first = |left| {
            let text = drawn(&State { left, ..state() }, Charset::Utf8, 80, 6).to_string();
            text.lines().next().unwrap().to_owned()
        };
        assert!(first(Duration::ZERO).contains("done, time left not known yet, 1m 1s so far"));
        assert!(first(Duration::from_millis(300)).contains("done, 1s left, 1m 1s so far"));
    }

    #[test]
    fn in_the_last_step_of_a_round_nothing_more_is_next() {
        let view = |state| drawn(&state, Charset::Utf8, 80, 24).to_string();
        assert!(view(State { next: Vec::new(), ..state() }).contains("Next: nothing more in this round"));
        assert!(view(State::default()).contains("Next: not planned yet"));
    }

    #[test]
    fn a_view_before_anything_is_measured() {
        assert_snapshot!(drawn(&State { all: 145, ..State::default() }, Charset::Utf8, 60, 12));
    }

    #[test]
    fn a_view_in_ascii_has_only_ascii() {
        let text = drawn(&state(), Charset::Ascii, 80, 24).to_string();
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains('#') && text.contains("121 us"), "{text}");
    }

    #[test]
    fn a_view_has_room_in_any_terminal() {
        for (width, height) in [(1, 1), (3, 2), (10, 5), (80, 1), (300, 100)] {
            drawn(&state(), Charset::Utf8, width, height);
        }
    }

    #[test]
    fn without_colours_nothing_has_a_style() {
        let backend = drawn(&state(), Charset::Utf8, 80, 24);
        assert!(
            backend.buffer().content().iter().all(|cell| cell.modifier.is_empty() && cell.fg == Color::Reset)
        );
    }
}
