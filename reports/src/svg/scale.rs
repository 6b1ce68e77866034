//! How numbers lie on an axis: evenly, by their ratios, or, of percentiles, by the number of their nines, `-log10(1 - p / 100)`, as
//! hdrhistogram draws them.

use super::ticks::{self, nice};
use crate::picture::Scale;

/// From values to places on an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mapping {
    scale: Scale,
    /// The ends, as [`unfolded`].
    low: f64,
    high: f64,
    /// Whether there are whole numbers only, and so no halves at ticks.
    whole: bool,
}

/// Where a tick stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tick {
    /// The number there.
    pub(super) value: f64,
    /// From 0 to 1.
    pub(super) place: f64,
    /// The number by whose size its unit is chosen: the greatest of its axis. Where ratios are evenly far it is its own, since a
    /// thousandth of the greatest is on such an axis too.
    pub(super) size: f64,
}

impl Mapping {
    /// One that has room for all of `values`, with nice ends. What is not a finite number is left out.
    pub(super) fn of(scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let values =
            values.filter(|value| value.is_finite() && (scale != Scale::Logarithmic || *value > 0.0));
        let mut whole = scale == Scale::Linear;
        let ends = values
            .map(|value| (value, value))
            .inspect(|(value, _)| whole &= value.fract().abs() < f64::EPSILON)
            .reduce(|(low, high), (value, _)| (low.min(value), high.max(value)));
        let (low, high) = ends.unwrap_or((1.0, 1.0));
        let (low, high) = match scale {
            Scale::Linear => linear_ends(low, high),
            Scale::Logarithmic => logarithmic_ends(low, high),
            Scale::Nines => {
                let low = unfolded(scale, low);
                // The last percentile stands at the edge, so that nothing is left empty beyond it.
                (low.max(0.0), unfolded(scale, high).max(low + 0.5))
            }
        };
        Self { scale, low, high, whole }
    }

    /// One with these very ends.
    pub(super) fn between(scale: Scale, low: f64, high: f64) -> Self {
        let (low, high) = (unfolded(scale, low), unfolded(scale, high));
        Self { scale, low, high: if high > low { high } else { low + 1.0 }, whole: false }
    }

    /// The same of what is counted in whole numbers, even if a curve beside it goes through halves.
    pub(super) fn counted(self) -> Self {
        Self { whole: self.scale == Scale::Linear, ..self }
    }

    /// Where `value` lies, from 0 to 1; what is beyond an end lies at it.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = (unfolded(self.scale, value) - self.low) / (self.high - self.low);
        if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) }
    }

    /// Some `wanted` ticks, or as many as there are nice numbers.
    pub(super) fn ticks(&self, wanted: usize) -> Vec<Tick> {
        let mut values = ticks::between(self.scale, self.low, self.high, wanted);
        values.retain(|value| !self.whole || (value - value.round()).abs() < 1e-9);
        let most = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let size = |value: f64| if self.scale == Scale::Linear { most } else { value.abs() };
        values.into_iter().map(|value| Tick { value, place: self.place(value), size: size(value) }).collect()
    }
}

/// What lies evenly on the axis.
pub(super) fn unfolded(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.log10(),
        Scale::Nines => -(1.0 - value / 100.0).max(1e-9).log10(),
    }
}

/// From nought, or from below it, to the next nice number.
fn linear_ends(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = (low.min(0.0), high.max(0.0));
    if high <= low {
        return (0.0, 1.0);
    }
    let step = nice((high - low) / 5.0, true);
    ((low / step).floor() * step, (high / step - 1e-9).ceil() * step)
}

/// As powers of ten: from and to 1, 2 or 5 times one.
fn logarithmic_ends(low: f64, high: f64) -> (f64, f64) {
    let below = |value: f64| {
        let power = 10_f64.powf((value.log10() + 1e-9).floor());
        let part = value / power * (1.0 + 1e-9);
        power
            * if part >= 5.0 {
                5.0
            } else if part >= 2.0 {
                2.0
            } else {
                1.0
            }
    };
    let (low, high) = (below(low), nice(high, false));
    let high = if high > low { high } else { low * 10.0 };
    (low.log10(), high.log10())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticks(scale: Scale, values: &[f64], wanted: usize) -> Vec<f64> {
        let ticks = Mapping::of(scale, values.iter().copied()).ticks(wanted);
        ticks.into_iter().map(|tick| (tick.value * 1e9).round() / 1e9).collect()
    }

    #[test]
    fn a_linear_axis_begins_at_nought_and_has_nice_steps() {
        assert_eq!(ticks(Scale::Linear, &[3.0, 87.0], 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(Scale::Linear, &[0.1, 0.42], 5), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(ticks(Scale::Linear, &[-1.0, 3.0], 4), [-1.0, 0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn where_whole_things_are_counted_no_tick_is_at_a_half() {
        assert_eq!(ticks(Scale::Linear, &[1.0, 4.0], 7), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(ticks(Scale::Linear, &[0.9, 4.0], 7), [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]);
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten_and_where_these_are_few_more() {
        assert_eq!(
            ticks(Scale::Logarithmic, &[1.0, 256.0], 6),
            [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]
        );
        assert_eq!(
            ticks(Scale::Logarithmic, &[1.0, 30_000.0], 6),
            [1.0, 10.0, 100.0, 1_000.0, 10_000.0],
            "up to 50,000"
        );
    }

    #[test]
    fn on_an_axis_of_nines_each_is_as_far_as_the_last() {
        let mapping = Mapping::of(Scale::Nines, [0.0, 99.9].into_iter());
        let places =
            [0.0, 90.0, 99.0, 99.9].map(|percentile| (mapping.place(percentile) * 300.0).round() as u32);
        assert_eq!(places, [0, 100, 200, 300]);
        assert_eq!(ticks(Scale::Nines, &[0.0, 99.9], 5), [0.0, 50.0, 90.0, 99.0, 99.9]);
    }

    #[test]
    fn a_nought_stands_at_the_edge_of_a_logarithmic_axis() {
        let mapping = Mapping::of(Scale::Logarithmic, [0.0, 10.0, 100.0].into_iter());
        assert_eq!((mapping.place(0.0), mapping.place(10.0), mapping.place(100.0)), (0.0, 0.0, 1.0));
    }

    #[test]
    fn an_axis_of_nothing_has_ends_all_the_same() {
        for scale in [Scale::Linear, Scale::Logarithmic, Scale::Nines] {
            for values in [&[][..], &[0.0], &[f64::NAN, f64::INFINITY]] {
                let mapping = Mapping::of(scale, values.iter().copied());
                assert!(mapping.high > mapping.low, "{scale:?} {values:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_value_and_every_tick_lies_on_the_axis(values in prop::collection::vec(1e-6..1e12_f64, 1..20), wanted in 2..10_usize) {
            for scale in [Scale::Linear, Scale::Logarithmic] {
                let mapping = Mapping::of(scale, values.iter().copied());
                let ticks = mapping.ticks(wanted);
                prop_assert!((1..=3 * wanted).contains(&ticks.len()), "{ticks:?}");
                prop_assert!(ticks.windows(2).all(|pair| pair[0].place < pair[1].place));
                let unclamped = |value: f64| (unfolded(scale, value) - mapping.low) / (mapping.high - mapping.low);
                prop_assert!(values.iter().all(|value| (-1e-6..=1.0 + 1e-6).contains(&unclamped(*value))));
            }
        }
    }
}
