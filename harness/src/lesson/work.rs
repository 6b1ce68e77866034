//! What a step of a lesson runs: a `concur` process of its own, since it may fork, and whose figure it reads from its answer.

use std::fmt;
use std::path::PathBuf;
use std::process::{self, Command, Output};
use std::time::Duration;

use models::executor;
use models::probe::{self, Setting, Suite};
use serde::de::DeserializeOwned;
use workloads::task::{Primes, Size};

use super::Python;
use super::child::LIMIT;
use super::event::Trouble;
use super::figures::Unit;
use crate::execution::Execution;
use crate::interpreter::run::READY;
use crate::interpreter::{Answer, Way};
use crate::probing::{Figures, Probing};
use crate::server::{command_of, own_program, quoted};

/// What a step runs.
#[derive(Debug, Clone)]
pub enum Work {
    /// Jobs of the task `primes` under an executor; the figure is how long all of them took.
    Jobs {
        /// Under which.
        executor: &'static str,
        /// How many.
        jobs: usize,
        /// How long each is.
        size: Size,
    },
    /// The same under an interpreter, each of them short.
    Python {
        /// Which.
        python: Python,
        /// In which way.
        way: Way,
        /// How many.
        jobs: usize,
    },
    /// A probe; the figure is the median time of its operation, or the memory of one that sleeps.
    Probe {
        /// What it belongs to.
        suite: Suite,
        /// Its name there.
        way: &'static str,
        /// What is measured of it.
        setting: Setting,
        /// For about how long.
        time: Duration,
    },
}

impl Work {
    /// What its figure counts.
    pub fn unit(&self) -> Unit {
        match self {
            Self::Jobs { .. } | Self::Python { .. } => Unit::Seconds,
            Self::Probe { setting, .. } if setting.operation == probe::Operation::Sleep => Unit::Bytes,
            Self::Probe { .. } => Unit::Microseconds,
        }
    }

    /// Whether there is an executor or a probe of that name.
    pub fn is_there(&self) -> bool {
        match self {
            Self::Jobs { executor, .. } => executor::find(executor).is_some(),
            Self::Python { python, way, .. } => python.programs.directory().join(way.file()).is_file(),
            Self::Probe { suite, way, .. } => probe::find(*suite, way).is_some(),
        }
    }

    /// The process that does it, and ends with this one.
    pub(super) fn command(&self) -> Command {
        let parent = process::id().to_string();
        let mut command = command_of(own_program().as_os_str());
        match self {
            Self::Python { python, way, .. } => {
                let program = python.programs.directory().join(way.file());
                command.args([
                    "launch",
                    "--gate",
                    "--with-parent",
                    &parent,
                    "--",
                    &python.interpreter.program,
                ]);
                command.arg(program).args(self.arguments())
            }
            Self::Jobs { .. } | Self::Probe { .. } => {
                command.args(self.arguments()).args(["--json", "--with-parent", &parent])
            }
        };
        command
    }

    /// What launches it, and is to have it under guard, if it is not our own program: what that makes may not end with us.
    pub(super) fn launcher(&self) -> Option<PathBuf> {
        matches!(self, Self::Python { .. }).then(own_program)
    }

    /// Behind the program's name.
    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = Vec::new();
        match self {
            Self::Jobs { executor, jobs, size } => {
                arguments.extend(["exec", executor, "--task", "primes", "--jobs"].map(str::to_owned));
                arguments.push(jobs.to_string());
                let size = (*size != Size::default()).then_some(["--size", size.name()]);
                arguments.extend(size.into_iter().flatten().map(str::to_owned));
            }
            Self::Python { jobs, .. } => {
                let size = Size::Short.name();
                arguments.extend(["--task", "primes", "--size", size, "--jobs"].map(str::to_owned));
                arguments.push(jobs.to_string());
            }
            Self::Probe { suite, way, setting, time } => {
                arguments.extend(["probe", suite.name(), way, "--setting"].map(str::to_owned));
                arguments.push(serde_json::to_string(setting).unwrap_or_default());
                arguments.extend(["--time".to_owned(), format!("{}ms", time.as_millis())]);
            }
        }
        arguments
    }

    /// Its figure, from what its process said.
    pub(super) fn figure(&self, output: &Output) -> Result<f64, Trouble> {
        match self {
            Self::Jobs { .. } => {
                let execution: Execution = answer(output)?;
                execution.failure.map_or(Ok(execution.seconds), |failure| Err(Trouble::Failed(failure)))
            }
            Self::Python { jobs, .. } => of_python(output, *jobs),
            Self::Probe { .. } => match answer(output)? {
                Probing::Measured(figures) => self.figure_of(&figures),
                Probing::Unsupported { reason } => Err(Trouble::Unsupported(reason)),
                Probing::Failed { reason } | Probing::Disturbed { reason } => Err(Trouble::Failed(reason)),
            },
        }
    }

    fn figure_of(&self, figures: &Figures) -> Result<f64, Trouble> {
        let figure = match self.unit() {
            Unit::Bytes => figures.bytes_each,
            Unit::Seconds => figures.time_us.map(|us| us.p50 / 1e6),
            Unit::Microseconds => figures.time_us.map(|us| us.p50),
        };
        figure.ok_or_else(|| Trouble::Failed("the probe has no figure for what it was asked".to_owned()))
    }
}

