//! Models and options as somebody writes them: what the fuzz target `options` tries, and as many others as a test has time for.

#[path = "../../fuzz/bodies/choice.rs"]
mod choice;
#[path = "../../fuzz/bodies/corpus.rs"]
mod corpus;

use models::options;
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn every_choice_that_is_kept_reads_and_writes_the_same() {
    corpus::replay("options", choice::check);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_choice_reads_and_writes_the_same(
        scraps in vec(prop::sample::select(vec!["epoll", "a", "b", "é", ":", ":", "=", "=", ",", ",", " ", "8", "64k"]), 0..16),
    ) {
        choice::check(scraps.concat().as_bytes());
    }
}
