//! `gil`: why threads don't make Python faster and processes do, and threads without such a lock do as well.
//!
//! The thresholds: on `c` processors threads and processes must be at least three quarters of `c` times as fast as one job
//! after another (of no more than there are jobs), which is 1.5 on two; and threads under the lock no faster than 1.1 times and
//! no slower than 0.8 times, those of a real CPython too if there is one.

use reports::course_notes::{SOURCE, WAYS};
use workloads::task::Size;

use super::conclusion::Claim;
use super::work::Work;
use super::{Guess, Lesson, Place, Python, Question, Setup, Step};
use crate::interpreter::Way;

/// As many as a small machine has processors; all steps run as many.
const JOBS: usize = 4;
/// The part of its processors that a machine must use to show something.
const EFFICIENCY: f64 = 0.75;

pub(super) const LESSON: Lesson = Lesson {
    name: "gil",
    title: "Why threads don't make Python faster, and processes do",
    watch: &[
        "The same four jobs are run in several ways. Each job sums the primes below 100,000 by dividing by every smaller \
         number: it computes all the time and never waits.",
        "Watch who runs. One after another, one runs. Threads run side by side, as many as there are processors, and so do \
         processes. Under one lock there are as many threads, but they take turns.",
    ],
    guess: Guess {
        asks: "How many times as fast as one after another will four threads be, without a lock?",
        of: "line",
        by: "threads",
    },
    steps,
    claims,
    python: true,
    lacks: |setup| {
        (setup.processors < 2).then(|| {
            "this machine has one processor to run on. Here threads and processes take turns as well, lock or no lock; \
             try a machine with two processors or more."
                .to_owned()
        })
    },
    proves: "threads use all processors where no lock stops them. Under one lock, many threads compute no faster than one: \
             that is Python's global interpreter lock, the GIL. Processes are as fast as threads without a lock, since each \
             has its memory, and in Python its lock, for itself.",
    notes: SOURCE,
    places: &[
        Place { path: "models/src/executor/line.rs", shows: "one job after another" },
        Place { path: "models/src/executor/threads.rs", shows: "a thread for each job" },
        Place {
            path: "models/src/executor/gil.rs",
            shows: "the same under one lock, with the rules of CPython",
        },
        Place { path: "workloads/python/jobs/threads.py", shows: "threads in Python" },
        Place { path: "models/src/executor/processes.rs", shows: "a forked process for each job" },
        Place { path: "workloads/src/task/primes.rs", shows: "the job" },
    ],
    questions: [
        Question {
            asks: "Under the lock all threads had work to do. Why did only one of them run?",
            answer: "Whoever computes must hold the lock, and there is only one. The others sleep until they get it. Who has \
                     waited for 5 ms asks the holder to let go, so all get their turns; but turns are all there is.",
        },
        Question {
            asks: "What if the jobs waited for a disk or for the network, and did not compute?",
            answer: "A thread gives the lock away while it waits, so waits overlap even under a GIL. Compare: concur exec \
                     line --task wait, concur exec gil --task wait.",
        },
        Question {
            asks: "Processes can be as fast as threads without a lock. Then what is bad about them?",
            answer: "They cost more to make and more memory, they share nothing, and what they come to must travel: here \
                     through a pipe. See concur lesson cost.",
        },
    ],
};

fn steps(setup: &Setup) -> Vec<Step> {
    let size = if setup.quick { Size::Short } else { Size::Full };
    let repeats = if setup.quick { 1 } else { 3 };
    let ours = |name, title, says, notes| Step {
        name,
        title,
        says,
        work: Work::Jobs { executor: name, jobs: JOBS, size },
        repeats,
        against: Some(BASELINE),
        notes: of_the_notes(notes),
    };
    let mut steps = vec![
        ours(
            BASELINE,
            "One after another",
            "One thread does a job, then the next. One processor has work.",
            Some("Line"),
        ),
        ours(
            "threads",
            "Threads",
            "A thread for each job. They share one memory, and the kernel deals them out to all processors.",
            None,
        ),
        ours("gil", "Threads under one lock", under_lock(setup), Some("Thread")),
        ours(
            "processes",
            "Processes",
            "A forked process for each job. Each has a memory of its own.",
            Some("Process"),
        ),
    ];
    let theirs = |python: &Python, name, way, title, says, notes| Step {
        name,
        title,
        says,
        work: Work::Python { python: python.clone(), way, jobs: JOBS },
        repeats,
        against: Some(PYTHON),
        notes: of_the_notes(Some(notes)),
    };
    if let Some(python) = &setup.python {
        steps.push(theirs(
            python,
            PYTHON,
            Way::Line,
            "Python: one after another",
            "The same in Python, with smaller jobs, since an interpreter is slow.",
            "Line",
        ));
        steps.push(theirs(
            python,
            "python-threads",
            Way::Threads,
            "Python: threads",
            "A thread for each job, made by Python. Each has work, and they take turns.",
            "Thread",
        ));
    }
    steps
}

fn under_lock(setup: &Setup) -> &'static str {
    if setup.python.is_some() {
        "Again a thread for each job, and a lock that whoever computes must hold, by the rules of CPython's GIL. All else is as \
         in the other steps, so what differs is the lock alone. Python itself comes afterwards."
    } else {
        "Again a thread for each job, and a lock that whoever computes must hold, by the rules of CPython's GIL. There is no \
         CPython with its lock on this machine, so this step stands in for one. Install python3 to see it."
    }
}

/// What Python's threads are compared with.
const PYTHON: &str = "python-line";
/// The step that the others are compared with.
const BASELINE: &str = "line";

/// What the notes have for computing in one of their ways, and how that compares with their first.
fn of_the_notes(name: Option<&str>) -> String {
    let base = WAYS[0].cpu_s;
    let way = WAYS.iter().find(|way| Some(way.name) == name);
    way.map(|way| format!("{}: {:.2} s ({:.2})", way.name, way.cpu_s, way.cpu_s / base)).unwrap_or_default()
}

fn claims(setup: &Setup) -> Vec<Claim> {
    let faster = |by, says| Claim {
        says,
        of: BASELINE,
        by,
        at_least: EFFICIENCY * setup.processors.min(JOBS) as f64,
        at_most: None,
    };
    let turns = |of, by, says| Claim { says, of, by, at_least: 0.8, at_most: Some(1.1) };
    let mut claims = vec![
        faster("threads", "Threads were {} times as fast as one after another"),
        faster("processes", "Processes were {} times as fast as one after another"),
        turns(BASELINE, "gil", "Threads under one lock were {} times as fast as one after another"),
    ];
    if setup.python.is_some() {
        claims.push(turns(
            PYTHON,
            "python-threads",
            "Python's threads were {} times as fast as one after another in Python",
        ));
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notes_own_figures_stand_beside_the_steps_that_do_the_same() {
        let steps = steps(&Setup { processors: 2, quick: false, python: None });
        let notes: Vec<_> = steps.iter().map(|step| step.notes.as_str()).collect();
        assert_eq!(notes, ["Line: 8.15 s (1.00)", "", "Thread: 8.41 s (1.03)", "Process: 4.08 s (0.50)"]);
    }
}
