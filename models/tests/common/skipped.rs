//! Says aloud what a test does not try, and why: written past what keeps the output of tests that pass, or nobody would see it.

macro_rules! skipped {
    ($($told:tt)*) => {{
        use std::io::Write as _;
        // Who can't be told can't be told that either.
        let _ = writeln!(std::io::stderr(), "skipped: {}", format_args!($($told)*));
    }};
}
