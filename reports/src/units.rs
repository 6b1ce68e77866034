//! Figures as people read them: three significant digits, thousands set apart, a unit that fits.

use crate::record::Placement;

/// A figure with three significant digits; from 1,000 on all digits before the point.
pub fn figure(value: f64) -> String {
    let decimals = match rounded(value).abs() {
        0.0 => 0,
        magnitude => (2 - magnitude.log10().floor() as i32).clamp(0, 6) as usize,
    };
    set_apart(&format!("{value:.decimals$}"))
}

/// A figure where it is known, else nothing.
pub(crate) fn if_known(value: Option<f64>, format: fn(f64) -> String) -> String {
    value.map(format).unwrap_or_default()
}

/// How often something happens per request: hundredths are all that matters.
pub(crate) fn per_request(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        rare if rare < 0.005 => "< 0.01".to_owned(),
        few if few < 9.995 => format!("{few:.2}"),
        many => figure(many),
    }
}

/// A ratio: hundredths are all that matters near 1.
pub(crate) fn times(value: f64) -> String {
    if value < 9.995 { format!("{value:.2}") } else { figure(value) }
}

/// A share of 1 in percent, two digits of it: `5.2%`, `75%`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 9.95 { format!("{percent:.1}%") } else { format!("{percent:.0}%") }
}

/// How far a figure is uncertain, as a share of it, rounded up so that it holds: `±0.4%`, `±3%`.
pub(crate) fn give_or_take(share: f64) -> String {
    // What is whole but for the last bit of a division is not the next whole.
    let up = |value: f64| (value - 1e-9).max(0.0).ceil();
    let percent = share * 100.0;
    if percent <= 1.0 { format!("±{}%", up(percent * 10.0) / 10.0) } else { format!("±{}%", up(percent)) }
}

/// A count, thousands set apart. A median of counts may lie between two of them: then with one decimal.
pub(crate) fn count(value: f64) -> String {
    let text = if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    set_apart(&text)
}

/// A time given in microseconds, in the unit that keeps it short.
pub fn latency(microseconds: f64) -> String {
    let (value, unit) = match rounded(microseconds) {
        short if short < 1e3 => (microseconds, "µs"),
        short if short < 1e6 => (microseconds / 1e3, "ms"),
        _ => (microseconds / 1e6, "s"),
    };
    format!("{} {unit}", figure(value))
}

/// A whole number, thousands set apart: `100,000`.
pub fn grouped(number: u64) -> String {
    thousands(&number.to_string())
}

/// Bytes as a figure in MiB, without the unit.
pub(crate) fn mebibytes(bytes: f64) -> String {
    figure(bytes / 1_048_576.0)
}

/// A size as people say it: the largest unit that leaves a whole number.
pub(crate) fn bytes_of(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let whole = units.into_iter().find(|(shift, _)| bytes > 0 && bytes.is_multiple_of(1 << shift));
    let (number, unit) = whole.map_or((bytes, "B"), |(shift, unit)| (bytes >> shift, unit));
    format!("{} {unit}", grouped(number))
}

/// Bytes in GiB, with the unit.
pub(crate) fn gibibytes(bytes: u64) -> String {
    format!("{} GiB", figure(bytes as f64 / 1_073_741_824.0))
}

/// Where server and load generator ran.
pub(crate) fn placement(placement: &Placement) -> String {
    let cores = |cores: &[usize]| match cores {
        [] => "not bound".to_owned(),
        [core] => format!("on core {core}"),
        _ => format!("on cores {}", cores.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    format!("server {}, load generator {}", cores(&placement.server), cores(&placement.client))
}

/// `1 round`, `3 rounds`.
pub(crate) fn plural(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(number as f64), if number == 1 { "" } else { "s" })
}

/// The value with three significant digits, so that 9.996 takes the form of 10.0 and not of 9.99.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// A decimal number, its thousands set apart.
fn set_apart(text: &str) -> String {
    match text.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", thousands(whole)),
        None => thousands(text),
    }
}

/// Digits with a comma before every third from the right.
fn thousands(whole: &str) -> String {
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_significant_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.012_34, "0.0123"),
            (0.123_4, "0.123"),
            (1.234, "1.23"),
            (9.996, "10.0"),
            (12.34, "12.3"),
            (99.96, "100"),
            (123.4, "123"),
            (52_340.6, "52,341"),
            (1_234_567.0, "1,234,567"),
            (-1_234.0, "-1,234"),
        ] {
            assert_eq!(figure(value), text, "{value}");
        }
    }

    #[test]
    fn counts_are_whole_unless_their_median_lies_between_two() {
        assert_eq!(count(1_024.0), "1,024");
        assert_eq!(count(2.5), "2.5");
        assert_eq!(count(2_962.5), "2,962.5");
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"],
            [0, 999, 1_000, 1_234_567].map(grouped).each_ref().map(String::as_str)
        );
    }

    #[test]
    fn what_hardly_ever_happens_per_request_is_not_given_in_false_detail() {
        for (value, text) in
            [(0.0, "0"), (0.000_3, "< 0.01"), (0.027_8, "0.03"), (1.062, "1.06"), (12.34, "12.3")]
        {
            assert_eq!(per_request(value), text);
        }
    }

    #[test]
    fn ratios_and_shares_show_what_matters() {
        assert_eq!((times(1.0), times(0.987), times(12.34)), ("1.00".into(), "0.99".into(), "12.3".into()));
        assert_eq!((percent(0.052), percent(0.75)), ("5.2%".to_owned(), "75%".to_owned()));
    }

    #[test]
    fn an_uncertainty_is_not_told_as_less_than_it_is() {
        for (share, text) in
            [(0.0, "±0%"), (0.003_1, "±0.4%"), (0.01, "±1%"), (0.011, "±2%"), (0.03, "±3%"), (0.251, "±26%")]
        {
            assert_eq!(give_or_take(share), text);
        }
    }

    #[test]
    fn latencies_take_the_unit_that_keeps_them_short() {
        for (microseconds, text) in [
            (85.24, "85.2 µs"),
            (999.4, "999 µs"),
            (999.7, "1.00 ms"),
            (51_000.0, "51.0 ms"),
            (2_310_000.0, "2.31 s"),
        ] {
            assert_eq!(latency(microseconds), text);
        }
    }

    #[test]
    fn a_placement_says_who_ran_where() {
        let bound = Placement { server: vec![0, 2], client: vec![] };
        assert_eq!(placement(&bound), "server on cores 0, 2, load generator not bound");
    }

    #[test]
    fn sizes_have_the_unit_that_leaves_a_whole_number() {
        let sizes = [0, 1, 1_000, 16_384, 1 << 20, 5 << 28, 2 << 30].map(bytes_of);
        assert_eq!(sizes, ["0 B", "1 B", "1,000 B", "16 KiB", "1 MiB", "1,280 MiB", "2 GiB"]);
    }

    #[test]
    fn bytes_are_counted_in_powers_of_two() {
        assert_eq!(mebibytes(2_621_440.0), "2.50");
        assert_eq!(gibibytes(8_589_934_592), "8.00 GiB");
    }
}
