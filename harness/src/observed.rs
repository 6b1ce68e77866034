//! What each job of a runtime of coroutines does, as the job itself says it: for a kernel there are only the threads below.
//!
//! A task is put around the task: its jobs are the same, and each says in a byte of its own what it is about at each edge of a
//! step, which costs a store. A thread looks at all of them every few milliseconds. What a runtime does in between shows as it is:
//! a job that has finished a step and was not asked for the next one could run and does not. Only the end of a wait is seen
//! no earlier than the job goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{io, process};

use reports::record::{Timeline, Track};
use workloads::Value;
use workloads::task::{Family, Run, Step, Task};

/// Where the looks come from, for the record.
const SOURCE: &str = "runtime";
/// Of more jobs than this the first are looked at.
const JOBS_AT_MOST: usize = 64;
/// How far apart looks are at first.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// With so many every second one is dropped, and what follows comes half as often.
const LOOKS_AT_MOST: usize = 240;

/// It runs.
const RUNS: u8 = b'R';
/// It could run.
const READY: u8 = b'r';
/// It waits.
const WAITS: u8 = b'S';
/// It reads or writes a file.
const DISK: u8 = b'D';
/// It is no more.
const ENDED: u8 = 0;

/// What the jobs are about, by their numbers; those beyond the last are not looked at.
type States = Arc<[AtomicU8]>;

/// A task whose jobs say what they are about.
pub struct Observed {
    task: Arc<dyn Task>,
    states: States,
}

impl Observed {
    /// Puts itself around a task of which there will be so many jobs. All of them could run from now on.
    pub fn new(task: Arc<dyn Task>, jobs: usize) -> Self {
        let states = (0..jobs.min(JOBS_AT_MOST)).map(|_| AtomicU8::new(READY)).collect();
        Self { task, states }
    }

    /// Begins to look at them.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn look(&self, jobs: usize) -> io::Result<Observer> {
        let (stop, stopped) = channel();
        let looks = Looks::new(Arc::clone(&self.states));
        let run = move || looks.take_until(&stopped);
        let thread = thread::Builder::new().name("observer".to_owned()).spawn(run)?;
        let left_out = jobs.saturating_sub(JOBS_AT_MOST) as u64;
        Ok(Observer { stop, thread, left_out })
    }
}

impl Task for Observed {
    fn name(&self) -> &'static str {
        self.task.name()
    }

    fn family(&self) -> Family {
        self.task.family()
    }

    fn summary(&self) -> &'static str {
        self.task.summary()
    }

    fn start(&self, job: usize) -> Box<dyn Run> {
        let mark = Mark { states: Arc::clone(&self.states), job };
        mark.set(RUNS);
        Box::new(ObservedRun { run: self.task.start(job), mark })
    }

    fn expected(&self) -> Value {
        self.task.expected()
    }

    fn shares_memory(&self) -> bool {
        self.task.shares_memory()
    }

    fn check(&self, jobs: usize) -> Result<(), String> {
        self.task.check(jobs)
    }
}

/// Where a job says what it is about.
#[derive(Clone)]
struct Mark {
    states: States,
    job: usize,
}

impl Mark {
    fn set(&self, state: u8) {
        if let Some(place) = self.states.get(self.job) {
            place.store(state, Ordering::Relaxed);
        }
    }
}

/// A job that says what it is about.
struct ObservedRun {
    run: Box<dyn Run>,
    mark: Mark,
}

impl Run for ObservedRun {
    fn next(&mut self, last: Option<Value>) -> Step {
        self.mark.set(RUNS);
        let step = self.run.next(last);
        let mark = self.mark.clone();
        match step {
            Step::Compute(work) => Step::Compute(Box::new(move || {
                mark.set(RUNS);
                let value = work();
                mark.set(READY);
                value
            })),
            Step::Disk(work) => {
                self.mark.set(READY); // somebody else may have to do it
                Step::Disk(Box::new(move || {
                    mark.set(DISK);
                    let value = work();
                    mark.set(READY);
                    value
                }))
            }
            Step::Wait(time) => {
                self.mark.set(WAITS);
                Step::Wait(time)
            }
            Step::Done(value) => Step::Done(value),
        }
    }
}

/// Also of a job that panicked.
impl Drop for ObservedRun {
    fn drop(&mut self) {
        self.mark.set(ENDED);
    }
}

/// Who looks at the jobs.
pub struct Observer {
    stop: Sender<()>,
    thread: JoinHandle<Timeline>,
    left_out: u64,
}

impl Observer {
    /// Ends looking, and gives what was seen; none of fewer than two looks.
    pub fn stop(self) -> Option<Timeline> {
        // It may have ended by itself only by a panic, which the join shows.
        let _ = self.stop.send(());
        let timeline = self.thread.join().ok()?;
        let left_out = (self.left_out > 0).then_some(self.left_out);
        let looks = timeline.tracks.iter().map(|track| track.states.len()).max();
        (looks >= Some(2)).then_some(Timeline { left_out, ..timeline })
    }
}

/// The looks so far: a string of letters for each job.
struct Looks {
    states: States,
    seen: Vec<String>,
    every: Duration,
    /// When each look was taken.
    at: Vec<Instant>,
}

