//! Figures as they stand in a text, and what rounds come to: a plain calculation of the tests' own.

/// A figure as it stands in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    /// What it says: a time in microseconds, a share of 1.
    pub(crate) value: f64,
    /// The worth of its last digit.
    pub(crate) digit: f64,
}

impl Figure {
    /// The figure that a text is: `1.41 ms`, `22%`, `-0.12`; none if it is none.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let text = text.trim().replace(',', "");
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = match text[digits.len()..].trim() {
            "" | "µs" => 1.0,
            "ms" => 1e3,
            "s" => 1e6,
            "%" => 0.01,
            _ => return None,
        };
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let value: f64 = digits.parse().ok()?;
        Some(Self { value: value * unit, digit: unit * 0.1_f64.powf(decimals as f64) })
    }

    /// Whether it is `value`, rounded to as many digits as a reader needs.
    pub(crate) fn is(self, value: f64) -> bool {
        let near = (self.value - value).abs() <= 0.501 * self.digit + 1e-12;
        let is_whole = value.fract() == 0.0 && self.digit <= 1.0;
        near && (is_whole || self.digit <= ROUGH * value.abs() || value.abs() < NOTHING)
    }
}

/// A figure has at least so many digits that the last one is worth at most this part of it.
const ROUGH: f64 = 0.11;
/// What is only the trace of an arithmetic.
const NOTHING: f64 = 1e-6;

/// A figure's rounds: the middle one, and where the others lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rounds {
    pub(crate) middle: f64,
    /// The least and the greatest; none of one round.
    pub(crate) ends: Option<(f64, f64)>,
}

impl Rounds {
    /// Of five rounds or fewer, as more would have another interval.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        assert!((1..6).contains(&values.len()), "{values:?}");
        let (first, last) = (values[0], values[values.len() - 1]);
        let middle = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
        Self { middle, ends: (values.len() > 1).then_some((first, last)) }
    }

    /// Of one by the other in each round.
    pub(crate) fn by(one: &[f64], other: &[f64]) -> Self {
        Self::of(by(one, other))
    }

    /// How far the interval reaches from the middle.
    pub(crate) fn reach(self) -> Option<f64> {
        self.ends.map(|(low, high)| (high - self.middle).max(self.middle - low))
    }
}

/// One by the other in each round.
pub(crate) fn by(one: &[f64], other: &[f64]) -> Vec<f64> {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| one / other).collect()
}

/// The sum of squares that a line of least squares leaves is spread over so many degrees of freedom; its slope, where it begins, and
/// the slope's interval of 95%. Each point has a weight.
pub(crate) struct Fit {
    pub(crate) slope: f64,
    pub(crate) base: f64,
    pub(crate) ends: (f64, f64),
}

impl Fit {
    pub(crate) fn of(points: &[(f64, f64)], weight: impl Fn(f64) -> f64) -> Self {
        let sum =
            |part: &dyn Fn(f64, f64) -> f64| points.iter().map(|&(x, y)| weight(y) * part(x, y)).sum::<f64>();
        let n = sum(&|_, _| 1.0);
        let (x, y, xx, xy) = (sum(&|x, _| x), sum(&|_, y| y), sum(&|x, _| x * x), sum(&|x, y| x * y));
        let slope = (n * xy - x * y) / (n * xx - x * x);
        let base = (y - slope * x) / n;
        let degrees = points.len() as f64 - 2.0;
        let left = sum(&|x, y| (y - base - slope * x).powi(2)) / degrees;
        let reach = student_beyond(0.05, degrees) * (left / (xx - x * x / n)).sqrt();
        Self { slope, base, ends: (slope - reach, slope + reach) }
    }
}

/// How likely Student's t lies as far from nought as `t`: with `x = sqrt(degrees) tan(a)` its density is a power of the cosine of `a`.
pub(crate) fn student(t: f64, degrees: f64) -> f64 {
    const STEPS: u32 = 4_000;
    let from = (t.abs() / degrees.sqrt()).atan();
    let right = std::f64::consts::FRAC_PI_2;
    // The midpoint rule, since the cosine may have a negative power at the right end.
    let area = |from: f64| {
        let step = (right - from) / f64::from(STEPS);
        let height = |place: u32| (from + (f64::from(place) + 0.5) * step).cos().powf(degrees - 1.0);
        (0..STEPS).map(height).sum::<f64>() * step
    };
    area(from) / area(0.0)
}

/// How far from nought it lies with probability `1 - p`.
fn student_beyond(p: f64, degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e3);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if student(middle, degrees) > p { low = middle } else { high = middle }
    }
    low
}

#[test]
fn students_distribution_is_that_of_the_printed_tables() {
    for (p, degrees, t) in [(0.05, 7.0, 2.3646), (0.05, 4.0, 2.7764), (0.01, 8.0, 3.3554)] {
        assert!((student_beyond(p, degrees) - t).abs() < 1e-3, "{p} {degrees}");
    }
}
