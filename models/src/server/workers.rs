//! How many clients are served at once where a worker has one client, and workers are made beforehand.

use crate::options::{Kind, Options, Spec};

/// As many as there are, unless an option says otherwise.
const USUAL: usize = 32;

/// The option.
pub(super) const WORKERS: Spec = Spec {
    key: "workers",
    kind: Kind::Number(4096),
    help: "how many clients are served at once",
    default: "32",
};

/// As many workers as the option says.
pub(super) fn workers(options: &Options) -> usize {
    options.number(WORKERS.key).unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_number_is_the_one_that_the_option_names() {
        assert_eq!(WORKERS.default, USUAL.to_string());
        assert_eq!(workers(&Options::default()), USUAL);
    }
}