impl Looks {
    fn new(states: States) -> Self {
        let seen = states.iter().map(|_| String::with_capacity(LOOKS_AT_MOST)).collect();
        Self { states, seen, every: LOOK_EVERY, at: Vec::with_capacity(LOOKS_AT_MOST) }
    }

    fn take_until(mut self, stop: &Receiver<()>) -> Timeline {
        let mut next = Instant::now();
        loop {
            self.take();
            // On a grid, so that looks stay equally far apart where one is late; one that is very late begins it anew.
            next = (next + self.every).max(Instant::now());
            match stop.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return self.timeline(),
            }
        }
    }

    fn take(&mut self) {
        if self.at.len() == LOOKS_AT_MOST {
            self.at = self.at.iter().copied().step_by(2).collect();
            self.every *= 2;
            self.seen.iter_mut().for_each(|seen| *seen = seen.chars().step_by(2).collect());
        }
        self.at.push(Instant::now());
        for (state, seen) in self.states.iter().zip(&mut self.seen) {
            let state = state.load(Ordering::Relaxed);
            if state != ENDED {
                seen.push(char::from(state));
            }
        }
    }

    fn timeline(self) -> Timeline {
        let process = process::id();
        let tracks = self.seen.into_iter().enumerate().map(|(job, states)| Track {
            process,
            number: u32::try_from(job).unwrap_or(u32::MAX),
            kind: "coroutine".to_owned(),
            name: format!("job {job}"),
            first: 0,
            states,
        });
        let tracks = tracks.filter(|track| !track.states.is_empty()).collect();
        let span = self.at.last().zip(self.at.first()).map(|(last, first)| *last - *first);
        let gaps = self.at.len().saturating_sub(1).max(1) as f64;
        let every_ms = span.unwrap_or_default().as_secs_f64() * 1e3 / gaps;
        Timeline { source: SOURCE.to_owned(), every_ms, tracks, left_out: None }
    }
}

#[cfg(test)]
mod tests {
    use workloads::task::{Size, task};

    use super::*;

    /// What a look sees of a job before its first step, within the step and after it, and when it is no more.
    fn seen_of(name: &str) -> [u8; 4] {
        let observed = Observed::new(task(name, Size::Short).unwrap(), 1);
        let look = || observed.states[0].load(Ordering::Relaxed);
        let before = look();
        let mut run = observed.start(0);
        let step = run.next(None);
        let (within, after) = match step {
            Step::Compute(work) => {
                let within = look();
                work();
                (within, look())
            }
            Step::Disk(work) => {
                let within = look();
                work().unwrap();
                (within, look())
            }
            Step::Wait(_) => (look(), look()),
            Step::Done(_) => unreachable!("a job has a step"),
        };
        drop(run);
        [before, within, after, look()]
    }

    #[test]
    fn a_job_says_what_it_is_about_at_each_edge_of_a_step() {
        assert_eq!(seen_of("count"), [READY, RUNS, READY, ENDED]);
        assert_eq!(seen_of("wait"), [READY, WAITS, WAITS, ENDED]);
        assert_eq!(seen_of("disk"), [READY, READY, READY, ENDED]);
    }

    #[test]
    fn its_value_is_that_of_the_task_within() {
        let within = task("count", Size::Short).unwrap();
        let observed: Arc<dyn Task> = Arc::new(Observed::new(Arc::clone(&within), 3));
        let line = models::executor::find("line").unwrap();
        let results = (line.run)(&observed, 3, &models::options::Options::default()).unwrap();
        assert_eq!(results, vec![Ok(within.expected()); 3]);
    }

    #[test]
    fn a_track_ends_with_its_job_and_is_thinned_out_with_the_others() {
        let observed = Observed::new(task("wait", Size::Short).unwrap(), 2);
        let mut looks = Looks::new(Arc::clone(&observed.states));
        let mut run = observed.start(0);
        run.next(None);
        (0..100).for_each(|_| looks.take());
        drop(run);
        (0..2 * LOOKS_AT_MOST).for_each(|_| looks.take());
        let timeline = looks.timeline();
        let lengths: Vec<usize> = timeline.tracks.iter().map(|track| track.states.len()).collect();
        assert_eq!(timeline.tracks[0].states, "S".repeat(lengths[0]));
        assert_eq!(timeline.tracks[1].states, "r".repeat(lengths[1]));
        assert!(lengths[1] <= LOOKS_AT_MOST && lengths[0] < lengths[1], "{lengths:?}");
    }

    #[test]
    fn more_jobs_than_there_is_room_for_are_counted() {
        let observed = Observed::new(task("wait", Size::Short).unwrap(), JOBS_AT_MOST + 5);
        drop(observed.start(JOBS_AT_MOST + 4)); // which has no place, and does no harm
        let looking = observed.look(JOBS_AT_MOST + 5).unwrap();
        thread::sleep(10 * LOOK_EVERY);
        let timeline = looking.stop().unwrap();
        assert_eq!((timeline.tracks.len(), timeline.left_out), (JOBS_AT_MOST, Some(5)));
    }
}