fn answer<T: DeserializeOwned>(output: &Output) -> Result<T, Trouble> {
    serde_json::from_slice(&output.stdout).map_err(|_| without_result(output))
}

fn without_result(output: &Output) -> Trouble {
    let words = quoted(&String::from_utf8_lossy(&output.stderr));
    Trouble::Failed(format!("its process ended without a result ({}){words}", output.status))
}

/// What a Python program says once it was ready, whose jobs are checked here.
fn of_python(output: &Output, jobs: usize) -> Result<f64, Trouble> {
    let printed = String::from_utf8_lossy(&output.stdout);
    let not_ready = |line: &&str| *line != READY;
    let line = printed.lines().skip_while(not_ready).nth(1).ok_or_else(|| without_result(output))?;
    let answer = Answer::read(line, jobs, LIMIT).map_err(|error| Trouble::Failed(format!("{error:#}")))?;
    let execution = answer.checked(&Primes::of(Size::Short));
    execution.failure.map_or(Ok(execution.seconds), |failure| Err(Trouble::Failed(failure)))
}

/// As it is typed.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Python { way, .. } => write!(f, "python3 workloads/python/jobs/{}", way.file())?,
            Self::Jobs { .. } | Self::Probe { .. } => f.write_str("concur")?,
        }
        for argument in self.arguments() {
            let quote = if argument.contains('"') { "'" } else { "" };
            write!(f, " {quote}{argument}{quote}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use models::probe::Operation;

    use super::*;

    const JOBS: Work = Work::Jobs { executor: "gil", jobs: 4, size: Size::Short };

    fn probe(operation: Operation) -> Work {
        let setting = Setting::of(operation);
        Work::Probe { suite: Suite::Spawn, way: "thread", setting, time: Duration::from_millis(300) }
    }

    fn said(stdout: &str, stderr: &str) -> Output {
        Output { status: ExitStatus::from_raw(0), stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn what_is_run_can_be_typed() {
        assert_eq!(JOBS.to_string(), "concur exec gil --task primes --jobs 4 --size short");
        assert_eq!(
            probe(Operation::Create).to_string(),
            "concur probe spawn thread --setting '{\"operation\":\"create\"}' --time 300ms"
        );
    }

    #[test]
    fn jobs_that_failed_have_no_figure() {
        assert_eq!(JOBS.figure(&said(r#"{"seconds": 1.5, "value": "7", "failed": 0}"#, "")), Ok(1.5));
        let failed = JOBS.figure(&said(r#"{"seconds": 1.5, "failed": 1, "failure": "no memory"}"#, ""));
        assert_eq!(failed, Err(Trouble::Failed("no memory".to_owned())));
    }

    #[test]
    fn a_process_without_an_answer_is_quoted() {
        let failed = JOBS.figure(&said("", "concur: no room\n")).unwrap_err();
        assert!(matches!(&failed, Trouble::Failed(reason) if reason.contains("no room")), "{failed:?}");
    }

    #[test]
    fn a_probe_gives_its_time_or_its_memory_or_says_why_it_has_none() {
        let measured = r#"{"outcome": "measured", "seconds": 1.0, "bytes_each": 4096.0}"#;
        assert_eq!(probe(Operation::Sleep).figure(&said(measured, "")), Ok(4096.0));
        let none = probe(Operation::Create).figure(&said(measured, ""));
        assert!(matches!(none, Err(Trouble::Failed(_))), "{none:?}");
        let unsupported = r#"{"outcome": "unsupported", "reason": "one processor"}"#;
        let unsupported = probe(Operation::Switch).figure(&said(unsupported, ""));
        assert_eq!(unsupported, Err(Trouble::Unsupported("one processor".to_owned())));
    }
}
