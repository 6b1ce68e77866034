//! The `Date` field, written once a second and copied in between.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and its line end (RFC 9110, 5.6.7: the length is fixed).
pub(super) type Field = [u8; 37];

thread_local! {
    /// The second last written on this thread, counted from 1970, and its field.
    static LAST: Cell<(u64, Field)> = const { Cell::new((u64::MAX, [0; 37])) };
}

/// The field for a moment.
pub(super) fn field(now: SystemTime) -> Field {
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (last, field) = LAST.get();
    if last == second { field } else { write(second) }
}

#[cold]
fn write(second: u64) -> Field {
    let moment = UNIX_EPOCH + std::time::Duration::from_secs(second);
    let mut field = *b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
    field[6..35].copy_from_slice(httpdate::fmt_http_date(moment).as_bytes());
    LAST.set((second, field));
    field
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_field_changes_with_the_second_and_not_within_it() {
        let moment = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let expected = b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
        assert_eq!(&field(moment), expected);
        assert_eq!(&field(moment + Duration::from_millis(999)), expected);
        assert_eq!(&field(moment + Duration::from_secs(1)), b"Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
    }

    #[test]
    fn a_clock_before_1970_is_taken_as_1970() {
        let moment = UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(&field(moment), b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    }
}
