//! `gil`: why threads don't make Python faster and processes do, and threads without such a lock do as well.
//!
//! The thresholds: on `c` processors threads and processes must be at least three quarters of `c` times as fast as one job
//! after another (of no more than there are jobs), which is 1.5 on two, and processes 0.8 to 1.25 times as fast as threads;
//! and threads under the lock no faster than 1.1 times and no slower than 0.8 times. If there is a real CPython, its processes
//! must do as well as ours, and its threads as those under the lock, with more room: a CPython is up to a fifth slower or faster from
//! one process to the next, and its line and its threads are two processes.

use reports::course_notes::{SOURCE, WAYS};
use reports::grouped;
use workloads::task::{Primes, Size};

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
    watch,
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
             that is Python's global interpreter lock, the GIL. Processes are about as fast as threads without a lock, since \
             each has its memory, and in Python its lock, for itself.",
    notes: SOURCE,
    places: &[
        Place { path: "models/src/executor/line.rs", shows: "one job after another" },
        Place { path: "models/src/executor/threads.rs", shows: "a thread for each job" },
        Place {
            path: "models/src/executor/gil.rs",
            shows: "the same under one lock, with the rules of CPython",
        },
        Place { path: "workloads/python/jobs/threads.py", shows: "threads in Python" },
        Place { path: "workloads/python/jobs/processes.py", shows: "processes in Python" },
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

/// How long the jobs of the lab's own executors are. Python's are always short.
fn size(setup: &Setup) -> Size {
    if setup.quick { Size::Short } else { Size::Full }
}

/// Below which number a job looks for primes, as people write it.
fn below(size: Size) -> String {
    grouped(Primes::of(size).below.into())
}

fn watch(setup: &Setup) -> Vec<String> {
    let shorter = match &setup.python {
        Ok(_) if !setup.quick => format!(" In Python it is those below {}.", below(Size::Short)),
        _ => String::new(),
    };
    vec![
        format!(
            "The same four jobs are run in several ways. Each job sums the primes below {} by dividing by every smaller \
             number: it computes all the time and never waits.{shorter}",
            below(size(setup))
        ),
        "Watch who runs. One after another, one runs. Threads run side by side, as many as there are processors, and so do \
         processes. Under one lock there are as many threads, but they take turns."
            .to_owned(),
    ]
}

fn steps(setup: &Setup) -> Vec<Step> {
    let size = size(setup);
    let repeats = if setup.quick { 1 } else { 3 };
    let ours = |name, title, says: &str, notes: Option<&str>| Step {
        name,
        title,
        says: says.to_owned(),
        work: Work::Jobs { executor: name, jobs: JOBS, size },
        repeats,
        against: Some(BASELINE),
        notes: notes.map(|name| of_the_notes(name, size)).unwrap_or_default(),
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
        ours("gil", "Threads under one lock", &under_lock(setup), Some("Thread")),
        ours(
            "processes",
            "Processes",
            "A forked process for each job. Each has a memory of its own.",
            Some("Process"),
        ),
    ];
    let theirs = |python: &Python, name, way, title, says: &str, notes| Step {
        name,
        title,
        says: says.to_owned(),
        work: Work::Python { python: python.clone(), way, jobs: JOBS },
        repeats,
        against: Some(PYTHON),
        notes: of_the_notes(notes, Size::Short),
    };
    if let Ok(python) = &setup.python {
        steps.push(theirs(
            python,
            PYTHON,
            Way::Line,
            "Python: one after another",
            if setup.quick {
                "The same in Python."
            } else {
                "The same in Python, with smaller jobs, since an interpreter is slow."
            },
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
        steps.push(theirs(
            python,
            "python-processes",
            Way::Processes,
            "Python: processes",
            "A process for each job, made by Python. Each has an interpreter of its own, and so a lock of its own.",
            "Process",
        ));
    }
    steps
}

fn under_lock(setup: &Setup) -> String {
    let same = "Again a thread for each job, and a lock that whoever computes must hold, by the rules of CPython's GIL.";
    match &setup.python {
        Ok(_) => format!(
            "{same} All else is as in the other steps, so what differs is the lock alone. Python itself comes afterwards."
        ),
        Err(lacks) => format!("{same} It stands in for a CPython with its lock, which is not run: {lacks}."),
    }
}

/// What Python's threads and processes are compared with.
const PYTHON: &str = "python-line";
/// The step that the others are compared with.
const BASELINE: &str = "line";

/// What the notes have for computing in one of their ways, and how that compares with their first. Beside jobs that are shorter
/// than theirs their seconds would tell nothing.
fn of_the_notes(name: &str, size: Size) -> String {
    let base = WAYS[0].cpu_s;
    let Some(way) = WAYS.iter().find(|way| way.name == name) else { return String::new() };
    let compared = way.cpu_s / base;
    match size {
        Size::Full => format!("{}: {:.2} s ({compared:.2})", way.name, way.cpu_s),
        Size::Short if way.name == WAYS[0].name => way.name.to_owned(),
        Size::Short => format!("{}: {compared:.2} × {}", way.name, WAYS[0].name),
    }
}

fn claims(setup: &Setup) -> Vec<Claim> {
    let at_least = EFFICIENCY * setup.processors.min(JOBS) as f64;
    let faster = |of, by, says| Claim { says, of, by, at_least, at_most: None };
    let turns = |of, by, says, at_most| Claim { says, of, by, at_least: 0.8, at_most: Some(at_most) };
    let mut claims = vec![
        faster(BASELINE, "threads", "Threads were {} times as fast as one after another"),
        faster(BASELINE, "processes", "Processes were {} times as fast as one after another"),
        Claim {
            says: "Processes were {} times as fast as threads",
            of: "threads",
            by: "processes",
            at_least: 0.8,
            at_most: Some(1.25),
        },
        turns(BASELINE, "gil", "Threads under one lock were {} times as fast as one after another", 1.1),
    ];
    if setup.python.is_ok() {
        claims.push(turns(
            PYTHON,
            "python-threads",
            "Python's threads were {} times as fast as one after another in Python",
            1.25,
        ));
        claims.push(faster(
            PYTHON,
            "python-processes",
            "Python's processes were {} times as fast as one after another in Python",
        ));
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(quick: bool) -> Setup {
        Setup { processors: 2, quick, python: Err("there is no python3; install it".to_owned()) }
    }

    #[test]
    fn the_notes_own_figures_stand_beside_the_steps_that_do_the_same() {
        let notes = |quick| steps(&setup(quick)).into_iter().map(|step| step.notes).collect::<Vec<_>>();
        assert_eq!(
            notes(false),
            ["Line: 8.15 s (1.00)", "", "Thread: 8.41 s (1.03)", "Process: 4.08 s (0.50)"]
        );
        assert_eq!(notes(true), ["Line", "", "Thread: 1.03 × Line", "Process: 0.50 × Line"], "shorter jobs");
    }

    #[test]
    fn what_is_said_of_the_jobs_is_what_they_do() {
        assert!(watch(&setup(false))[0].contains("the primes below 100,000 by"));
        assert!(watch(&setup(true))[0].contains("the primes below 22,000 by"));
    }

    #[test]
    fn where_the_lock_stands_in_for_python_it_is_said_why() {
        let says = under_lock(&setup(false));
        assert!(says.ends_with("which is not run: there is no python3; install it."), "{says}");
    }
}
