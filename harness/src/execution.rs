//! What jobs under an executor came to: the answer of `concur exec`, and what `concur run` reads of it.

use models::executor::JobResult;
use serde::{Deserialize, Serialize};
use workloads::Value;

/// All jobs of one executor and task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// From before the first job began until the last value was there.
    pub seconds: f64,
    /// What each job came to, in decimal digits; absent when one came to nothing or to something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How many jobs came to nothing or to something else.
    pub failed: usize,
    /// What was wrong with the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Execution {
    /// Checks what each job came to.
    pub fn new(results: &[JobResult], expected: Value, seconds: f64) -> Self {
        let fault = |(job, result): (usize, &JobResult)| match result {
            Ok(value) if *value == expected => None,
            Ok(value) => Some(format!("job {job} came to {value} instead of {expected}")),
            Err(reason) => Some(format!("job {job}: {reason}")),
        };
        let mut faults: Vec<String> = results.iter().enumerate().filter_map(fault).collect();
        let failed = faults.len();
        let failure =
            (failed > 0).then(|| format!("{failed} of {} jobs failed; {}", results.len(), faults.remove(0)));
        Self { seconds, value: failure.is_none().then(|| expected.to_string()), failed, failure }
    }

    /// Adds what was found once all jobs had come to their values.
    #[must_use]
    pub fn checked(self, all: Result<(), String>) -> Self {
        match all {
            Err(fault) if self.failure.is_none() => Self { value: None, failure: Some(fault), ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_checked() {
        let right = Execution::new(&[Ok(7), Ok(7)], 7, 1.5);
        assert_eq!(right, Execution { seconds: 1.5, value: Some("7".into()), failed: 0, failure: None });
        let wrong = Execution::new(&[Ok(7), Ok(8), Err("the disk is full".into())], 7, 1.5);
        assert_eq!(wrong.value, None);
        assert_eq!(wrong.failure.unwrap(), "2 of 3 jobs failed; job 1 came to 8 instead of 7");
    }

    #[test]
    fn what_is_wrong_with_all_jobs_together_takes_the_value_away() {
        let right = Execution::new(&[Ok(7), Ok(7)], 7, 1.5);
        assert_eq!(right.clone().checked(Ok(())), right);
        let wrong = right.checked(Err("the sum is short".into()));
        assert_eq!((wrong.value, wrong.failure.as_deref()), (None, Some("the sum is short")));
    }
}
