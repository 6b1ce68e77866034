//! What a probe came to: the answer of `concur probe`, and what `concur run` reads of it.

use std::time::Duration;

use models::probe::{Measured, Samples, Trouble};
use reports::record::{Latency, VALUES_ABOVE};
use serde::{Deserialize, Serialize};

/// What a probe came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Probing {
    /// Figures.
    Measured(Box<Figures>),
    /// This machine can't do it.
    Unsupported {
        /// Why, and what to try.
        reason: String,
    },
    /// It went wrong.
    Failed {
        /// What happened, and what to try.
        reason: String,
    },
    /// Others took part.
    Disturbed {
        /// In what, and what to try.
        reason: String,
    },
}

/// The figures of a probe; names as in the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How long measuring took, with all that the probe made before and took away after.
    pub seconds: f64,
    /// How many samples the times are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// How many operations are in one sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations_each: Option<u32>,
    /// How long one operation took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_us: Option<Latency>,
    /// Bytes that arrived, and were right, in each second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<f64>,
    /// Bytes of memory for each that sleeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_each: Option<f64>,
    /// How many there were, if fewer than were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_reached: Option<u64>,
    /// What a reader of the figures should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

impl Probing {
    /// Of what a probe gave after so long.
    pub fn of(result: Result<Measured, Trouble>, took: Duration) -> Self {
        match result {
            Ok(measured) => Self::Measured(Box::new(figures(measured, took))),
            Err(Trouble::Unsupported(reason)) => Self::Unsupported { reason },
            Err(Trouble::Failed(reason)) => Self::Failed { reason },
            Err(Trouble::Disturbed(reason)) => Self::Disturbed { reason },
        }
    }
}

fn figures(measured: Measured, took: Duration) -> Figures {
    let times = measured.times.filter(|times| !times.is_empty());
    Figures {
        seconds: took.as_secs_f64(),
        samples: times.as_ref().map(|times| times.len() as u64),
        operations_each: times.as_ref().map(|times| times.operations_each),
        time_us: times.as_ref().and_then(latency),
        bytes_per_second: measured.bytes_per_second,
        bytes_each: measured.bytes_each,
        number_reached: measured.number,
        remark: measured.remark,
    }
}

/// Percentiles of samples, as far as there are enough of them.
fn latency(times: &Samples) -> Option<Latency> {
    let at = |share| times.quantile_ns(share).map(|ns| ns / 1e3);
    let known = |share| {
        let above = times.len() as f64 * (1.0 - share);
        at(share).filter(|_| above + 1e-6 >= VALUES_ABOVE) // 1.0 - 0.99 is a little less than 0.01
    };
    Some(Latency {
        mean: times.mean_ns()? / 1e3,
        p50: at(0.5)?,
        p90: known(0.9),
        p99: known(0.99),
        p999: known(0.999),
        p9999: known(0.9999),
        max: at(1.0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(result: Result<Measured, Trouble>) -> Probing {
        Probing::of(result, Duration::from_millis(500))
    }

    #[test]
    fn samples_become_percentiles_in_microseconds_as_far_as_there_are_enough() {
        let times = Samples::of((1..=1_000).map(|us| f64::from(us) * 1e3).collect(), 4);
        let Probing::Measured(figures) = of(Ok(Measured { times: Some(times), ..Measured::default() }))
        else {
            panic!("there are figures");
        };
        assert_eq!((figures.samples, figures.operations_each, figures.seconds), (Some(1_000), Some(4), 0.5));
        let us = figures.time_us.unwrap();
        assert_eq!(
            (us.mean, us.p50, us.p90, us.p99, us.max),
            (500.5, 500.0, Some(900.0), Some(990.0), 1_000.0)
        );
        assert_eq!(us.p999, None, "one sample above says nothing");
    }

    #[test]
    fn no_samples_are_no_times() {
        let measured = Measured {
            times: Some(Samples::default()),
            bytes_each: Some(9e3),
            number: Some(7),
            ..Measured::default()
        };
        let Probing::Measured(figures) = of(Ok(measured)) else { panic!("there are figures") };
        assert_eq!((figures.samples, figures.time_us), (None, None));
        assert_eq!((figures.bytes_each, figures.number_reached), (Some(9e3), Some(7)));
    }

    #[test]
    fn an_answer_survives_its_way_through_json() {
        for result in [
            Ok(Measured { bytes_per_second: Some(2.5e9), ..Measured::default() }),
            Err(Trouble::Unsupported("one processor".to_owned())),
            Err(Trouble::Failed("it broke".to_owned())),
            Err(Trouble::Disturbed("others ran".to_owned())),
        ] {
            let answer = of(result);
            let text = serde_json::to_string(&answer).unwrap();
            assert_eq!(serde_json::from_str::<Probing>(&text).unwrap(), answer, "{text}");
        }
    }
}
