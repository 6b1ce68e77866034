//! What to notice in a timeline: first what its looks show and why that can be, then how many did what on average, and where that
//! is known from.

use super::super::parts::paragraph;
use crate::record::{Timeline, Track};
use crate::units::{count, plural};

/// Something is so most of the time.
const MOSTLY: f64 = 0.5;
/// Something hardly ever is.
const HARDLY: f64 = 0.1;

pub(super) fn notice(name: &str, of: &Timeline) -> String {
    let looks = Looks::of(of);
    let source = match of.source.as_str() {
        "sched" => "The states are the scheduler's own (its tracepoints).",
        "runtime" => "The states are what the runtime of the coroutines says of them.",
        _ => {
            "The states are looks at /proc at equal distances: what is shorter than that is not seen, and running can't always be told \
              from waiting for a processor."
        }
    };
    let more =
        of.left_out.filter(|more| *more > 0).map(|more| format!("So many more were not looked at: {more}."));
    paragraph([Some(looks.shown(name)), Some(averages(name, of)), Some(source.to_owned()), more])
}

/// At which of the looks something was so.
struct Looks {
    all: usize,
    /// Somebody was running, or ready to.
    busy: usize,
    /// Somebody was running.
    running: usize,
    /// Two were, or more.
    several: usize,
    /// Somebody was ready to run and had no processor.
    ready: usize,
    /// How many ever ran or were ready to.
    workers: usize,
}

impl Looks {
    fn of(timeline: &Timeline) -> Self {
        let all = timeline.tracks.iter().map(Track::end).max().unwrap_or(0);
        let mut now = vec![[0_usize; 2]; all];
        for track in &timeline.tracks {
            for (look, state) in now[track.first.min(all)..].iter_mut().zip(track.states.chars()) {
                let [running, ready] = look;
                *running += usize::from(state == 'R');
                *ready += usize::from(state == 'r');
            }
        }
        let number = |is: fn(&[usize; 2]) -> bool| now.iter().filter(|look| is(look)).count();
        let works = |track: &&Track| track.states.contains(['R', 'r']);
        Self {
            all,
            busy: number(|[running, ready]| running + ready > 0),
            running: number(|[running, _]| *running > 0),
            several: number(|[running, _]| *running > 1),
            ready: number(|[_, ready]| *ready > 0),
            workers: timeline.tracks.iter().filter(works).count(),
        }
    }

    /// The part of all looks, of which there are too few for more digits.
    fn share(&self, of: usize) -> String {
        format!("{:.0}%", 100.0 * of as f64 / self.all.max(1) as f64)
    }

    /// What part of those at which there was something to do.
    fn of_busy(&self, of: usize) -> f64 {
        of as f64 / self.busy.max(1) as f64
    }

    /// What there is to see, and why that can be.
    fn shown(&self, name: &str) -> String {
        let idle = self.all - self.busy;
        if idle as f64 >= MOSTLY * self.all as f64 {
            return format!(
                "Most of the time {name} waits: in {} of the looks nothing of it was running or ready to run, as there is little to do or \
                 what it waits for takes longer than what it does.",
                self.share(idle)
            );
        }
        if self.of_busy(self.several) >= MOSTLY {
            return format!(
                "Several of {name} run at once, two or more in {} of the looks: they have a processor each, and no lock that lets only one \
                 through.",
                self.share(self.several)
            );
        }
        if self.workers > 1 && self.of_busy(self.ready) >= MOSTLY {
            return format!(
                "Those of {name} that could run take turns: in {} of the looks somebody was ready and had no processor, as there is more to do \
                 than there are processors to do it on.",
                self.share(self.ready)
            );
        }
        if self.workers < 2 {
            return format!(
                "One alone does the work of {name}, and ran in {} of the looks: that can't come to more than one processor.",
                self.share(self.running)
            );
        }
        if self.of_busy(self.several) < HARDLY {
            return format!(
                "One of {name} runs at a time while the others wait, two or more in {} of the looks: a lock lets no more through, or there is \
                 work for one alone.",
                self.share(self.several)
            );
        }
        format!(
            "Mostly one of {name} runs, and two or more in {} of the looks: there is not always work for several, or they wait for each other.",
            self.share(self.several)
        )
    }
}

fn averages(name: &str, of: &Timeline) -> String {
    let looks = of.tracks.iter().map(Track::end).max().unwrap_or(0);
    let on_average = |states: &str| {
        let own = |track: &Track| track.states.chars().filter(|it| states.contains(*it)).count();
        let all: usize = of.tracks.iter().map(own).sum();
        tenths(all as f64 / looks.max(1) as f64)
    };
    format!(
        "Looks at {name}: {}, of {}. On average {} of them were running, {} were ready to run and had no processor, and {} were \
         waiting.",
        count(looks as f64),
        kinds(of),
        on_average("R"),
        on_average("r"),
        on_average("SD")
    )
}

/// How many there were on average, of whom nobody needs to know more than tenths.
fn tenths(number: f64) -> String {
    if number > 0.0 && number < 0.05 { "fewer than 0.1".to_owned() } else { format!("{number:.1}") }
}

/// `1 process, 4 threads`.
fn kinds(of: &Timeline) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for track in &of.tracks {
        match kinds.iter_mut().find(|(kind, _)| *kind == track.kind) {
            Some((_, number)) => *number += 1,
            None => kinds.push((&track.kind, 1)),
        }
    }
    let words = kinds.iter().map(|(kind, number)| match (*kind, *number) {
        ("process", 1) => "1 process".to_owned(),
        ("process", _) => format!("{} processes", count(*number as f64)),
        ("thread", _) => plural(*number, "thread"),
        ("coroutine", _) => plural(*number, "coroutine"),
        (kind, number) => plural(number, kind),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(tracks: &[&str]) -> String {
        let track = |states: &&str| Track { states: states.repeat(10), ..Track::default() };
        let timeline = Timeline { tracks: tracks.iter().map(track).collect(), ..Timeline::default() };
        Looks::of(&timeline).shown("it")
    }

    #[test]
    fn where_hardly_anything_happens_it_waits() {
        let said = said(&["SSSS", "SSRS"]);
        assert!(said.starts_with("Most of the time it waits: in 75% of the looks"), "{said}");
    }

    #[test]
    fn where_two_run_in_most_looks_several_run_at_once() {
        let said = said(&["SSSS", "RRRS", "RSRR"]);
        assert!(said.starts_with("Several of it run at once, two or more in 50% of the looks"), "{said}");
    }

    #[test]
    fn where_one_runs_and_others_are_ready_they_lack_processors() {
        let said = said(&["Rrrr", "rRRS", "rrrR"]);
        assert!(said.starts_with("Those of it that could run take turns: in 100% of the looks"), "{said}");
    }

    #[test]
    fn where_one_runs_and_others_wait_there_is_a_lock_or_nothing_to_do() {
        let said = said(&["RSSR", "SRRS"]);
        assert!(
            said.starts_with("One of it runs at a time while the others wait, two or more in 0%"),
            "{said}"
        );
    }

    #[test]
    fn where_one_alone_ever_runs_it_does_the_work() {
        let said = said(&["SSSS", "RRRS"]);
        assert!(said.starts_with("One alone does the work of it, and ran in 75% of the looks"), "{said}");
    }

    #[test]
    fn between_one_and_several_it_is_mostly_one() {
        let said = said(&["RRSS", "SRRR"]);
        assert!(said.starts_with("Mostly one of it runs, and two or more in 25% of the looks"), "{said}");
    }
}
