//! The task cells of a round: every executor over every task, with each number of jobs.

use std::sync::Arc;
use std::time::Duration;
use std::{iter, slice};

use models::executor::Executor;
use models::options::Choice;
use workloads::task::{Size, Task};

use super::TaskStep;

/// The option of pools with a fixed number of workers.
pub(super) const WORKERS: &str = "workers";

/// The task cells of one round.
pub fn task_steps(
    executors: &[(&'static Executor, Choice)],
    tasks: &[Arc<dyn Task>],
    size: Size,
    jobs: &[usize],
) -> Vec<TaskStep> {
    let step = |task: &Arc<dyn Task>, (executor, choice): &(&'static Executor, Choice), jobs| TaskStep {
        executor,
        choice: choice.clone(),
        task: Arc::clone(task),
        size,
        jobs,
        round: 1,
    };
    let of_task = |task| {
        executors.iter().flat_map(move |executor| jobs.iter().map(move |jobs| step(task, executor, *jobs)))
    };
    tasks.iter().flat_map(of_task).collect()
}

/// The task cells of one round where no number of jobs is asked for: every executor with each number of the sweep that there is time
/// for, and the pools also with more workers.
pub fn sweep(
    executors: &[(&'static Executor, Choice)],
    tasks: &[Arc<dyn Task>],
    size: Size,
    processors: usize,
) -> Vec<TaskStep> {
    let more = sweep_of_workers(executors, processors);
    let steps = |size, jobs: &[usize]| {
        let mut steps = task_steps(executors, tasks, size, jobs);
        // With no more jobs than processors, more workers would have nothing to do.
        let most = jobs.last().filter(|most| **most > processors);
        steps.extend(task_steps(&more, tasks, size, most.map(slice::from_ref).unwrap_or_default()));
        steps
    };
    // Who asks for jobs of full size asks for a long run, which is to show the same numbers of jobs.
    let expected = |jobs: &[usize]| {
        let round =
            steps(Size::Short, jobs).iter().map(|step| step.expected_on(processors)).sum::<Duration>();
        round * ROUNDS
    };
    steps(size, &sweep_of_jobs(processors, expected))
}

/// How many rounds there are of tasks alone.
pub const ROUNDS: u32 = 3;
/// How long these may take. Real interpreters come on top.
const WITHIN: Duration = Duration::from_secs(150);

/// From one job up to more than this many processors can do at once: what is said of scaling is fitted to these. In line and
/// under a lock all jobs are done one after another, so on many processors there is no time for all numbers: the longest list is
/// taken that is `expected` to take no longer than [`WITHIN`], else the shortest.
fn sweep_of_jobs(processors: usize, expected: impl Fn(&[usize]) -> Duration) -> Vec<usize> {
    let doubled = |most: usize| {
        let below = iter::successors(Some(1), |jobs| Some(2 * jobs)).take_while(|jobs| *jobs < processors);
        below.chain([1, 2, 4].map(|times| times * processors)).take_while(|jobs| *jobs <= most).collect()
    };
    let mut lists: Vec<Vec<usize>> = vec![
        doubled(4 * processors),
        doubled(2 * processors),
        vec![1, processors, 2 * processors],
        vec![1, (processors / 4).max(1), processors],
        vec![1, processors],
    ];
    lists.iter_mut().for_each(Vec::dedup);
    let shortest = lists.pop().unwrap_or_default();
    lists.into_iter().find(|jobs| expected(jobs) <= WITHIN).unwrap_or(shortest)
}

/// The pools among these executors, with twice as many workers as processors. With their default, a worker for each processor, more
/// jobs only wait longer, and how they do beyond the processors would not be seen.
fn sweep_of_workers(
    executors: &[(&'static Executor, Choice)],
    processors: usize,
) -> Vec<(&'static Executor, Choice)> {
    let is_pool = |executor: &Executor, choice: &Choice| {
        let jobs = 4 * processors;
        let fixed = executor.at_once(jobs, &choice.options) < jobs;
        fixed
            && choice.options.text(WORKERS).is_none()
            && executor.options.iter().any(|spec| spec.key == WORKERS)
    };
    let pools = executors.iter().filter(|(executor, choice)| is_pool(executor, choice));
    let wider = |(executor, choice): &(&'static Executor, Choice)| {
        let mut choice = choice.clone();
        choice.options.set_default(WORKERS, &(2 * processors).to_string());
        (*executor, choice)
    };
    pools.map(wider).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use models::executor::executors;
    use workloads::task::tasks;

    use super::*;
    use crate::plan::step::SHORT_JOB;

    fn all() -> Vec<(&'static Executor, Choice)> {
        executors().iter().map(|executor| (executor, executor.name.parse().unwrap())).collect()
    }

    #[test]
    fn every_executor_meets_every_task_with_each_number_of_jobs() {
        let tasks = tasks(Size::Short);
        let steps = task_steps(&all(), &tasks, Size::Short, &[1, 2, 8]);
        assert_eq!(steps.len(), executors().len() * tasks.len() * 3);
    }

    /// The numbers of jobs of a round of everything on so many processors, and how long three rounds of it are expected to take.
    fn swept(processors: usize) -> (Vec<usize>, Duration) {
        let steps = sweep(&all(), &tasks(Size::Short), Size::Short, processors);
        let jobs: BTreeSet<usize> = steps.iter().map(|step| step.jobs).collect();
        let round: Duration = steps.iter().map(|step| step.expected_on(processors)).sum();
        (jobs.into_iter().collect(), round * ROUNDS)
    }

    #[test]
    fn few_processors_have_every_doubling_up_to_four_times_their_number() {
        for (processors, jobs) in [(1, vec![1, 2, 4]), (2, vec![1, 2, 4, 8]), (4, vec![1, 2, 4, 8, 16])] {
            assert_eq!(swept(processors).0, jobs);
        }
    }

    #[test]
    fn many_processors_have_fewer_numbers_but_enough_for_a_law() {
        assert_eq!(swept(16).0, [1, 2, 4, 8, 16, 32]);
        assert_eq!(swept(64).0, [1, 16, 64]);
    }

    #[test]
    fn a_sweep_of_everything_is_expected_to_take_no_longer_than_its_limit() {
        for processors in [1, 2, 4, 16, 64] {
            let (jobs, expected) = swept(processors);
            assert!(expected <= WITHIN, "{processors}: {jobs:?}, {expected:?}");
        }
    }

    #[test]
    fn a_number_of_processors_that_is_no_power_of_two_is_in_the_sweep() {
        assert_eq!(sweep_of_jobs(6, |_| Duration::ZERO), [1, 2, 4, 6, 12, 24]);
    }

    #[test]
    fn where_nothing_is_short_enough_the_shortest_is_taken() {
        assert_eq!(sweep_of_jobs(512, |_| Duration::MAX), [1, 512]);
    }

    #[test]
    fn jobs_of_full_size_have_the_same_numbers() {
        let numbers = |size| {
            let steps = sweep(&all(), &tasks(size), size, 2);
            steps.iter().map(|step| step.jobs).collect::<Vec<_>>()
        };
        assert_eq!(numbers(Size::Full), numbers(Size::Short));
    }

    #[test]
    fn what_a_cell_takes_grows_with_the_jobs_that_are_not_run_at_once() {
        let named = |name: &str, task: &str, jobs| {
            let executor = models::executor::find(name).unwrap();
            let task = tasks(Size::Short).into_iter().find(|known| known.name() == task).unwrap();
            task_steps(&[(executor, name.parse().unwrap())], &[task], Size::Short, &[jobs]).remove(0)
        };
        let turns = |name, task, jobs| {
            let [one, all] = [1, jobs].map(|jobs| named(name, task, jobs).expected_on(4));
            all.abs_diff(one).as_millis() / SHORT_JOB.as_millis() + 1
        };
        assert_eq!([turns("line", "primes", 16), turns("gil", "primes", 16)], [16, 16]);
        assert_eq!([turns("threads", "primes", 16), turns("thread-pool", "primes", 16)], [4, 4]);
        assert_eq!([turns("line", "wait", 16), turns("gil", "wait", 16)], [16, 1]);
        assert_eq!([turns("coroutine", "wait", 16), turns("thread-pool", "wait", 16)], [1, 4]);
    }

    #[test]
    fn pools_that_hold_as_many_jobs_as_workers_get_more_workers() {
        let names: Vec<String> =
            sweep_of_workers(&all(), 2).into_iter().map(|(_, it)| it.to_string()).collect();
        assert_eq!(names, ["thread-pool:workers=4", "process-pool:workers=4", "rayon:workers=4"]);
    }

    #[test]
    fn a_number_of_workers_that_was_asked_for_stays() {
        let pool = models::executor::find("thread-pool").unwrap();
        assert!(sweep_of_workers(&[(pool, "thread-pool:workers=3".parse().unwrap())], 2).is_empty());
    }
}
