//! What a view of a run shows, as plain data: nothing in here looks at a clock, a process or a terminal.

use std::collections::VecDeque;
use std::time::Duration;

use reports::record::{Cell, ServerCell, TaskCell, Verdict};
use reports::{figure, grouped, latency};

use crate::load::Second;

/// As many looks at a rate, and seconds of latencies, are kept.
pub const LOOKS: usize = 240;
/// As many results.
const RESULTS: usize = 40;

/// How far a run is.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Steps that are done.
    pub done: usize,
    /// Steps in all, as far as is known.
    pub all: usize,
    /// How long it has taken so far.
    pub so_far: Duration,
    /// How long it will still take, as far as can be said; [`State::time_left`] says whether it can.
    pub left: Duration,
    /// The step under way; none before the first one.
    pub now: Option<Now>,
    /// The next steps, in their order.
    pub next: Vec<String>,
    /// What came of the last steps, the latest one first.
    pub results: VecDeque<Came>,
}

/// A step under way.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// What it measures.
    pub what: String,
    /// Whether it is a server, which has rates and latencies.
    pub is_server: bool,
    /// Replies a second, look after look.
    pub rates: VecDeque<f64>,
    /// The latencies of each whole second.
    pub seconds: VecDeque<Second>,
    /// Its processes, as they were last seen.
    pub processes: Option<Crowd>,
}

/// The processes of what is measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Crowd {
    /// How many there are.
    pub processes: u64,
    /// How many threads they have.
    pub threads: u64,
    /// How much of a processor they use together; none before the second look.
    pub share: Option<f64>,
    /// The first of them.
    pub members: Vec<Member>,
}

/// One process.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its number.
    pub pid: i32,
    /// What it is called.
    pub name: String,
    /// Its state's letter, as in `proc_pid_stat(5)`.
    pub state: char,
    /// How many threads it has.
    pub threads: u64,
    /// How much of a processor it uses; none before the second look.
    pub share: Option<f64>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// Of what.
    pub who: String,
    /// Its figures, or its verdict.
    pub what: String,
    /// Whether it counts.
    pub counts: bool,
}

impl State {
    /// A step begins; `is_server`: it puts a load on a server.
    pub fn begins(&mut self, what: String, is_server: bool) {
        self.now = Some(Now { what, is_server, ..Now::default() });
    }

    /// How long it will still take; none before anything is measured, and where it was to be over by now.
    pub fn time_left(&self) -> Option<Duration> {
        let is_known = self.now.is_some() && (self.done == self.all || !self.left.is_zero());
        is_known.then_some(self.left)
    }

    /// So much time has passed since anything was told.
    pub fn passes(&mut self, time: Duration) {
        self.so_far += time;
        self.left = self.left.saturating_sub(time);
    }

    /// A step has ended.
    pub fn came_to(&mut self, cell: &Cell) {
        self.results.push_front(Came::of(cell));
        self.results.truncate(RESULTS);
    }
}

impl Now {
    /// So many replies a second since the last look.
    pub fn add_rate(&mut self, rate: f64) {
        self.rates.push_back(rate);
        if self.rates.len() > LOOKS {
            self.rates.pop_front();
        }
    }
}

impl Came {
    fn of(cell: &Cell) -> Self {
        let (who, what) = match cell {
            Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) => {
                (with_options(&cell.model, &cell.options), of_server(cell))
            }
            Cell::Tasks(cell) => {
                let who = with_options(&cell.executor, &cell.options);
                let what = match cell.jobs {
                    1 => format!("{who}, {}, 1 job", cell.task),
                    jobs => format!("{who}, {}, {jobs} jobs", cell.task),
                };
                (what, of_task(cell))
            }
            Cell::Spawn(cell) | Cell::Switch(cell) | Cell::Ipc(cell) => {
                let time = cell.time_us.as_ref().map(|time| latency(time.p50));
                let rate = cell.bytes_per_second.map(|rate| format!("{} MB/s", figure(rate / 1e6)));
                (cell.way.clone(), time.or(rate).unwrap_or_default())
            }
        };
        let verdict = cell.verdict();
        let counts = matches!(verdict, Verdict::Valid | Verdict::ClientBound);
        let name = match verdict {
            Verdict::Valid => "",
            Verdict::ClientBound => "client-bound",
            Verdict::Unstable => "unstable",
            Verdict::Errors => "errors",
            Verdict::Unsupported => "unsupported",
        };
        let what = match verdict {
            Verdict::Valid => what,
            Verdict::Errors | Verdict::Unsupported => name.to_owned(),
            Verdict::ClientBound | Verdict::Unstable => format!("{what}, {name}"),
        };
        Self { who, what, counts }
    }
}

