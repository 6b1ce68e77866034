//! `cost`: what a process, a thread, a coroutine and a task cost to make, to switch to and to keep.
//!
//! The thresholds: a process must take at least one and a half times as long to make as a thread, and at least twice as long if
//! its parent has touched 256 MiB; what the kernel makes or switches to must cost at least three times as much as what the
//! program does itself; and a sleeper must hold at least twice as much memory as one of the next lighter kind: process, thread,
//! coroutine, task. A quiet machine passes them with room. One of two processors had: to make a thread 42 us, a
//! process 154 us and 7 ms, a coroutine 1.7 us, a task 0.2 us; from one to another 2.4 us, and 0.03 to 0.07 us within the
//! program; asleep 125, 37, 8.6 and 0.45 KiB.

use std::time::Duration;

use models::probe::{Operation, Setting, Sides, Suite};
use reports::course_notes::{PROCESS_BY_THREAD, PROSE};

use super::conclusion::Claim;
use super::work::Work;
use super::{Guess, Lesson, Place, Question, Setup, Step};

const MEBIBYTE: u64 = 1024 * 1024;

const WATCH: [&str; 2] = [
    "All four are ways to do several things at once. The kernel makes processes and threads and switches between them; \
     coroutines and tasks are the program's own, and the kernel knows nothing of them.",
    "Three things are measured of each: making one and seeing it end, going from one to another, and the memory of one \
     that sleeps.",
];

pub(super) const LESSON: Lesson = Lesson {
    name: "cost",
    title: "What a process, a thread, a coroutine and a task cost",
    watch: |_| WATCH.map(str::to_owned).to_vec(),
    guess: Guess {
        asks: "How many times as long as making a thread will making a process take?",
        of: "fork",
        by: "thread",
    },
    steps,
    claims,
    python: false,
    lacks: |_| None,
    proves: "a process costs more to make and to keep than a thread, and the more, the more memory its parent has touched. \
             Coroutines and tasks cost a fraction of both, to make, to switch to and to keep, since the kernel is not asked. \
             Of these two a task is the lighter one to keep: it has no stack.",
    notes: PROSE,
    places: &[
        Place { path: "models/src/probe/spawn/fork.rs", shows: "what fork copies" },
        Place { path: "models/src/probe/spawn/thread.rs", shows: "what a thread needs" },
        Place { path: "models/src/probe/spawn/coroutine.rs", shows: "a coroutine, with a stack of its own" },
        Place { path: "models/src/probe/spawn/task.rs", shows: "a task, without one" },
        Place { path: "models/src/probe/switch/mod.rs", shows: "switches and sleepers" },
    ],
    questions: [
        Question {
            asks: "Why does making a process take longer, the more memory its parent has touched?",
            answer: "The memory is shared until somebody writes to it. But the page tables that say where it is are copied, \
                     eight bytes for each page of 4 KiB, and taken apart again when the child ends.",
        },
        Question {
            asks: "Going from thread to thread takes the kernel. How does a coroutine do without?",
            answer: "It saves a few registers, takes the other's stack and goes on there. The kernel sees one thread all \
                     along. So coroutines alone can't use a second processor, and one that computes holds all others up.",
        },
        Question {
            asks: "The notes say that a process costs about 20 times a thread. Why may it be another number here?",
            answer: "It depends on how much memory the parent has touched, on the kernel and on the language: this child \
                     ends at once, and a Python process has an interpreter to copy. A ratio from elsewhere is no figure of \
                     this machine.",
        },
    ],
};

fn steps(setup: &Setup) -> Vec<Step> {
    making(setup).into_iter().chain(switching(setup)).chain(sleeping(setup)).collect()
}

/// A step, with what differs between them.
struct Idea {
    name: &'static str,
    against: &'static str,
    title: &'static str,
    says: &'static str,
    suite: Suite,
    way: &'static str,
    setting: Setting,
}

impl Idea {
    fn step(self, setup: &Setup) -> Step {
        let time = Duration::from_millis(if setup.quick { 50 } else { 700 });
        Step {
            name: self.name,
            title: self.title,
            says: self.says.to_owned(),
            work: Work::Probe { suite: self.suite, way: self.way, setting: self.setting, time },
            repeats: if setup.quick { 1 } else { 3 },
            against: Some(self.against),
            notes: if self.name == "fork" { of_the_notes() } else { String::new() },
        }
    }
}

/// What the notes say of making a process.
fn of_the_notes() -> String {
    format!("about {PROCESS_BY_THREAD} × thread")
}

