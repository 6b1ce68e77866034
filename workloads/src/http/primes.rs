//! CPU work whose result is known: counting primes.

/// How many primes lie below `n`, by trial division with odd numbers up to the square root.
///
/// It is meant to take time, and the more the larger `n` is: ten times `n` takes about 25 times as long.
///
/// ```
/// assert_eq!(workloads::http::primes_below(10), 4); // 2, 3, 5 and 7
/// ```
pub fn primes_below(n: u64) -> u64 {
    let odd = (3..n).step_by(2).filter(|number| is_odd_prime(*number)).count() as u64;
    odd + u64::from(n > 2)
}

fn is_odd_prime(number: u64) -> bool {
    let mut divisor = 3;
    while divisor <= number / divisor {
        if number.is_multiple_of(divisor) {
            return false;
        }
        divisor += 2;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_the_known_ones() {
        // OEIS A007053 and A006880 (primes up to a power); the first few by hand.
        for (n, count) in [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 2), (6, 3), (9, 4), (10, 4), (26, 9)] {
            assert_eq!(primes_below(n), count, "below {n}");
        }
        for (n, count) in [(100, 25), (1_000, 168), (10_000, 1_229), (100_000, 9_592)] {
            assert_eq!(primes_below(n), count, "below {n}");
        }
    }
}