fn with_options(name: &str, options: &str) -> String {
    if options.is_empty() { name.to_owned() } else { format!("{name}:{options}") }
}

fn of_server(cell: &ServerCell) -> String {
    let mut parts = vec![format!("{} req/s", grouped(cell.requests_per_second.round() as u64))];
    if let Some(us) = &cell.latency_us {
        parts.push(format!("p50 {}", latency(us.p50)));
        parts.extend(us.p99.map(|p99| format!("p99 {}", latency(p99))));
    }
    let cpu_s = cell.server.as_ref().and_then(|cost| Some(cost.user_s? + cost.system_s?));
    if let Some(cpu_s) = cpu_s.filter(|_| cell.requests > 0) {
        parts.push(format!("{} µs CPU/req", figure(cpu_s * 1e6 / cell.requests as f64)));
    }
    parts.join(", ")
}

fn of_task(cell: &TaskCell) -> String {
    format!("{} s", figure(cell.seconds))
}

#[cfg(test)]
mod tests {
    use reports::record::{Cost, Latency};

    use super::*;

    fn server(verdict: Verdict) -> Cell {
        Cell::Servers(Box::new(ServerCell {
            model: "epoll".to_owned(),
            options: "trigger=edge".to_owned(),
            verdict,
            requests: 100_000,
            requests_per_second: 50_000.4,
            latency_us: Some(Latency { p50: 123.0, p99: Some(1_500.0), ..Latency::default() }),
            server: Some(Cost { user_s: Some(0.25), system_s: Some(0.75), ..Cost::default() }),
            ..ServerCell::default()
        }))
    }

    #[test]
    fn a_servers_result_is_its_figures() {
        let came = Came::of(&server(Verdict::Valid));
        assert_eq!(came.who, "epoll:trigger=edge");
        assert_eq!(came.what, "50,000 req/s, p50 123 µs, p99 1.50 ms, 10.0 µs CPU/req");
        assert!(came.counts);
    }

    #[test]
    fn what_does_not_count_says_so() {
        let came = Came::of(&server(Verdict::Unstable));
        assert!(came.what.ends_with(", unstable") && !came.counts);
        assert_eq!(Came::of(&server(Verdict::Errors)).what, "errors");
    }

    #[test]
    fn one_job_is_one() {
        let task = |jobs| TaskCell {
            executor: "line".to_owned(),
            task: "primes".to_owned(),
            jobs,
            seconds: 1.25,
            ..TaskCell::default()
        };
        let who = |jobs| Came::of(&Cell::Tasks(Box::new(task(jobs)))).who;
        assert_eq!([who(1), who(2)], ["line, primes, 1 job", "line, primes, 2 jobs"]);
    }

    #[test]
    fn results_and_looks_are_bounded() {
        let mut state = State::default();
        state.begins("a step".to_owned(), true);
        let now = state.now.as_mut().unwrap();
        (0..2 * LOOKS).for_each(|number| now.add_rate(number as f64));
        assert_eq!((now.rates.len(), now.rates[0]), (LOOKS, LOOKS as f64));
        (0..2 * RESULTS).for_each(|_| state.came_to(&server(Verdict::Valid)));
        assert_eq!(state.results.len(), RESULTS);
    }
}