fn making(setup: &Setup) -> Vec<Step> {
    let of = |name, way, touched_bytes: Option<u64>, title, says| {
        let setting = Setting { touched_bytes, ..Setting::of(Operation::Create) };
        let against = if touched_bytes > Some(0) { "fork" } else { "thread" };
        Idea { name, against, title, says, suite: Suite::Spawn, way, setting }.step(setup)
    };
    vec![
        of(
            "thread",
            "thread",
            None,
            "Making a thread",
            "One is made, ends at once and is joined, again and again. The kernel gives it a stack and a place in its queue; \
             all else is shared.",
        ),
        of(
            "fork",
            "fork",
            Some(0),
            "Making a process",
            "A child is forked, ends at once and is waited for. It has a copy of everything, made as late as possible.",
        ),
        of(
            "fork-256",
            "fork",
            Some(256 * MEBIBYTE),
            "Making a process whose parent has touched 256 MiB",
            "The same child. Not the memory is copied, but the tables that say where it is.",
        ),
        of(
            "coroutine",
            "coroutine",
            None,
            "Making a coroutine",
            "One is made and joined by another one. It has a stack, and the kernel is not asked.",
        ),
        of(
            "task",
            "task",
            None,
            "Making an async task",
            "One is spawned and awaited by another one. It has no stack: it is a small state machine.",
        ),
    ]
}

fn switching(setup: &Setup) -> Vec<Step> {
    let of = |name, way, sides, title, says| {
        let setting = Setting { sides, ..Setting::of(Operation::Switch) };
        Idea { name, against: "switch-threads", title, says, suite: Suite::Switch, way, setting }.step(setup)
    };
    let together = Some(Sides::Together);
    vec![
        of(
            "switch-processes",
            "pipe-processes",
            together,
            "From process to process",
            "Two on one processor wake each other with a byte through a pipe. Watch them: one runs, the other sleeps.",
        ),
        of(
            "switch-threads",
            "pipe-threads",
            together,
            "From thread to thread",
            "The same between two threads of one process. The memory stays the same.",
        ),
        of(
            "switch-coroutines",
            "yield-coroutine",
            None,
            "From coroutine to coroutine",
            "Two give way to each other. The kernel sees one thread that runs all the time.",
        ),
        of(
            "switch-tasks",
            "yield-task",
            None,
            "From task to task",
            "The same with two async tasks: one returns to the runtime, which calls the other.",
        ),
    ]
}

fn sleeping(setup: &Setup) -> Vec<Step> {
    // What fewer hold does not stand out from what all others on the machine do meanwhile.
    let number = Some(1_000);
    let of = |name, way, title, says| {
        let setting = Setting { number, ..Setting::of(Operation::Sleep) };
        Idea { name, against: "asleep-threads", title, says, suite: Suite::Switch, way, setting }.step(setup)
    };
    vec![
        of(
            "asleep-processes",
            "sleeping-processes",
            "Memory of a sleeping process",
            "Many are forked and sleep. How much less memory is there then, shared by their number?",
        ),
        of(
            "asleep-threads",
            "sleeping-threads",
            "Memory of a sleeping thread",
            "The same with threads. Of a thread's stack only the pages that it has touched are there.",
        ),
        of(
            "asleep-coroutines",
            "sleeping-coroutines",
            "Memory of a sleeping coroutine",
            "The same with coroutines: one thread, many stacks.",
        ),
        of(
            "asleep-tasks",
            "sleeping-tasks",
            "Memory of a sleeping task",
            "The same with async tasks: one thread, and no stack but its own.",
        ),
    ]
}

fn claims(_: &Setup) -> Vec<Claim> {
    let claim = |of, by, at_least, says| Claim { says, of, by, at_least, at_most: None };
    vec![
        claim("fork", "thread", 1.5, "Making a process took {} times as long as making a thread"),
        claim(
            "fork-256",
            "fork",
            2.0,
            "With 256 MiB touched by its parent, it took {} times as long as with none",
        ),
        claim("thread", "coroutine", 3.0, "Making a thread took {} times as long as making a coroutine"),
        claim("thread", "task", 3.0, "Making a thread took {} times as long as making a task"),
        claim(
            "switch-threads",
            "switch-coroutines",
            3.0,
            "From thread to thread took {} times as long as from coroutine to coroutine",
        ),
        claim(
            "switch-threads",
            "switch-tasks",
            3.0,
            "From thread to thread took {} times as long as from task to task",
        ),
        claim(
            "asleep-processes",
            "asleep-threads",
            2.0,
            "A sleeping process held {} times as much as a thread",
        ),
        claim(
            "asleep-threads",
            "asleep-coroutines",
            2.0,
            "A sleeping thread held {} times as much as a coroutine",
        ),
        claim(
            "asleep-coroutines",
            "asleep-tasks",
            2.0,
            "A sleeping coroutine held {} times as much as a task",
        ),
    ]
}
