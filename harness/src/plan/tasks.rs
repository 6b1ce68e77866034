//! The task cells of a round: every executor over every task, with each number of jobs.

use std::sync::Arc;

use models::executor::Executor;
use models::options::Choice;
use workloads::task::{Size, Task};

use super::TaskStep;

/// The option of pools with a fixed number of workers.
const WORKERS: &str = "workers";

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

/// From one job up to more than this many processors can do at once: what is said of scaling is fitted to these.
pub fn sweep_of_jobs(processors: usize) -> Vec<usize> {
    let mut jobs = vec![1, processors, 2 * processors, 4 * processors];
    jobs.dedup();
    jobs
}

/// The pools among these executors, with twice as many workers as processors. With their default, a worker for each processor, more
/// jobs only wait longer, and how they do beyond the processors would not be seen.
pub fn sweep_of_workers(
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
    use models::executor::executors;
    use workloads::task::tasks;

    use super::*;

    fn all() -> Vec<(&'static Executor, Choice)> {
        executors().iter().map(|executor| (executor, executor.name.parse().unwrap())).collect()
    }

    #[test]
    fn every_executor_meets_every_task_with_each_number_of_jobs() {
        let tasks = tasks(Size::Short);
        let steps = task_steps(&all(), &tasks, Size::Short, &[1, 2, 8]);
        assert_eq!(steps.len(), executors().len() * tasks.len() * 3);
    }

    #[test]
    fn jobs_go_beyond_the_processors_and_stand_once_each() {
        assert_eq!(sweep_of_jobs(2), [1, 2, 4, 8]);
        assert_eq!(sweep_of_jobs(1), [1, 2, 4]);
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
